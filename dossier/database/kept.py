"""The tables of what must stay, what goes and what went: legal holds, removed items, erased persons. As tables.py."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, CompositeKey, IntegerField, TextField

from dossier.database.tables import Table


class Hold(Table):
    """A legal hold: nothing of this client or item is removed while it stands (retention.py). `kind`: client or item."""

    kind = CharField()
    subject = CharField()
    """A client's code, or an item's number."""
    reason = TextField()
    by = CharField()
    at = CharField()

    class Meta:
        primary_key = CompositeKey("kind", "subject")


class Removal(Table):
    """An item that was removed when its term was over: its number stays, and that it was removed."""

    item = BigIntegerField(primary_key=True)
    at = CharField()


class Leaving(Table):
    """A vault file that a removed item had. It goes once it is sure that no other attachment names it."""

    sha256 = CharField(primary_key=True)


class Redaction(Table):
    """An event that was written anew without a person's name (trail.redact): the link that the chain was computed over."""

    seq = BigIntegerField(primary_key=True)
    link = CharField()


class Erasure(Table):
    """That a person was erased on request. Who that was is nowhere but in the report, which the office keeps."""

    id = IntegerField(primary_key=True)
    """The person is called `erased-ID` since."""
    at = CharField()
    report = TextField(null=True)
    """The report (JSON), until it is on the disk."""
