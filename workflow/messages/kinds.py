"""The kinds of mail, by the word in a row of the outbox: to whom, and in which series.

What a letter of each kind says is its template (templates/letters/KIND.LANGUAGE.txt).
"""

from __future__ import annotations

READY = "ready"
"""Something of a client's is on the portal: to the contact whom its item names."""

BUNDLE = "bundle"
"""Several of them in one letter, for a contact who wants that."""

LOGIN, UNOPENED = "login", "unopened"

TO_CONTACTS = (READY, BUNDLE, LOGIN, UNOPENED)
"""These go to a client's contact, all others to staff."""

NOTICES = ("decide", "approved", "returned", "guard", "published", "refused", "waiting", "opened", "failed", "due")
"""What staff hear of as it happens (workflow/outbox/notices.py)."""

TOGETHER = "notices"
"""Several of these in one letter."""

IN_SERIES = (BUNDLE, "digest")
"""These come regularly: who gets them can ask to be taken off."""
