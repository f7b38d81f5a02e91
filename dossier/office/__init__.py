"""The office as it is configured, and every "may this person do that?".

config/ is read whole or refused whole, with every fault at once, by file, line and key. While
something runs, a change that is right holds at once, and one that is wrong changes nothing
(watching.py). Rights are answers to a question at one moment (people.py): nobody keeps one, each
deed asks anew.
"""
