"""Entries of shared lists as feeds read them: in the order of changes, with what decides on them.

Plain rows, because millions are read; facts of batches, overrides and contributors are asked for
the few that need them. What may go to whom is decided by `hub.policy`, never here. Also kept:
which batches are for which member (`hub_served`), and how each member follows (`hub_pulls`).
Read by `hub.feeds`; contract: `tests/property/test_hub_no_way_out.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from breakwater.model.hub import Feedback, FeedbackKind, Pull
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks, entry_overrides, imports
from breakwater.records.tables.nouns_hub import (
    hub_contributions,
    hub_feedback,
    hub_gives,
    hub_members,
    hub_pulls,
    hub_served,
)

AT_ONCE: Final = 500

_ROWS: Final = (
    "SELECT e.change, e.number, e.kind, e.value, e.status, e.negative, e.quality, e.bank_number, "
    "e.import_number, s.value AS score, "
    "EXISTS (SELECT 1 FROM entry_overrides o WHERE o.entry_number = e.number) OR "
    "EXISTS (SELECT 1 FROM hub_gives g WHERE g.entry_number = e.number) AS special "
    "FROM entries e LEFT JOIN hub_scores s ON s.entry_number = e.number "
    "WHERE e.change > ? AND e.change <= ? ORDER BY e.change LIMIT ?"
)
SPECIAL: Final = _ROWS[_ROWS.index("EXISTS") : _ROWS.index(" AS special")]
_ONES: Final = _ROWS.replace("e.change > ? AND e.change <= ?", "e.number = ?").replace(
    " ORDER BY e.change LIMIT ?", ""
)
_NEWEST: Final = "SELECT max(change) FROM entries"
_HIGHEST: Final = "SELECT max(number) FROM entries"
_TOUCH: Final = (
    "UPDATE entries SET change = number + CAST(? AS BIGINT) "
    "WHERE number >= ? AND number <= ? AND bank_number = ? AND status <> 3"
)
_GIVEN: Final = (
    "SELECT DISTINCT g.entry_number FROM hub_gives g JOIN entries e ON e.number = g.entry_number "
    "WHERE g.member_id = ? AND e.bank_number = ? AND g.entry_number > ? "
    "ORDER BY g.entry_number LIMIT ?"
)
_BESIDE: Final = (
    "SELECT DISTINCT g.member_id, e.bank_number FROM hub_gives g "
    "JOIN entries e ON e.number = g.entry_number WHERE g.gives"
)
_MOVE: Final = "UPDATE entries SET change = ? WHERE number = ?"
_RAN_OUT: Final = (
    "SELECT o.entry_number FROM entry_overrides o JOIN entries e ON e.number = o.entry_number "
    "WHERE o.expires_at > ? AND o.expires_at <= ? AND e.status <> 2 ORDER BY o.entry_number"
)


class FeedRow(NamedTuple):
    """One entry as it stands now.

    Attributes:
        status: code as in `records.lean.CODES`.
        score: 0..1; None where there is none.
        special: it says something of itself, or has or had further contributors.
    """

    change: int
    number: int
    kind: str
    value: bytes
    status: int
    negative: bool
    quality: int
    bank: int
    import_number: int | None
    score: float | None
    special: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What the entries of one import share; or of a bank's own, where `import_number` is None.

    Attributes:
        member: who gave it; None for this house.
        category: as they graded it.
        bank_use, bank_expires_at: of the bank, which bind as well.
        first, last: numbers of the first and last entry; the import's are among these.
        giver: number of the member, where it stands for what they gave beside others.
    """

    import_number: int | None
    bank: int
    member: Id | None = None
    category: str = ""
    labels: tuple[str, ...] = ()
    permitted_use: str = ""
    source: str = ""
    expires_at: datetime | None = None
    bank_use: str = ""
    bank_expires_at: datetime | None = None
    archived: bool = False
    created_at: datetime | None = None
    first: int | None = None
    last: int | None = None
    giver: int = 0

    @property
    def key(self) -> int:
        """What it is called in `hub_served`: the import, or, below 0, a bank and who gave."""
        return -loose(self.bank, self.giver) if self.import_number is None else self.import_number


def loose(bank: int, giver: int) -> int:
    """What is called below 0 in `hub_served`: entries of a bank that no import of theirs brought.

    Args:
        bank: its number.
        giver: number of the member; 0 is the house.
    """
    return giver << 16 | bank


