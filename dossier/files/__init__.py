"""Files that survive: every durable write, rename and removal, and whether a file is whole.

What `sync` has returned for is there after a power cut, as far as the disk keeps its word; a
rename is seen whole or not at all. Wherever others may write, folders are held open and nothing
is followed (beneath.py). OSError goes through to the caller, who decides whether one drop waits
or everything stops. What a file means, and who may have it, is nothing to this wing.
"""
