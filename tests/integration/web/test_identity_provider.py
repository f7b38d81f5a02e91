"""What an identity provider says is believed only if all of it fits: who says it, to whom, for which login, when, by which key."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kit.identity import CLIENT, EC, FOREIGN, RSA, SECRET, IdentityProvider, providing
from kit.support import need
from structlog.testing import capture_logs

from desk.web.identity.provider import Provider
from dossier.office.keys import Oidc
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.text.sentences import told

BACK = "https://desk.office.example/_oidc/back"
STATE, NONCE, VERIFIER = "the state", "the nonce", "a verifier of forty-three characters or more, this"


@pytest.fixture(scope="module")
def served() -> Iterator[IdentityProvider]:
    with providing() as made:
        yield made


@pytest.fixture
def evil(served: IdentityProvider) -> IdentityProvider:
    served.reset()
    served.asked.clear()
    return served


class Published:
    """A key as a provider has it in its list, whatever that is."""

    def __init__(self, told: Any) -> None:
        self._told = told

    def as_dict(self, private: bool) -> Any:
        assert not private
        return self._told


def desk(provider: IdentityProvider, secret: str = SECRET) -> Provider:
    return Provider(Oidc(issuer=provider.issuer, client_id=CLIENT, client_secret_env="S"), {"S": secret})


def answer(provider: IdentityProvider, known: Provider, nonce: str = NONCE, verifier: str = VERIFIER) -> dict[str, str]:
    sent_back = provider.log_in(known.address(BACK, STATE, nonce, verifier))
    return {name: values[0] for name, values in parse_qs(urlsplit(sent_back).query).items()}


def whom(provider: IdentityProvider, known: Provider | None = None, later: timedelta = timedelta()) -> str:
    known = known or desk(provider)
    return known.person(clock.utc_now() + later, answer(provider, known), BACK, NONCE, VERIFIER).subject


def refusal(provider: IdentityProvider, **more: Any) -> str:
    """The code of the refusal, which has a sentence in both languages and a line in the log."""
    with capture_logs() as logged, pytest.raises(Refusal) as refused:
        whom(provider, **more)
    code = refused.value.sentence.code  # type: ignore[union-attr]
    assert [one["code"] for one in logged] == [code]
    assert told(refused.value.sentence, "nl") != told(refused.value.sentence, "en")
    return str(code)


def test_whoever_logs_in_there_is_known_by_what_the_provider_calls_them(evil: IdentityProvider) -> None:
    assert whom(evil) == evil.subject
    evil.keys, evil.key = [EC], EC
    assert whom(evil) == evil.subject, "ES256"
    evil.keys = [RSA, EC]
    assert whom(evil) == evil.subject, "of several keys the one that is named"


def test_a_key_that_names_no_algorithm_is_as_good_as_one_that_does(evil: IdentityProvider) -> None:
    assert "alg" not in RSA.as_dict(private=False), "as Entra ID has them"
    assert whom(evil) == evil.subject


@pytest.mark.slow
def test_a_key_that_nobody_here_can_use_keeps_nobody_out(evil: IdentityProvider) -> None:
    of_others = [
        {"kty": "EC", "crv": "BP-256", "x": "AAAA", "y": "AAAA", "kid": "another curve"},
        {"kty": "RSA", "kid": "without its number"}, {"kid": "of no kind"}, "no key", {"kty": "oct", "k": "x"},
        {**FOREIGN.as_dict(private=False), "use": "enc"},
    ]  # fmt: skip
    evil.keys = [*map(Published, of_others), RSA]
    assert whom(evil) == evil.subject
    evil.keys = [Published(of_others[0])]
    assert refusal(evil) == "provider.bad_description"


def test_an_unknown_key_is_looked_for_once_and_the_addresses_are_remembered(evil: IdentityProvider) -> None:
    known = desk(evil)
    whom(evil, known)
    evil.keys, evil.key = [RSA, EC], EC
    assert whom(evil, known) == evil.subject
    whom(evil, known)
    assert evil.asked.count("/keys") == 2
    assert evil.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claims", "wrong"),
    [
        ({"iss": "https://evil.example"}, "issuer"), ({"iss": None}, "issuer"), ({"iss": ["x"]}, "issuer"),
        ({"aud": "another"}, "audience"), ({"aud": None}, "audience"), ({"aud": [CLIENT, "another"]}, "audience"), ({"aud": []}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"), ({"azp": "another"}, "audience"),
        ({"nonce": "of another login"}, "nonce"), ({"nonce": None}, "nonce"), ({"nonce": [NONCE]}, "nonce"),
        ({"exp": None}, "time"), ({"iat": None}, "time"), ({"exp": "never"}, "time"), ({"exp": True}, "time"),
        ({"exp": float("nan")}, "time"), ({"exp": float("inf")}, "time"), ({"iat": float("nan")}, "time"), ({"nbf": float("nan")}, "time"),
        ({"nbf": 99999999999}, "time"),
        ({"iat": 99999999999}, "time"), ({"iat": 1}, "time"), ({"exp": 1}, "time"),
        ({"sub": None}, "subject"), ({"sub": ""}, "subject"), ({"sub": "a\nb"}, "subject"), ({"sub": "x" * 256}, "subject"), ({"sub": 7}, "subject"),
    ],
)  # fmt: skip
def test_a_token_with_a_claim_that_does_not_fit_is_refused(evil: IdentityProvider, claims: dict[str, Any], wrong: str) -> None:
    evil.claims = claims
    assert refusal(evil) == f"provider.bad_{wrong}"


def test_clocks_may_differ_by_a_minute_and_no_more(evil: IdentityProvider) -> None:
    for seconds, is_good in ((355, True), (365, False), (-55, True), (-65, False)):
        later = timedelta(seconds=seconds)
        if is_good:
            assert whom(evil, later=later) == evil.subject, seconds
        else:
            assert refusal(evil, later=later) == "provider.bad_time", seconds


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "PS256"}, {"alg": "RS512"}, {"kid": "unknown"}])
def test_a_token_that_is_signed_in_another_way_is_refused(evil: IdentityProvider, header: dict[str, Any]) -> None:
    evil.header = header
    assert refusal(evil) == "provider.bad_signature"


def test_a_token_of_somebody_elses_key_under_the_name_of_ours_is_refused(evil: IdentityProvider) -> None:
    evil.key = FOREIGN
    assert refusal(evil) == "provider.bad_signature"


def test_a_token_without_the_name_of_a_key_is_refused_where_there_are_several(evil: IdentityProvider) -> None:
    evil.header = {"kid": None}
    assert whom(evil) == evil.subject, "there is one"
    evil.keys = [RSA, EC]
    assert refusal(evil) == "provider.bad_signature"


def test_mix_up_an_answer_that_names_another_provider_or_none_is_refused_and_its_code_goes_nowhere(
    evil: IdentityProvider,
) -> None:
    for sender in ("https://evil.example", None):
        evil.answer = {"iss": sender}
        assert refusal(evil) == "provider.other_sender"
    assert "/token" not in evil.asked


def test_mix_up_a_provider_that_describes_itself_as_another_is_refused(evil: IdentityProvider) -> None:
    for issuer in ("https://evil.example", evil.issuer + "/", None):
        evil.metadata = {"issuer": issuer}
        assert refusal(evil) == "provider.other_issuer"


@pytest.mark.parametrize("address", ["ftp://x/token", None, 7])
def test_a_description_without_usable_addresses_is_refused(evil: IdentityProvider, address: object) -> None:
    evil.metadata = {"token_endpoint": address}
    assert refusal(evil) == "provider.bad_description"


def test_code_injection_a_code_of_another_login_is_of_no_use(evil: IdentityProvider) -> None:
    """Without the verifier the provider gives nothing for it; and if one did, the nonce would be another's."""
    known = desk(evil)
    stolen = answer(evil, known, "the victim's nonce", "a verifier that the victim's desk keeps to itself, so")
    with pytest.raises(Refusal, match="did not confirm"):
        known.person(clock.utc_now(), stolen, BACK, NONCE, VERIFIER)
    injected = answer(evil, known, "the victim's nonce", VERIFIER)
    with pytest.raises(Refusal, match="belongs to another login"):
        known.person(clock.utc_now(), injected, BACK, NONCE, VERIFIER)