@dataclass(frozen=True, slots=True)
class Own:
    """What one entry says of itself; None inherits."""

    labels: tuple[str, ...] | None = None
    permitted_use: str | None = None
    source: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A batch that is or was for a member."""

    member: Id
    import_number: int
    profile: str
    ended_at: datetime | None


_row: Final[Callable[[tuple[Any, ...]], FeedRow]] = partial(tuple.__new__, FeedRow)
"""A row as a noun without a call in Python: millions are read."""


def rows(tx: Tx, after: int, upto: int, limit: int) -> list[FeedRow]:
    """Entries of every bank whose last change lies in `after < change <= upto`."""
    return list(map(_row, tx.run(_ROWS, after, upto, limit)))


def rows_of(tx: Tx, numbers: Sequence[int]) -> list[FeedRow]:
    """Some entries as they stand now."""
    return [_row(row) for number in numbers for row in tx.run(_ONES, number)]


def newest(tx: Tx) -> int:
    """The last change of any entry; 0 when there are none."""
    return int(tx.run(_NEWEST)[0][0] or 0)


def last_number(tx: Tx) -> int:
    """The highest number of any entry; 0 when there are none."""
    return int(tx.run(_HIGHEST)[0][0] or 0)


_i, _b, _c = imports.c, banks.c, hub_contributions.c
_BATCHES: Final = (
    sa.select(
        _i.number, _i.bank_number, _i.labels, _i.permitted_use, _i.source, _i.expires_at,
        _i.created_at, _i.first_entry, _i.last_entry, _c.member_id, _c.category,
        _b.permitted_use.label("bank_use"), _b.expires_at.label("bank_expires_at"),
        _b.source.label("bank_source"), _b.archived,
    )
    .join_from(imports, banks, _b.number == _i.bank_number)
    .outerjoin(hub_contributions, _c.import_number == _i.number)
)  # fmt: skip


def batches(tx: Tx, wanted: Iterable[int]) -> dict[int, Batch]:
    """Batches by number of import."""
    out: dict[int, Batch] = {}
    for part in _parts(sorted(set(wanted))):
        out |= {row.number: _batch(row) for row in tx.execute(_BATCHES.where(_i.number.in_(part)))}
    return out


def batches_of(tx: Tx, lists: Iterable[int]) -> list[Batch]:
    """Every batch of some lists that took entries, by number of import."""
    wanted = _BATCHES.where(_i.bank_number.in_(sorted(lists)), _i.first_entry.isnot(None))
    return [_batch(row) for row in tx.execute(wanted.order_by(_i.number))]


def state(tx: Tx, lists: Iterable[int], now: datetime) -> str:
    """What lists say for all their entries, and how many of their batches are over, as text."""
    known = sorted(lists)
    wanted = sa.select(_b.number, _b.name, _b.permitted_use, _b.archived, _b.expires_at)
    facts = [
        (r.number, r.name, r.permitted_use, r.archived, r.expires_at is not None and r.expires_at <= now)
        for r in tx.execute(wanted.where(_b.number.in_(known)).order_by(_b.number))
    ]  # fmt: skip
    over = sa.select(sa.func.count()).select_from(imports)
    count = tx.execute(over.where(_i.bank_number.in_(known), _i.expires_at <= now)).scalar()
    return repr((facts, count))


def house(tx: Tx, wanted: Iterable[int]) -> dict[int, Batch]:
    """What entries without an import inherit, by number of the bank."""
    found = tx.execute(sa.select(banks).where(_b.number.in_(sorted(set(wanted)))))
    return {
        row.number: Batch(
            None, row.number, source=row.source, bank_use=row.permitted_use,
            bank_expires_at=row.expires_at, archived=row.archived, created_at=row.created_at,
        )
        for row in found
    }  # fmt: skip


def beside(tx: Tx) -> list[tuple[Id, int]]:
    """Members that gave entries which others gave first, with the number of the bank."""
    return sorted((Id(str(row[0])), int(row[1])) for row in tx.run(_BESIDE))


def _batch(row: sa.Row[Any]) -> Batch:
    return Batch(
        import_number=row.number, bank=row.bank_number,
        member=None if row.member_id is None else Id(row.member_id),
        category=row.category or "", labels=tuple(row.labels), permitted_use=row.permitted_use,
        source=row.source or row.bank_source, expires_at=row.expires_at, bank_use=row.bank_use,
        bank_expires_at=row.bank_expires_at, archived=row.archived, created_at=row.created_at,
        first=row.first_entry, last=row.last_entry,
    )  # fmt: skip


def own(tx: Tx, numbers: Iterable[int]) -> dict[int, Own]:
    """What entries say of themselves."""
    o = entry_overrides.c
    out: dict[int, Own] = {}
    for part in _parts(sorted(set(numbers))):
        for row in tx.execute(sa.select(entry_overrides).where(o.entry_number.in_(part))):
            labels = None if row.labels is None else tuple(row.labels)
            out[row.entry_number] = Own(labels, row.permitted_use, row.source, row.expires_at)
    return out


def ever(tx: Tx, numbers: Iterable[int]) -> dict[int, list[tuple[Id, int | None]]]:
    """Who ever gave entries beside their first contributor: member, and import it came with."""
    g = hub_gives.c
    out: dict[int, list[tuple[Id, int | None]]] = {}
    for part in _parts(sorted(set(numbers))):
        wanted = sa.select(g.entry_number, g.member_id, g.import_number).where(
            g.entry_number.in_(part), g.gives
        )
        for row in tx.execute(wanted.distinct()):
            out.setdefault(row.entry_number, []).append((Id(row.member_id), row.import_number))
    return out


def names(tx: Tx) -> dict[Id, tuple[int, str]]:
    """Number and name of every member, people in pictures too."""
    m = hub_members.c
    found = tx.execute(sa.select(m.id, m.number, m.name))
    return {Id(row.id): (row.number, row.name) for row in found}


def feedback(tx: Tx, numbers: Iterable[int]) -> dict[int, list[Feedback]]:
    """What members say of entries now: each member's last word on each kind of signal."""
    f = hub_feedback.c
    last: dict[tuple[int, str, str], Feedback] = {}
    for part in _parts(sorted(set(numbers))):
        said = sa.select(hub_feedback).where(f.entry_number.in_(part)).order_by(f.change)
        for row in tx.execute(said):
            last[row.entry_number, row.member_id, row.signal_kind] = Feedback(
                Id(row.id), row.entry_number, Id(row.member_id), row.signal_kind,
                None if row.opinion is None else FeedbackKind(row.opinion), tuple(row.reasons),
                row.note, row.at,
            )  # fmt: skip
    out: dict[int, list[Feedback]] = {}
    for one in last.values():
        if one.opinion is not None:
            out.setdefault(one.entry, []).append(one)
    return out


