"""Sets of items to be graded, as rows: begun, filled by the batch, read by number.

An import that was cut short is taken up again by the digest of its file, at the row where it
stopped. Items are inserted past SQLAlchemy and read as nouns. A copy or a near copy names the
item whose facts it takes (`leader`). Fed by `review.grading.sets`, read by `review.grading.grade`.
Contract: `tests/contract/test_records_grading.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.grading import GradeItem, GradeSet, ItemState, SetState, Stack, item_id
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_grading import (
    grade_bad_rows,
    grade_items,
    grade_sets,
    grade_tallies,
)
from breakwater.records.texts import storable

AT_ONCE: Final = 500

_s, _i = grade_sets.c, grade_items.c
_COLUMNS: Final = tuple(column.name for column in grade_items.columns)
_LEADS: Final = tuple(
    state.value for state in (ItemState.OPEN, ItemState.NEAR, ItemState.DISPUTED, ItemState.SETTLED)
)
"""States of items whose facts another one may take."""

_TALLY: Final = sa.text(
    "INSERT INTO grade_tallies (set_number, state, n) VALUES (:set_number, :state, :n) "
    "ON CONFLICT (set_number, state) DO UPDATE SET n = grade_tallies.n + excluded.n"
)


def start(
    tx: Tx,
    *,
    name: str,
    source: str,
    form: str,
    by: str,
    context: str = "",
    digest: str = "",
    graders: int = 1,
) -> GradeSet:
    """Begin a set, or take up the one of the same file, as far as it is.

    Args:
        tx: the transaction.
        name: for people.
        source: who gave it; never shown to graders.
        form: `vics 2.0`, `csv`, `uploads`.
        by: id of the person or key.
        context: whose categories the source used.
        digest: SHA-256 of the file; empty for a set that is never taken up again.
        graders: independent people for each item.
    """
    storable(name, source, context)
    change = tx.change()
    if digest:
        row = tx.execute(sa.select(grade_sets).where(_s.digest == digest)).first()
        if row is not None:
            failed = row.state == SetState.FAILED.value
            return set_state(tx, row.number, SetState.IMPORTING) if failed else _set_noun(tx, row)
    number = numbers.take(tx, "grade_sets")
    values = {
        "id": new_id(), "number": number, "name": name, "source": source,
        "form": form, "context": context, "digest": digest, "graders": graders,
        "state": SetState.IMPORTING.value, "rows_read": 0, "rows_bad": 0, "share": 0.0, "fault": "", "created_by": by,
        "created_at": tx.now, "change": change,
    }  # fmt: skip
    tx.execute(sa.insert(grade_sets), values)
    return get(tx, number)


def get(tx: Tx, number: int) -> GradeSet:
    """One set, with its items counted by state.

    Raises:
        NotFound: no such set.
    """
    row = tx.execute(sa.select(grade_sets).where(_s.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"set {number}")
    return _set_noun(tx, row)


def every(tx: Tx, *, state: SetState | None = None, limit: int = 100) -> list[GradeSet]:
    """Sets, the newest first."""
    wanted = sa.select(grade_sets).order_by(_s.number.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(_s.state == state.value)
    return [_set_noun(tx, row) for row in tx.execute(wanted).all()]


def progress(tx: Tx, number: int, *, rows_read: int, rows_bad: int, share: float) -> None:
    """Say how far an import got, in the transaction that took the rows."""
    values = {"rows_read": rows_read, "rows_bad": rows_bad, "share": share}
    tx.execute(sa.update(grade_sets).where(_s.number == number).values(values))


def bad_row(tx: Tx, number: int, row: int, reason: str) -> None:
    """Keep a row that could not be read: its place in the file and why, never its content."""
    values = {"set_number": number, "row": row, "reason": reason}
    tx.execute(sa.insert(grade_bad_rows), values)


def bad_rows(tx: Tx, number: int, *, limit: int = 1_000) -> list[tuple[int, str]]:
    """Rows that could not be read: (place, reason), in the order of the file."""
    b = grade_bad_rows.c
    wanted = sa.select(b.row, b.reason).where(b.set_number == number)
    return [(int(r.row), str(r.reason)) for r in tx.execute(wanted.order_by(b.row).limit(limit))]


def describe(tx: Tx, number: int, *, form: str, context: str) -> None:
    """Say what kind of file it was, which its last line may tell."""
    values = {"form": form, "context": context}
    tx.execute(sa.update(grade_sets).where(_s.number == number).values(values))


def set_state(tx: Tx, number: int, state: SetState, *, fault: str = "") -> GradeSet:
    """Move a set; `fault` says in words why an import failed.

    Raises:
        NotFound: no such set.
    """
    values = {"state": state.value, "fault": fault, "change": tx.change()}
    tx.execute(sa.update(grade_sets).where(_s.number == number).values(values))
    return get(tx, number)


def take_numbers(tx: Tx, count: int) -> int:
    """Numbers for new items; answers the first."""
    return numbers.take(tx, "grade_items", count)


def add(tx: Tx, items: Sequence[GradeItem]) -> None:
    """Insert items that carry their numbers; `leader` may name one of the same batch.

    Raises:
        Conflict: the set has one of these rows already.
    """
    tx.insert_many(grade_items, _COLUMNS, map(_tuple, items))
    for number, count in Counter((one.set, one.state) for one in items).items():
        _tally(tx, *number, count)


def item(tx: Tx, number: int) -> GradeItem:
    """One item.

    Raises:
        NotFound: no such item.
    """
    row = tx.execute(sa.select(grade_items).where(_i.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"item {number}")
    return _noun(row)


def items(tx: Tx, wanted: Iterable[int]) -> dict[int, GradeItem]:
    """Items by number; numbers there are none of are left out."""
    out: dict[int, GradeItem] = {}
    order = sorted(set(wanted))
    for at in range(0, len(order), AT_ONCE):
        chosen = sa.select(grade_items).where(_i.number.in_(order[at : at + AT_ONCE]))
        out |= {row.number: _noun(row) for row in tx.execute(chosen)}
    return out


def page(
    tx: Tx, number: int, *, state: ItemState | None = None, after: int = 0, limit: int = 100
) -> list[GradeItem]:
    """Items of a set in order of number, those after number `after`."""
    wanted = sa.select(grade_items).where(_i.set_number == number, _i.number > after)
    if state is not None:
        wanted = wanted.where(_i.state == state.value)
    return [_noun(row) for row in tx.execute(wanted.order_by(_i.number).limit(limit))]


def same_file(tx: Tx, digests: Sequence[str]) -> dict[str, int]:
    """Items of any set that are one of these files (SHA-256 in hexadecimal): to the first one."""
    out: dict[str, int] = {}
    values = [bytes.fromhex(digest) for digest in digests]
    for at in range(0, len(values), AT_ONCE):
        rows = tx.execute(
            sa.select(_i.sha256, sa.func.min(_i.number).label("first"))
            .where(_i.sha256.in_(values[at : at + AT_ONCE]), _i.state.in_(_LEADS))
            .group_by(_i.sha256)
        )
        out |= {bytes(row.sha256).hex(): int(row.first) for row in rows}
    return out


def looks(tx: Tx, *, after: int = 0, limit: int = 100_000) -> list[tuple[int, bytes]]:
    """Picture hashes (PDQ) of items that lead a stack or could: (number, hash), by number."""
    wanted = sa.select(_i.number, _i.pdq).where(
        _i.number > after, _i.pdq.is_not(None), _i.leader_number.is_(None), _i.state.in_(_LEADS)
    )
    rows = tx.execute(wanted.order_by(_i.number).limit(limit))
    return [(int(row.number), bytes(row.pdq)) for row in rows]


def stack(tx: Tx, leader: int) -> Stack:
    """An item with its near copies, those that wait and those that were confirmed.

    Raises:
        NotFound: no such item.
    """
    behind = _i.bits.is_not(None)
    wanted = sa.select(grade_items).where(_i.leader_number == leader, behind)
    rows = tx.execute(wanted.order_by(_i.bits, _i.number)).all()
    return Stack(item(tx, leader), tuple(_noun(row) for row in rows))


def stacks_waiting(tx: Tx, number: int, *, limit: int = 1) -> list[int]:
    """Leaders that are settled while near copies of this set wait to be confirmed."""
    leader = grade_items.alias("leader")
    waits = sa.and_(_i.set_number == number, _i.state == ItemState.NEAR.value)
    wanted = (
        sa.select(_i.leader_number)
        .join_from(grade_items, leader, leader.c.number == _i.leader_number)
        .where(waits, leader.c.state == ItemState.SETTLED.value)
        .group_by(_i.leader_number)
        .order_by(_i.leader_number)
        .limit(limit)
    )
    return [int(found) for found in tx.execute(wanted).scalars()]


def copies(tx: Tx, leader: int) -> int:
    """How many exact copies take an item's facts."""
    copy = sa.and_(_i.leader_number == leader, _i.state == ItemState.COPY.value)
    return int(tx.execute(sa.select(sa.func.count()).where(copy)).scalar_one())


