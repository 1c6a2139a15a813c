"""Requests of people in pictures as rows: found by code alone, withdrawn, told of."""

from __future__ import annotations

import secrets

import pytest

from breakwater.errors import BadInput
from breakwater.model.bank import OWN_PICTURES, BankAction, EntryStatus
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import new_id
from breakwater.model.own_picture import Said, State, new_code
from breakwater.records import banks, cases, decisions, entries, hub_lists, own_pictures

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def bank(database):
    with database.transaction() as tx:
        return banks.create(tx, name=OWN_PICTURES, source="submitted by a person, not checked")


def sent(database, bank, count: int = 2) -> tuple[str, list[int]]:
    """A request with so many files."""
    code = new_code()
    with database.transaction() as tx:
        rows = [("sha256", secrets.token_bytes(32), 100) for _ in range(count)]
        made = [entry.number for entry in entries.add(tx, bank, rows)]
        own_pictures.create(tx, code, [[number] for number in made])
    return code, made


def told(database, code):
    with database.read() as tx:
        request = own_pictures.find(tx, code)
        return own_pictures.told(tx, request)


def test_a_request_is_found_by_its_code_and_the_code_stands_nowhere(database, bank) -> None:
    code, numbers = sent(database, bank)
    sent(database, bank)
    with database.read() as tx:
        found = own_pictures.find(tx, code)
        assert [list(of) for of in found.entries] == [[n] for n in numbers]
        assert own_pictures.find(tx, new_code()) is None
        rows = tx.run("SELECT code_key FROM own_requests")
    kept = b"".join(bytes(row[0]) for row in rows)
    assert len(kept) == 64
    assert code.encode() not in kept
    assert code.replace("-", "").encode() not in kept


def test_an_entry_of_two_requests_is_wanted_until_both_are_withdrawn(database, bank) -> None:
    first, (number,) = sent(database, bank, 1)
    second = new_code()
    with database.transaction() as tx:
        own_pictures.create(tx, second, [[number]])
    for code, left in ((first, {number}), (second, set())):
        with database.transaction() as tx:
            own_pictures.end(tx, own_pictures.find(tx, code))
            own_pictures.end(tx, own_pictures.find(tx, code))
            assert own_pictures.wanted(tx, [number]) == left
    assert told(database, first).state is State.WITHDRAWN


def test_the_last_word_counts(database, bank) -> None:
    code, (one, other) = sent(database, bank)
    assert told(database, code).state is State.LOOKING
    with database.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Held.", priority=Priority.LOW
        )
        decision = decisions.add(
            tx, case=case.id, kind=DecisionKind.ILLEGAL, by=new_id(), reason="Seen."
        )
    for said, state, whole in (
        (Said.REFUSED, State.REFUSED, State.LOOKING),
        (Said.CONFIRMED, State.CONFIRMED, State.CONFIRMED),
        (Said.OPEN, State.LOOKING, State.LOOKING),
    ):
        with database.transaction() as tx:
            own_pictures.answer(tx, other, said, decision)
        found = told(database, code)
        assert found.pictures == (State.LOOKING, state)
        assert found.state is whole
    assert one != other


def test_what_waits_in_a_flood_is_received_and_no_more(database, bank) -> None:
    code, numbers = sent(database, bank)
    with database.transaction() as tx:
        for number in numbers:
            entries.set_status(tx, number, EntryStatus.QUARANTINED, by="system")
    assert told(database, code).state is State.RECEIVED


def test_what_nobody_checked_never_blocks_whatever_the_bank_says(database, bank) -> None:
    with database.transaction() as tx:
        tx.run("UPDATE banks SET action = 'block'")
        assert [one.action for one in banks.every(tx)] == [BankAction.HOLD]
        assert banks.by_id(tx, bank.id).action is BankAction.HOLD
        with pytest.raises(BadInput):
            banks.create(tx, name=OWN_PICTURES + "_X", action=BankAction.BLOCK) and banks.update(
                tx, bank.__class__(bank.id, bank.number, OWN_PICTURES, action=BankAction.BLOCK),
                expected_change=bank.change,
            )  # fmt: skip
        with pytest.raises(BadInput):
            banks.update(
                tx, bank.__class__(bank.id, bank.number, "OTHER"), expected_change=bank.change
            )


def test_requests_of_the_last_hour_are_counted(database, bank, clock) -> None:
    sent(database, bank)
    with database.read() as tx:
        assert own_pictures.sent_since(tx, tx.now) == 1


def test_what_nobody_checked_is_never_shared_with_others(database, bank) -> None:
    with database.transaction() as tx, pytest.raises(BadInput, match="never shared"):
        hub_lists.share(tx, bank)
