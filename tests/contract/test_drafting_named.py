"""Who is reported: nobody before it is known who is the adult, and never who only took part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment
from breakwater.model.comment import Cue, Explanation, Level, Share, Source
from breakwater.model.conversation import Party
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.ids import new_id
from breakwater.records import accounts, cases, chat_alarms, chats, decisions, kept_comments
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.drafting.material import gather

pytestmark = pytest.mark.usefixtures("keyring")
R = AccountRole
CHILD, ADULT, ANY = (("child-1", None, 13), ("heron", 30, None), ("heron", None, None))


def share(cue: Cue, nats: float) -> tuple[Share, ...]:
    return (Share(Source.CUE, nats, cue.value),)


class Talk:
    """A conversation whose case is decided, between a heron and a child who both wrote."""

    def __init__(self, database, vault, clock) -> None:
        self.db, self.clock = database, clock
        profile = Profile(simple_report().reporter, "Clips")
        self.drafter = Drafter(vault=vault, profile=profile, annotate=lambda _: ())

    def decided(self, *wrote, side=(), role=R.UNKNOWN, born=None):
        with self.db.transaction() as tx:
            tx.lock_changes()
            chat = chats.begin(tx, About(ChatKind.CONVERSATION, "clips", "talk-1"))
            case = cases.open(
                tx, kind=CaseKind.CONVERSATION, subject=chat.id, why="Adds up.",
                priority=Priority.HIGH, service="clips", account="", by="conversations",
            ).id  # fmt: skip
            kept_comments.keep(tx, "clips", [
                KeptComment(
                    new_id(), chat.id, f"m{n}", name, tx.now - timedelta(days=9 - n),
                    f"words {n}", nats, by=share(Cue.ASKS_AGE, nats), case=case,
                )
                for n, (name, nats) in enumerate(wrote)
            ])  # fmt: skip
            if side:
                why = Explanation(sides=((Party(*side[0]), Party(*side[1])),))
                rang = ChatAlarm(new_id(), chat.id, Level.AUTHOR, 7.0, 6.0, tx.now, why, case)
                chat_alarms.add(tx, rang)
            for name, day in (born or {}).items():
                accounts.put(tx, "clips", name, {"born": day}, taken_at=tx.now)
            decisions.add(
                tx, case=case, kind=DecisionKind.ILLEGAL, by=new_id(), reason="As read.",
                facts=DecisionFacts(role=role),
            )  # fmt: skip
        with self.db.read() as tx:
            found = gather(tx, case)
        return self.drafter.draft(found)


@pytest.fixture
def talk(database, vault, clock) -> Talk:
    return Talk(database, vault, clock)


def said(drafted):
    """Who is reported and who is a victim in each, and what blocks it."""
    return [
        (
            [one.account for one in each.report.reported],
            [one.account for one in each.report.victims],
            [gap.what for gap in each.gaps if gap.blocks],
        )
        for each in drafted
    ]


BOTH = (("heron", 3.0), ("child-1", 0.5), ("heron", 2.0))


@pytest.mark.parametrize("role", [R.UNKNOWN, R.SUSPECT, R.APPARENT_CHILD])
def test_where_the_sides_are_not_known_nobody_is_reported_and_it_blocks(talk, role) -> None:
    drafted = talk.decided(*BOTH, role=role)
    assert said(drafted) == [([], [], ["role"])]
    assert "nobody is reported yet" in drafted[0].report.additional
    (gap,) = [one for one in drafted[0].gaps if one.blocks]
    assert "birthday" in gap.why


@pytest.mark.parametrize("wrote", [BOTH, (("heron", 3.0),)])
def test_ages_that_the_service_told_make_one_side_reported_and_the_other_a_victim(
    talk, wrote
) -> None:
    assert said(talk.decided(*wrote, side=(ADULT, CHILD))) == [(["heron"], ["child-1"], [])]


def test_birthdays_of_account_data_count_as_well(talk) -> None:
    known = talk.decided(*BOTH, born={"heron": "1980-01-01", "child-1": "2014-05-06"})
    assert said(known) == [(["heron"], ["child-1"], [])]


def test_a_minor_is_never_reported_whatever_was_said_of_the_account(talk) -> None:
    minor = ("child-1", None, 13)
    drafted = talk.decided(("child-1", 4.0), side=(minor, ANY), role=R.SUSPECT)
    assert said(drafted) == [([], ["child-1"], ["role"])]


def test_one_word_that_it_is_a_child_outweighs_others(talk) -> None:
    drafted = talk.decided(*BOTH, side=(ADULT, CHILD), born={"heron": "2012-01-01"})
    assert said(drafted) == [([], ["heron", "child-1"], ["role"])]


def test_a_person_may_say_it_of_who_alone_wrote(talk) -> None:
    assert said(talk.decided(("heron", 3.0), role=R.SUSPECT)) == [(["heron"], [], [])]
    assert said(talk.decided(("heron", 3.0))) == [([], [], ["role"])]
