"""Protects what takes two people: the second sees it whole and signs it, in a real browser.

Chromium's own virtual authenticator makes and uses the passkey; others type their password.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.access.signing import Proof
from breakwater.errors import BadInput, NeedsSecondPerson
from breakwater.model.access import Principal, Role
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.upload import Upload
from breakwater.records import audit, uploads
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, Site, whole_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import pdq_of, submit

K = DecisionKind
PASSWORD = "seven grey herons wait"
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("signing"), browser) as made:
        yield made


@pytest.fixture
def proposed(site: Site, request: pytest.FixtureRequest) -> Upload:
    """A case on which somebody calls a match of eleven uploads wrong."""
    seed = zlib.crc32(request.node.name.encode()) % 100_000 + 100
    app = site.served.app
    app.banks.add("KNOWN", [pdq_of(app, photo(seed))], MACHINE)
    every = [submit(app, photo(seed, form="JPEG", quality=70 + n), MACHINE) for n in range(11)]
    first, _ = person(site, "first")
    with pytest.raises(NeedsSecondPerson):
        app.review.decisions.decide(
            first, Id(str(every[0].case)), K.WRONG_MATCH, reason="A logo of a harbour."
        )
    return every[0]


def person(site: Site, name: str) -> tuple[Principal, str]:
    """A reviewer with a session; its token."""
    access = site.served.app.access
    link = access.people.link(site.served.person(Role.REVIEWER, name="").id, name)
    _, token = access.people.consume_link(link)
    who = access.sessions.resume(token)
    assert who is not None
    return who, token


@contextmanager
def at(site: Site, token: str, **options: Any) -> Iterator[Guarded]:
    """Their browser; a passkey needs a name, and no bare address."""
    with guarded(site.browser, **options) as watched:
        watched.page.context.add_cookies([{
            "name": site.served.api.state.gate.cookie, "value": token,
            "url": home(site), "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        yield watched


def home(site: Site) -> str:
    return str(site.served.url).replace("127.0.0.1", "localhost")


def released(site: Site, upload: Upload) -> bool:
    with site.served.app.db.read() as tx:
        verdict = uploads.get(tx, upload.id).verdict
    return verdict is not None and verdict.action is Action.ALLOW


def open_case(site: Site, page: Page, upload: Upload) -> None:
    page.goto(f"{home(site)}/cases/{upload.case}")


def test_the_second_person_sees_it_whole_and_signs_with_a_passkey(site, proposed):
    who, token = person(site, "second")
    with at(site, token) as watched:
        page = watched.page
        line = page.context.new_cdp_session(page)
        line.send("WebAuthn.enable")
        key = line.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(f"{home(site)}/me/credential")
        page.locator("[data-passkey-make]").click()
        page.wait_for_url(f"{home(site)}/")
        open_case(site, page, proposed)
        card = page.locator("section.warned")
        for words in ("A logo of a harbour.", "Releases 11 items", "Why it is here"):
            expect(card).to_contain_text(words)
        card.get_by_text("What happens to each upload").click()
        assert card.locator(".reach li").count() == 11
        both_themes(page, "signing", within="section.warned")

        watched.allowed.append("NotAllowedError")
        line.send("WebAuthn.setUserVerified", {
            "authenticatorId": key["authenticatorId"], "isUserVerified": False,
        })  # fmt: skip
        page.get_by_role("button", name="Sign and confirm").click()
        expect(page.locator("#second-wrong")).to_contain_text("Nothing was done")
        assert not released(site, proposed), "who is not verified signs nothing"

        line.send("WebAuthn.setUserVerified", {
            "authenticatorId": key["authenticatorId"], "isUserVerified": True,
        })  # fmt: skip
        page.get_by_role("button", name="Sign and confirm").click()
        expect(page.locator("#history")).to_contain_text("Wrong match")
        expect(card).to_have_count(0)
    assert released(site, proposed)
    with site.served.app.db.read() as tx:
        (said,) = audit.page(tx, action="decision.confirm")
    assert (said.actor, said.facts["signed"]) == (who.person, "passkey")


def test_without_a_passkey_the_password_is_typed_again_and_a_wrong_one_changes_nothing(
    site, proposed
):
    who, token = person(site, "second")
    site.served.app.access.people.set_password(who, PASSWORD)
    with at(site, token, java_script_enabled=False, width=390) as watched:
        page = watched.page
        watched.allowed.append("422")
        open_case(site, page, proposed)
        page.get_by_label("Your password, to sign").fill("a wrong one entirely")
        page.get_by_role("button", name="Sign and confirm").click()
        expect(page.get_by_role("alert").first).to_contain_text("The password is wrong")
        assert not released(site, proposed)
        page.get_by_label("Your password, to sign").fill(PASSWORD)
        page.get_by_role("button", name="Sign and confirm").click()
        expect(page.locator("#history")).to_contain_text("Wrong match")
    assert released(site, proposed)


def test_whoever_has_neither_is_told_where_to_set_one_up_and_may_refuse(site, proposed):
    _, token = person(site, "second")
    with at(site, token, width=390) as watched:
        page = watched.page
        watched.allowed.append("403")  # a telephone gets no pictures
        open_case(site, page, proposed)
        card = page.locator("section.warned")
        assert (
            card.get_by_role("link", name="Set one up first").get_attribute("href")
            == "/me/credential"
        )
        assert card.get_by_role("button", name="Sign and confirm").count() == 0
        both_themes(page, "nothing to sign with", within="section.warned")
        assert not scrolls_sideways(page)
        card.get_by_role("button", name="Refuse the decision").click()
        expect(page.locator("#history")).to_contain_text("A second person disagreed")
    assert not released(site, proposed)


def test_callers_with_a_session_sign_too_and_nothing_goes_without(site, proposed):
    access = site.served.app.access
    who, token = person(site, "second")
    gate = site.served.api.state.gate
    client = site.served.client(
        headers={"X-CSRF-Token": gate.csrf(who)}, cookies={gate.cookie: token}
    )
    path = f"/v1/cases/{proposed.case}/decisions/confirm"
    assert client.post(f"{path}/options").json()["method"] == ""
    for body in ({}, {"password": "x"}, {"credential": {"id": "x"}}):
        assert client.post(path, json=body).status_code == 422
    access.people.set_password(who, PASSWORD)
    wanted = client.post(f"{path}/options").json()
    assert (wanted["method"], wanted["options"]) == ("password", {})
    assert client.post(path, json={"reason": "So it is."}).status_code == 422
    with pytest.raises(BadInput):
        access.signing.check(who, site.served.api.state.site, wanted["approval"], Proof())
    assert not released(site, proposed)
    answer = client.post(path, json={"reason": "So it is.", "password": PASSWORD})
    assert (answer.status_code, answer.json()["second"]) == (200, who.person)
    assert released(site, proposed)
