"""A case's chat in a browser: why it alarmed, words covered until asked for, measures, what was said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from breakwater.app.enforcing import policies_of
from breakwater.live.hearing import measures
from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment, Measure
from breakwater.model.comment import AuthorEvidence, Contribution, Explanation, Level, Share, Source
from breakwater.model.ids import Id, new_id
from breakwater.recognition.hearing.capture import capture
from breakwater.records import (
    audit,
    cases,
    chat_alarms,
    chat_measures,
    chats,
    kept_comments,
    streams,
)
from breakwater.web.pages.read_queue import Look, preview
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.console_site import until
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

WORDS = "come over to my other channel"
BY = (
    Share(Source.MODEL, 1.4, "surrogate-polite-spam-1"),
    Share(Source.CUE, 1.1, "move_service"),
    Share(Source.LEXICON, 0.5, "list-A/a1"),
)


class House:
    """An installation in which one broadcast's chat has alarmed, and a browser."""

    def __init__(self, served: Served, browser: Browser) -> None:
        self.served, self.browser = served, browser
        self.sam = served.person(Role.LIVE_MODERATOR, name="Sam Ortega")
        self.rita = served.person(Role.ADMIN, name="Rita Moss")
        with served.app.db.transaction() as tx:
            tx.lock_changes()
            stream = streams.start(tx, server="", name="live/1", sender=Sender(service="clips"))
            self.stream = stream.id
        self.case = self.rang(About(ChatKind.STREAM, "clips", self.stream, self.stream))
        self.post = self.rang(About(ChatKind.POST, "clips", "post-7"))

    def rang(self, about: About) -> str:
        """A chat that alarmed, with three messages, the last of them held."""
        app = self.served.app
        with app.db.transaction() as tx:
            tx.lock_changes()
            chat = chats.begin(tx, about)
            said = tuple(Contribution(f"m{n}", f"acct-{n}", tx.now, 3.0 - n, BY) for n in range(3))
            who = tuple(AuthorEvidence(f"acct-{n}", 4 - n, 2.5 - n / 2) for n in range(3))
            why = Explanation(
                0.04, said, who, clears_in_s=720.0, lang="en", band="10-100", benign_hours=45.0
            )
            alarm = ChatAlarm(new_id(), chat.id, Level.STREAM, 7.3, 5.1, tx.now, why)
            chats.count(
                tx, chat.id, messages=812, scored=800, unscored=12, lang="en", band="10-100"
            )
            followed = measures.follow(tx, policies_of(app.settings), chat, [alarm])
            chat_alarms.add(tx, alarm)
            kept = [
                KeptComment(
                    new_id(), chat.id, one.message, one.author, one.at, f"{WORDS} {one.nats:g}",
                    one.nats, one.by, held=number == 2, case=followed.case,
                )
                for number, one in enumerate(said)
            ]  # fmt: skip
            kept_comments.keep(tx, "clips", kept)
            assert followed.case is not None
            return followed.case

    @contextmanager
    def page(self, path: str, who: Any = None, **options: Any) -> Iterator[Guarded]:
        """A page as somebody who is signed in sees it."""
        person = who or self.sam
        link = self.served.app.access.people.link(person.id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            watched.page.goto(f"{self.served.url}{path}")
            yield watched

    def read(self) -> int:
        """How often the words were asked for, by the audit log."""
        with self.served.app.db.read() as tx:
            return sum(one.action == "comments.read" for one in audit.page(tx, limit=500))

    def measure(self) -> Measure:
        with self.served.app.db.read() as tx:
            found = chats.of_stream(tx, self.stream)
        assert found is not None
        return found.measure


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("chat")
    with serving(place, live_watch=False) as served, chromium() as browser:
        yield House(served, browser)


def test_words_are_covered_until_somebody_asks_and_that_is_written_down(house: House) -> None:
    with house.page(f"/cases/{house.case}") as watched:
        page, before = watched.page, house.read()
        expect(page.locator("#chat")).to_be_visible()
        page.keyboard.press("w")
        expect(page.locator("h1")).to_have_text("What several accounts wrote adds up to an alarm.")
        assert WORDS not in page.content()
        assert "acct-" not in page.content(), "accounts are numbers"
        assert house.read() == before
        page.get_by_role("button", name="Show what was written").click()
        expect(page.locator(".told .quote").first).to_contain_text(WORDS)
        assert house.read() == before + 1
        page.get_by_role("link", name="Cover the words").click()
        expect(page.locator(".covered").first).to_be_visible()
        assert WORDS not in page.content()


def test_why_it_alarmed_stands_in_words_with_what_would_clear_it(house: House) -> None:
    with house.page(f"/cases/{house.case}/chat") as watched:
        page = watched.page
        for words in (
            "7.3 nats; from 5.1 on it alarms",
            "4.0 times in 100 hours",
            "English, 10 to 100 messages a minute, from 45 hours of ordinary traffic",
            "under the limit in 12 min",
            "A surrogate weighs here",
            "names another service +1.1",
            "list list-A/a1 +0.5",
            "Author 1",
            "Not weighed",
        ):
            expect(page.locator("main")).to_contain_text(words)


def test_a_chat_is_restrained_and_opened_and_a_held_message_let_go(house: House) -> None:
    with house.page(f"/cases/{house.case}/chat") as watched:
        page = watched.page
        page.get_by_role("button", name="Pause the chat").click()
        until(lambda: house.measure() is Measure.PAUSED)
        expect(page.locator("#measure-title + .state")).to_contain_text("Chat paused")
        page.get_by_role("button", name="Open the chat").click()
        until(lambda: house.measure() is Measure.OPEN)
        expect(page.locator("#measure-title + .state")).not_to_contain_text("Chat paused")
        page.get_by_role("button", name="Show it again").click()
        expect(page.get_by_role("button", name="Show it again")).to_have_count(0)
        page.get_by_role("button", name="Show what was written").click()
        expect(page.get_by_role("link", name="Cover the words")).to_be_visible()
        page.get_by_role("button", name="It is ordinary").first.click()
        expect(page.locator(".told .tag").first).to_contain_text("Ordinary")


def test_letting_go_of_what_somebody_ordered_meanwhile_is_refused(house: House) -> None:
    with house.page(f"/cases/{house.case}/chat") as watched:
        watched.allowed.append("409")
        with house.served.app.db.transaction() as tx:
            chat = chats.of_stream(tx, house.stream)
            assert chat is not None
            chat_measures.want(tx, chat.id, Measure.PAUSED, by="policy", why="comments")
        watched.page.get_by_role("button", name="Open the chat").click()
        expect(watched.page.get_by_role("alert")).to_contain_text("meanwhile")
        assert house.measure() is Measure.PAUSED


def test_a_case_about_a_post_lets_go_and_labels_and_orders_nothing(house: House) -> None:
    with house.page(f"/cases/{house.post}") as watched:
        page = watched.page
        page.locator("#chat").click()
        expect(page.locator(".told li")).to_have_count(3)
        expect(page.get_by_role("button", name="Pause the chat")).to_have_count(0)
        page.get_by_role("button", name="Show it again").click()
        expect(page.get_by_role("button", name="Show it again")).to_have_count(0)
        page.get_by_role("button", name="Show what was written").click()
        expect(page.get_by_role("link", name="Cover the words")).to_be_visible()
        page.get_by_role("button", name="It counts").first.click()
        expect(page.locator(".told .tag").first).to_contain_text("It counts")
    with house.served.app.db.read() as tx:
        facts = preview(Look(tx, tx.now, OPERATOR), cases.get(tx, Id(house.post))).facts
    assert "Comments on a post" in dict(facts).values(), "and no conversation"


def test_who_decides_nothing_reads_no_words(house: House) -> None:
    with house.page(f"/cases/{house.case}/chat", house.rita) as watched:
        expect(watched.page.get_by_role("button", name="Show what was written")).to_have_count(0)
        assert WORDS not in watched.page.content()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_chat_can_be_used_by_everybody(house: House, width: int) -> None:
    with house.page(f"/cases/{house.case}/chat", width=width, height=1400) as watched:
        both_themes(watched.page, f"chat of a case {width}")
        assert not scrolls_sideways(watched.page)
        watched.page.get_by_role("button", name="Show what was written").click()
        both_themes(watched.page, f"chat of a case, shown {width}")


def test_the_line_of_time_has_alarms_measures_and_messages(house: House) -> None:
    with house.page(f"/cases/{house.case}") as watched:
        rows = watched.page.locator("#timeline-rows")
        expect(rows).to_contain_text("Comments alarm")
    with house.served.app.db.read() as tx:
        assert cases.get(tx, house.case).why


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_held_without_a_case_is_found_from_wall_and_queue(
    house: House, scripts: bool
) -> None:
    app = house.served.app
    with app.db.transaction() as tx:
        tx.lock_changes()
        chat = chats.begin(tx, About(ChatKind.PROFILE, "clips", f"profile-{scripts}"))
        some = [
            KeptComment(new_id(), chat.id, f"m{n}", "acct-9", tx.now, f"{WORDS} {n}", 4.5, BY)
            for n in range(2)
        ]
        capture(tx, chat, None, some, {"m0", "m1"})
    for start in ("/live", "/queue"):
        with house.page(start, java_script_enabled=scripts) as watched:
            watched.page.get_by_role("link", name="2 held messages wait").click()
            expect(watched.page.locator("h1")).to_have_text("Held messages")
    before = house.read()
    with house.page("/held", java_script_enabled=scripts) as watched:
        page = watched.page
        assert WORDS not in page.content()
        assert "acct-9" not in page.content()
        rows = page.locator(".told > li")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("Comments on a profile")
        expect(rows.first).to_contain_text("4.5 nats")
        page.get_by_role("button", name="Show what was written").click()
        expect(rows.first).to_contain_text(f"{WORDS} 0")
        until(lambda: house.read() == before + 1)
        assert not scrolls_sideways(page)
        if scripts:
            both_themes(page, "held messages")
        rows.first.get_by_role("button", name="Show it again").click()
        expect(rows).to_have_count(1)
        page.get_by_role("button", name="Make it a case").click()
        expect(page.locator("#said-title")).to_be_visible()
    with house.page("/held", java_script_enabled=scripts) as watched:
        expect(watched.page.get_by_text("No message is held without a case.")).to_be_visible()
