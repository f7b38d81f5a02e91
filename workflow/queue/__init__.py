"""The queue folder: concepts as files that approvers decide on by editing them.

The paper form of workflow/approval, and the only writer there. The database is the truth: what is
missing is written, what was decided is moved away, in any order and after any crash. What an
approver typed is theirs: a file is only replaced if it is still the one that was read, and a
refusal is written on top of it.
"""
