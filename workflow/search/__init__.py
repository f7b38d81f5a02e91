"""Reading what files say, so that items are found by it.

What is read is kept beside the item (dossier/database/file_texts.py) and goes with it; what nobody
could read is kept as nothing, and its item is found by its other words. No file of a portal is made
of it. How an item is found is in dossier/database/search.py and workflow/reports/finding.py.
"""
