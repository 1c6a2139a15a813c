"""Which entry of ours is whose: a peer's id joined with the entries that its signals became.

Read and written in the transaction of one page (`exchange.taking`), in statements over many rows:
a list has millions. Feed 0 stands for somebody here who gave what a feed had given: a feed's
withdrawal does not take that. Contract: `tests/contract/test_exchange_running.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import sqlalchemy as sa

from breakwater.model.bank import Bank
from breakwater.model.exchange import HERE
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.lean import Row
from breakwater.records.tables.nouns_bank import entries
from breakwater.records.tables.nouns_exchange import (
    exchange_feeds,
    exchange_imports,
    exchange_items,
)

AT_ONCE: Final = 500
WITHDRAWN: Final = 2

T = TypeVar("T")
_i, _e, _f = exchange_items.c, entries.c, exchange_feeds.c
_SEEN: Final = (
    "UPDATE exchange_items SET turn = ? WHERE feed_number = ? AND remote_id = ? "
    "AND entry_number = ?"
)


@dataclass(frozen=True, slots=True)
class Known:
    """One signal of a remote entry, as it stands here."""

    number: int
    kind: str
    value: bytes
    withdrawn: bool


def of_remote(tx: Tx, feed: int, remote: Iterable[str]) -> dict[str, list[Known]]:
    """What is kept of remote entries, by their ids; those that are new are left out."""
    out: dict[str, list[Known]] = defaultdict(list)
    for part in parts(sorted(set(remote))):
        rows = tx.execute(
            sa.select(_i.remote_id, _e.number, _e.kind, _e.value, _e.status)
            .join_from(exchange_items, entries, _e.number == _i.entry_number)
            .where(_i.feed_number == feed, _i.remote_id.in_(part))
        )
        for row in rows:
            known = Known(row.number, row.kind, bytes(row.value), row.status == WITHDRAWN)
            out[row.remote_id].append(known)
    return dict(out)


def numbers_of(tx: Tx, bank: Bank, rows: Iterable[Row]) -> dict[tuple[str, bytes], int]:
    """Numbers of values that a bank has, withdrawn ones left out."""
    values = {(kind, value) for kind, value, _ in rows}
    kinds = sorted({kind for kind, _ in values})
    out: dict[tuple[str, bytes], int] = {}
    for part in parts(sorted({value for _, value in values})):
        found = tx.execute(
            sa.select(_e.kind, _e.value, _e.number).where(
                _e.kind.in_(kinds), _e.value.in_(part), _e.bank_number == bank.number,
                _e.status != sa.literal_column("2"),
            )
        )  # fmt: skip
        out |= {(row.kind, bytes(row.value)): row.number for row in found}
    return out


def join(tx: Tx, feed: int, pairs: Iterable[tuple[str, int]], *, turn: int) -> None:
    """Say that remote entries became entries of ours; pairs must be new."""
    rows = [(feed, remote, number, turn) for remote, number in dict.fromkeys(pairs)]
    if rows:
        columns = ("feed_number", "remote_id", "entry_number", "turn")
        tx.insert_many(exchange_items, columns, rows)


def seen(tx: Tx, feed: int, pairs: Iterable[tuple[str, int]], *, turn: int) -> None:
    """Say that they stand in the whole list that is read now."""
    tx.bulk(_SEEN, [(turn, feed, remote, number) for remote, number in pairs])


def unseen(tx: Tx, feed: int, turn: int, *, limit: int) -> list[str]:
    """Remote ids that did not stand in the whole list that was read last."""
    rows = tx.execute(
        sa.select(_i.remote_id)
        .where(_i.feed_number == feed, _i.turn < turn)
        .distinct().order_by(_i.remote_id).limit(limit)
    )  # fmt: skip
    return list(rows.scalars())


def unseen_of(
    tx: Tx, feed: int, known: Mapping[str, Sequence[Known]], turn: int
) -> list[tuple[str, int]]:
    """Of entries, those that were not seen since a turn: (remote id, number)."""
    out: list[tuple[str, int]] = []
    for part in parts(sorted(known)):
        rows = tx.execute(
            sa.select(_i.remote_id, _i.entry_number).where(
                _i.feed_number == feed, _i.remote_id.in_(part), _i.turn < turn
            )
        )
        out += [(row.remote_id, row.entry_number) for row in rows]
    return out


def share_unseen(tx: Tx, feed: int, turn: int) -> tuple[int, int]:
    """How many rows of a feed were not seen in a whole list, and how many it has."""
    row = tx.execute(
        sa.select(
            sa.func.count().label("n"),
            sa.func.sum(sa.case((_i.turn < turn, 1), else_=0)).label("unseen"),
        ).where(_i.feed_number == feed)
    ).one()
    return int(row.unseen or 0), int(row.n)


def some(tx: Tx, feed: int, *, after: str, limit: int) -> list[str]:
    """Remote ids of a feed in their order, those after one."""
    rows = tx.execute(
        sa.select(_i.remote_id)
        .where(_i.feed_number == feed, _i.remote_id > after)
        .distinct().order_by(_i.remote_id).limit(limit)
    )  # fmt: skip
    return list(rows.scalars())


def part_from(tx: Tx, feed: int, pairs: Iterable[tuple[str, int]]) -> None:
    """Forget that remote entries are entries of ours."""
    by_remote: dict[str, list[int]] = defaultdict(list)
    for remote, number in pairs:
        by_remote[remote].append(number)
    for remote, numbers in by_remote.items():
        tx.execute(
            sa.delete(exchange_items).where(
                _i.feed_number == feed, _i.remote_id == remote, _i.entry_number.in_(numbers)
            )
        )


def others(tx: Tx, numbers: Iterable[int]) -> dict[int, int]:
    """Of entries, those that somebody else gives still: number to feed, 0 for somebody here.

    An entry that no feed's import brought was somebody's here from the first.
    """
    out: dict[int, int] = {}
    for part in parts(sorted(set(numbers))):
        rows = tx.execute(
            sa.select(_i.entry_number, sa.func.min(_i.feed_number).label("feed"))
            .where(_i.entry_number.in_(part))
            .group_by(_i.entry_number)
        )
        out |= {row.entry_number: row.feed for row in rows}
        own = tx.execute(
            sa.select(_e.number)
            .join_from(
                entries, exchange_imports,
                exchange_imports.c.import_number == _e.import_number, isouter=True,
            )
            .where(_e.number.in_(part), exchange_imports.c.import_number.is_(None))
        )  # fmt: skip
        out |= dict.fromkeys(own.scalars(), HERE)
    return out


def brought_by(tx: Tx, numbers: Iterable[int]) -> dict[int, int]:
    """Which feed's import brought entries first: number to feed; those of no feed are left out."""
    out: dict[int, int] = {}
    for part in parts(sorted(set(numbers))):
        rows = tx.execute(
            sa.select(_e.number, exchange_imports.c.feed_number)
            .join_from(
                entries, exchange_imports,
                exchange_imports.c.import_number == _e.import_number,
            )
            .where(_e.number.in_(part))
        )  # fmt: skip
        out |= {row.number: row.feed_number for row in rows}
    return out


