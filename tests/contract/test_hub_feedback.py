"""What members say back: the last word counts, counts carry no content, doubt is put to people."""

from __future__ import annotations

import pytest
from tests.builders_hub import HubHouse

from breakwater.errors import AppendOnly, BadInput, NotAllowed, NotFound
from breakwater.hub.feedback import Count
from breakwater.hub.scoring import Scoring, reckon
from breakwater.model.bank import EntryStatus as S
from breakwater.model.hub import REASONS, FeedbackKind, MemberState
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.records import hub_feedback, hub_members

pytestmark = pytest.mark.usefixtures("keyring")
WRONG, SEEN = REASONS[1].id, REASONS[5].id
NO, YES = FeedbackKind.NEGATIVE, FeedbackKind.AFFIRMATIVE


@pytest.fixture
def house(database, tmp_path):
    made = HubHouse(database, tmp_path)
    made.list()
    made.allow()
    _, key = made.member("Giver", trusted=True)
    made.give(key, "a", "b")
    yield made
    made.close()


def members(house, count=2, **facts):
    return [house.member(**facts)[0] for _ in range(count)]


def today(house) -> int:
    return hub_feedback.day_of(house.db.clock.now())


def test_the_last_word_of_a_member_counts_and_every_word_stays(house) -> None:
    (one, other), number = members(house), house.number("a")
    before = house.at(number).change
    house.feedback.give(one, number, "md5", NO, [WRONG], note="harmless")
    assert house.at(number).change > before, "followers see it"
    house.feedback.give(one, number, "md5", YES, [SEEN])
    house.feedback.give(other, number, "md5", NO)
    house.feedback.give(other, number, "md5", None)
    with house.db.read() as tx:
        (standing,) = hub_feedback.standing(tx, [number])[number]
        every = hub_feedback.said(tx, number)
    assert (standing.member, standing.opinion, standing.reasons) == (one.id, YES, (SEEN,))
    assert [said.opinion for _, said in every] == [NO, YES, NO, None]
    assert [said.opinion for said in house.feedback.of_member(one)] == [YES, NO]
    with pytest.raises(AppendOnly), house.db.transaction() as tx:
        tx.run("DELETE FROM hub_feedback")


@pytest.mark.parametrize(
    ("opinion", "reasons"), [(YES, [WRONG]), (NO, [SEEN]), (None, [WRONG]), (NO, ["0"])]
)
def test_a_reason_is_one_of_the_list_and_of_the_opinion(house, opinion, reasons) -> None:
    (one,) = members(house, 1)
    with pytest.raises(BadInput):
        house.feedback.give(one, house.number("a"), "md5", opinion, reasons)


def test_nobody_speaks_of_what_it_may_not_see(house) -> None:
    """Not released by a rule, proposed, of a bank that is not shared, or not there: all alike."""
    (one,) = members(house, 1)
    house.list("SECRET", tlp="red")
    _, key = house.member(trusted=True)
    _, untrusted = house.member()
    house.give(key, "s", name="SECRET")
    house.give(untrusted, "p")
    for number in (house.number("s", name="SECRET"), house.number("p"), 999):
        with pytest.raises(NotFound):
            house.feedback.give(one, number, "md5", NO)
        assert house.feedback.counts(one, [Count(number, today(house), 5)]) == (0, 1)


def test_a_suspended_member_says_nothing(house) -> None:
    (one,) = members(house, 1)
    with house.db.transaction() as tx:
        hub_members.set_state(tx, one.id, MemberState.SUSPENDED)
    with pytest.raises(NotAllowed):
        house.feedback.give(one, house.number("a"), "md5", NO)
    with pytest.raises(NotAllowed):
        house.feedback.counts(one, [])


def test_two_members_against_an_entry_are_a_conflict_one_is_none(house) -> None:
    (one, other), number = members(house), house.number("a")
    house.feedback.give(one, number, "md5", NO)
    house.feedback.give(one, number, "md5", NO)
    assert house.open() == []
    house.feedback.give(other, number, "md5", NO)
    (asked,) = house.open()
    assert (asked.entry, asked.why, asked.facts["negative_members"]) == (
        number,
        QueueWhy.CONFLICT,
        2,
    )


