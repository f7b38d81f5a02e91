"""A drop becomes an item, or a refusal with its reasons; nothing else makes items.

intake.py has the order of steps, with what a kill leaves at each. At every point each file is in
the inbox, or in the vault with an item, or in _rejected. A full disk or a missing right leaves
the drop in the inbox; what fails for a reason nobody foresaw is refused after some tries
(strikes.py), so that it blocks no other.
"""
