"""Items: what they may become, the steps between share states, and whose work they are.

Rules are pure (rules.py): a wish in, a draft or all that is wrong with it out. What is written
happens inside the caller's transaction, with its events. Files must be in the vault, and on the
disk, before an item names them. Whether somebody approves of it is the wing approval's, whether
clients see it the portal's.
"""
