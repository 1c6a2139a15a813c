"""The live wall when answers are slow: no order is dropped, and keys act on what the panel names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from breakwater.model.access import Role
from breakwater.model.stream import Control, OrderState, Stream
from tests.integration.browsing import chromium
from tests.integration.console_site import until
from tests.integration.served import serving
from tests.integration.test_wall import PASSWORD, TOLD, target
from tests.integration.wall_site import Site

READS = "**/live/target?*"
ORDERS = "**/orders"
COUNTED = """() => { window.answered = [];
  document.body.addEventListener("htmx:afterRequest",
    ({ detail }) => window.answered.push(detail.requestConfig.verb)); }"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place: Path = tmp_path_factory.mktemp("races")
    with serving(place, live_watch=False) as served, chromium() as browser:
        ada = served.person(Role.LIVE_MODERATOR, name="Ada Quist")
        served.browser(person=ada, password=PASSWORD)
        yield Site(served, browser, ada, ada)


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    whole.end()


@contextmanager
def slow(page: Page, what: str) -> Iterator[list[Route]]:
    """Requests that are held until the block ends."""
    held: list[Route] = []
    ended: list[bool] = []
    page.route(what, lambda route: route.continue_() if ended else held.append(route))
    yield held
    ended.append(True)
    for one in held:
        one.continue_()


def waited(page: Page, check: Callable[[], bool]) -> None:
    """Until something holds that only the browser's own messages bring about.

    A request that is routed goes on only while the browser is spoken to.
    """
    until(lambda: page.evaluate("true") and check())


def told_and_renewed(page: Page, stream: Stream) -> None:
    """A live update of its tile was worked off: whatever it asks for has been asked."""
    page.evaluate("(id) => { document.querySelector(`#t${id} a`).dataset.old = 'yes'; }", stream.id)
    page.evaluate(TOLD, {"name": "stream-risk", "id": str(stream.id)})
    expect(page.locator(f"#t{stream.id} a:not([data-old])")).to_have_count(1)


def test_an_order_is_not_dropped_for_a_live_update_that_comes_after_it(site: Site) -> None:
    one = site.alert(site.stream(), kind="lost", why="It runs, and nobody sees it.")
    with site.page(site.ada, f"/live?at={one.label}") as watched:
        page = watched.page
        target(page, one.label)
        expect(page.locator("#link")).to_have_text("Live")
        with slow(page, READS) as held:
            told_and_renewed(page, one)
            waited(page, lambda: bool(held))
            page.keyboard.press("w")
            page.keyboard.press("d")
            told_and_renewed(page, one)
        waited(page, lambda: [o.to for o in site.orders(one)] == [Control.WATCHED, Control.HIDDEN])
        expect(page.locator("#target-said")).to_contain_text("To be held from discovery")


def test_a_live_update_takes_no_signature_away(site: Site) -> None:
    one = site.alert(site.stream())
    site.settle(one, OrderState.CONFIRMED)
    with site.page(site.ada, f"/live?at={one.label}") as watched:
        page = watched.page
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.locator("#control")).to_have_text("Frozen")
        page.evaluate(COUNTED)
        with slow(page, ORDERS) as held:
            page.keyboard.press("Shift+X")
            waited(page, lambda: bool(held))
            told_and_renewed(page, one)
        until(lambda: page.evaluate("window.answered").count("post") == 1)
        until(lambda: page.evaluate("window.answered.at(-1)") == "get")
        expect(page.get_by_label("Your password, to sign")).to_be_focused()
        page.keyboard.type(PASSWORD + "\n")
        waited(page, lambda: site.now(one).control is Control.CUT)


def test_what_is_answered_about_a_target_that_was_left_does_not_name_it_again(site: Site) -> None:
    known, calm = site.alert(site.stream()), site.stream()
    with site.page(site.ada, f"/live?at={known.label}") as watched:
        page = watched.page
        target(page, known.label)
        page.locator(f"#t{known.id} a").focus()
        with slow(page, ORDERS) as held:
            page.keyboard.press("w")
            waited(page, lambda: bool(held))
            page.keyboard.press("ArrowDown")
            target(page, calm.label)
        expect(page.locator("#toast")).to_contain_text(known.label)
        target(page, calm.label)
        expect(page.locator("#control")).to_be_visible()
        target(page, calm.label)
