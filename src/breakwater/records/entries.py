"""Entries as rows: what is known, joined with what it inherits, and what became of it.

The one door to entries: single ones here, millions in `records.lean`, counts in
`records.tallies`, all under this name. A move between states is checked against the table
of legal moves and leaves a history row; a withdrawn entry stays, and a value that returns is
a new entry. Contract: `tests/contract/test_records_entries.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.bank import (
    Bank,
    Entry,
    EntryChange,
    EntryStatus,
    end_of,
    entry_id,
)
from breakwater.model.ids import Id
from breakwater.records import numbers, tallies
from breakwater.records.database import Tx
from breakwater.records.entry_log import add_opinion, history, opinions, step
from breakwater.records.lean import (
    CODES,
    STATUSES,
    Added,
    Row,
    add_lean,
    arrays,
    is_signed,
    last_change,
    of_import,
    quarantined_of,
    since,
)
from breakwater.records.tables.nouns_bank import (
    banks,
    entries,
    entry_overrides,
    imports,
)
from breakwater.records.tallies import count_match, recent_matches
from breakwater.records.texts import storable

__all__ = [
    "Added",
    "EntryChange",
    "Row",
    "add",
    "add_lean",
    "add_opinion",
    "arrays",
    "arrived",
    "count_match",
    "counts",
    "find",
    "get",
    "history",
    "last_change",
    "many",
    "of_import",
    "opinions",
    "override",
    "page",
    "quarantined_of",
    "recent_matches",
    "set_status",
    "signed",
    "since",
    "with_value",
]

T = TypeVar("T")

AT_ONCE: Final = 500
"""Values in one IN list; more are asked in turns."""

_o = entry_overrides.c
_own: Final = (
    _o.labels.label("own_labels"),
    _o.permitted_use.label("own_use"),
    _o.source.label("own_source"),
    _o.note.label("own_note"),
    _o.expires_at.label("own_expires_at"),
)
_inherited: Final = (
    imports.c.labels.label("import_labels"),
    imports.c.permitted_use.label("import_use"),
    imports.c.source.label("import_source"),
    imports.c.expires_at.label("import_expires_at"),
    banks.c.id.label("bank_id"),
    banks.c.permitted_use.label("bank_use"),
    banks.c.source.label("bank_source"),
)
_JOINED: Final = sa.select(entries, *_own, *_inherited).select_from(
    entries.join(banks, banks.c.number == entries.c.bank_number)
    .outerjoin(imports, imports.c.number == entries.c.import_number)
    .outerjoin(entry_overrides, _o.entry_number == entries.c.number)
)


def add(
    tx: Tx,
    bank: Bank,
    signals: Sequence[Row],
    *,
    import_number: int | None = None,
    labels: Sequence[str] = (),
    negative: bool = False,
    status: EntryStatus = EntryStatus.ACTIVE,
    source: str = "",
    note: str = "",
    permitted_use: str = "",
    expires_at: datetime | None = None,
    by: str = "",
) -> list[Entry]:
    """Add signals one by one, each with a history row.

    A value that the bank has already is answered as it stands there.

    Args:
        tx: the transaction.
        bank: where to.
        signals: kind, value, quality.
        import_number: what they inherit from; what is said here overrides it.
        labels: their own; empty inherits, as with the next four.
        source: who gave them.
        note: words of who added them.
        permitted_use: what their licence allows.
        expires_at: after this they no longer act.
        negative: known harmless.
        status: how they start.
        by: id of the person or key.

    Raises:
        Conflict: the bank has the value with the opposite meaning.
    """
    storable(*labels, source, note, permitted_use)
    change = tx.change(len(signals)) if signals else 0
    own = {
        "labels": list(labels) or None,
        "permitted_use": permitted_use or None,
        "source": source or None,
        "note": note or None,
        "expires_at": expires_at,
    }
    shared = {
        "bank_number": bank.number,
        "import_number": import_number,
        "status": CODES[status],
        "negative": negative,
        "created_s": int(tx.now.timestamp()),
    }
    order, made = _add_each(tx, bank, signals, change=change, shared=shared, own=own, by=by)
    if made:
        exempt = import_number is not None and is_signed(tx, import_number)
        tallies.entries_added(tx, bank.number, made, CODES[status], signed=exempt)
    done = many(tx, order)
    return [done[number] for number in order]


def _add_each(
    tx: Tx,
    bank: Bank,
    signals: Sequence[Row],
    *,
    change: int,
    shared: Mapping[str, Any],
    own: Mapping[str, Any],
    by: str,
) -> tuple[list[int], dict[str, int]]:
    """Numbers of the signals in their order, and how many were made of each kind."""
    known = _present(tx, bank, signals)
    negative = bool(shared["negative"])
    order: list[int] = []
    made: dict[str, int] = {}
    for at, (kind, value, quality) in enumerate(signals):
        if (kind, value) not in known:
            row = {"kind": kind, "value": value, "quality": quality, "change": change + at}
            known[kind, value] = (_store(tx, {**shared, **row}, own, by), negative)
            made[kind] = made.get(kind, 0) + 1
        number, harmless = known[kind, value]
        if harmless is not negative:
            meaning = "harmless" if harmless else "abusive"
            raise Conflict(f"Bank {bank.name} holds this {kind} as known {meaning}.")
        order.append(number)
    return order, made


def _present(
    tx: Tx, bank: Bank, signals: Sequence[Row]
) -> dict[tuple[str, bytes], tuple[int, bool]]:
    """Those of the signals that the bank has: number, and whether known harmless."""
    values = sorted({value for _, value, _ in signals})
    out: dict[tuple[str, bytes], tuple[int, bool]] = {}
    for part in _parts(values):
        rows = tx.execute(
            sa.select(entries.c.kind, entries.c.value, entries.c.number, entries.c.negative).where(
                entries.c.kind.in_(sorted({kind for kind, _, _ in signals})),
                entries.c.value.in_(part),
                entries.c.bank_number == bank.number,
                _not_withdrawn(),
            )
        )
        out |= {(row.kind, bytes(row.value)): (row.number, row.negative) for row in rows}
    return out


def _not_withdrawn() -> sa.ColumnElement[bool]:
    """As a literal: only then do both databases use the partial index."""
    return entries.c.status != sa.literal_column("2")


def _store(tx: Tx, row: dict[str, Any], own: Mapping[str, Any], by: str) -> int:
    """Write one entry with what it says of itself and its first step; answers its number."""
    number = numbers.take(tx, "entries")
    tx.execute(sa.insert(entries), row | {"number": number})
    if any(value is not None for value in own.values()):
        tx.execute(sa.insert(entry_overrides), {**own, "entry_number": number})
    step(tx, number, None, row["status"], change=row["change"], by=by)
    return number


def get(tx: Tx, number: int) -> Entry:
    """One entry by number.

    Raises:
        NotFound: no such entry.
    """
    row = tx.execute(_JOINED.where(entries.c.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"entry {number}")
    return _noun(row)


def many(tx: Tx, wanted: Iterable[int]) -> dict[int, Entry]:
    """Entries by number, joined with import and bank; numbers there are none of are left out."""
    out: dict[int, Entry] = {}
    for part in _parts(sorted(set(wanted))):
        rows = tx.execute(_JOINED.where(entries.c.number.in_(part)))
        out |= {row.number: _noun(row) for row in rows}
    return out


def find(tx: Tx, bank: Bank, kind: str, value: bytes) -> Entry | None:
    """The entry of a value in a bank; None when there is none but withdrawn ones."""
    row = tx.execute(
        _JOINED.where(
            entries.c.kind == kind,
            entries.c.value == value,
            entries.c.bank_number == bank.number,
            _not_withdrawn(),
        )
    ).one_or_none()
    return None if row is None else _noun(row)


def with_value(tx: Tx, kind: str, value: bytes) -> list[Entry]:
    """Entries of exactly this value in every bank, withdrawn ones left out."""
    rows = tx.execute(
        _JOINED.where(entries.c.kind == kind, entries.c.value == value, _not_withdrawn())
        .order_by(entries.c.number)
    )  # fmt: skip
    return [_noun(row) for row in rows]


def page(
    tx: Tx, bank: Bank, *, after: int = 0, limit: int = 100, status: EntryStatus | None = None
) -> list[Entry]:
    """Entries of a bank in order of number, those after number `after`."""
    chosen = sa.select(entries.c.number).where(
        entries.c.bank_number == bank.number, entries.c.number > after
    )
    if status is not None:
        code = CODES[status]
        chosen = chosen.where(entries.c.status == code)
        if code:
            chosen = chosen.where(entries.c.status != sa.literal_column("0"))
    chosen = chosen.order_by(entries.c.number).limit(limit)
    found = many(tx, tx.execute(chosen).scalars())
    return [found[number] for number in sorted(found)]


def set_status(tx: Tx, number: int, status: EntryStatus, *, by: str, reason: str = "") -> Entry:
    """Move an entry; the index hears of it by its new change number.

    Raises:
        NotFound: no such entry.
        Conflict: this move is not in the table of legal moves.
    """
    change = tx.change()
    wanted = sa.select(entries.c.bank_number, entries.c.kind, entries.c.status)
    row = tx.execute(wanted.where(entries.c.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"entry {number}")
    before = STATUSES[row.status]
    if not before.may_become(status):
        raise Conflict(f"Entry {number} is {before.value} and cannot become {status.value}.")
    code = CODES[status]
    tx.execute(
        sa.update(entries).where(entries.c.number == number).values(status=code, change=change)
    )
    step(tx, number, row.status, code, change=change, by=by, reason=reason)
    tallies.entry_moved(tx, row.bank_number, row.kind, row.status, code)
    return get(tx, number)


def override(tx: Tx, number: int, **own: Any) -> Entry:
    """Say of one entry what its import does not: the fields given are set, None inherits.

    Args:
        tx: the transaction.
        number: of the entry.
        own: any of `labels`, `permitted_use`, `source`, `note`, `expires_at` (`NO_END`: never).

    Raises:
        NotFound: no such entry.
    """
    tx.lock_changes()
    get(tx, number)
    if own.get("labels") is not None:
        own["labels"] = list(own["labels"])
    known = sa.select(_o.entry_number).where(_o.entry_number == number)
    if tx.execute(known).first() is None:
        tx.execute(sa.insert(entry_overrides), {"entry_number": number})
    tx.execute(sa.update(entry_overrides).where(_o.entry_number == number).values(**own))
    tx.execute(
        sa.update(entries).where(entries.c.number == number).values(change=tx.change())
    )  # fmt: skip
    return get(tx, number)


def counts(tx: Tx, bank: Bank | None = None) -> dict[tuple[str, EntryStatus], int]:
    """Entries by kind and status, of one bank or of all."""
    found = tallies.entry_counts(tx, None if bank is None else bank.number)
    return {(kind, STATUSES[code]): n for (kind, code), n in found.items()}


def arrived(tx: Tx, bank: Bank, *, since: datetime) -> int:
    """Entries that nobody signed for, taken by a bank since a moment (to the minute)."""
    return tallies.entries_arrived(tx, bank.number, since)


def signed(tx: Tx, number: int) -> bool:
    """Whether a person vouches for the import an entry came with."""
    wanted = (
        sa.select(imports.c.signed_by)
        .join_from(entries, imports, imports.c.number == entries.c.import_number)
        .where(entries.c.number == number)
    )
    return tx.execute(wanted).scalar() is not None


def _parts(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))


def _noun(row: sa.Row[Any]) -> Entry:
    labels = row.own_labels if row.own_labels is not None else row.import_labels or ()
    return Entry(
        id=entry_id(row.number),
        number=row.number,
        bank=Id(row.bank_id),
        kind=row.kind,
        value=bytes(row.value),
        status=STATUSES[row.status],
        negative=row.negative,
        quality=row.quality,
        labels=tuple(labels),
        permitted_use=row.own_use or row.import_use or row.bank_use,
        source=row.own_source or row.import_source or row.bank_source,
        note=row.own_note or "",
        expires_at=end_of(row.own_expires_at, row.import_expires_at),
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        change=row.change,
    )
