"""How long things are kept, removing what may go, and erasing a person. Nothing goes by itself.

The database first, in one transaction; then the vault's files, which a sweep removes again and
again until they are gone (retention.py has the steps, with what a kill leaves). A term, a legal
hold, or what is on the portal keeps an item, whoever asks. What lies in files that people keep is
named, for people to remove.
"""