def of_upload(tx: Tx, upload: Id) -> list[GradeItem]:
    """Items that were made of an upload, the newest first."""
    wanted = sa.select(grade_items).where(_i.upload_id == upload)
    return [_noun(row) for row in tx.execute(wanted.order_by(_i.number.desc()))]


def change(tx: Tx, before: GradeItem, **values: Any) -> GradeItem:
    """Change an item as it was read: `state`, `needed`, `graded`, `leader_number`, `bits`.

    Raises:
        Conflict: it was changed since.
    """
    if isinstance(state := values.get("state"), ItemState):
        values["state"] = state.value
    same = sa.and_(_i.number == before.number, _i.version == before.version)
    done = tx.execute(
        sa.update(grade_items).where(same).values(**values, version=before.version + 1)
    )
    if not done.rowcount:
        raise Conflict(f"Item {before.number} was changed meanwhile.")
    after = item(tx, before.number)
    if after.state is not before.state:
        _tally(tx, before.set, before.state, -1)
        _tally(tx, after.set, after.state, 1)
    return after


def _tally(tx: Tx, number: int, state: ItemState, by: int) -> None:
    tx.execute(_TALLY, {"set_number": number, "state": state.value, "n": by})


def _counts(tx: Tx, number: int) -> Mapping[ItemState, int]:
    t = grade_tallies.c
    rows = tx.execute(sa.select(t.state, t.n).where(t.set_number == number, t.n > 0))
    return {ItemState(row.state): int(row.n) for row in rows}


