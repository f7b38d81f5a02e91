"""Asking the identity provider of `desk.oidc` who somebody is, and judging what it answers.

- Its addresses and keys come from its own description, which must name exactly the issuer of the
  settings. They are remembered for an hour; an unknown key is looked for once, at once.
- An answer is from this issuer, to this login (state and the browser are the caller's to check),
  with a code that only whoever knows the PKCE verifier can use.
- The ID token is signed by RS256 or ES256 with one of the provider's keys, is meant for us, for
  this login (nonce) and for now, give or take SKEW_SECONDS.
- No redirect is followed, no answer is waited for longer than WAIT_SECONDS.

Whatever does not fit is a Refusal with a sentence for the person, and a line in the log.
"""

from __future__ import annotations

import hmac
import json
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard
from urllib.parse import quote_plus, urlencode, urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jws
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from requests.adapters import HTTPAdapter

from dossier.office.keys import Oidc
from dossier.text.refusals import Forbidden, Refusal, Unavailable
from dossier.text.sentences import plain

log = structlog.get_logger("identity")

ALGORITHMS = ["RS256", "ES256"]
SKEW_SECONDS = 60
OLD_SECONDS = 600
"""An ID token is fetched the moment that it is made."""

WAIT_SECONDS = 10
TURN_SECONDS = 1.0
"""So long a login waits while another one asks the provider."""

AWAY_SECONDS = 10
"""A provider that could not be asked is not asked again for so long."""

KNOWN_SECONDS = 3600
ANSWER_BYTES = 512 * 1024
LONGEST_SUBJECT = 255
"""OpenID Connect Core section 2."""


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Who somebody is to the provider."""

    subject: str
    id_token: str
    """With it they can be logged out there."""


class ByMachine(HTTPAdapter):
    """Believes also the authorities in this machine's store, as mails and webhooks do: an identity
    provider within the office may have its certificate of the office's own."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **more, ssl_context=ssl.create_default_context())


