"""The wrong-client guard: is another client named in a file that is about to be shared?

Files are read in processes of their own, beside whatever else is done with them; the verdict is
asked for before the transaction that shares. It fails closed: what could not be read because a
reader died counts as a finding. What follows from a finding is decided in workflow/items
(suspicion.py), by people in the end.
"""
