"""One message to one receiver: signed, to an address that was looked at, within a time.

- The host's name is resolved once, each address is judged, and the connection is made to exactly
  one of these: a name that leads elsewhere the next moment leads nowhere else here.
- A private address (of the office, of this machine) is only gone to if the webhook names it, and
  only there without TLS. No redirect is followed, and no proxy of the environment is asked.
- Whoever answers slowly is cut off, and of an answer only its status counts.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook as Signer

from dossier import __version__
from dossier.database import identity
from dossier.office.keys import Webhook
from dossier.text import clock, system
from dossier.text.sentences import Sentence, SentenceError, plain, sentence

ANSWER_SECONDS = 15
"""From the connection to the end of the answer."""

ANSWER_BYTES = 64 * 1024

PREFIX, SECRET_BYTES = "whsec_", 24
"""How a secret begins, and the least that the standard allows."""

GONE = 410
"""By this status a receiver says that it wants nothing any more."""


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """What a receiver said, in a sentence; `status` is 0 if there was no answer."""

    status: int
    sentence: Sentence
    wait_seconds: int = 0
    """How long it asks to be left alone (Retry-After)."""

    @property
    def is_yes(self) -> bool:
        return 200 <= self.status < 300


class NotSent(SentenceError):
    """Why a message could not even be sent."""


def post(
    hook: Webhook,
    environ: Mapping[str, str],
    ident: str,
    now: datetime,
    kind: str,
    data: Mapping[str, object],
    happened_at: str = "",
) -> PostOutcome:
    """Send this message. `ident` is the same each time, and so is when it happened, if that was not
    now. Never raises for the receiver."""
    at = clock.local_iso(happened_at or clock.to_text(now))
    body = json.dumps({"type": kind, "timestamp": at, "data": data}, default=str)
    try:
        signatures = [one.sign(ident, now, body) for one in _signers(hook, environ)]
        headers = {
            "content-type": "application/json", "user-agent": f"dossier/{__version__}", "webhook-id": ident,
            "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": " ".join(signatures),
        }  # fmt: skip
        return _send(hook, body.encode(), headers)
    except NotSent as error:
        return PostOutcome(0, error.sentence)
    except OSError as error:
        return PostOutcome(0, sentence("webhooks.unreachable", why=system.why(error)))
    except (http.client.HTTPException, ValueError) as error:
        return PostOutcome(0, sentence("webhooks.unreachable", why=plain(f"{type(error).__name__}: {error}")))


def _signers(hook: Webhook, environ: Mapping[str, str]) -> list[Signer]:
    """For each secret, the newest first. Raises NotSent if there is none, or one that is none."""
    secrets = environ.get(hook.secret_env, "").split()
    if not secrets:
        raise NotSent("webhooks.no_secret", name=hook.secret_env)
    try:
        keys = [b64decode(one.removeprefix(PREFIX), validate=True) for one in secrets]
    except ValueError:
        keys = []
    if not keys or any(len(one) < SECRET_BYTES for one in keys):
        raise NotSent("webhooks.bad_secret", name=hook.secret_env)
    return [Signer(one) for one in keys]


def _send(hook: Webhook, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
    if identity.is_trial():
        raise NotSent("webhooks.trial")
    parts = urlsplit(hook.url)
    is_safe = parts.scheme == "https"
    host, port = str(parts.hostname), parts.port or (443 if is_safe else 80)
    line = _connected(_addresses(hook, host, port, is_safe), port)
    other_end, is_late = line.dup(), threading.Event()
    clock_ = threading.Timer(ANSWER_SECONDS, _cut, [other_end, is_late])
    clock_.start()
    try:
        line.settimeout(ANSWER_SECONDS)
        if is_safe:
            context = ssl.create_default_context()
            line = context.wrap_socket(line, server_hostname=host)
            talk: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, context=context)
        else:
            talk = http.client.HTTPConnection(host, port)
        talk.sock = line  # connected already, to the address that was looked at
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        talk.request("POST", path, body, dict(headers))
        response = talk.getresponse()
        with suppress(OSError, http.client.HTTPException):  # what it says beside its status tells nothing
            response.read(ANSWER_BYTES)
        wait = re.fullmatch("[0-9]{1,9}", response.headers.get("retry-after", ""))
        told = sentence("webhooks.answered", status=response.status)
        return PostOutcome(response.status, told, int(wait[0]) if wait else 0)
    except (OSError, http.client.HTTPException) as error:
        if is_late.is_set() or isinstance(error, TimeoutError):
            raise NotSent("webhooks.silent", seconds=ANSWER_SECONDS) from error
        raise
    finally:
        clock_.cancel()
        line.close()
        other_end.close()


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to the first of them that takes one: a receiver may have an address that leads
    nowhere from here, of IPv6 for one. Raises OSError."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), ANSWER_SECONDS / len(addresses))
    return socket.create_connection((addresses[-1], port), ANSWER_SECONDS / len(addresses))


def _cut(line: socket.socket, is_late: threading.Event) -> None:
    """End a connection, whatever is being waited for on it."""
    is_late.set()
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:  # it ended by itself
        return


def _addresses(hook: Webhook, host: str, port: int, is_safe: bool) -> list[str]:
    """The host's addresses that may be gone to. NotSent if none; OSError if unresolved."""
    found = list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    if named := [one for one in found if _is_named(one, hook.private)]:
        return named
    public = [one for one in found if is_public(one)]
    if not public:
        raise NotSent("webhooks.private", host=host, address=found[0] if found else "?")
    if not is_safe:
        raise NotSent("webhooks.in_the_open", url=hook.url)
    return public


def _is_named(address: str, networks: Sequence[str]) -> bool:
    return any(ip_address(address.partition("%")[0]) in ip_network(network) for network in networks)


_INTERNET = ip_network("2000::/3")
"""All of IPv6 that is on the internet (RFC 3587 section 3). Outside are ways to IPv4."""

_APART = (ip_network("3fff::/20"), ip_network("192.88.99.0/24"))
"""Examples (RFC 9637) and what was given up (RFC 7526), of which Python 3.11 does not know."""


def is_public(address: str) -> bool:
    """True for an address that belongs to the internet, and to no network of one's own."""
    found = ip_address(address.partition("%")[0])
    if getattr(found, "sixtofour", None) is not None or getattr(found, "teredo", None) is not None:
        return False
    if any(found in network for network in _APART) or (found.version == 6 and found not in _INTERNET):
        return False
    return found.is_global and not found.is_multicast
