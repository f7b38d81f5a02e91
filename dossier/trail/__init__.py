"""The trail: who did what to what, when, in a chain that shows every later change to it.

An event is written in the transaction of the change it tells of (trail.py). Erasing is an event
as well (redacting.py). That the tail was not cut off shows by anchors elsewhere (anchors.py) and
by the records (auditing.py). Who may read or erase is asked by the actions.
"""
