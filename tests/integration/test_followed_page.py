"""Feeds that this installation follows, in a real browser: health, check, pull, pause, resume."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from breakwater.banks.manage import NewBank
from breakwater.exchange.manage import NewFeed
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.clock import SystemClock
from breakwater.model.exchange import Credentials, Unreadable
from breakwater.model.ids import new_id
from breakwater.records import exchange_feeds
from breakwater.testing.fake_ncmec import FakeNcmec
from breakwater.testing.peer_server import Fault
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

MOST = 40_000
KEYS = Credentials(user="harbour", password="lighthouse")
DRAWN = """(token) => {
  const probe = document.createElement("i"); probe.style.color = `var(${token})`;
  document.body.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number); probe.remove();
  const canvas = document.querySelector("#course-plot canvas");
  const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0;
  for (let i = 0; i < all.length; i += 4)
    if (all[i] === r && all[i + 1] === g && all[i + 2] === b && all[i + 3] === 255) n++;
  return n;
}"""
"""How many points of the plot have exactly the colour of a token."""
RUNS = Principal(new_id(), "test", frozenset(Permission))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def peer() -> Iterator[FakeNcmec]:
    with FakeNcmec(SystemClock()) as one:
        yield one


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("followed")
    with serving(folder, exchange_private_networks=("127.0.0.0/8",)) as running:
        yield running


def entered(served: Served, peer: FakeNcmec, name: str, *, fault: str = "") -> None:
    """A feed that was pulled twice: once to its end, once with a row that could not be read."""
    app = served.app
    bank = name.replace("-", "_").upper()
    app.banks.create(NewBank(bank), RUNS)
    app.exchange.feeds.add(
        NewFeed(name, "ncmec", bank, peer.url, credentials=KEYS, feedback=True), RUNS
    )
    with app.db.transaction() as tx:
        feed = exchange_feeds.get(tx, name)
        for bad in (0, 1):
            pull = exchange_feeds.begin(tx, feed)
            exchange_feeds.count(tx, feed, pull.id, offered=1200, added=900, gone=3, bad=bad)
            exchange_feeds.bad_rows(tx, pull.id, 0, [Unreadable("row 17", "No digits.")] * bad)
            exchange_feeds.end(tx, feed, pull.id)
        facts = {"errors": 2, "fault": fault} if fault else {}
        reached = tx.now - timedelta(minutes=7)
        exchange_feeds.set_state(tx, feed, reached=reached, pulled_at=tx.now, **facts)


def look(page, name: str) -> None:
    both_themes(page, name)
    assert not scrolls_sideways(page)
    if os.environ.get("LOOK"):
        page.screenshot(path=Path(os.environ["LOOK"]) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_feed_is_seen_checked_pulled_paused_and_resumed(served, browser, peer, width) -> None:
    name = f"reed-{width}"
    entered(served, peer, name)
    entered(served, peer, f"knot-{width}", fault="The peer answered 503.")
    with Site(served, browser, None).page(Role.QA_LEAD, width=width, height=1400) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub")
        page.get_by_role("link", name="Feeds we follow").press("Enter")
        row = page.locator(f"#feed-{name}")
        expect(row).to_contain_text("Follows")
        expect(row).to_contain_text("7 min")
        expect(row).to_contain_text("2,400")
        failing = page.locator(f"#feed-knot-{width}")
        expect(failing).to_contain_text("Fails")
        expect(failing).to_contain_text("The peer answered 503.")
        look(page, f"followed {width}")
        row.get_by_role("link").press("Enter")
        expect(page.locator("main")).to_contain_text("row 17")
        expect(page.locator("main")).to_contain_text("0 opinions taken, 0 refused")
        look(page, f"feed {width}")
        page.get_by_role("button", name="Check whether we are let in").press("Enter")
        expect(page.locator("p.bar")).to_contain_text("We are member 7")
        peer.fault = Fault.REFUSED
        page.get_by_role("button", name="Check whether we are let in").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("does not know these credentials")
        look(page, f"feed refused {width}")
        peer.fault = Fault.NONE
        page.get_by_role("button", name="Pull now").press("Enter")
        expect(page.locator("p.bar")).to_contain_text("It is pulled now")
        page.get_by_role("button", name="Pause", exact=True).press("Enter")
        expect(page.locator("p.bar")).to_contain_text("It is paused")
        expect(page.get_by_role("button", name="Pull now")).to_have_count(0)
        assert not served.app.exchange.feeds.get(name).feed.enabled
    with Site(served, browser, None).page(Role.ADMIN, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub/feeds/{name}")
        page.get_by_role("button", name="Resume").click()
        expect(page.locator("p.bar")).to_contain_text("It is pulled again")
    assert served.app.exchange.feeds.get(name).feed.enabled


@pytest.mark.parametrize("width", [1440, 390])
def test_how_a_feed_went_is_drawn_from_its_table(served, browser, peer, width) -> None:
    name = f"heron-{width}"
    entered(served, peer, name)
    with served.app.db.transaction() as tx:
        feed, now = exchange_feeds.get(tx, name), tx.now
        for ago in range(28, 0, -1):
            tx.now = now - timedelta(minutes=30 * ago)
            pull = exchange_feeds.begin(tx, feed)
            exchange_feeds.count(tx, feed, pull.id, offered=400 * (ago % 5), added=0, gone=0, bad=0)
            fault = "The peer answered 503." if ago in {7, 8, 9} else ""
            exchange_feeds.end(tx, feed, pull.id, fault=fault)
    with Site(served, browser, None).page(Role.QA_LEAD, width=width, height=900) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub/feeds/{name}")
        expect(page.locator("#course-plot canvas")).to_be_visible()
        assert page.evaluate(DRAWN, "--act") > 200
        assert page.evaluate(DRAWN, "--now") > 20
        row = page.locator("#pulls tbody tr").nth(7)  # the first good one after three that failed
        expect(row).to_contain_text("2 h")
        look(page, f"feed course {width}")
    with Site(served, browser, None).page(Role.ADMIN, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub/feeds/{name}")
        expect(page.locator("#course")).to_be_hidden()
        expect(page.locator("#pulls")).to_contain_text("2 h")


def test_full_pages_are_small_german_and_closed_to_others(served, peer) -> None:
    entered(served, peer, "teal", fault="The peer answered 503.")
    with served.app.db.transaction() as tx:
        feed = exchange_feeds.get(tx, "teal")
        for _ in range(60):
            pull = exchange_feeds.begin(tx, feed)
            row = Unreadable("x" * 100, "y" * 200)
            exchange_feeds.bad_rows(tx, pull.id, 0, [row] * 3)
            exchange_feeds.end(tx, feed, pull.id)
    lead = served.browser(Role.QA_LEAD)
    for path, said in (("/hub/feeds", "Schlägt fehl"), ("/hub/feeds/teal", "Letzte Abrufe")):
        answer = lead.get(path, headers={"Accept-Language": "de"})
        assert answer.status_code == 200
        assert said in answer.text
        assert "Die Gegenstelle antwortete 503." in answer.text
        assert len(answer.content) <= MOST
        assert "lighthouse" not in answer.text
        assert served.browser(Role.REVIEWER).get(path).status_code == 403
    assert lead.get("/hub/feeds/none").status_code == 404


def test_what_is_refused_is_said_on_the_page(served, peer) -> None:
    entered(served, peer, "smew")
    served.app.exchange.feeds.pause("smew", RUNS)
    lead = served.browser(Role.QA_LEAD)
    form = {"csrf": lead.headers["X-CSRF-Token"], "to": "pull"}
    said = lead.post("/hub/feeds/smew", data=form, headers={"Accept-Language": "de"})
    assert said.status_code == 422
    assert "Der Feed smew ruht." in said.text
