"""Protects that a table of law changes history only openly: tried first, adopted, derived anew."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from breakwater.app import App
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Role
from breakwater.model.facts import Activity
from breakwater.records import audit, schemes
from breakwater.review import gold
from tests.integration.conftest import work
from tests.integration.grading_sets import NOTHING, SOMETHING, simple_set, somebody


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


def table_of(app: App, name: str) -> dict:
    (found,) = [scheme for scheme in app.review.schemes.every() if scheme.id == name]
    return copy.deepcopy(found.plain())


def stricter(app: App) -> dict:
    """The same table, in which a mere C is a B from now on."""
    table = table_of(app, "uk_abc")
    table["version"] = "2030-01-01"
    table["rules"][-1]["give"] = "B"
    table["codes"] = [code for code in table["codes"] if code["code"] != "C"]
    return table


@pytest.fixture
def graded(app: App, tmp_path) -> list[int]:
    """Three settled items: C, none, B."""
    number, grader = simple_set(app, tmp_path, 3), somebody(app, Role.GRADER)
    done = []
    for facts in (SOMETHING, NOTHING, replace(SOMETHING, activity=Activity.NON_PENETRATIVE)):
        task = app.review.grading.next(grader, number)
        app.review.grading.save(grader, task.number, facts)
        done.append(task.number)
    return done


def codes(app: App, items: list[int]) -> list[str]:
    with app.db.read() as tx:
        found = schemes.of_items(tx, items)
    return [found[item]["uk_abc"].codes[0] for item in items]


def test_a_trial_lists_what_would_change_and_keeps_nothing(app, graded):
    found = app.review.schemes.try_out(stricter(app))
    assert (found.items, found.changed) == (3, 1)
    assert found.moves == ((("C",), ("B",), 1),)
    assert [example.item for example in found.examples] == graded[:1]
    assert codes(app, graded) == ["C", "none", "B"]


def test_an_adopted_table_derives_history_anew_and_keeps_what_was(app, worker, graded):
    lead = somebody(app, Role.QA_LEAD)
    app.review.schemes.adopt(lead, stricter(app), reason="a new guideline")
    work(worker)
    assert codes(app, graded) == ["B", "none", "B"]
    with app.db.read() as tx:
        (changed,) = schemes.changed(tx, "uk_abc")
        done = audit.page(tx, actor="breakwater")
        (adopted,) = audit.page(tx, actor=lead.id, action="scheme.adopt")
    assert (changed.item, changed.before, changed.codes) == (graded[0], ("C",), ("B",))
    assert done[0].facts == {"version": "2030-01-01", "items": 3}
    assert adopted.facts["reason"] == "a new guideline"
    holding = app.review.schemes.holding(graded[0])
    assert {code.scheme: code.version for code in holding.codes}["uk_abc"] == "2030-01-01"


def test_a_changed_table_needs_a_version_of_its_own_and_no_hole(app, graded):
    lead = somebody(app, Role.QA_LEAD)
    same = stricter(app) | {"version": table_of(app, "uk_abc")["version"]}
    with pytest.raises(Conflict):
        app.review.schemes.adopt(lead, same, reason="x")
    holed = stricter(app)
    holed["rules"][-1]["when"] = {"realism": "real"}
    for attempt in (
        lambda: app.review.schemes.try_out(holed),
        lambda: app.review.schemes.adopt(lead, holed, reason="x"),
    ):
        with pytest.raises(BadInput, match="hole"):
            attempt()
    assert codes(app, graded) == ["C", "none", "B"]


@pytest.mark.parametrize("role", [Role.GRADER, Role.ADMIN])
def test_tables_are_adopted_by_those_who_answer_for_quality(app, role):
    with pytest.raises(NotAllowed):
        app.review.schemes.adopt(somebody(app, role), stricter(app), reason="x")
