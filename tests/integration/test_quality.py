"""Protects graders and figures: the way from answers to agreement, gold, rulings and alarms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from breakwater.app import App
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.facts import ItemFacts
from breakwater.model.grading import Part
from breakwater.model.ids import new_id
from breakwater.model.quality import AlarmKind
from breakwater.records import audit, gradesets, grading, quality
from breakwater.review.grading import gold
from breakwater.review.grading.grade import Saved
from breakwater.review.quality.agreement import Agreement, Unmeasured
from tests import builders
from tests.integration.grade_site import FACTS, grade_all, make_set

AGES = ("3-6", "7-10", "11-13", "14-15")


def somebody(app: App, name: str, role: Role) -> Principal:
    with app.db.transaction() as tx:
        made = builders.person(tx, name=name)
    return Principal(made.id, name, role.permissions, person=made.id)


def by_number(wrong: frozenset[int] = frozenset()) -> Callable[[int], ItemFacts]:
    def answer(number: int) -> ItemFacts:
        age = AGES[(number + (number in wrong)) % 4]
        act = "none" if number % 2 else "posing_or_nudity"
        return ItemFacts.read({"activity": act, "children": [f"{age}/female/unclear"]})

    return answer


@pytest.fixture
def ada(app: App) -> Principal:
    return somebody(app, "Ada", Role.GRADER)


@pytest.fixture
def ben(app: App) -> Principal:
    return somebody(app, "Ben", Role.GRADER)


@pytest.fixture
def cleo(app: App) -> Principal:
    return somebody(app, "Cleo", Role.GRADER)


@pytest.fixture
def quinn(app: App) -> Principal:
    return somebody(app, "Quinn", Role.QA_LEAD)


def test_two_blind_graders_a_ruling_and_what_the_qa_lead_sees(app, ada, ben, cleo, quinn):
    number = make_set(app, 12, graders=2)
    assert grade_all(app, ada, number, by_number()) == 12
    assert app.review.grading.disputes(cleo) == []
    assert grade_all(app, ben, number, by_number(frozenset({3, 4}))) == 12
    report = app.review.quality.report(quinn, set_number=number)
    found = {team.measure: team for team in report.agreement}
    act, age = found["activity"].found, found["age"].found
    assert isinstance(act, Agreement)
    assert isinstance(age, Agreement)
    assert (act.value, act.items) == (1.0, 12)
    assert age.low < age.value < 1.0
    assert found["realism"].found is Unmeasured.NO_VARIATION
    assert found["scheme:uk_abc"].found == act, "here the act alone decides the code"
    (pair,) = found["age"].pairs
    assert {pair.one, pair.other} == {ada.id, ben.id}
    assert [d.item.number for d in report.waiting] == [3, 4]
    assert {a.grader for a in report.waiting[0].answers} == {ada.id, ben.id}

    assert app.review.grading.disputes(ada) == [], "nobody settles what they graded"
    task = app.review.grading.take_dispute(cleo, 3)
    assert task.answer is None
    saved = app.review.grading.save(cleo, 3, by_number()(3))
    assert isinstance(saved, Saved)
    report = app.review.quality.report(quinn)
    stands = {one.grader: one for one in report.standings}
    assert (stands[ada.id].settled_right, stands[ada.id].settled) == (1, 1)
    assert (stands[ben.id].settled_right, stands[ben.id].settled) == (0, 1)
    assert [d.item.number for d in report.settled] == [3]


def test_whoever_measures_does_not_grade_and_whoever_grades_does_not_measure(app, ada, quinn):
    number = make_set(app, 1)
    both = Principal(
        new_id(), "Both", frozenset({Permission.GRADE_WRITE, Permission.GRADE_QA}), new_id()
    )
    for who in (ada, both):
        with pytest.raises(NotAllowed):
            app.review.quality.report(who)
    for who in (quinn, both):
        with pytest.raises(NotAllowed):
            app.review.grading.next(who, number)


def test_gold_is_met_among_the_rest_and_never_told(app, ada, ben, quinn, monkeypatch):
    number = make_set(app, 6)
    app.review.grading.next(ada, number)
    app.review.grading.save(ada, 1, FACTS)
    with pytest.raises(Conflict, match="settled"):
        app.review.quality.mark_gold(quinn, 2, reason="not answered yet")
    with pytest.raises(BadInput):
        app.review.quality.mark_gold(quinn, 1, reason=" ")
    app.review.quality.mark_gold(quinn, 1, reason="three people and a label agree")
    monkeypatch.setattr(gold, "is_due", lambda _person, _set, done, _share: done == 1)
    first = app.review.grading.next(ben, number)
    ahead = app.review.grading.ahead(ben, number, besides=first.number)
    assert (first.number, ahead.number) == (2, 1), "the gold item comes after the first answer"
    app.review.grading.save(ben, 2, FACTS)
    assert app.review.grading.next(ben, number).number == 1
    app.review.grading.save(ben, 1, ItemFacts.read({"activity": "sadism"}), confirmed=True)
    with app.db.read() as tx:
        assert grading.part_of(tx, 1, ben.id) is Part.GOLD
        assert grading.result(tx, 1).facts == FACTS, "a gold answer settles nothing"
        (met,) = quality.outcomes(tx, since=tx.now.replace(year=2000))
    assert (met.grader, met.right, met.gold) == (ben.id, False, True)
    app.review.quality.end_gold(quinn, 1, reason="known by everybody now")
    with pytest.raises(Conflict):
        app.review.quality.end_gold(quinn, 1, reason="again")
    with app.db.read() as tx:
        told = [row.action for row in audit.page(tx, limit=50)]
    assert {"gold.mark", "gold.end"} <= set(told)


def test_nobody_makes_gold_of_what_they_graded(app, ada):
    number = make_set(app, 1)
    grade_all(app, ada, number)
    moved = Principal(ada.id, "Ada", Role.QA_LEAD.permissions, person=ada.person)
    with pytest.raises(NotAllowed, match="somebody else"):
        app.review.quality.mark_gold(moved, 1, reason="mine")


def test_drift_and_disagreement_raise_one_alarm_each_until_it_is_closed(app, ada, ben, quinn):
    number = make_set(app, 40, graders=2)
    grade_all(app, ada, number, by_number())
    grade_all(app, ben, number, by_number(frozenset(range(1, 41, 2))))
    with app.db.transaction() as tx:
        for item in range(1, 8):
            known = grading.latest(tx, item, ada.id)
            of = gradesets.item(tx, item)
            quality.mark_gold(
                tx, of, look=known.look, facts=known.facts, by=quinn.id, reason="for a test"
            )
            grading.answer(
                tx, of, ben.id, part=Part.GOLD, look=known.look,
                facts=ItemFacts.read({"activity": "animal"}),
            )  # fmt: skip
    app.review.quality.watch()
    app.review.quality.watch()
    alarms = app.review.quality.report(quinn).alarms
    drifted = [a for a in alarms if a.kind is AlarmKind.DRIFT]
    assert [(a.subject, a.facts["wrong"]) for a in drifted] == [(ben.id, 7)]
    apart = {a.facts["measure"] for a in alarms if a.kind is AlarmKind.AGREEMENT}
    assert len(alarms) == len(drifted) + 1, "one for a set, naming its worst measure"
    assert apart == {"age"}
    app.review.quality.end_alarm(quinn, drifted[0].id, note="talked; trained anew")
    assert not app.review.quality.report(quinn).alarms[-1].open
