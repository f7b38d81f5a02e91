"""Deciding on concepts: who is asked today (waiting.py), and the decision itself (deciding.py).

"Who may approve?" is answered here with the rights of dossier/office/people.py. A decision holds
for the content that was seen; whatever comes twice or at once, the first stands. Each way to
decide (queue file, command, desk, API) ends in `deciding.decide`. Rights are asked once more
before anything is published.
"""