def test_replay_a_code_is_good_once(evil: IdentityProvider) -> None:
    known = desk(evil)
    sent = answer(evil, known)
    assert known.person(clock.utc_now(), sent, BACK, NONCE, VERIFIER).subject == evil.subject
    with pytest.raises(Refusal, match="did not confirm"):
        known.person(clock.utc_now(), sent, BACK, NONCE, VERIFIER)


def test_what_the_provider_refuses_is_told(evil: IdentityProvider) -> None:
    evil.answer = {"code": None, "error": "access_denied"}
    assert refusal(evil) == "provider.denied"
    evil.answer = {"code": None}
    assert refusal(evil) == "provider.no_code"


def test_without_a_secret_or_a_provider_that_answers_nobody_gets_in_and_it_is_told(evil: IdentityProvider) -> None:
    assert refusal(evil, known=desk(evil, "")) == "provider.no_secret"
    assert refusal(evil, known=desk(evil, "another secret")) == "provider.no_token"
    away = IdentityProvider(9)
    assert refusal(away) == "provider.unreachable"


def test_a_provider_within_the_office_is_believed_by_an_authority_that_this_machine_knows(
    evil: IdentityProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = [
        need("openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)

    class Within(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"keys": [RSA.as_dict(private=False)]} if self.path == "/keys" else described
            data = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Within) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        issuer = f"https://localhost:{server.server_address[1]}"
        described = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
        described |= dict.fromkeys(("authorization_endpoint", "token_endpoint"), f"{issuer}/x")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

        def asked() -> str:
            known = Provider(Oidc(issuer=issuer, client_id=CLIENT, client_secret_env="S"), {"S": SECRET})
            return known.address(BACK, STATE, NONCE, VERIFIER)

        with pytest.raises(Refusal, match="SSLError"):
            asked()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert asked().startswith(f"{issuer}/x?")
        server.shutdown()


def test_a_provider_that_does_not_answer_holds_up_one_login_at_a_time_and_the_others_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk.web.identity.provider.WAIT_SECONDS", 1.0)
    monkeypatch.setattr("desk.web.identity.provider.TURN_SECONDS", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, ThreadPoolExecutor(8) as people:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        known = Provider(Oidc(issuer=issuer, client_id=CLIENT, client_secret_env="S"), {"S": SECRET})

        def click(_: int) -> float:
            began = time.monotonic()
            with pytest.raises(Refusal, match="can't be reached"):
                known.address(BACK, STATE, NONCE, VERIFIER)
            return time.monotonic() - began

        waited = sorted(people.map(click, range(8)))
        assert waited[-2] < 0.9, "they wait for none but the first"
        assert click(0) < 0.1, "and it is not asked again at once"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
        "https://login.microsoftonline.com/{tenantid}/v2.0", "http://id.office.example", "https://id.office.example/?x=1", "id.office.example",
        "https://me@id.office.example",
    ],
)  # fmt: skip
def test_an_issuer_that_can_not_vouch_for_one_tenant_is_refused_in_the_settings(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Oidc(issuer=issuer, client_id=CLIENT)


def test_whoever_must_say_anew_who_they_are_is_asked_by_the_provider(evil: IdentityProvider) -> None:
    known = desk(evil)
    assert "prompt=login" in known.address(BACK, STATE, NONCE, VERIFIER, is_anew=True)
    assert "prompt=" not in known.address(BACK, STATE, NONCE, VERIFIER)
    now = clock.utc_now()

    def asked(auth_time: object) -> str:
        evil.claims = {"auth_time": auth_time}
        return known.person(now, answer(evil, known), BACK, NONCE, VERIFIER, since=now).subject

    assert asked(now.timestamp() - 30) == evil.subject
    assert asked(None) == evil.subject, "it does not say when"
    for earlier, code in ((now.timestamp() - 90, "not_anew"), ("today", "bad_time"), (float("nan"), "bad_time")):
        with pytest.raises(Refusal) as refused:
            asked(earlier)
        assert refused.value.sentence.code == f"provider.{code}"  # type: ignore[union-attr]
    evil.claims = {"auth_time": now.timestamp() - 90}
    assert whom(evil, known) == evil.subject, "nobody wants it anew"
