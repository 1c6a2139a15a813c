"""Protects old items: a kind of hash that is added later reaches them too, once."""

from __future__ import annotations

import hashlib

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank, NewEntry
from breakwater.errors import NotAllowed, UnknownKind
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseKind
from breakwater.model.grading import ItemState
from breakwater.model.ids import new_id
from breakwater.model.signal import Signal
from breakwater.records import cases, gradesets, quality
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo, work
from tests.integration.grade_site import make_set
from tests.integration.test_intake import pdq_of

ADMIN = Principal(new_id(), "Ida", Role.ADMIN.permissions, person=new_id())


def test_old_items_get_the_new_hash_and_what_has_it_is_passed_over(app: App, worker: Worker):
    number = make_set(app, 3)
    with app.db.transaction() as tx:
        first, *others = gradesets.page(tx, number)
        quality.put_hashes(tx, "pdq", {first.number: b"made before"})
    assert app.review.rehash.begin(ADMIN, "pdq") == 2
    assert app.review.rehash.begin(ADMIN, "pdq") == 2, "one job, however often it is asked for"
    work(worker)
    with app.db.read() as tx:
        assert quality.hash_of(tx, first.number, "pdq") == b"made before"
        made = [quality.hash_of(tx, one.number, "pdq") for one in others]
        assert quality.unhashed_count(tx, "pdq") == 0
    assert [len(value) for value in made] == [32, 32]
    assert len(set(made)) == 2


def cases_waiting(app: App):
    with app.db.read() as tx:
        return cases.page(tx)


def test_a_new_hash_that_a_bank_knows_opens_one_case(app: App, worker: Worker, machine):
    number = make_set(app, 2)
    app.banks.create(NewBank("KNOWN", action=BankAction.HOLD, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(900, (160, 120)))], machine)
    app.review.rehash.begin(ADMIN, "pdq")
    work(worker)
    with app.db.read() as tx:
        first, second = gradesets.page(tx, number)
    (case,) = cases_waiting(app)
    assert (case.kind, case.subject) == (CaseKind.RETROACTIVE, first.id)
    assert "by a new algorithm. Bank KNOWN" in case.why
    assert second.state is ItemState.OPEN
    app.review.rehash.begin(ADMIN, "pdq")
    work(worker)
    assert len(cases_waiting(app)) == 1, "asked again it finds nothing new"


def test_the_same_file_as_a_known_one_is_taken_from_the_graders(app: App, worker: Worker, machine):
    number = make_set(app, 1)
    app.banks.create(NewBank("KNOWN", action=BankAction.HOLD, verified=True), machine)
    digest = hashlib.sha256(photo(900, (160, 120))).digest()
    app.banks.add("KNOWN", [NewEntry(Signal("sha256", digest))], machine)
    app.review.rehash.begin(ADMIN, "sha256")
    work(worker)
    with app.db.read() as tx:
        (item,) = gradesets.page(tx, number)
    assert (item.state, item.why[:10]) == (ItemState.KNOWN, "Bank KNOWN")
    assert cases_waiting(app) == []


def test_a_file_that_cannot_be_read_stays_without_and_stops_nothing(app: App, worker: Worker):
    number = make_set(app, 2, video=b"\x00\x00\x00\x18ftypisom cut short")
    app.review.rehash.begin(ADMIN, "pdq")
    work(worker)
    with app.db.read() as tx:
        found = [quality.hash_of(tx, one.number, "pdq") for one in gradesets.page(tx, number)]
        assert [bool(value) for value in found] == [False, True, True]


def test_only_who_runs_the_system_begins_it_and_only_with_an_installed_kind(app: App):
    with pytest.raises(UnknownKind):
        app.review.rehash.begin(ADMIN, "no_such_kind")
    with pytest.raises(NotAllowed):
        app.review.rehash.begin(
            Principal(new_id(), "Q", Role.QA_LEAD.permissions, person=new_id()), "pdq"
        )
