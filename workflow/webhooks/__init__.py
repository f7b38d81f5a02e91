"""Webhooks: programs that are told of each event of the trail (config/settings.yaml).

The trail is the outbox of these messages: an event is written in the transaction of what it tells
of, and each webhook has a row that says up to which event its receiver took them. They go in the
trail's order, each at least once and always with the same `webhook-id`. What a webhook is told is
what its staff member may see at that moment, as GET /events gives it.

Signing is the standard's own library's (standardwebhooks.com). What the receiver makes of a message
that comes twice is left to the receiver.
"""
