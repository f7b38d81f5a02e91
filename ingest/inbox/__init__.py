"""The inbox as it is: where to look, what lies there, which files make one drop.

lookout.py says which folders are due, looking.py what is in one (found.py), pairing.py what belongs
together. Reads, and changes nothing. Events of the watcher only say where to look sooner: every
answer comes from a fresh look, and the full look of each minute finds what no event told. What
becomes of a drop is intake's.
"""
