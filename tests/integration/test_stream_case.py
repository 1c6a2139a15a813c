"""The case of a broadcast in a real browser: who it was is asked, cuts are signed, its course is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import News, NewsKind, Sender
from breakwater.model.ids import new_id
from breakwater.model.stream import ROLE_DUE, Broadcaster, Control, Stream
from breakwater.records import stream_roles, streams
from breakwater.records.tables import metadata
from tests.integration.browsing import chromium, guarded
from tests.integration.console_site import until
from tests.integration.served import OPERATOR, cut_signed, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES
from tests.integration.test_console_signing import AUTHENTICATOR
from tests.integration.test_wall import PASSWORD, target
from tests.integration.wall_site import Site

SERVICE = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("stream-case")
    with serving(place, live_watch=False) as served, chromium() as browser:
        ada = served.person(Role.REVIEWER, name="Ada Quist")
        sam = served.person(Role.REVIEWER, name="Sam Ortega")
        served.browser(person=ada, password=PASSWORD)
        yield Site(served, browser, ada, sam)


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    whole.end()


def cut(site: Site, stream: Stream) -> None:
    """A colleague cuts it, and does not say who broadcasts."""
    by = Principal(site.sam.id, "Sam", Role.REVIEWER.permissions, person=site.sam.id)
    site.served.app.enforcement.wishes.want(
        by, stream.id, Control.CUT, broadcaster=Broadcaster.UNKNOWN,
        signed=cut_signed(site.served.app, by, stream.id),
    )  # fmt: skip


def ago(site: Site, stream: Stream, minutes: int) -> None:
    """As if it had been asked so long ago."""
    table = metadata.tables["stream_roles"]
    at = site.served.app.clock.now() - timedelta(minutes=minutes)
    with site.served.app.db.transaction() as tx:
        tx.execute(sa.update(table).where(table.c.stream_id == stream.id).values(at=at))


@pytest.mark.parametrize("width", [1440, 390])
def test_who_broadcast_is_asked_with_a_clock_until_somebody_says_it(site: Site, width) -> None:
    stream = site.alert(site.stream())
    cut(site, stream)
    ago(site, stream, 20)
    assert timedelta(minutes=20) > ROLE_DUE
    with site.page(site.ada, "/live", width=width) as watched:
        watched.allowed.append("403")  # a telephone gets no pictures
        page = watched.page
        asked = page.locator(".asked")
        expect(asked).to_contain_text("Nothing is done to an account before a person says")
        mine = asked.locator("li", has_text=stream.label)
        expect(mine.locator("span.late")).to_contain_text("Due 5 min ago")
        asked.get_by_role("link", name=stream.label).press("Enter")
        page.wait_for_url("**/cases/**")
        who = page.locator("#who")
        expect(who).to_contain_text("The account's sanction waits for the answer.")
        both_themes(page, f"asked {width}")
        assert not scrolls_sideways(page)
        who.get_by_role("button", name="Apparently a child").press("Enter")
        expect(page.locator("#who")).to_have_count(0)
        expect(page.locator("#orders")).to_contain_text("Who broadcasts: Apparently a child.")
    assert site.orders(stream)[-1].broadcaster is Broadcaster.APPARENT_CHILD
    with site.served.app.db.read() as tx:
        assert not stream_roles.of_stream(tx, stream.id)


def test_a_decision_that_cuts_is_signed_by_keyboard_alone(site: Site) -> None:
    stream = site.alert(site.stream())
    with site.page(site.ada, f"/cases/{site.now(stream).case}") as watched:
        page = watched.page
        for key in ("2", "2", "1", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("heading", name="Sign to cut the stream")).to_be_visible()
        assert site.now(stream).control is Control.FROZEN
        expect(page.get_by_label("Your password, to sign")).to_be_focused()
        both_themes(page, "signing a decision")
        page.keyboard.type(PASSWORD + "\n")
        until(lambda: site.now(stream).control is Control.CUT)


def test_a_chord_asks_the_passkey_at_once(site: Site) -> None:
    stream = site.stream()
    home = site.served.url.replace("127.0.0.1", "localhost")
    kim = site.served.person(Role.LIVE_MODERATOR, name="Kim Ilves")
    link = site.served.app.access.people.link(kim.id, "test")
    _, session = site.served.app.access.people.consume_link(link)
    with guarded(site.browser) as watched:
        page = watched.page
        page.context.add_cookies([{
            "name": site.served.api.state.gate.cookie, "value": session, "url": home,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        line = page.context.new_cdp_session(page)
        line.send("WebAuthn.enable")
        line.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(f"{home}/me/credential")
        page.locator("[data-passkey-make]").click()
        page.wait_for_url(f"{home}/")
        page.goto(f"{home}/live?at={stream.label}")
        target(page, stream.label)
        page.keyboard.press("Shift+X")
        until(lambda: site.now(stream).control is Control.CUT)
        expect(page.locator("#roles-title")).to_have_text("Who broadcasts?")
    assert [one.to for one in site.orders(stream)] == [Control.FROZEN, Control.CUT]


def test_the_line_of_time_shows_risk_viewers_and_what_nobody_saw(site: Site) -> None:
    app = site.served.app
    stream = site.stream()
    for risk in (0.3, 0.6, 0.2):
        app.live.streams.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=risk))
    app.live.streams.viewers(SERVICE, stream.id, count=340)
    table, begun = metadata.tables["streams"], app.clock.now() - timedelta(minutes=10)
    with app.db.transaction() as tx:
        mine = sa.update(table).where(table.c.id == stream.id)
        seen_at = begun + timedelta(minutes=5)
        tx.execute(mine.values(started_at=begun, seen_at=seen_at, seen_share=1.0))
        streams.seen(tx, {stream.id: 0.5})
    site.alert(stream)
    case = site.now(stream).case
    with site.page(site.ada, f"/cases/{case}") as watched:
        page = watched.page
        for word in ("Risk", "Viewers", "Not seen"):
            expect(page.locator("#timeline-legend")).to_contain_text(word)
        page.get_by_text("Show as table").click()
        rows = page.locator("#timeline-rows")
        for words in ("by comments", "by frames", "340 viewers"):
            expect(rows).to_contain_text(words)
        unseen = rows.locator("tr[data-sort='unseen']")
        assert unseen.count() == 1
        assert unseen.get_attribute("data-until")
        page.keyboard.press("t")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#timeline-point")).not_to_be_empty()
        both_themes(page, "course of a stream")
    html = site.served.browser(Role.REVIEWER).get(f"/cases/{case}").content
    assert len(html) <= HTML_BYTES, f"{len(html):,} bytes"


@pytest.mark.parametrize("width", [1440, 390])
def test_one_of_several_is_cut_from_the_case_and_signed(site: Site, width) -> None:
    app = site.served.app
    stream = site.alert(site.stream(), kind="lost", why="It runs, and nobody sees it.")
    guest = Sender(client="g-2", account=f"heron-{width}")
    app.live.streams.event(SERVICE, stream.id, News(NewsKind.JOINED, sender=guest))
    app.live.streams.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.4, sender=guest))
    case = site.now(stream).case
    with site.page(site.ada, f"/cases/{case}", width=width) as watched:
        watched.allowed.append("403")
        page = watched.page
        expect(page.locator(".senders")).to_contain_text("Risk 40 of 100")
        page.get_by_role("button", name="Cut: Sender 2").press("Enter")
        expect(page.locator("form.sign")).to_contain_text(f"Sign to cut {stream.label}, Sender 2.")
        both_themes(page, f"signing one sender {width}")
        assert not scrolls_sideways(page)
        page.get_by_label("Your password, to sign").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/cases/{case}**")
        expect(page.get_by_role("form", name="Who is Sender 2?")).to_be_visible()
    found = site.now(stream)
    assert (found.control is Control.CUT, found.state.value) == (False, "live")
