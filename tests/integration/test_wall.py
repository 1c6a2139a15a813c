"""The live wall in a real browser: one target, one chord to freeze, one to cut, stills written down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from breakwater.errors import NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import Priority
from breakwater.model.ids import new_id
from breakwater.model.stream import (
    Broadcaster,
    Control,
    OrderState,
    StreamState,
)
from breakwater.records import outbox as events
from breakwater.records import stream_orders, streams, views
from tests.integration.browsing import chromium
from tests.integration.console_site import until
from tests.integration.served import cut_signed, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES
from tests.integration.wall_site import Site, small_still

FIRST_PAINT_MS = 1_500
"""Of a wall of a thousand; about 200 on a quiet machine (console specification §11)."""
ANSWER_S = 0.3
"""Of the same page, the quickest of a few: how long it takes where nothing else runs."""
PAINTED = """() => performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)"""
PASSWORD = "seven grey herons wait"
TOLD = "detail => document.body.dispatchEvent(new CustomEvent('live', {detail}))"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place: Path = tmp_path_factory.mktemp("wall")
    with serving(place, live_watch=False) as served, chromium() as browser:
        ada = served.person(Role.LIVE_MODERATOR, name="Ada Quist")
        sam = served.person(Role.REVIEWER, name="Sam Ortega")
        for one in (ada, sam):
            served.browser(person=one, password=PASSWORD)
        yield Site(served, browser, ada, sam)


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    whole.end()


def target(page: Page, words: str) -> None:
    expect(page.locator("#target-name")).to_have_text(f"Keys act on {words}.")


def test_a_chord_freezes_and_a_chord_cuts_what_the_panel_names(site: Site) -> None:
    calm = site.stream()
    known = site.alert(site.stream())
    with site.page(site.ada) as watched:
        page = watched.page
        target(page, "no stream")
        expect(page.locator(".tiles li").first).to_contain_text("A known video of bank KNOWN")
        page.keyboard.press("ArrowRight")
        target(page, known.label)
        expect(page.locator("#control")).to_have_text("Being frozen")
        assert page.locator(".tiles a[tabindex='0']").count() == 1
        page.keyboard.press("ArrowDown")
        target(page, calm.label)
        page.keyboard.press("f")  # before its panel is here: the key acts on what is named
        until(lambda: site.now(calm).control is Control.FROZEN)
        expect(page.locator("#target-said")).to_contain_text("To be frozen")
        expect(page.locator(f"#t{calm.id} .state")).to_have_text("Being frozen")
        site.settle(calm, OrderState.CONFIRMED)
        expect(page.locator(f"#t{calm.id} .state")).to_have_text("Frozen")
        page.keyboard.press("Shift+X")
        expect(page.get_by_label("Your password, to sign")).to_be_focused()
        page.evaluate("document.getElementById('sign-password').style.color = 'inherit'")
        page.keyboard.type("a wrong one entirely\n")
        watched.allowed.append("422")
        expect(page.locator("#target-said")).to_contain_text("The password is wrong")
        assert site.now(calm).control is Control.FROZEN
        expect(page.get_by_label("Your password, to sign")).to_be_focused()
        page.keyboard.type(PASSWORD + "\n")
        until(lambda: site.now(calm).control is Control.CUT)
        expect(page.locator("#roles-title")).to_have_text("Who broadcasts?")
        expect(page.locator("#roles-title")).to_be_focused()
        page.keyboard.press("2")
        until(lambda: site.orders(calm)[-1].broadcaster is Broadcaster.APPARENT_CHILD)
        with site.served.app.db.read() as tx:
            assert stream_orders.denials(tx, calm.id) == [], "an apparent child is not banned"
        site.settle(calm, OrderState.UNCONFIRMED)
        bad = page.locator(f"#t{calm.id} .state.bad")
        expect(bad).to_have_text("Not confirmed cut, retrying")
        first = page.locator(".tiles li").first
        assert first.get_attribute("id") == f"t{known.id}", "the order changes only when asked"
    assert site.now(known).control is Control.FROZEN, "a key acts on its one target alone"


def test_watch_hold_and_let_go_and_enter_opens_the_case(site: Site) -> None:
    one = site.alert(site.stream(), kind="lost", why="It runs, and nobody sees it.")
    with site.page(site.sam, f"/live?at={one.label}") as watched:
        page = watched.page
        target(page, one.label)
        page.keyboard.press("w")
        expect(page.locator("#target-said")).to_contain_text("watched more closely")
        with page.expect_response(lambda answer: "/live/target" in answer.url):
            page.evaluate(TOLD, {"name": "stream-risk", "id": str(one.id)})
        expect(page.locator("#target-said")).to_contain_text("watched more closely")
        page.keyboard.press("d")
        expect(page.locator("#control")).to_have_text("Being held from discovery")
        page.get_by_role("button", name="Let it go").click()
        until(lambda: site.now(one).control is Control.OPEN)
        page.locator(f"#t{one.id} a").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/cases/{site.now(one).case}")


def test_letting_go_is_refused_when_somebody_stopped_it_meanwhile(site: Site) -> None:
    one = site.stream()
    wishes = site.served.app.enforcement.wishes
    sam = Principal(site.sam.id, "Sam", Role.REVIEWER.permissions, person=site.sam.id)
    wishes.want(sam, one.id, Control.HIDDEN)
    with site.page(site.ada, f"/live?at={one.label}", java_script_enabled=False) as watched:
        watched.allowed += ["409"]
        wishes.want(sam, one.id, Control.FROZEN)
        watched.page.get_by_role("button", name="Let it go").click()
        expect(watched.page.locator("#target-said")).to_contain_text("Look at it again")
        assert site.now(one).control is Control.FROZEN
        watched.page.get_by_role("button", name="Thaw and show it again").click()
        until(lambda: site.now(one).control is Control.OPEN)


def test_where_a_cut_takes_two_people_the_chord_freezes_and_says_so(
    site: Site, monkeypatch
) -> None:
    one = site.stream()
    monkeypatch.setattr(site.served.app.enforcement.wishes, "_two_people", True)
    with site.page(site.ada, f"/live?at={one.label}") as watched:
        watched.page.keyboard.press("Shift+X")
        expect(watched.page.locator("#target-said")).to_contain_text("waits for a second person")
        expect(watched.page.get_by_role("button", name="Take your wish back")).to_be_visible()
    assert site.now(one).control is Control.FROZEN
    with site.page(site.sam, f"/live?at={one.label}", java_script_enabled=False) as watched:
        expect(watched.page.locator("#target")).to_contain_text("Ada Quist wants it cut.")
        watched.page.get_by_label("Your password, to sign").fill(PASSWORD)
        watched.page.get_by_role("button", name="Agree: cut it now").click()
        until(lambda: site.now(one).control is Control.CUT)


def test_a_telephone_lists_urgent_streams_without_scripts_or_pictures(site: Site) -> None:
    site.stream()
    one = site.stream(0.7, Priority.HIGH)
    with site.page(site.ada, java_script_enabled=False, **PHONE) as watched:
        page = watched.page
        expect(page.get_by_text("1 further stream at lower risk.")).to_be_visible()
        assert page.locator(".tiles li:visible").count() == 1
        assert page.locator("canvas, img, video").count() == 0
        box = page.get_by_role("button", name="Freeze").first.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        page.get_by_role("button", name="Cut", exact=True).first.click()
        target(page, one.label)
        assert site.now(one).control is Control.FROZEN, "nobody sees it while it is signed"
        page.get_by_label("Your password, to sign").fill(PASSWORD)
        page.get_by_role("button", name="Sign and cut").click()
        expect(page.get_by_role("button", name="Apparently a child")).to_be_visible()
        assert not scrolls_sideways(page)
    assert [(o.to, o.broadcaster) for o in site.orders(one)] == [
        (Control.FROZEN, Broadcaster.UNKNOWN), (Control.CUT, Broadcaster.UNKNOWN),
    ]  # fmt: skip


def test_stills_come_after_an_alarm_in_view_and_are_written_down(site: Site, monkeypatch) -> None:
    calm, known = site.stream(), site.alert(site.stream())
    lost = site.alert(site.stream(), kind="lost", why="It runs, and nobody sees it.")
    picture, age = small_still(), [2.0]
    monkeypatch.setattr(site.served.app.live.watching, "still", lambda _: (picture, age[0]))
    with site.page(site.ada) as watched:
        page = watched.page
        expect(page.locator(f"#t{known.id} .veil")).to_contain_text("s old")
        assert page.locator(f"#t{calm.id} canvas").count() == 0, "nobody looks before an alarm"
        assert page.locator("img, video").count() == 0
        until(lambda: bool(page.evaluate(
            """(id) => { const c = document.querySelector(`#t${id} canvas`);
            return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0) }""",
            known.id,
        )))  # fmt: skip
        age[0] = 60.0
        expect(page.locator(f"#t{known.id} .veil")).to_contain_text("Old picture")
        with site.served.app.db.transaction() as tx:
            streams.set_state(tx, lost.id, StreamState.LOST)
        expect(page.locator(f"#t{lost.id}")).to_contain_text("Stream lost")
        assert page.locator(f"#t{lost.id} canvas").count() == 1, "its last frame is kept"
        page.keyboard.press("h")
        page.wait_for_timeout(600)  # what was asked for just before is told a moment later
        asked = watched.requests.count("POST /live/stills")
        page.wait_for_timeout(2500)
        assert watched.requests.count("POST /live/stills") == asked
    with site.served.app.db.read() as tx:
        seen = [v for v in views.of_item(tx, known.id) if v.person == site.ada.id]
        assert seen
        assert all(v.level.value == "s1" and v.reason == "live wall" for v in seen)
        assert not views.of_item(tx, calm.id)


def test_no_still_for_who_works_without_pictures_and_none_that_is_not_written(site: Site) -> None:
    one = site.alert(site.stream())
    allow = site.served.app.review.live_stills.allow
    with pytest.raises(NotAllowed):
        allow(Principal(new_id(), "kim", Role.ADMIN.permissions, person=new_id()), [one.id])
    admin = site.served.browser(Role.ADMIN)
    assert admin.post("/live/stills", json={"streams": [one.id]}).status_code == 403
    assert "data-pictures" not in admin.get("/live").text


def test_a_wall_of_a_thousand_streams_is_small_and_quick(site: Site) -> None:
    for _ in range(64):
        site.alert(site.stream())
    with site.served.app.db.transaction() as tx:
        for n in range(940):
            told = Sender(service="clips", account=f"many-{n}")
            site.begun.append(streams.start(tx, server="", name=f"many/{n}", sender=told).id)
    client, paged = site.served.client(site.served.key("stream:read")), [""]
    while rows := client.get(f"/v1/streams?limit=200&before={paged[-1]}").json()["streams"]:
        paged += [row["id"] for row in rows]
    assert len(set(paged)) > 1_004, "the API tells of all, page by page"
    browser = site.served.browser(Role.LIVE_MODERATOR)
    browser.get("/live")
    taken = []
    while not taken or (min(taken) > ANSWER_S and len(taken) < 30):
        begin = time.monotonic()
        answer = browser.get("/live")
        taken.append(time.monotonic() - begin)
    assert answer.text.count("<li id=") == 26
    assert browser.get("/live/tiles?after=26").text.count("<li id=") == 34
    assert "944 further streams at lower risk are not drawn." in answer.text
    browser.cookies.set("breakwater-language", "de")
    german = browser.get("/live")
    assert "sehen zu" in german.text
    assert len(german.content) <= HTML_BYTES, f"{len(german.content):,} bytes of German"
    assert len(answer.content) <= HTML_BYTES, f"{len(answer.content):,} bytes of HTML"
    assert min(taken) <= ANSWER_S, f"{min(taken) * 1000:.0f} ms"
    with site.page(site.ada) as watched:
        page = watched.page
        painted: list[float] = []
        while not painted or (min(painted) > FIRST_PAINT_MS and len(painted) < 5):
            page.reload()  # the best of a few: others work on this machine too
            until(lambda: len(page.evaluate(PAINTED)) == 1)
            painted += page.evaluate(PAINTED)
        assert min(painted) <= FIRST_PAINT_MS, f"{min(painted):.0f} ms to the first paint"
        expect(page.locator(".tiles > li")).to_have_count(60)
        ranks = page.locator(".tiles > li .pri").evaluate_all("all => all.map(p => p.className)")
        assert ranks == sorted(ranks, key=lambda name: "now" not in name), "the riskiest first"


def test_the_browser_hears_of_streams_by_name_and_id_only(site: Site) -> None:
    one = site.stream()
    with site.served.app.db.read() as tx:
        told = [e for e in events.since(tx, 0, limit=9999) if e.subject == one.id]
    assert {e.type.value for e in told} >= {"stream.started", "stream.changed"}


@pytest.mark.parametrize("width", [1440, 390])
def test_the_wall_can_be_used_by_everybody(site: Site, width: int) -> None:
    empty = "No media server is connected."
    with site.page(site.ada, width=width) as watched:
        expect(watched.page.locator("#wall")).to_contain_text(empty)
        onward = watched.page.locator("#wall .onward a")
        assert [one.get_attribute("href") for one in onward.all()] == ["/queue"]
        both_themes(watched.page, f"empty {width}")
        known = site.alert(site.stream())
        site.stream(0.7, Priority.HIGH)
        site.stream()
        by = Principal(site.sam.id, "Sam", Role.REVIEWER.permissions, person=site.sam.id)
        site.served.app.enforcement.wishes.want(
            by, known.id, Control.CUT, broadcaster=Broadcaster.UNKNOWN,
            signed=cut_signed(site.served.app, by, known.id),
        )  # fmt: skip
        site.settle(known, OrderState.UNCONFIRMED)
        for path in ("/live", f"/live?at={known.label}"):
            watched.page.goto(site.served.url + path)
            both_themes(watched.page, f"{path} {width}")
            assert not scrolls_sideways(watched.page), path
        german = {"name": "breakwater-language", "value": "de", "url": site.served.url}
        watched.page.context.add_cookies([german])  # type: ignore[list-item]
        watched.page.goto(f"{site.served.url}/live?at={known.label}")
        expect(watched.page.locator("#control")).to_contain_text("nicht bestätigt")
        assert not scrolls_sideways(watched.page)


def test_an_auditor_does_not_open_it(site: Site) -> None:
    assert site.served.browser(Role.AUDITOR).get("/live").status_code == 403
    one = site.stream()
    refused = site.served.browser(Role.ADMIN).post(f"/live/{one.label}/orders", data={"to": "cut"})
    assert refused.status_code == 403


def test_the_case_of_a_stream_says_what_was_seen_ordered_and_answered(site: Site) -> None:
    one = site.alert(site.stream())
    with site.served.app.db.transaction() as tx:
        order = stream_orders.standing(tx, one.id)
        assert order is not None
        stream_orders.ack(tx, order.id, "drop_viewers", done=True, detail="3 dropped", ms=31)
    case = site.now(one).case
    with site.page(site.ada, f"/cases/{case}") as watched:
        page = watched.page
        expect(page.locator("#alerts")).to_contain_text("A known video of bank KNOWN appears")
        expect(page.locator("#orders")).to_contain_text("Send viewers nothing more")
        expect(page.locator("#orders")).to_contain_text("0.03 s")
        page.keyboard.press("2")
        expect(page.get_by_text("Who broadcasts?")).to_be_visible()
        expect(page.get_by_text("Apparently a child: help, no ban")).to_be_visible()
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            both_themes(page, f"case of a stream {width}")
            assert not scrolls_sideways(page)