class Provider:
    """The provider of these settings. Threads share it."""

    def __init__(self, settings: Oidc, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._secret = environ.get(settings.client_secret_env, "")
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys = KeySet([])
        self._read_at, self._away_until = -KNOWN_SECONDS - 1.0, 0.0

    @property
    def name(self) -> str:
        """What people know it by: its host."""
        return str(urlsplit(self._settings.issuer).hostname)

    def address(self, redirect_uri: str, state: str, nonce: str, verifier: str, is_anew: bool = False) -> str:
        """Where a browser is sent to log in. `is_anew`: also whoever is logged in there. Raises
        Refusal."""
        metadata = self._described()
        with self._session(redirect_uri) as session:
            made, _ = session.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce,
                **({"prompt": "login"} if is_anew else {}),
            )  # fmt: skip
        return str(made)

    def person(
        self,
        now: datetime,
        answer: Mapping[str, str],
        redirect_uri: str,
        nonce: str,
        verifier: str,
        since: datetime | None = None,
    ) -> ProviderIdentity:
        """Whom the provider's answer is about. Raises Refusal for whatever can't be believed.

        `since`: who said before this moment who they are is to say it anew. Providers tell when
        that was if they like (auth_time, OpenID Connect Core section 2).
        """
        metadata = self._described()
        self._check_sender(metadata, answer)
        token = self._fetch(metadata, answer["code"], redirect_uri, verifier)
        kept = token.get("id_token")
        if not isinstance(kept, str):
            raise refused("provider.no_token")
        claims = self._claims(now, kept, nonce)
        said_at = claims.get("auth_time")
        if since is not None and said_at is not None:
            if not _is_number(said_at):
                raise refused("provider.bad_time")
            if said_at < since.timestamp() - SKEW_SECONDS:
                raise refused("provider.not_anew")
        return ProviderIdentity(_subject(claims), kept)

    def goodbye(self, id_token: str, back: str) -> str | None:
        """Where a browser logs out at the provider as well (RP-initiated); None if that can't be
        done."""
        try:
            end = (self._metadata or self._described()).get("end_session_endpoint")
        except Refusal:
            return None
        if not isinstance(end, str):
            return None
        query = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "client_id": self._settings.client_id}
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(query)}"

    # What is asked of it

    def _session(self, redirect_uri: str, metadata: Mapping[str, Any] | None = None) -> Any:
        ways = (metadata or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        session = OAuth2Session(
            self._settings.client_id, self._secret, scope="openid", redirect_uri=redirect_uri, code_challenge_method="S256",
            token_endpoint_auth_method=_basic if "client_secret_basic" in ways else "client_secret_post",
        )  # fmt: skip
        _prepare(session)
        return session

    def _described(self) -> dict[str, Any]:
        """What the provider says of itself. Raises Refusal if it can't be asked, or says it is
        another.

        One thread asks. The others wait for a moment only: while a provider does not answer, they
        have pages to make for whoever is logged in.
        """
        if not self._is_known():
            if not self._secret:
                raise refused("provider.no_secret", Unavailable, name=self._settings.client_secret_env)
            if not self._lock.acquire(timeout=TURN_SECONDS):
                raise away(self._settings.issuer)
            try:
                if not self._is_known():
                    self._read()
            finally:
                self._lock.release()
        return self._metadata

    def _is_known(self) -> bool:
        return time.monotonic() - self._read_at <= KNOWN_SECONDS

    def _read(self) -> None:
        if time.monotonic() < self._away_until:
            raise away(self._settings.issuer)
        try:
            found = self._get(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._check(found)
            self._keys = self._keys_of(found)
        except Unavailable:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise
        self._metadata, self._read_at = found, time.monotonic()

    def _check(self, metadata: Mapping[str, Any]) -> None:
        if metadata.get("issuer") != self._settings.issuer:
            raise refused("provider.other_issuer", issuer=self._settings.issuer, said=str(metadata.get("issuer"))[:200])
        is_local = self._settings.issuer.startswith("http://")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = metadata.get(name)
            if not isinstance(address, str) or not (
                address.startswith("https://") or (is_local and address.startswith("http://"))
            ):
                raise refused("provider.bad_description", name=name)

    def _keys_of(self, metadata: Mapping[str, Any]) -> KeySet:
        """Those that may sign; others, also of a curve that nobody here knows, are passed over (RFC
        7517 section 5)."""
        told, found = self._get(metadata["jwks_uri"]).get("keys"), list[Key]()
        for one in told if isinstance(told, list) else ():
            with suppress(JoseError, ValueError, KeyError, TypeError, AttributeError):
                if one.get("use", "sig") == "sig":
                    found.append(JWKRegistry.import_key(one))
        if not found:
            raise refused("provider.bad_description", name="jwks_uri")
        return KeySet(found)

    def _get(self, address: str) -> dict[str, Any]:
        try:
            with requests.Session() as session:
                _prepare(session)
                with session.get(address, timeout=WAIT_SECONDS, allow_redirects=False, stream=True) as answer:
                    if answer.status_code != 200:
                        raise away(f"{answer.status_code}, {address}")
                    found = json.loads(answer.raw.read(ANSWER_BYTES, decode_content=True))
        except (requests.RequestException, OSError, ValueError) as error:
            raise away(f"{type(error).__name__}, {address}") from error
        return found if isinstance(found, dict) else {}

    def _check_sender(self, metadata: Mapping[str, Any], answer: Mapping[str, str]) -> None:
        """That the answer is this provider's (RFC 9207), and a yes."""
        sender = answer.get("iss")
        if sender != self._settings.issuer and (sender or metadata.get("authorization_response_iss_parameter_supported") is True):
            raise refused("provider.other_sender", said=str(sender)[:200])
        if answer.get("error"):
            raise refused("provider.denied", error=answer["error"][:100])
        if not answer.get("code"):
            raise refused("provider.no_code")

    def _fetch(self, metadata: Mapping[str, Any], code: str, redirect_uri: str, verifier: str) -> Mapping[str, Any]:
        """What the provider gives for a code, which it does once."""
        try:
            with self._session(redirect_uri, metadata) as session:
                found = session.fetch_token(
                    metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier,
                    timeout=WAIT_SECONDS, allow_redirects=False,
                )  # fmt: skip
        except AuthlibBaseError as error:
            raise refused("provider.no_token", error=str(error.error)[:100]) from error
        except (requests.RequestException, OSError, ValueError) as error:
            raise away(type(error).__name__) from error
        return found if isinstance(found, Mapping) else {}

    # What it says

    def _claims(self, now: datetime, token: str, nonce: str) -> Mapping[str, Any]:
        """What an ID token says, once all of it fits (OpenID Connect Core section 3.1.3.7)."""
        try:
            claims = json.loads(jws.deserialize_compact(token, self._key, ALGORITHMS).payload or b"")
        except (JoseError, ValueError, TypeError) as error:
            raise refused("provider.bad_signature", error=type(error).__name__) from error
        if not isinstance(claims, dict):
            raise refused("provider.bad_signature", error="no claims")
        wrong = self._what_does_not_fit(now.timestamp(), claims, nonce)
        if wrong:
            raise refused(f"provider.bad_{wrong}")
        return claims

    def _what_does_not_fit(self, now: float, claims: Mapping[str, Any], nonce: str) -> str | None:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        party = claims.get("azp", self._settings.client_id if len(audiences) == 1 else None)
        said = claims.get("nonce")
        expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
        if claims.get("iss") != self._settings.issuer:
            return "issuer"
        if self._settings.client_id not in audiences or party != self._settings.client_id:
            return "audience"
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            return "nonce"
        if not (_is_number(expires) and _is_number(issued) and _is_number(begins)):
            return "time"
        is_over = now > expires + SKEW_SECONDS or now > issued + OLD_SECONDS + SKEW_SECONDS
        return "time" if is_over or max(issued, begins) > now + SKEW_SECONDS else None

    def _key(self, signed: Any) -> Key:
        """The provider's key that a token names; a new one is looked for once. Raises
        InvalidKeyIdError."""
        kid, algorithm = signed.headers().get("kid"), str(signed.headers().get("alg"))
        with self._lock:
            found = self._named(kid)
            if found is None:
                self._keys = self._keys_of(self._metadata)
                found = self._named(kid)
        if found is None or found.as_dict(private=False).get("alg", algorithm) != algorithm:
            raise InvalidKeyIdError
        return found

    def _named(self, kid: object) -> Key | None:
        if kid is None:
            return self._keys.keys[0] if len(self._keys.keys) == 1 else None
        return next((one for one in self._keys.keys if one.kid == kid), None)


def _prepare(session: requests.Session) -> None:
    """It asks no proxy of the environment, and believes whom this machine believes."""
    session.trust_env = False
    session.mount("https://", ByMachine())


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """The client's name and secret in the header, each encoded as RFC 6749 section 2.3.1 has it;
    Authlib does not encode them."""
    del method
    told = ":".join(quote_plus(part) for part in (client.client_id, client.client_secret))
    return uri, {**headers, "Authorization": f"Basic {b64encode(told.encode()).decode()}"}, body


def _is_number(value: object) -> TypeGuard[float]:
    """False for NaN and Infinity as well, which Python takes for JSON: no moment is behind them."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise refused("provider.bad_subject")
    return subject


def away(why: str) -> Refusal:
    """The refusal while the provider can't be asked."""
    return refused("provider.unreachable", Unavailable, why=plain(why))


def refused(code: str, kind: type[Refusal] = Forbidden, /, **values: object) -> Refusal:
    """A login that is refused: its sentence for the person, once it is written in the log."""
    made = kind(code, **values)
    log.warning("a login was refused", why=str(made), code=code)
    return made