def test_what_several_members_meet_too_often_is_held(house) -> None:
    (one, other), number = members(house), house.number("a")
    assert house.feedback.counts(one, [Count(number, today(house), 1_000)]) == (1, 0)
    assert house.at(number).status is S.ACTIVE, "one member's fault holds nothing for others"
    house.feedback.counts(other, [Count(number, today(house), 1)])
    assert house.at(number).status is S.QUARANTINED
    (asked,) = house.open()
    assert (asked.why, asked.facts["matches"], asked.facts["members"]) == (
        QueueWhy.TRAFFIC,
        1_001,
        2,
    )


def test_many_wrong_matches_hold_whoever_reports(house) -> None:
    (one,), number = members(house, 1), house.number("a")
    house.feedback.counts(one, [Count(number, today(house), 8, wrong=5)])
    assert house.at(number).status is S.QUARANTINED


def test_a_report_of_the_same_day_replaces_the_one_before(house) -> None:
    (one, other), number = members(house), house.number("a")
    for _ in range(20):
        house.feedback.counts(one, [Count(number, today(house), 10)])
    house.feedback.counts(other, [Count(number, today(house), 10)])
    assert house.at(number).status is S.ACTIVE
    with house.db.read() as tx:
        assert hub_feedback.seen(tx, [number], since_day=0)[number].matches == 20


def test_old_counts_hold_nothing(house) -> None:
    (one, other), number = members(house), house.number("a")
    old = today(house) - 8
    house.feedback.counts(one, [Count(number, old, 1_000)])
    house.feedback.counts(other, [Count(number, old, 1_000)])
    assert house.at(number).status is S.ACTIVE


def test_what_a_curator_kept_is_not_held_again_for_the_same_counts(house, clock) -> None:
    (one, other), number, person = members(house), house.number("a"), house.person()
    for member in (one, other):
        house.feedback.counts(member, [Count(number, today(house), 1_000)])
    (asked,) = house.open()
    house.curate.settle(person, asked.id, Outcome.KEEP)
    assert house.at(number).status is S.ACTIVE
    house.feedback.counts(one, [Count(number, today(house), 1_001)])
    assert house.at(number).status is S.ACTIVE
    clock.advance(86_400)
    for member in (one, other):
        house.feedback.counts(member, [Count(number, today(house), 1_000)])
    assert house.at(number).status is S.QUARANTINED, "new traffic is new"


@pytest.mark.parametrize("count", [Count(1, 10**6, 1), Count(1, 0, 1, 2), Count(1, 0, -1)])
def test_counts_that_cannot_be_are_refused_whole(house, count) -> None:
    (one,) = members(house, 1)
    with pytest.raises(BadInput):
        house.feedback.counts(one, [count])


def test_a_score_is_kept_only_where_it_differs_from_the_baseline(house) -> None:
    (one,), number = members(house, 1, trusted=True), house.number("a")
    with house.db.transaction() as tx:
        assert reckon(tx, [number])[number].value == 0.5
        assert hub_feedback.scores(tx, [number]) == {}
    house.feedback.give(one, number, "md5", YES)
    with house.db.read() as tx:
        kept = hub_feedback.scores(tx, [number])[number]
    assert (kept.value, kept.terms["affirmed"]) == (0.575, 0.075)
    house.feedback.give(one, number, "md5", None)
    with house.db.read() as tx:
        assert hub_feedback.scores(tx, [number]) == {}


def test_a_members_word_weighs_by_its_trust(house) -> None:
    number = house.number("a")
    (trusted,), (other,) = members(house, 1, trusted=True), members(house, 1)
    house.feedback.give(other, number, "md5", NO)
    with house.db.read() as tx:
        light = hub_feedback.scores(tx, [number])[number].terms["denied"]
    house.feedback.give(other, number, "md5", None)
    house.feedback.give(trusted, number, "md5", NO)
    with house.db.read() as tx:
        assert hub_feedback.scores(tx, [number])[number].terms["denied"] < light < 0


def test_old_scores_are_reckoned_again_and_old_counts_dropped(house, clock) -> None:
    (one,), number = members(house, 1), house.number("a")
    house.feedback.counts(one, [Count(number, today(house), 8, wrong=4)])
    with house.db.read() as tx:
        assert hub_feedback.scores(tx, [number])[number].terms["wrong"] < 0
    clock.advance(100 * 86_400)
    Scoring(db=house.db).turn()
    with house.db.read() as tx:
        assert hub_feedback.scores(tx, [number]) == {}


def test_an_entry_nobody_made_is_not_there(house) -> None:
    (one,) = members(house, 1)
    with pytest.raises(NotFound):
        house.feedback.give(one, 10**6, "md5", NO)
