"""Protects people's pages in a real browser: letting in, letting out, seeing what is open.

Real forms with real clicks; the policy on; axe in both themes at both widths. Without scripts
the same forms work (`test_the_pages_work_without_scripts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, expect

from breakwater.access import policy
from breakwater.model.access import MACHINE_SCOPES, Person, Role
from breakwater.web.pages.read_people import ROLES
from breakwater.web.pages.read_settings import SCOPES
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

SECRET = "a secret that no page ever shows"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("people"), object_secret_key=SECRET, flood_matches_per_hour=7
    ) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def let_in(served: Served, person: Person, agent: str = "") -> str:
    link = served.app.access.people.link(person.id, "test")
    return served.app.access.people.consume_link(link, agent=agent)[1]


@contextmanager
def page_of(
    served: Served, browser: Browser, person: Person, **options: object
) -> Iterator[Guarded]:
    with guarded(browser, **options) as watched:  # type: ignore[arg-type]
        watched.page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": let_in(served, person, "Chrome on Linux"),
            "url": served.url, "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        yield watched


def test_somebody_is_added_let_in_and_let_out_again(served: Served, browser: Browser) -> None:
    admin = served.person(Role.ADMIN, name="Alex Admin")
    with page_of(served, browser, admin) as watched:
        page = watched.page
        page.goto(f"{served.url}/")
        page.keyboard.press("g")
        page.keyboard.press("p")
        page.get_by_label("Name, as colleagues know it").fill("Sam Harbour")
        page.get_by_label("Reviewer").check()
        page.get_by_role("button", name="Add and make a link").click()
        expect(page.get_by_role("heading", name="Sam Harbour", exact=True)).to_be_visible()
        link = page.locator("#given-link").inner_text().replace("localhost", "127.0.0.1")
        with guarded(browser, user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0") as theirs:
            theirs.page.goto(link)
            theirs.page.get_by_role("button", name="Sign in once").click()
            expect(theirs.page.get_by_role("heading", name="Sam Harbour, set how")).to_be_visible()
            page.goto(f"{served.url}/people")
            page.get_by_role("link", name="Sam Harbour").click()
            expect(page.locator("#given-link")).to_have_count(0)
            row = page.get_by_role("row", name="Firefox on Linux")
            expect(row).to_contain_text("One-time link")
            page.get_by_role("button", name="End it Firefox on Linux").click()
            expect(page.get_by_role("status").filter(has_text="The session ended")).to_be_visible()
            theirs.allowed.append("401")
            theirs.page.goto(f"{served.url}/queue")
            expect(theirs.page.get_by_text("Sign in").first).to_be_visible()
        page.get_by_text("Take access away", exact=True).click()
        page.get_by_role("button", name="Take access away now").click()
        expect(page.get_by_text("Access taken away")).to_be_visible()
        page.get_by_role("button", name="Give access back").click()
        expect(page.get_by_text("Access is given back")).to_be_visible()


def test_two_administrators_do_not_overwrite_each_other(served: Served, browser: Browser) -> None:
    somebody = served.person(Role.REVIEWER, name="Kim Quiet")
    with page_of(served, browser, served.person(Role.ADMIN)) as watched:
        watched.allowed.append("409")
        page = watched.page
        page.goto(f"{served.url}/people/{somebody.id}")
        served.app.access.people.set_roles(somebody.id, ["auditor"], OPERATOR)
        page.get_by_label("Grader").check()
        page.get_by_role("button", name="Save the roles").click()
        expect(page.get_by_role("alert")).to_contain_text("Somebody else changed these roles")
        expect(page.get_by_label("Auditor")).to_be_checked()
        page.get_by_label("Grader").check()
        page.get_by_role("button", name="Save the roles").click()
        expect(page.get_by_text("The roles are changed")).to_be_visible()
    assert served.app.access.people.get(somebody.id).roles == {Role.AUDITOR, Role.GRADER}


def test_a_locked_name_is_unlocked(served: Served, browser: Browser) -> None:
    somebody = served.person(Role.REVIEWER, name="Pat Locked")
    session = served.app.access.sessions.resume(let_in(served, somebody))
    assert session is not None
    served.app.access.people.set_password(session, "heron lantern quiet copper")
    with guarded(browser) as watched:
        watched.allowed += ["401", "429"]
        watched.page.goto(f"{served.url}/login")
        for _ in range(policy.FREE_FAILURES + 1):
            watched.page.get_by_label("Name").fill("Pat Locked")
            watched.page.get_by_label("Password").fill("wrong")
            watched.page.get_by_role("button", name="Sign in", exact=True).click()
            expect(watched.page.get_by_role("alert")).to_be_visible()
        expect(watched.page.get_by_role("alert")).to_contain_text("Try again in 1 minute")
    with page_of(served, browser, served.person(Role.ADMIN)) as watched:
        watched.page.goto(f"{served.url}/people/{somebody.id}")
        watched.page.get_by_role("button", name="Unlock the name now").click()
        expect(watched.page.get_by_text("The name may be tried again now")).to_be_visible()
    served.app.access.people.sign_in("Pat Locked", "heron lantern quiet copper")


def test_one_s_own_sessions_are_seen_and_ended(served: Served, browser: Browser) -> None:
    somebody = served.person(Role.REVIEWER)
    other = let_in(served, somebody, "Safari on iPhone")
    with page_of(served, browser, somebody) as watched:
        page = watched.page
        page.goto(f"{served.url}/me/sessions")
        expect(page.get_by_role("row", name="Chrome on Linux")).to_contain_text("this one")
        expect(page.get_by_role("row", name="Safari on iPhone")).to_be_visible()
        page.get_by_role("button", name="End all others").click()
        expect(page.get_by_text("All your other sessions ended")).to_be_visible()
        assert served.app.access.sessions.resume(other) is None
        page.get_by_role("button", name="End it Chrome on Linux").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_and_a_webhook_are_made_shown_once_and_ended(
    served: Served, browser: Browser
) -> None:
    with page_of(served, browser, served.person(Role.ADMIN)) as watched:
        page = watched.page
        page.goto(f"{served.url}/settings/keys")
        page.get_by_label("What it is for").fill("uploader")
        page.get_by_label("Look hashes up").check()
        page.get_by_role("button", name="Make the key").click()
        token = page.locator("#given").inner_text()
        assert httpx.get(f"{served.url}/v1/banks", headers=bearer(token)).status_code == 403
        page.goto(f"{served.url}/settings/keys")
        assert token not in page.content()
        page.get_by_role("button", name="Revoke the key uploader").click()
        expect(page.get_by_text("The key is revoked")).to_be_visible()
        assert httpx.get(f"{served.url}/v1/banks", headers=bearer(token)).status_code == 401
        page.goto(f"{served.url}/settings/webhooks")
        page.get_by_label("Address").fill("https://service.example/hooks")
        page.get_by_role("button", name="Add the webhook").click()
        assert page.locator("#given").inner_text().startswith("whsec_")
        page.goto(f"{served.url}/settings/webhooks")
        assert "whsec_" not in page.content()
        page.get_by_role("button", name="Remove the webhook https://service.example/hooks").click()
        expect(page.get_by_text("Nobody is told yet.")).to_be_visible()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_settings_say_what_is_wrong_and_never_a_secret(served: Served) -> None:
    client = served.browser(Role.ADMIN)
    shown = client.get("/settings").text
    assert "Nothing needs a person now." in shown
    assert SECRET not in shown
    assert ">7<" in shown
    served.app.index.refused, before = 3, served.app.index.refused
    try:
        assert "3 entries cannot be matched" in client.get("/settings").text
    finally:
        served.app.index.refused = before


def test_every_role_and_scope_has_its_words() -> None:
    assert set(ROLES) == set(Role)
    assert set(SCOPES) == MACHINE_SCOPES


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_people_and_settings_can_be_used_by_everybody(
    served: Served, browser: Browser, width: int
) -> None:
    admin, other = served.person(Role.ADMIN), served.person(Role.REVIEWER)
    let_in(served, other, "Chrome on Windows")
    pages = ["/people", f"/people/{other.id}", f"/people/{admin.id}", "/me/sessions", "/settings",
             "/settings/keys", "/settings/webhooks"]  # fmt: skip
    with page_of(served, browser, admin, width=width) as watched:
        for path in pages:
            watched.page.goto(served.url + path)
            for summary in watched.page.locator("main summary").all():
                summary.click()
            both_themes(watched.page, f"{path} {width}")
            assert not scrolls_sideways(watched.page), f"{path} {width}"


def test_the_pages_work_without_scripts(served: Served, browser: Browser) -> None:
    with page_of(served, browser, served.person(Role.ADMIN), java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{served.url}/people")
        page.get_by_label("Name, as colleagues know it").fill("No Scripts")
        page.get_by_role("button", name="Add and make a link").click()
        expect(page.locator("#given-link")).to_contain_text("/login/")