def of_pull(tx: Tx, import_number: int, feed: int, pull: Id) -> None:
    """Say that an import is a pull's."""
    known = sa.select(exchange_imports.c.feed_number).where(
        exchange_imports.c.import_number == import_number
    )
    if tx.execute(known).first() is None:
        row = {"import_number": import_number, "feed_number": feed, "pull_id": pull}
        tx.execute(sa.insert(exchange_imports), row)


def imports_of(tx: Tx, pull: Id) -> list[int]:
    """Numbers of the imports that a pull made."""
    wanted = sa.select(exchange_imports.c.import_number).where(exchange_imports.c.pull_id == pull)
    return sorted(tx.execute(wanted).scalars())


def given_here(tx: Tx, bank: Bank, numbers: Iterable[int], what: Id) -> None:
    """Somebody here gave entries too: no feed's withdrawal takes them any more.

    Args:
        tx: the transaction in which they gave them.
        bank: of all of them.
        numbers: of entries; those that no feed gives are passed over.
        what: id of who or what gave them; the same one gives once.
    """
    fills = sa.select(_f.id).where(_f.bank_number == bank.number).limit(1)
    if tx.execute(fills).first() is None:
        return
    for part in parts(sorted(set(numbers))):
        rows = tx.execute(
            sa.select(_i.entry_number, _i.feed_number, _i.remote_id).where(
                _i.entry_number.in_(part)
            )
        ).all()
        done = {row.entry_number for row in rows if (row.feed_number, row.remote_id) == (0, what)}
        wanted = {row.entry_number for row in rows if row.feed_number != HERE} - done
        join(tx, HERE, ((what, number) for number in sorted(wanted)), turn=0)


def rows_given_here(tx: Tx, bank: Bank, rows: Sequence[Row], what: Id) -> None:
    """The same for the rows of a list that somebody here imports; `what` is the import's id."""
    fills = sa.select(_f.id).where(_f.bank_number == bank.number).limit(1)
    if tx.execute(fills).first() is not None:
        given_here(tx, bank, numbers_of(tx, bank, rows).values(), what)


def counts(tx: Tx, feed: int) -> tuple[int, int]:
    """Remote entries and signals of a feed that act now."""
    row = tx.execute(
        sa.select(
            sa.func.count(sa.distinct(_i.remote_id)).label("remote"), sa.func.count().label("n")
        )
        .join_from(exchange_items, entries, _e.number == _i.entry_number)
        .where(_i.feed_number == feed, _e.status != sa.literal_column("2"))
    ).one()
    return int(row.remote), int(row.n)


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Some values at a time."""
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
