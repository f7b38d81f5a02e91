"""What a person can ask of the office: one function each, no matter from which face.

Each takes the office, the moment, who acts (acting.py) and plain values; asks for the rights at
that moment; opens the one transaction; and returns a value, in sentences where people are told
something, or raises a refusal. The command line, the pages and the API parse, call one, and show.
No face opens a transaction or asks a right itself.
"""
