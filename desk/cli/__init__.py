"""The command line: a module an area, a function a command: parse, call one action, print.

Only what a command uses is imported, so that it starts at once. Words are in the reader's
language (translation.py), tables for people, JSON for programs (printing.py). Exit codes are the
refusals' own; no traceback reaches a user.
"""
