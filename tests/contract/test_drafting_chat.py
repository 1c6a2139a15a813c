"""The chat log of a report: evidence, then the preserved half hour, bounded, and what is missing of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.ids import new_id
from breakwater.model.report import ChatIm
from breakwater.model.stream import Control
from breakwater.records import cases, chats, decisions, kept_comments, stream_orders, streams
from breakwater.reporting.drafting import chat_log
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.drafting.hurried import hurried
from breakwater.reporting.drafting.material import gather

pytestmark = pytest.mark.usefixtures("keyring")


class Ring:
    """What is held of a chat in memory."""

    def __init__(self) -> None:
        self.said = []

    def since(self, stream, seconds):
        return self.said


class Stopped:
    """A broadcast that was stopped, decided illegal, with what was written around it."""

    def __init__(self, database, vault, clock, spool) -> None:
        self.db, self.vault, self.clock, self.ring = database, vault, clock, Ring()
        nothing = NothingKept()
        self.keeping = Keeping(
            db=database, vault=vault, preroll=nothing, prints=nothing, spool=spool, talk=self.ring
        )
        with database.transaction() as tx:
            tx.lock_changes()
            sender = Sender(service="clips", account="caster")
            stream = streams.start(tx, server="", name="live/1", sender=sender)
            self.stream = stream.id
            self.case = cases.open(
                tx, kind=CaseKind.STREAM, subject=stream.id, why="x", priority=Priority.NOW,
                service="clips", account="caster", by="live",
            ).id  # fmt: skip
            streams.set_case(tx, stream.id, self.case)
            chat = chats.begin(tx, About(ChatKind.STREAM, "clips", stream.id, stream.id))
            kept_comments.keep(tx, "clips", [
                KeptComment(new_id(), chat.id, "m2", "bee", tx.now, "sing", 3.0, case=self.case)
            ])  # fmt: skip
            decisions.add(
                tx, case=self.case, kind=DecisionKind.ILLEGAL, by=new_id(), reason="As seen.",
                facts=DecisionFacts(role=AccountRole.SUSPECT),
            )  # fmt: skip

    def say(self, message, author, seconds, text) -> None:
        at = self.clock.now() + timedelta(seconds=seconds)
        said = {"id": message, "author": author, "at": at.isoformat(), "text": text}
        self.ring.said = [*self.ring.said, said]

    def stop(self, to=Control.CUT) -> None:
        with self.db.transaction() as tx:
            tx.lock_changes()
            order = stream_orders.want(tx, streams.get(tx, self.stream), to, by="sam", why="person")
        self.keeping.keep(order)

    def drafted(self, *, media=True):
        drafter = Drafter(
            vault=self.vault, profile=Profile(simple_report().reporter, "Clips"),
            annotate=lambda _: (),
        )  # fmt: skip
        with self.db.read() as tx:
            found = gather(tx, self.case)
        made = drafter.draft(found) if media else hurried(drafter, found, AccountRole.SUSPECT, "x")
        (one,) = made
        logs = [place.content for place in one.report.places if isinstance(place, ChatIm)]
        return logs[0].splitlines(), {gap.what for gap in one.gaps}

    def blobs(self):
        with self.db.read() as tx:
            rows = stream_orders.preserved(tx, self.stream)
        return [one.blob for one in rows if one.what == "comments" and one.blob]


@pytest.fixture
def stopped(database, vault, clock, tmp_path) -> Stopped:
    return Stopped(database, vault, clock, tmp_path)


def test_the_half_hour_follows_the_evidence_in_order_and_each_comment_once(stopped) -> None:
    stopped.say("m1", "ann", -20, "hello")
    stopped.say("m2", "bee", 0, "sing")
    stopped.stop(Control.FROZEN)
    stopped.say("m3", "cat", 40, "where did it go \ud800")
    stopped.stop()
    assert len(stopped.blobs()) == 2
    lines, gaps = stopped.drafted()
    assert [line.split(" ", 1)[1] for line in lines if not line.startswith("Everything")] == [
        "bee: sing", "ann: hello", "bee: sing", "cat: where did it go \ud800",
    ]  # fmt: skip
    assert "3 comments (1 after that)" in lines[1]
    assert not gaps & {"chat", "chat_gone", "chat_cut"}


def test_what_has_no_room_is_the_oldest_and_is_told(stopped, monkeypatch) -> None:
    for number in range(6):
        stopped.say(f"m{number}", "ann", number - 60, f"number {number}")
    stopped.stop()
    monkeypatch.setattr("breakwater.reporting.drafting.draft.ROOM", 120)
    lines, gaps = stopped.drafted()
    assert "bee: sing" in lines[0], "evidence is never left out"
    assert "oldest 3" in lines[2]
    assert [line.rsplit(" ", 1)[1] for line in lines[3:]] == ["3", "4", "5"]
    assert "chat_cut" in gaps


def test_a_report_without_files_has_a_log_that_needs_none(stopped) -> None:
    for number in range(40):
        stopped.say(f"m{number}", "ann", number - 60, "la " * 1_000)
    stopped.stop()
    whole, _ = stopped.drafted()
    short, _ = stopped.drafted(media=False)
    assert len("\n".join(whole)) > chat_log.SHORT > len("\n".join(short)) - 500
    assert short[-1] == whole[-1]


def test_a_half_hour_that_was_destroyed_is_said_to_be_missing(stopped) -> None:
    stopped.say("m1", "ann", -20, "hello")
    stopped.stop()
    for blob in stopped.blobs():
        stopped.vault.shred(blob)
    lines, gaps = stopped.drafted()
    assert [line.split(" ", 1)[1] for line in lines] == ["bee: sing"]
    assert "chat_gone" in gaps
