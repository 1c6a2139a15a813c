"""Who gives what to a shared list, as rows: batches, further contributors, take-backs.

An entry's first contributor is its import's member (`hub_contributions`); whoever gives a value
that stands there already, or takes one back, adds a row to `hub_gives`, and the last word of a
member counts. An entry stays while anybody gives it; with its last contributor it is withdrawn.
Whatever changes who gives an entry moves `entries.change`, so that followers hear of it.
Writers take the change lock first: they never see one another half done.
Fed by `hub.contribute`; contract: `tests/contract/test_hub_given.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from breakwater.model.bank import Bank, EntryStatus
from breakwater.model.hub_given import Giver
from breakwater.model.ids import Id
from breakwater.records import entries
from breakwater.records.database import Tx
from breakwater.records.hub_batches import (
    PART,
    arrived,
    begin,
    get,
    held_of,
    of_import,
    page,
    parts,
    publish,
)
from breakwater.records.tables.nouns_bank import entries as entry_rows
from breakwater.records.tables.nouns_bank import imports
from breakwater.records.tables.nouns_hub import hub_contributions, hub_gives
from breakwater.records.texts import storable

__all__ = [
    "PART",
    "Standing",
    "arrived",
    "begin",
    "carry_over",
    "get",
    "give",
    "givers",
    "held_of",
    "import_of",
    "labels_of",
    "of_import",
    "page",
    "parts",
    "publish",
    "said",
    "standing",
    "take_back",
    "tombstones",
    "touch",
    "words_with",
]

AT_ONCE: Final = 500


_c, _g, _e = hub_contributions.c, hub_gives.c, entry_rows.c
_OF_OTHERS: Final = sa.Table(
    "staged_given",
    sa.MetaData(),
    sa.Column("kind", sa.String(16)),
    sa.Column("value", sa.LargeBinary),
    prefixes=["TEMPORARY"],
)
_CREATE: Final = sa.schema.CreateTable(_OF_OTHERS)
_DROP: Final = sa.schema.DropTable(_OF_OTHERS)
_STANDING: Final = sa.text("""
    SELECT DISTINCT e.number, e.kind, e.value, e.import_number, e.status, e.negative
    FROM staged_given s CROSS JOIN entries e
    WHERE e.kind = s.kind AND e.value = s.value AND e.bank_number = :bank AND e.status <> 2
    ORDER BY e.number
""")
"""A cross join, so that SQLite goes from the staged values to their entries and never back."""

_WITHDRAWN: Final = sa.text("""
    SELECT e.kind, e.value, max(e.number) AS number
    FROM entries e JOIN hub_queue q ON q.entry_number = e.number AND q.outcome = 'withdraw'
    WHERE e.bank_number = :bank AND e.status = 2 AND e.status <> 0
    GROUP BY e.kind, e.value
