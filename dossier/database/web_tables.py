"""The tables of the web: who asks to log in and who is logged in, keys of programs and what these
were answered, drops that are put together, how far webhooks are. See tables.py.

They are apart because most commands need none of them, and would make each at their start.
"""

from __future__ import annotations

from typing import Any

from peewee import AutoField, BigIntegerField, CharField, IntegerField, TextField

from dossier.database.tables import JSONText, Table


class LinkRequest(Table):
    """An address that was typed in, until the daemon has looked whose it is."""

    id = AutoField()
    address = TextField()
    goal = TextField()
    """Where they wanted to go: a path."""
    at = CharField()


class MailedLink(Table):
    """A link that was mailed: the SHA-256 of its secret."""

    hash = CharField(primary_key=True)
    goal = TextField()
    expires_at = CharField()
    used_at = CharField(null=True)


class BrowserSession(Table):
    """A browser that is logged in: the SHA-256 of its cookie."""

    hash = CharField(primary_key=True)
    made_at = CharField()
    seen_at = CharField()
    expires_at = CharField()


class LoginRequest(LinkRequest):
    """At the portal."""


class LoginToken(MailedLink):
    """To the portal, for the owner of this (folded) mail address."""

    address = TextField()
    language = CharField()


class LoginSession(BrowserSession):
    """At the portal, of the owner of this mailbox."""

    address = TextField()


class DeskRequest(LinkRequest):
    """At the desk."""


class DeskToken(MailedLink):
    """To the desk, for this staff member."""

    staff = CharField()
    address = TextField(null=True)
    """The (folded) mail address that it was mailed to; null: by an older version."""


class DeskSession(BrowserSession):
    """At the desk, of this staff member."""

    staff = CharField()
    way = CharField()
    """`link`, `first`, or `oidc`."""
    address = TextField(null=True)
    """The (folded) mail address by which it was begun; null: by the identity provider."""
    id_token = TextField(null=True)
    """What the identity provider vouched with: by it they can be logged out there, too."""


class ProviderLogin(Table):
    """A login with an identity provider that was begun (provider_logins.py)."""

    hash = CharField(primary_key=True)
    """SHA-256 of the state."""
    browser = CharField()
    """SHA-256 of the cookie of the browser where it was begun."""
    nonce = CharField()
    verifier = CharField()
    goal = TextField()
    expires_at = CharField()


class StagedDrop(Table):
    """A drop that is being put together, hidden in the inbox (ingest/sources/staging.py)."""

    id = CharField(primary_key=True)
    client = CharField()
    staff = CharField()
    """For whom it is made."""
    way = CharField()
    """`desk`, or `api:NAME` of a token."""
    made_at = CharField()
    expires_at = CharField()
    files: JSONText[dict[str, dict[str, Any]]] = JSONText()
    """{name: {size, sha256}} of what came whole."""
    folder = TextField(null=True)
    """Its folder in the client's inbox, once it was placed."""


class ApiToken(Table):
    """A key for a program: what it may, for whom, until when. Only its SHA-256 is kept."""

    name = CharField(primary_key=True)
    hash = CharField()
    staff = CharField()
    """The staff member whom it acts for."""
    scopes: JSONText[list[str]] = JSONText()
    clients: JSONText[list[str] | None] = JSONText(null=True)
    """Only these clients; null: those of the staff member."""
    made_by = CharField()
    made_at = CharField()
    expires_at = CharField()
    used_at = CharField(null=True)
    revoked_at = CharField(null=True)


class ApiAnswer(Table):
    """What was answered to a request with an Idempotency-Key, for when it comes again."""

    key = CharField(primary_key=True)
    """SHA-256 over token, method, path and the key that was given."""
    asked = CharField()
    """SHA-256 of the body."""
    status = IntegerField()
    body = TextField()
    at = CharField()


class Hook(Table):
    """How far a webhook of the settings has been told of the trail (workflow/webhooks)."""

    name = CharField(primary_key=True)
    seq = BigIntegerField()
    """The last event that its receiver took, or that was not for it."""
    sent_at = CharField(null=True)
    attempts = IntegerField()
    """How often in a row the receiver did not take the next one."""
    due_at = CharField()
    """When it is tried again."""
    failing_since = CharField(null=True)
    error = TextField(null=True)
    disabled_at = CharField(null=True)
    """Nothing is sent any more until an admin says so."""


class LoginRate(Table):
    """How often something was tried: a store of tries that is full again at `full_at`."""

    key = CharField(primary_key=True)
    full_at = CharField()


def tables_of_an_office(kind: type[Table] = Table) -> set[str]:
    """The names of all tables with rows of an office: of each class of which no other is made."""
    below = kind.__subclasses__()
    return set().union(*map(tables_of_an_office, below)) if below else {str(kind._meta.table_name)}
