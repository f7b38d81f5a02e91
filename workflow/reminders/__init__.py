"""What the clock says is due: reminders, escalation, dates, and clients who opened nothing.

Everything goes to the outbox, at office hours, once: what was sent is marked in the same
transaction.
"""
