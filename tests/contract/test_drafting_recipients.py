"""For whom it was meant: who paid, was written to or was given a file; a child never, a passer-by never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment
from breakwater.model.comment import Cue, Explanation, Level, Share, Source
from breakwater.model.conversation import Party
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.ids import new_id
from breakwater.model.watch import Act, ActKind
from breakwater.records import (
    accounts,
    cases,
    chat_alarms,
    chats,
    decisions,
    kept_comments,
    streams,
    watch_acts,
)
from breakwater.reporting.cybertipline.write import report_xml
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.drafting.material import gather
from breakwater.reporting.receiving import rules

pytestmark = pytest.mark.usefixtures("keyring")
R = AccountRole


class World:
    """Cases that are decided, and what their reports say of others."""

    def __init__(self, database, vault, clock) -> None:
        self.db, self.clock = database, clock
        profile = Profile(simple_report().reporter, "Clips")
        self.drafter = Drafter(vault=vault, profile=profile, annotate=lambda _: ())

    def told(self, account, **facts):
        with self.db.transaction() as tx:
            accounts.put(tx, "clips", account, facts, taken_at=tx.now)

    def decide(self, tx, case, role=R.SUSPECT):
        facts = DecisionFacts(role=role)
        kind = DecisionKind.ILLEGAL
        decisions.add(tx, case=case, kind=kind, by=new_id(), reason="x", facts=facts)

    def broadcast(self, role=R.SUSPECT):
        """One who casts, one who pays, one who directs in the chat, one who only writes."""
        with self.db.transaction() as tx:
            tx.lock_changes()
            sender = Sender(service="clips", account="caster")
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=sender)
            case = self.open(tx, CaseKind.STREAM, stream.id, "caster")
            streams.set_case(tx, stream.id, case)
            chat = chats.begin(tx, About(ChatKind.STREAM, "clips", stream.id, stream.id))
            kept_comments.keep(tx, "clips", [
                KeptComment(
                    new_id(), chat.id, f"m{n}", name, tx.now, "sing", 2.0,
                    by=(Share(Source.CUE, 2.0, cue.value),), case=case,
                )
                for n, (name, cue) in enumerate(
                    [("teller", Cue.DIRECTIVE), ("plain", Cue.ASKS_AGE)]
                )
            ])  # fmt: skip
            paid = Act(ActKind.PAID, "payer", tx.now + timedelta(seconds=1), "p1")
            watch_acts.add(tx, stream, [paid], by="clips")
            self.decide(tx, case, role)
        self.clock.advance(60)
        return case

    def talk(self, *sides):
        with self.db.transaction() as tx:
            tx.lock_changes()
            chat = chats.begin(tx, About(ChatKind.CONVERSATION, "clips", f"talk-{new_id()}"))
            case = self.open(tx, CaseKind.CONVERSATION, chat.id, "")
            kept_comments.keep(tx, "clips", [
                KeptComment(new_id(), chat.id, "m", "heron", tx.now, "words", 3.0, case=case)
            ])  # fmt: skip
            why = Explanation(sides=tuple((Party("heron", 30, None), one) for one in sides))
            rang = ChatAlarm(new_id(), chat.id, Level.AUTHOR, 7.0, 6.0, tx.now, why, case)
            chat_alarms.add(tx, rang)
            self.decide(tx, case, R.UNKNOWN)
        return case

    def upload(self):
        with self.db.transaction() as tx:
            tx.lock_changes()
            case = self.open(tx, CaseKind.UPLOAD, new_id(), "sender")
            self.decide(tx, case)
        return case

    def open(self, tx, kind, subject, account):
        return cases.open(
            tx, kind=kind, subject=subject, why="x", priority=Priority.HIGH, service="clips",
            account=account, by="intake",
        ).id  # fmt: skip

    def reports(self, case):
        """By who is reported: who it was meant for, who is a child, and what is missing."""
        with self.db.read() as tx:
            found = gather(tx, case)
        drafted = self.drafter.draft(found)
        for one in drafted:
            rules.report(report_xml(one.report, now=found.now), now=found.now)
        return {
            one.account: (
                [each.account for each in one.report.recipients],
                [each.account for each in one.report.victims],
                "recipients" in {gap.what for gap in one.gaps},
                one.report,
            )
            for one in drafted
        }


@pytest.fixture
def world(database, vault, clock) -> World:
    return World(database, vault, clock)


def test_who_paid_or_directed_is_meant_in_the_report_about_who_sent_it(world) -> None:
    found = world.reports(world.broadcast())
    assert sorted(found["caster"][0]) == ["payer", "teller"], "who only wrote is none"
    why = {one.account: one.additional for one in found["caster"][3].recipients}
    assert "Paid" in why["payer"]
    assert "Told the broadcaster" in why["teller"]
    assert found["payer"][0] == found["teller"][0] == []


def test_of_a_child_who_broadcasts_there_is_no_report_and_so_nobody_it_was_meant_for(world) -> None:
    found = world.reports(world.broadcast(R.APPARENT_CHILD))
    assert sorted(found) == ["payer", "teller"]
    assert all(one[0] == [] and one[1] == ["caster"] for one in found.values())


def test_a_payer_who_is_known_as_a_child_is_meant_in_none(world) -> None:
    world.told("payer", born="2014-01-01")
    assert world.reports(world.broadcast())["caster"][0] == ["teller"]


@pytest.mark.parametrize(
    ("other", "meant", "child", "unsure"),
    [
        (Party("wren", 25, None), ["wren"], [], False),
        (Party("wren", None, 13), [], ["wren"], False),
        (Party("wren"), [], [], True),
    ],
)
def test_the_other_side_is_meant_only_where_it_is_an_adult(
    world, other, meant, child, unsure
) -> None:
    assert world.reports(world.talk(other))["heron"][:3] == (meant, child, unsure)


def test_to_whom_a_file_was_given_is_meant_a_child_a_victim_and_an_unknown_one_a_gap(world) -> None:
    world.told("sender", shared_with=[
        {"account": "grown", "at": "2026-02-01T10:00:00Z", "reference": "msg-7"},
        {"account": "small", "born": "2015-01-01"}, "nobody-knows", {"at": "odd"},
    ])  # fmt: skip
    world.told("grown", born="1980-01-01", emails=["g@example.net"], comments=["of another case"])
    meant, child, unsure, report = world.reports(world.upload())["sender"]
    assert (meant, child, unsure) == (["grown"], ["small"], True)
    (one,) = report.recipients
    assert "msg-7" in one.additional
    assert one.person.emails[0].address == "g@example.net"
    assert "odd" in report.reported[0].additional, "what cannot be read is carried on"
    assert "of another case" not in str(report.plain())
