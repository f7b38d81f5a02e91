"""Logging in to the desk with the office's identity provider: away and back, once, in one browser; nobody becomes staff by it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from kit.desk import STAFF, DeskRig
from kit.identity import CLIENT, SECRET, IdentityProvider, providing
from kit.support import wait_for
from kit.web import Answer, Browser
from oidc_provider_mock import run_server_in_thread

KNOWN = STAFF.replace("rights: [create], language: nl}", "rights: [create], language: nl, oidc_subject: petra-at-the-provider}")


@pytest.fixture(scope="module")
def served() -> Iterator[IdentityProvider]:
    with providing() as made:
        yield made


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, served: IdentityProvider) -> Iterator[DeskRig]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_OIDC", SECRET)
        oidc = f"oidc: {{issuer: '{served.issuer}', client_id: {CLIENT}, client_secret_env: DESK_OIDC}}"
        with DeskRig.running(tmp_path_factory.mktemp("office"), staff=KNOWN, desk=oidc) as made:
            yield made


@pytest.fixture
def provider(served: IdentityProvider) -> IdentityProvider:
    served.reset()
    return served


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def come_back(browser: Browser, provider: IdentityProvider, goal: str = "/") -> str:
    """Go to the provider and log in there; where it sends back to."""
    return path_of(provider.log_in(browser.get(f"/_oidc?next={goal}").goes_to))


def is_in(browser: Browser) -> bool:
    return browser.get("/").status == 200


def refused(answer: Answer, status: int = 403) -> str:
    assert answer.status == status, answer.text
    assert "set-cookie" not in answer.headers or "dossier-desk=" not in answer.headers["set-cookie"]
    return answer.text


def test_a_person_logs_in_at_the_provider_and_comes_back_to_where_they_wanted(rig: DeskRig, provider: IdentityProvider) -> None:
    browser = rig.browser()
    page = browser.get(browser.get("/clients?q=x").goes_to).text
    assert "/_oidc?next=/clients%3Fq%3Dx" in page
    assert 'name="address"' not in page, "there are no mailed links"
    assert browser.get(come_back(browser, provider, "/clients%3Fq%3Dx")).goes_to == "/clients?q=x"
    assert "Petra Bakker" in browser.get("/").text
    event = [one for one in rig.office.json("audit", "log", user="j.admin") if one["action"] == "logged_in"][-1]
    assert (event["actor"], event["detail"]["way"]) == ("p.bakker", "oidc")


def test_mailed_links_are_off(rig: DeskRig, provider: IdentityProvider) -> None:
    before, browser = len(rig.mailbox.mails), rig.browser()
    assert "127.0.0.1" in browser.post("/_login", {"address": "p.bakker@office.example"}).text
    assert browser.post("/_login/whatever").goes_to == "/_login"
    assert len(rig.mailbox.mails) == before


def test_nobody_becomes_staff_by_logging_in_and_is_shown_their_identifier_for_the_admin(
    rig: DeskRig, provider: IdentityProvider
) -> None:
    provider.subject, provider.claims = "somebody-new", {"email": "m.devries@office.example", "email_verified": True}
    browser = rig.browser()
    assert "somebody-new" in refused(browser.get(come_back(browser, provider)))
    assert not is_in(browser)
    assert browser.get("/queue").goes_to.startswith("/_login")


def test_whoever_has_left_does_not_get_in_and_is_out_at_once(rig: DeskRig, provider: IdentityProvider) -> None:
    browser = rig.browser()
    browser.get(come_back(browser, provider))
    assert is_in(browser)
    rig.office.set(
        "staff", KNOWN.replace("oidc_subject: petra-at-the-provider", "oidc_subject: petra-at-the-provider, active: no")
    )
    try:
        wait_for(lambda: not is_in(browser), "the session is over")
        refused(browser.get(come_back(browser, provider)))
    finally:
        rig.office.set("staff", KNOWN)
    wait_for(lambda: browser.get(come_back(browser, provider)).status == 303, "and in again")


@pytest.mark.parametrize("instead", ["oidc_subject: petra-herself", "phone: 020 1234567"])
def test_whoever_was_taken_for_somebody_else_is_out_once_the_identifier_is_put_right(
    rig: DeskRig, provider: IdentityProvider, instead: str
) -> None:
    browser = rig.browser()
    browser.get(come_back(browser, provider))
    assert is_in(browser)
    rig.office.set("staff", KNOWN.replace("oidc_subject: petra-at-the-provider", instead))
    try:
        wait_for(lambda: not is_in(browser), "the wrong person is out")
    finally:
        rig.office.set("staff", KNOWN)
    wait_for(lambda: browser.get(come_back(browser, provider)).status == 303, "the right one gets in")


def test_state_an_answer_that_was_begun_in_another_browser_logs_nobody_in_and_uses_nothing_up(
    rig: DeskRig, provider: IdentityProvider
) -> None:
    attacker, victim = rig.browser(), rig.browser()
    theirs = come_back(attacker, provider)
    refused(victim.get(theirs))
    victim.get("/_oidc")  # with a cookie of its own
    refused(victim.get(theirs))
    assert not is_in(victim)
    assert attacker.get(theirs).status == 303


@pytest.mark.parametrize(
    "change", [("state=", "state=x"), ("state=", "other="), ("code=", "code=1&code="), ("state=", "state=a&state=")]
)
def test_state_a_changed_answer_is_refused(rig: DeskRig, provider: IdentityProvider, change: tuple[str, str]) -> None:
    browser = rig.browser()
    refused(browser.get(come_back(browser, provider).replace(*change)))
    assert not is_in(browser)


def test_replay_an_answer_is_good_once(rig: DeskRig, provider: IdentityProvider) -> None:
    browser = rig.browser()
    sent = come_back(browser, provider)
    assert browser.get(sent).status == 303
    refused(browser.get(sent))


def test_two_tabs_that_log_in_at_once_both_get_in(rig: DeskRig, provider: IdentityProvider) -> None:
    browser = rig.browser()
    first, second = come_back(browser, provider, "/clients"), come_back(browser, provider, "/queue")
    assert browser.get(second).goes_to == "/queue"
    assert browser.get(first).goes_to == "/clients"


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "/_logout", "javascript:alert(1)"]
)
def test_redirect_a_login_leads_to_no_other_site(rig: DeskRig, provider: IdentityProvider, goal: str) -> None:
    browser = rig.browser()
    assert browser.get(come_back(browser, provider, goal)).goes_to == "/"


def test_redirect_the_provider_is_given_one_address_whatever_the_caller_says(rig: DeskRig, provider: IdentityProvider) -> None:
    address = rig.browser().get("/_oidc?redirect_uri=https://evil.example", host="evil.example").goes_to
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [f"http://127.0.0.1:{rig.port}/_oidc/back"]


def test_an_old_session_does_not_live_on_in_the_new_one(rig: DeskRig, provider: IdentityProvider) -> None:
    browser = rig.browser()
    browser.get(come_back(browser, provider))
    old = rig.browser()
    old.cookies = dict(browser.cookies)
    browser.get(come_back(browser, provider))
    assert is_in(browser)
    assert not is_in(old)


def test_logging_out_ends_the_session_and_leads_to_the_provider_to_log_out_there(
    rig: DeskRig, provider: IdentityProvider
) -> None:
    browser = rig.browser()
    browser.get(come_back(browser, provider))
    answer = browser.post("/_logout")
    assert not is_in(browser)
    further = answer.headers["refresh"].partition("url=")[2]
    query = {name: values[0] for name, values in parse_qs(urlsplit(further).query).items()}
    assert further.startswith(f"{provider.issuer}/end?")
    assert query["post_logout_redirect_uri"] == f"http://127.0.0.1:{rig.port}/_login?bye=1"
    assert query["id_token_hint"].count(".") == 2


def test_it_goes_with_a_provider_that_others_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    with run_server_in_thread() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_OIDC", SECRET)
        issuer = f"http://localhost:{server.server_port}"
        oidc = f"oidc: {{issuer: '{issuer}', client_id: {CLIENT}, client_secret_env: DESK_OIDC}}"
        with DeskRig.running(tmp_path_factory.mktemp("office"), staff=KNOWN, desk=oidc) as rig:
            browser, there = rig.browser(), Browser(server.server_port)
            address = browser.get("/_oidc?next=/clients").goes_to
            back = there.post(path_of(address), {"sub": "petra-at-the-provider"})
            assert browser.get(path_of(back.headers["location"])).goes_to == "/clients"
            assert "Petra Bakker" in browser.get("/").text
            assert browser.post("/_logout").headers["refresh"].startswith(f"0; url={issuer}/oauth2/end_session?")
