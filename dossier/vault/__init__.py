"""The vault: every attachment version ever accepted, by its SHA-256, in a folder or a store.

Order: `receive` copies and hashes, `keep` gives the name, `sync` puts it on the disk, and only
then a transaction names it. A file that no attachment names is left over from a crash, and
harmless. What leaves it, and when, is retention's to say.
"""