def served(tx: Tx, member: Id | None = None) -> list[Served]:
    """Batches that are or were for a member, or for anybody."""
    s = hub_served.c
    wanted = sa.select(hub_served).order_by(s.member_id, s.import_number)
    if member is not None:
        wanted = wanted.where(s.member_id == member)
    return [
        Served(Id(r.member_id), r.import_number, r.profile, r.ended_at) for r in tx.execute(wanted)
    ]


def serve(
    tx: Tx, member: Id, import_number: int, profile: str, *, ended: bool, known: bool
) -> None:
    """Say that a batch is for a member, or is no more."""
    said = {"profile": profile, "ended_at": tx.now if ended else None}
    s = hub_served.c
    if known:
        mine = sa.and_(s.member_id == member, s.import_number == import_number)
        tx.execute(sa.update(hub_served).where(mine).values(**said))
        return
    row = {"member_id": member, "import_number": import_number, "since": tx.now, **said}
    tx.execute(sa.insert(hub_served), row)


def touch_span(tx: Tx, bank: int, first: int, last: int) -> None:
    """Move entries of a bank with numbers from `first` to `last`: followers look at them anew."""
    base = tx.change(last - first + 1)
    tx.run(_TOUCH, base - first, first, last, bank)


def touch_given(tx: Tx, member: Id, bank: int, after: int, limit: int) -> int | None:
    """Move entries of a bank that a member gave beside others; answers the last, None at the end."""
    found = [int(row[0]) for row in tx.run(_GIVEN, member, bank, after, limit)]
    touch(tx, found)
    return found[-1] if len(found) == limit else None


def touch(tx: Tx, numbers: Sequence[int]) -> None:
    """Move entries, in this order."""
    if numbers:
        base = tx.change(len(numbers))
        tx.bulk(_MOVE, [(base + at, number) for at, number in enumerate(numbers)])


def ran_out(tx: Tx, after: datetime, until: datetime) -> list[int]:
    """Entries whose own end lies after one moment and not after another."""
    return [int(row[0]) for row in tx.run(_RAN_OUT, after, until)]


def pull(tx: Tx, member: Id, dialect: str) -> Pull | None:
    """How a member follows in a dialect; None when it never did."""
    return next((one for one in pulls(tx, member) if one.dialect == dialect), None)


def pulls(tx: Tx, member: Id | None = None) -> list[Pull]:
    """How members follow, by member and dialect."""
    p = hub_pulls.c
    wanted = sa.select(hub_pulls).order_by(p.member_id, p.dialect)
    if member is not None:
        wanted = wanted.where(p.member_id == member)
    return [
        Pull(Id(r.member_id), r.dialect, r.last_at, r.change, r.rows, r.requests, r.errors, r.fault)
        for r in tx.execute(wanted)
    ]


def note_pull(tx: Tx, member: Id, dialect: str, more: Mapping[str, Any]) -> int:
    """Add to how a member follows; answers how far it has read.

    Args:
        tx: a transaction that writes.
        member: who.
        dialect: how, as `model.hub.Pull` lists them.
        more: `change` (how far), `rows`, `requests`, `errors`, `fault`; sums grow, others stand.
    """
    p = hub_pulls.c
    before = pull(tx, member, dialect)
    sums = {name: int(more.get(name, 0)) for name in ("rows", "requests", "errors")}
    said: dict[str, Any] = {"last_at": tx.now}
    if before is None:
        tx.execute(
            sa.insert(hub_pulls),
            {
                "member_id": member, "dialect": dialect, **said, **sums,
                "change": int(more.get("change", 0)), "fault": str(more.get("fault", "")),
            },
        )  # fmt: skip
        return int(more.get("change", 0))
    said |= {"change": max(before.change, int(more.get("change", 0)))}
    said |= {name: hub_pulls.c[name] + count for name, count in sums.items()}
    if more.get("fault"):
        said["fault"] = str(more["fault"])
    mine = sa.and_(p.member_id == member, p.dialect == dialect)
    tx.execute(sa.update(hub_pulls).where(mine).values(**said))
    return int(said["change"])


def _parts(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
