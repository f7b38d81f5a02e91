"""An identity provider for the tests, which can be made to say whatever a bad one would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from kit.receivers import served

CLIENT, SECRET = "the-desk", "a secret: of 100% + the client"

RSA = RSAKey.generate_key(2048, {"kid": "first"})
EC = ECKey.generate_key("P-256", {"kid": "second"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "first"})
"""Somebody else's, under the name of ours."""


class IdentityProvider:
    """`claims`, `header`, `answer` and `metadata` override what is said; None takes a key out."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.subject = "petra-at-the-provider"
        self.keys: list[Any] = [RSA]
        self.key: Any = RSA
        self.reset()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        """The paths that were asked for."""
        self.left: list[dict[str, str]] = []
        """What those came with who logged out."""

    def reset(self) -> None:
        """Honest again."""
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.keys, self.key, self.subject = [RSA], RSA, "petra-at-the-provider"

    def described(self) -> dict[str, Any]:
        whole = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys", "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip
        return _without_none(whole | self.metadata)

    def log_in(self, address: str) -> str:
        """What somebody does there who is sent to `address`: where they are sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        answer = _without_none({"code": code, "state": query["state"], "iss": self.issuer} | self.answer)
        return f"{query['redirect_uri']}?{urlencode(answer, doseq=True)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """What is given for a code; None if nothing is."""
        begun = self.codes.pop(form.get("code", ""), None)
        wanted = base64.b64encode(f"{CLIENT}:{quote_plus(SECRET)}".encode()).decode()  # RFC 6749 section 2.3.1
        if begun is None or authorization != f"Basic {wanted}":
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if challenge != begun["code_challenge"] or form.get("redirect_uri") != begun["redirect_uri"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": self.signed(begun["nonce"])}

    def signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.subject, "nonce": nonce, "iat": now, "exp": now + 300}
        algorithm = "ES256" if self.key is EC else "RS256"
        header = _without_none({"alg": algorithm, "kid": self.key.kid, "typ": "JWT"} | self.header)
        body = json.dumps(_without_none(claims | self.claims))
        if header["alg"] == "none":
            return f"{_part(json.dumps(header))}.{_part(body)}."
        return jws.serialize_compact(header, body, self.key, ["RS256", "ES256", "PS256", "RS512", "HS256"])


def _part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def providing() -> Iterator[IdentityProvider]:
    made: IdentityProvider

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                self._say(made.described())
            elif parts.path == "/keys":
                self._say({"keys": [one.as_dict(private=False) for one in made.keys]})
            elif parts.path == "/authorize":
                self._send_to(made.log_in(self.path))
            elif parts.path == "/end":
                made.left.append({name: values[0] for name, values in parse_qs(parts.query).items()})
                self._send_to(made.left[-1]["post_logout_redirect_uri"])
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            made.asked.append(self.path)
            found = made.token(form, self.headers.get("authorization", ""))
            self._say(found if found is not None else {"error": "invalid_grant"}, 200 if found is not None else 400)

        def _say(self, value: Any, status: int = 200) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _send_to(self, address: str) -> None:
            self.send_response(302)
            self.send_header("location", address)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = IdentityProvider(server.server_address[1])
    with served(server):
        yield made
