"""Gold, outcomes, disputes, alarms and later hashes as rows, the same on both databases."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from tests import builders
from tests.contract.test_records_grading import add, new_set

from breakwater.errors import AppendOnly, Conflict, NotFound
from breakwater.model.facts import Activity, FirstLook, ItemFacts
from breakwater.model.grading import How, ItemState, Part
from breakwater.model.ids import Id, new_id
from breakwater.model.quality import AlarmKind
from breakwater.records import gradesets, grading, quality
from breakwater.records.tables.nouns_quality import grade_golds

FACTS = ItemFacts(Activity.NONE)
OTHER = ItemFacts(Activity.POSING_OR_NUDITY)
LOOK = FirstLook.FULL_FACTS
LONG_AGO = timedelta(days=365)


@pytest.fixture
def people(database) -> list[Id]:
    with database.transaction() as tx:
        return [builders.person(tx).id for _ in range(4)]


def gold(tx, item, by, *, facts=FACTS, active=True):
    return quality.mark_gold(
        tx, item, look=LOOK, facts=facts, by=by, reason="beyond doubt", active=active
    )


def answer(tx, item, person, facts=FACTS, part=Part.GRADER):
    grading.assign(tx, item, person, until=tx.now, part=part, state=grading.DONE)
    return grading.answer(tx, item, person, part=part, look=LOOK, facts=facts)


def test_the_last_row_says_what_is_gold_and_none_is_ever_changed(database, people):
    with database.transaction() as tx:
        item = add(tx, new_set(tx))[0]
        first = gold(tx, item, people[0])
        assert quality.gold_of(tx, item.number) == first
        ended = gold(tx, item, people[1], facts=OTHER, active=False)
        assert quality.golds(tx) == [ended]
        assert quality.golds(tx, set_number=item.set + 1) == []
        assert quality.gold_of(tx, item.number + 1) is None
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(grade_golds.update().values(active=False))


def test_a_grader_meets_the_gold_item_that_the_fewest_know_and_each_only_once(database, people):
    ada, ben, cleo, quinn = people
    with database.transaction() as tx:
        one = new_set(tx)
        items = add(tx, one, 3, state=ItemState.SETTLED)
        for item in items:
            gold(tx, item, quinn)
        gold(tx, items[2], quinn, active=False)
        answer(tx, items[0], ada, part=Part.GOLD)
        assert quality.gold_for(tx, one.number, ben).number == items[1].number
        answer(tx, items[1], ada)
        assert quality.gold_for(tx, one.number, ada) is None, "they graded one and met the other"
        answer(tx, items[1], ben, part=Part.GOLD)
        assert quality.gold_for(tx, one.number, cleo).number == items[0].number


def test_answers_are_measured_by_what_is_gold_now_and_by_rulings(database, people, clock):
    ada, ben, cleo, quinn = people
    with database.transaction() as tx:
        one = new_set(tx, graders=2)
        known, hard = add(tx, one, 2)
        gold(tx, known, quinn)
        answer(tx, known, ada, part=Part.GOLD)
        answer(tx, known, ben, OTHER, part=Part.GOLD)
        for person, facts, part in (
            (ada, FACTS, Part.GRADER), (ben, OTHER, Part.GRADER), (cleo, OTHER, Part.ADJUDICATOR),
        ):  # fmt: skip
            ruled = answer(tx, hard, person, facts, part)
        grading.settle(
            tx, hard, pertinent=True, facts=OTHER, how=How.ADJUDICATED, by=cleo,
            gradings=[ruled.id],
        )  # fmt: skip
        found = quality.outcomes(tx, since=tx.now - LONG_AGO)
        assert {(o.grader, o.item, o.right, o.gold) for o in found} == {
            (ada, known.number, True, True), (ben, known.number, False, True),
            (ada, hard.number, False, False), (ben, hard.number, True, False),
        }  # fmt: skip
        gold(tx, known, quinn, facts=OTHER)
        again = [o for o in quality.outcomes(tx, since=tx.now - LONG_AGO) if o.gold]
        assert {(o.grader, o.right) for o in again} == {(ada, False), (ben, True)}
        assert quality.outcomes(tx, since=tx.now - LONG_AGO, set_number=one.number + 1) == []
    clock.advance(3600)
    with database.read() as tx:
        assert quality.outcomes(tx, since=tx.now - timedelta(seconds=60)) == []


def test_agreement_takes_the_last_answer_of_independent_graders_only(database, people):
    ada, ben, cleo, _ = people
    with database.transaction() as tx:
        one = new_set(tx, graders=2)
        both, alone = add(tx, one, 2)
        answer(tx, both, ada)
        last = answer(tx, both, ada, OTHER)
        other = answer(tx, both, ben)
        answer(tx, both, cleo, part=Part.ADJUDICATOR)
        answer(tx, alone, ada)
        found = quality.answered(tx, since=tx.now - LONG_AGO)
        assert {a.id for a in found} == {last.id, other.id}
        assert quality.answered(tx, since=tx.now - LONG_AGO, set_number=99) == []


def test_disputes_come_with_everybody_s_answers_and_the_ruling_last(database, people):
    ada, ben, cleo, _ = people
    with database.transaction() as tx:
        one = new_set(tx, graders=2)
        item = add(tx, one)[0]
        given = [answer(tx, item, ada), answer(tx, item, ben, OTHER)]
        gradesets.change(tx, item, state=ItemState.DISPUTED)
        waiting = quality.disputes(tx, settled=False, since=tx.now - LONG_AGO)
        assert [(d.item.number, [a.id for a in d.answers], d.result) for d in waiting] == [
            (item.number, [a.id for a in given], None)
        ]
        assert quality.waiting(tx) == 1
        ruling = answer(tx, item, cleo, OTHER, Part.ADJUDICATOR)
        result = grading.settle(
            tx, item, pertinent=True, facts=OTHER, how=How.ADJUDICATED, by=cleo,
            gradings=[ruling.id],
        )  # fmt: skip
        settled = quality.disputes(tx, settled=True, since=tx.now - LONG_AGO)
        assert settled[0].answers[-1] == ruling
        assert settled[0].result == result
        assert quality.disputes(tx, settled=True, since=tx.now - LONG_AGO, set_number=99) == []


def test_one_alarm_is_open_about_one_thing_and_is_closed_once(database, people):
    with database.transaction() as tx:
        first = quality.raise_alarm(tx, AlarmKind.DRIFT, people[0], {"wrong": 7})
        assert first is not None
        assert quality.raise_alarm(tx, AlarmKind.DRIFT, people[0], {"wrong": 8}) is None
        other = quality.raise_alarm(tx, AlarmKind.AGREEMENT, "1", {})
        ended = quality.end_alarm(tx, first.id, by=people[1], note="talked, trained anew")
        assert (ended.open, ended.ended_by, ended.note) == (
            False,
            people[1],
            "talked, trained anew",
        )
        assert [a.id for a in quality.alarms(tx)] == [other.id, first.id], "open ones first"
        assert quality.raise_alarm(tx, AlarmKind.DRIFT, people[0], {}) is not None
    with pytest.raises(Conflict), database.transaction() as tx:
        quality.end_alarm(tx, first.id, by=people[1], note="again")
    with pytest.raises(NotFound), database.transaction() as tx:
        quality.end_alarm(tx, new_id(), by=people[1], note="which")


def test_later_hashes_are_made_once_for_what_has_bytes(database, vault):
    kept = vault.put(io.BytesIO(b"an ordinary file"), purpose="evidence")
    with database.transaction() as tx:
        one = new_set(tx)
        bare = add(tx, one)[0]
        full = add(tx, one, 2, blob=kept)
        assert [item.number for item in quality.unhashed(tx, "later")] == [i.number for i in full]
        assert quality.unhashed_count(tx, "later") == 2
        quality.put_hashes(tx, "later", {full[0].number: b"first"})
        quality.put_hashes(tx, "later", {full[0].number: b"second"})
        assert quality.hash_of(tx, full[0].number, "later") == b"first"
        assert quality.hash_of(tx, bare.number, "later") == b""
        assert [item.number for item in quality.unhashed(tx, "later")] == [full[1].number]
        assert quality.unhashed(tx, "later", after=full[1].number) == []
        assert quality.unhashed_count(tx, "other") == 2