def _set_noun(tx: Tx, row: sa.Row[Any]) -> GradeSet:
    return GradeSet(
        id=Id(row.id), number=row.number, name=row.name, source=row.source, form=row.form,
        state=SetState(row.state), graders=row.graders, context=row.context, digest=row.digest,
        rows_read=row.rows_read, fault=row.fault, rows_bad=row.rows_bad, share=row.share, created_by=row.created_by,
        created_at=row.created_at, change=row.change, counts=_counts(tx, row.number),
    )  # fmt: skip


def _tuple(one: GradeItem) -> tuple[Any, ...]:
    return (
        one.number, one.set, one.row, one.state.value, one.type, _bytes(one.sha256),
        _bytes(one.sha1), _bytes(one.md5), _bytes(one.pdq), one.size, one.frames,
        one.duration_s, one.leader, one.bits, one.needed, one.graded, one.blob, one.upload,
        one.why, dict(one.claims), one.version,
    )  # fmt: skip


def _bytes(text: str) -> bytes | None:
    return bytes.fromhex(text) if text else None


def _noun(row: sa.Row[Any]) -> GradeItem:
    return GradeItem(
        id=item_id(row.number), number=row.number, set=row.set_number, row=row.row,
        state=ItemState(row.state), type=row.type, sha256=(row.sha256 or b"").hex(),
        md5=(row.md5 or b"").hex(), sha1=(row.sha1 or b"").hex(), pdq=(row.pdq or b"").hex(),
        size=row.size, frames=row.frames, duration_s=row.duration_s, leader=row.leader_number, bits=row.bits,
        needed=row.needed, graded=row.graded,
        blob=None if row.blob_id is None else Id(row.blob_id),
        upload=None if row.upload_id is None else Id(row.upload_id),
        why=row.why, claims=row.claims, version=row.version,
    )  # fmt: skip


def numbered(drafts: Sequence[GradeItem], first: int) -> Iterator[GradeItem]:
    """Give drafts their numbers and ids."""
    for at, draft in enumerate(drafts):
        yield replace(draft, number=first + at, id=item_id(first + at))
