"""Pictures that people know of themselves, as rows: requests by code, hashes, what was said.

A code is found by its keyed hash and stands nowhere. All rows are only ever added: a request is
withdrawn by a row, a reviewer's word is a row, and the last one counts. Fed by `own_pictures`.
Contract: `tests/contract/test_records_own_pictures.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.bank import EntryStatus
from breakwater.model.decision import Decision
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action
from breakwater.model.own_picture import OwnRequest, Said, State, Told, furthest, of_picture
from breakwater.records import entries, uploads
from breakwater.records.database import Tx
from breakwater.records.identities import PURPOSE
from breakwater.records.tables.nouns_person import (
    own_answers,
    own_hashes,
    own_request_ends,
    own_requests,
)

MOST_UPLOADS: Final = 1_000
"""Uploads of one hash that are asked whether one of them is held."""

_r, _h, _e, _a = own_requests.c, own_hashes.c, own_request_ends.c, own_answers.c


def create(tx: Tx, code: str, pictures: Sequence[Sequence[int]]) -> OwnRequest:
    """Keep a request.

    Args:
        tx: the transaction.
        code: canonical; only its keyed hash is kept.
        pictures: numbers of the entries of each; one that stands twice belongs to the first.
    """
    tx.lock_changes()
    made = new_id()
    tx.execute(sa.insert(own_requests), {"id": made, "code_key": _key(tx, code), "at": tx.now})
    place = {n: at for at, of in reversed(list(enumerate(pictures))) for n in of}
    rows = [
        {"request_id": made, "picture": at, "entry_number": number}
        for number, at in sorted(place.items())
    ]
    tx.execute(sa.insert(own_hashes), rows)
    return _noun(tx, tx.execute(sa.select(own_requests).where(_r.id == made)).one())


def find(tx: Tx, code: str) -> OwnRequest | None:
    """The request of a code; None where nobody was given it."""
    row = tx.execute(sa.select(own_requests).where(_r.code_key == _key(tx, code))).one_or_none()
    return None if row is None else _noun(tx, row)


def sent_since(tx: Tx, moment: datetime) -> int:
    """How many requests came since a moment."""
    return int(tx.execute(sa.select(sa.func.count()).where(_r.at >= moment)).scalar_one())


def end(tx: Tx, request: OwnRequest) -> None:
    """Withdraw a request; one that is withdrawn stays as it is."""
    tx.lock_changes()
    if tx.execute(sa.select(_e.at).where(_e.request_id == request.id)).first() is None:
        tx.execute(sa.insert(own_request_ends), {"request_id": request.id, "at": tx.now})


def wanted(tx: Tx, numbers: Collection[int]) -> frozenset[int]:
    """Those of the entries behind which a request stands that was not withdrawn."""
    open_ones = (
        sa.select(_h.entry_number)
        .join_from(own_hashes, own_request_ends, _e.request_id == _h.request_id, isouter=True)
        .where(_h.entry_number.in_(sorted(numbers)), _e.request_id.is_(None))
    )
    return frozenset(tx.execute(open_ones).scalars())


def answer(tx: Tx, number: int, said: Said, decision: Decision) -> None:
    """Write down what a reviewer said of a hash, by deciding a case."""
    row = {
        "id": new_id(), "entry_number": number, "said": said.value, "case_id": decision.case,
        "decision_id": decision.id, "by": decision.by, "at": tx.now, "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.insert(own_answers), row)


def answers(tx: Tx, numbers: Collection[int]) -> dict[int, tuple[Said, Id, Id]]:
    """The last word on each entry: what was said, in which case, by which decision."""
    rows = tx.execute(
        sa.select(own_answers).where(_a.entry_number.in_(sorted(numbers))).order_by(_a.change)
    )
    return {
        row.entry_number: (Said(row.said), Id(row.case_id), Id(row.decision_id)) for row in rows
    }


def told(tx: Tx, request: OwnRequest) -> Told:
    """What the sender of a request is told."""
    if request.ended_at is not None:
        return Told(State.WITHDRAWN, tuple(State.WITHDRAWN for _ in request.entries))
    numbers = {number for of in request.entries for number in of}
    known, said = entries.many(tx, numbers), answers(tx, numbers)
    each = {
        number: _state(tx, number, entry.status, said.get(number))
        for number, entry in known.items()
    }
    states = tuple(of_picture(tuple(each[number] for number in of)) for of in request.entries)
    return Told(furthest(states), states)


def _state(tx: Tx, number: int, status: EntryStatus, said: tuple[Said, Id, Id] | None) -> State:
    if status is EntryStatus.WITHDRAWN:
        return State.WITHDRAWN
    if said is not None and said[0] is not Said.OPEN:
        return State.CONFIRMED if said[0] is Said.CONFIRMED else State.REFUSED
    touched = uploads.touched_by(tx, number, limit=MOST_UPLOADS)
    if any(one.verdict is not None and one.verdict.action is not Action.ALLOW for one in touched):
        return State.FOUND
    return State.LOOKING if status is EntryStatus.ACTIVE else State.RECEIVED


def _key(tx: Tx, code: str) -> bytes:
    return tx.keys.mac(PURPOSE, b"own-picture\0" + code.encode())


def _noun(tx: Tx, row: sa.Row[tuple[object, ...]]) -> OwnRequest:
    hashes = sa.select(_h.picture, _h.entry_number).where(_h.request_id == row.id)
    of: dict[int, list[int]] = {}
    for one in tx.execute(hashes.order_by(_h.picture, _h.entry_number)):
        of.setdefault(one.picture, []).append(one.entry_number)
    ended = tx.execute(sa.select(_e.at).where(_e.request_id == row.id)).scalar()
    return OwnRequest(
        id=Id(row.id), at=row.at, entries=tuple(tuple(of[at]) for at in sorted(of)), ended_at=ended
    )
