"""The live wall about chats: an alarm in words, measures with their answers, orders by plain forms."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.chat import About, ChatKind, Measure
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert
from breakwater.records import chat_measures, chat_orders, chats, streams
from tests.integration.browsing import chromium
from tests.integration.console_site import until
from tests.integration.served import serving
from tests.integration.test_case_chat import WORDS, House
from tests.integration.test_console_axe import both_themes, scrolls_sideways

HTML_BYTES = 40_000
WHY = "What several accounts wrote adds up to an alarm."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("wallchat")
    with serving(place, live_watch=False) as served, chromium() as browser:
        yield House(served, browser)


def label(house: House) -> str:
    with house.served.app.db.read() as tx:
        return streams.get(tx, house.stream).label


def wish(house: House, to: Measure, *, done: bool | None = None) -> None:
    """An order of the policy, answered or not."""
    with house.served.app.db.transaction() as tx:
        chat = chats.of_stream(tx, house.stream)
        assert chat is not None
        made = chat_measures.want(tx, chat.id, to, by="policy", why="comments")
        if done is not None:
            chat_orders.answered(tx, made, "service", done=done)


def test_a_tile_says_that_comments_alarmed_and_what_is_done(house: House) -> None:
    wish(house, Measure.SLOW, done=False)
    with house.page("/live") as watched:
        tile = watched.page.locator(f"#t{house.stream}")
        expect(tile).to_contain_text(WHY)
        expect(tile).to_contain_text("Not confirmed: Chat slowed")
        wish(house, Measure.PAUSED, done=True)
        watched.page.goto(f"{house.served.url}/live?at={label(house)}")
        for place in (tile, watched.page.locator("#target")):
            expect(place).to_contain_text(WHY)
            expect(place).to_contain_text("Confirmed: Chat paused")
        line = watched.page.locator("[aria-labelledby=line-title]")
        for point in ("Comments alarm: ", "Opened: Case ", "Risk: ", "Decision: Chat paused"):
            expect(line).to_contain_text(point)
        for hidden in (WORDS, "acct-"):
            assert hidden not in watched.page.content()
        watched.page.get_by_role("link", name="See its chat").click()
        expect(watched.page.locator("h1")).to_have_text(WHY)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_chat_is_slowed_paused_and_opened_from_the_panel(house: House, scripts: bool) -> None:
    at = f"/live?at={label(house)}"
    with house.page(at, java_script_enabled=scripts) as watched:
        page = watched.page
        for words, to in (
            ("Open the chat", Measure.OPEN),
            ("Slow the chat", Measure.SLOW),
            ("Pause the chat", Measure.PAUSED),
        ):
            page.get_by_role("button", name=words).click()
            expect(page.locator(".talk [aria-current]")).to_have_text(words)
            until(lambda to=to: house.measure() is to)  # type: ignore[misc]
            expect(page.locator("#target-said")).to_contain_text("chat")


def test_opening_what_somebody_ordered_meanwhile_is_refused(house: House) -> None:
    at = f"/live?at={label(house)}"
    with house.page(at) as watched:
        watched.allowed += ["409", "503"]
        # its page hears of nothing: what was shown is what is answered
        watched.page.route("**/live/tiles?*", lambda route: route.fulfill(status=503))
        watched.page.goto(house.served.url + at)
        wish(house, Measure.PAUSED)
        watched.page.get_by_role("button", name="Open the chat").click()
        expect(watched.page.locator("#target-said.wrong")).to_contain_text("meanwhile")
        assert house.measure() is Measure.PAUSED


def test_who_may_not_stop_streams_reads_it_and_orders_nothing(house: House) -> None:
    with house.page(f"/live?at={label(house)}", house.rita) as watched:
        expect(watched.page.locator(".talk")).to_contain_text("812 messages, 12 not weighed")
        expect(watched.page.locator(".talk button")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_wall_with_a_chat_can_be_used_by_everybody(house: House, width: int) -> None:
    with house.page(f"/live?at={label(house)}", width=width, height=1400) as watched:
        expect(watched.page.locator(".talk")).to_be_visible()
        both_themes(watched.page, f"chat on the wall {width}")
        assert not scrolls_sideways(watched.page)
        if place := os.environ.get("SHOTS"):
            watched.page.screenshot(path=f"{place}/wallchat{width}.png")


def test_a_wall_on_which_every_chat_alarmed_is_small(house: House) -> None:
    app = house.served.app
    for n in range(30):
        with app.db.transaction() as tx:
            tx.lock_changes()
            made = streams.start(tx, server="", name=f"many/{n}", sender=Sender(service="clips"))
        house.rang(About(ChatKind.STREAM, "clips", made.id, made.id))
        app.live.streams.alert(Alert(
            stream=made.id, at=app.clock.now(), time_s=10.0, kind="copy", why="A known video appears.",
            frames=6, span_s=6.0, score=5.0, reference=new_id(), bank="KNOWN",
        ))  # fmt: skip
        with app.db.transaction() as tx:
            chat = chats.of_stream(tx, made.id)
            assert chat is not None
            chat_measures.want(tx, chat.id, Measure.NO_GIFTS, by="policy", why="comments")
    browser = house.served.browser(Role.LIVE_MODERATOR)
    browser.cookies.set("breakwater-language", "de")
    answer = browser.get("/live")
    assert answer.text.count("<li id=") == 26
    assert answer.text.count("Was mehrere Konten schrieben") >= 26
    assert len(answer.content) <= HTML_BYTES, f"{len(answer.content):,} bytes"
