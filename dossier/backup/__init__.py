"""Backups of an office at one instant, restoring one, and moving to another database.

A snapshot gets its name last, so a broken one is none; nothing it needs may leave the vault
meanwhile. A restore believes nothing in a snapshot that it has not checked, and marks what lies
there as no office until all of it holds. The portal is not in a backup: the caller has it made
anew.
"""
