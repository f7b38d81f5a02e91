"""An S3-compatible object store: whole objects by name, streamed, and checked by hash both ways.

When a call has returned, the store has said that it holds exactly what was sent. Requests are
tried again a few times here; everything above that is for the vault and the portal, which know
what an object is for.
"""
