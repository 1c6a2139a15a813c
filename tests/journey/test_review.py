"""A newcomer's first day: from a one-time link to a first decision, by what the screen says alone.

An administrator signs in by the link printed at start, adds a reviewer, and hands their link
over. The reviewer follows the strip of first steps, presses the keys that are printed, sees one
frame while a key is held, decides, is told, and takes it back. The service hears of both by a
signed webhook; the audit log has the look and the decision. All in two minutes.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import PIXELS, until
from tests.journey.test_wall import Installation, copies

TWO_MINUTES = 120.0
PASSWORD = "four quiet harbour words"


class Service(BaseHTTPRequestHandler):
    """The service that uploads; it keeps what it is told."""

    told: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.told.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where the service listens, and what it heard."""
    heard: list[dict[str, Any]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Service,), {"told": heard}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks", heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation that knows a picture; three accounts sent it, edited."""
    place = tmp_path_factory.mktemp("review")
    (place / "keys").mkdir()
    found = Installation(place)
    found.environment["BREAKWATER_WEBHOOK_PRIVATE_NETWORKS"] = "127.0.0.0/8"
    found.start()
    known = photo(1, (800, 600), "JPEG", quality=90)
    (place / "known.jpg").write_bytes(known)
    found.command("bank", "create", "KNOWN", "--action", "block")
    hashed = json.dumps(found.command("hash", str(place / "known.jpg"), "--kind", "pdq"))
    value = re.search(r"\b[0-9a-f]{64}\b", hashed)
    assert value is not None
    (place / "list.csv").write_text(f"pdq\n{value.group(0)}\n")
    found.command("bank", "import", "KNOWN", str(place / "list.csv"))
    for n, content in enumerate(list(copies(known).values())[1:4]):
        found.upload(content, account=f"acct-{n}", reference=f"obj-{n}")
    yield found
    found.stop()


def follow(page: Page, link: str) -> None:
    """What a one-time link asks for."""
    page.goto(link)
    page.get_by_role("button", name="Sign in once").click()
    page.get_by_role("textbox", name="New password").fill(PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def press(page: Page, where: Locator) -> None:
    """Press the key that is printed there."""
    page.keyboard.press(where.locator("kbd").first.inner_text())


def told_of_decisions(page: Page, url: str) -> None:
    """An administrator says where the service listens."""
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("textbox", name="Address").fill(url)
    page.get_by_role("checkbox", name="case.decided").check()
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.locator("main")).to_contain_text("Secret of the new webhook")


def link_for_a_reviewer(page: Page) -> str:
    """An administrator adds somebody by what the page offers."""
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name, as colleagues know it").fill("Ada Quist")
    page.get_by_role("checkbox", name=re.compile("^Reviewer")).check()
    page.get_by_role("button", name="Add and make a link").click()
    main = page.locator("main")
    expect(main).to_contain_text("/login/")
    found = re.search(r"(https?://\S+)?(/login/[A-Za-z0-9_-]+)", page.content())
    assert found is not None
    return found.group(2)


def test_from_first_login_to_first_decision_by_what_the_screen_says(
    installation: Installation, told: tuple[str, list[dict[str, Any]]]
) -> None:
    home = installation.link.partition("/login/")[0]
    with chromium() as browser:
        with guarded(browser) as admin:
            follow(admin.page, installation.link)
            told_of_decisions(admin.page, told[0])
            theirs = link_for_a_reviewer(admin.page)
        began = time.monotonic()
        with guarded(browser) as watched:
            page = watched.page
            follow(page, home + theirs)
            page.get_by_role("link", name="Queue", exact=True).click()
            steps = page.locator(".steps li")
            expect(steps).to_have_count(3)
            look = steps.nth(1).locator("kbd").first.inner_text()
            press(page, steps.nth(0))
            page.wait_for_url("**/cases/**")
            page.keyboard.down(look)
            until(lambda: page.evaluate(PIXELS) > 0)
            page.keyboard.up(look)
            until(lambda: page.evaluate(PIXELS) == 0)
            assert told[1] == [], "looking decides nothing"

            press(page, page.locator("#decide label", has_text="Not illegal"))
            expect(page.locator("#decide")).to_contain_text("Undo for 30 seconds.")
            press(page, page.get_by_role("button", name="Save and open next"))
            shown = page.get_by_role("heading", name="look before you save")
            expect(shown).to_be_visible()
            page.get_by_role("button", name="Release 3 uploads").press("Enter")
            expect(page.locator("#done")).to_contain_text("Not illegal. 3 uploads released.")
            assert time.monotonic() - began < TWO_MINUTES
            until(lambda: len(of_kind(told[1], "case.decided")) == 3)
            press(page, page.get_by_role("button", name="Undo"))
            expect(page.locator("#history")).to_contain_text("Taken back: Not illegal")
            until(lambda: len(of_kind(told[1], "case.decided")) == 6)
    decided = of_kind(told[1], "case.decided")
    assert {d["reference"] for d in decided} == {"obj-0", "obj-1", "obj-2"}
    assert [(d["action"], d["undone"]) for d in decided] == [("allow", False)] * 3 + [
        ("block", True)
    ] * 3
    assert {d["automated"] for d in decided} == {False}


def of_kind(told: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """What was told of one kind of event."""
    return [one["data"] for one in told if one["type"] == kind]
