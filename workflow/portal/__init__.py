"""The portal: what stands approved is there, and nothing else is, not for a moment.

publishing.py is its only writer and has the order of steps, with what a kill leaves at each. What
goes off goes before anything else. verifying.py compares all of it, and the vault, with the
database; mending.py puts it right. Trouble with the disk or the store is told, and tried again by
the next round.
"""
