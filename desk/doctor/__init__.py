"""What a set-up can get wrong, and for each what to do about it: `dossier doctor`.

Changes nothing and sends nothing. A check that fails itself is a finding too, and hides no other.
A new check is a function from the office to findings, with a line in doctor.py's list.
"""