""")
_TOUCH: Final = "UPDATE entries SET change = ? WHERE number = ?"
_GIVES: Final = (
    "change", "entry_number", "member_id", "import_number", "gives", "category", "reason", "at",
)  # fmt: skip


class Standing(NamedTuple):
    """An entry of a list that somebody gives again."""

    number: int
    kind: str
    value: bytes
    import_number: int | None
    status: int
    negative: bool


def standing(tx: Tx, bank: Bank, values: Iterable[tuple[str, bytes]]) -> list[Standing]:
    """Entries of a list with these values, by number; withdrawn ones left out."""
    rows = sorted(set(values))
    if not rows:
        return []
    tx.execute(_CREATE)
    tx.insert_many(_OF_OTHERS, ("kind", "value"), rows)
    found = tx.execute(_STANDING, {"bank": bank.number}).all()
    tx.execute(_DROP)
    return [
        Standing(r.number, r.kind, bytes(r.value), r.import_number, r.status, bool(r.negative))
        for r in found
    ]


def tombstones(tx: Tx, bank: Bank) -> dict[tuple[str, bytes], int]:
    """Values of a list that curators withdrew, with the number of the last such entry."""
    rows = tx.execute(_WITHDRAWN, {"bank": bank.number})
    return {(row.kind, bytes(row.value)): int(row.number) for row in rows}


def givers(
    tx: Tx, numbers: Iterable[int], *, published: bool = False
) -> dict[int, tuple[Giver, ...]]:
    """Who gives each entry now: the first contributor first, then by when they last said so.

    Args:
        tx: the transaction.
        numbers: of entries.
        published: leave out words of batches that nobody let out yet: no rule of theirs releases.
    """
    out: dict[int, dict[str, Giver]] = {number: {} for number in numbers}
    wanted = sorted(out)
    for at in range(0, len(wanted), AT_ONCE):
        part = wanted[at : at + AT_ONCE]
        first = (
            sa.select(_e.number, _c.member_id, _c.category, _c.at)
            .join_from(entry_rows, hub_contributions, _c.import_number == _e.import_number)
            .where(_e.number.in_(part))
        )
        for row in tx.execute(first):
            out[row.number][row.member_id] = Giver(Id(row.member_id), row.category, row.at, True)
        said = sa.select(hub_gives).where(_g.entry_number.in_(part)).order_by(_g.change)
        if published:
            waits = _g.import_number.in_(
                sa.select(_c.import_number).where(_c.published_at.is_(None))
            )
            said = said.where(sa.or_(_g.gives.is_(False), _g.import_number.is_(None), ~waits))
        for row in tx.execute(said):
            mine = out[row.entry_number]
            before = mine.pop(row.member_id, None)
            if row.gives:
                was = before is not None and before.first
                mine[row.member_id] = Giver(Id(row.member_id), row.category, row.at, was)
    return {number: tuple(found.values()) for number, found in out.items()}


def give(
    tx: Tx, member: Id, wanted: Mapping[int, str], *, import_number: int | None, reason: str = "",
    flags: Sequence[str] = (),
) -> int:  # fmt: skip
    """Add a contributor to entries; those it gives already with this category and these flags
    stay as they are.

    Args:
        tx: the transaction.
        member: who gives.
        wanted: number of the entry to the category.
        import_number: the batch it came with; None outside of one.
        reason: in words.
        flags: labels of the batch, so that its words carry them.

    Returns:
        Entries that have it as a contributor, or say something else of it, now.
    """
    storable(reason, *set(wanted.values()))
    tx.lock_changes()
    now = givers(tx, wanted)
    known = _flags(tx, member, wanted) if flags else {}
    new = [
        number
        for number in sorted(wanted)
        if wanted[number] not in {one.category for one in now[number] if one.member == member}
        or not known.get(number, set()) >= set(flags)
    ]
    _say(tx, member, new, gives=True, wanted=wanted, import_number=import_number, reason=reason)
    return len(new)


def _flags(tx: Tx, member: Id, numbers: Iterable[int]) -> dict[int, set[str]]:
    """Labels under which a member gave entries so far, by their numbers."""
    out: dict[int, set[str]] = {}
    wanted, labels = sorted(numbers), imports.c.labels
    for at in range(0, len(wanted), AT_ONCE):
        part = wanted[at : at + AT_ONCE]
        first = (
            sa.select(_e.number, labels)
            .join_from(entry_rows, hub_contributions, _c.import_number == _e.import_number)
            .join(imports, imports.c.number == _e.import_number)
            .where(_e.number.in_(part), _c.member_id == member)
        )
        later = (
            sa.select(_g.entry_number.label("number"), labels)
            .join_from(hub_gives, imports, imports.c.number == _g.import_number)
            .where(_g.entry_number.in_(part), _g.member_id == member, _g.gives.is_(True))
        )
        for row in [*tx.execute(first), *tx.execute(later)]:
            out.setdefault(row.number, set()).update(row.labels)
    return out


def labels_of(tx: Tx, import_numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """What batches say of all their entries, by their numbers: flags of the rows among it."""
    c = imports.c
    wanted = sa.select(c.number, c.labels).where(c.number.in_(sorted(set(import_numbers))))
    return {int(row.number): tuple(row.labels) for row in tx.execute(wanted)}


def take_back(
    tx: Tx, member: Id, numbers: Sequence[int], *, reason: str = "", import_number: int | None = None
) -> tuple[list[int], list[int]]:  # fmt: skip
    """A member gives entries no more; one that nobody else gives is withdrawn.

    Returns:
        Entries it gave until now, and those of them that are withdrawn.
    """
    storable(reason)
    tx.lock_changes()
    now = givers(tx, numbers)
    gave = [n for n in sorted(now) if any(one.member == member for one in now[n])]
    _say(tx, member, gave, gives=False, wanted={}, import_number=import_number, reason=reason)
    gone = [number for number in gave if len(now[number]) == 1]
    live = {
        n for n, one in entries.many(tx, gone).items() if one.status is not EntryStatus.WITHDRAWN
    }
    for number in gone:
        if number in live:
            entries.set_status(tx, number, EntryStatus.WITHDRAWN, by=member, reason=reason)
    return gave, sorted(live)


def _say(
    tx: Tx, member: Id, numbers: Sequence[int], *, gives: bool, wanted: Mapping[int, str],
    import_number: int | None, reason: str,
) -> None:  # fmt: skip
    """One row an entry, and its change number moves with it."""
    if not numbers:
        return
    first = tx.change(len(numbers))
    rows = [
        (first + at, number, member, import_number, gives, wanted.get(number, ""), reason, tx.now)
        for at, number in enumerate(numbers)
    ]
    tx.insert_many(hub_gives, _GIVES, rows)
    tx.bulk(_TOUCH, [(row[0], row[1]) for row in rows])


def words_with(tx: Tx, import_numbers: Sequence[int]) -> tuple[int, int]:
    """How many entries imports joined, and how many they took back."""
    n = sa.select(_g.gives, sa.func.count().label("n"))
    n = n.where(_g.import_number.in_(import_numbers)).group_by(_g.gives)
    found = {bool(row.gives): int(row.n) for row in tx.execute(n)}
    return found.get(True, 0), found.get(False, 0)


def said(tx: Tx, number: int) -> list[sa.Row[Any]]:
    """Every word of members on an entry, the first first."""
    wanted = sa.select(hub_gives).where(_g.entry_number == number).order_by(_g.change)
    return list(tx.execute(wanted))


def import_of(tx: Tx, number: int) -> int | None:
    """The import an entry came with."""
    found = tx.execute(sa.select(_e.import_number).where(_e.number == number)).scalar()
    return None if found is None else int(found)


def carry_over(tx: Tx, former: int, number: int) -> None:
    """A new entry of the same value is given by those who gave the former one, and by no other."""
    tx.lock_changes()
    before = {one.member: one for one in givers(tx, [former])[former]}
    now = {one.member for one in givers(tx, [number])[number]}
    for member in sorted(now - before.keys()):
        _say(tx, member, [number], gives=False, wanted={}, import_number=None, reason="as before")
    for member, one in before.items():
        _say(
            tx, member, [] if one.first else [number], gives=True,
            wanted={number: one.category}, import_number=None, reason="as before",
        )  # fmt: skip


def touch(tx: Tx, number: int) -> int:
    """Move an entry's change number, so that followers look at it again; answers it."""
    change = tx.change()
    tx.execute(sa.update(entry_rows).where(_e.number == number).values(change=change))
    return change
