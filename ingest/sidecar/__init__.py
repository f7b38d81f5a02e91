"""Sidecars: bytes in, what is asked for or all faults with their lines out. Pure.

Only the form is judged: the YAML, the keys, their types. Whether people exist and what they may
do is judged in workflow/items, which files are there in ingest/inbox.
"""
