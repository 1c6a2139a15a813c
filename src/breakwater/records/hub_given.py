"""Who gives what to a shared list, as rows: batches, further contributors, take-backs.

An entry's first contributor is its import's member (`hub_contributions`); whoever gives a value
that stands there already, or takes one back, adds a row to `hub_gives`, and the last word of a
member counts. An entry stays while anybody gives it; with its last contributor it is withdrawn.
Whatever changes who gives an entry moves `entries.change`, so that followers hear of it.
Writers take the change lock first: they never see one another half done.
Fed by `hub.contribute`; contract: `tests/contract/test_hub_given.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.bank import Bank, EntryStatus, Import
from breakwater.model.hub import Contribution, GivenBy, Member
from breakwater.model.hub_given import Giver
from breakwater.model.ids import Id
from breakwater.records import entries, tallies
from breakwater.records.database import Tx
from breakwater.records.lean import CODES
from breakwater.records.tables.nouns_bank import entries as entry_rows
from breakwater.records.tables.nouns_bank import imports
from breakwater.records.tables.nouns_hub import hub_contributions, hub_gives
from breakwater.records.texts import storable

AT_ONCE: Final = 500
PART: Final = "/"
"""In the digest of an import: it is a part of the batch whose digest stands before it."""

SLICE: Final = 100_000
"""Entries published in one transaction: a second of writing, so that others get their turn."""

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
    FROM staged_given s JOIN entries e ON e.kind = s.kind AND e.value = s.value
    WHERE e.bank_number = :bank AND e.status <> 2
    ORDER BY e.number
""")
_WITHDRAWN: Final = sa.text("""
    SELECT e.kind, e.value, max(e.number) AS number
    FROM entries e JOIN hub_queue q ON q.entry_number = e.number AND q.outcome = 'withdraw'
    WHERE e.bank_number = :bank AND e.status = 2 AND e.status <> 0
    GROUP BY e.kind, e.value
""")
_TO_PUBLISH: Final = sa.text("""
    SELECT number, kind FROM entries
    WHERE bank_number = :bank AND status = :code AND status <> 0
      AND import_number IN (SELECT number FROM imports WHERE number = :import
                            OR (bank_number = :bank AND digest LIKE :part))
      AND NOT EXISTS (SELECT 1 FROM hub_queue q
                      WHERE q.entry_number = entries.number AND q.settled_at IS NULL)
    ORDER BY number LIMIT :limit
""")
"""What somebody still asks about stays where it is: it is settled by itself."""
_PUBLISH: Final = "UPDATE entries SET status = 0, change = ? WHERE number = ?"
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


def begin(
    tx: Tx,
    run: Import,
    bank: Bank,
    member: Member,
    way: GivenBy,
    *,
    category: str = "",
    published_by: str | None = None,
    second_by: Id | None = None,
) -> Contribution:
    """Say whose an import is; one that was said already is answered as it stands.

    Args:
        tx: the transaction that starts the import.
        run: the import.
        bank: the list.
        member: who gives.
        way: how it came.
        category: of its entries.
        published_by: who or what lets it go out at once; None: it waits for two people.
        second_by: the second person, where there was one.
    """
    storable(category)
    tx.lock_changes()
    known = of_import(tx, run.number)
    if known is not None:
        return known
    tx.execute(
        sa.insert(hub_contributions),
        {
            "import_number": run.number, "member_id": member.id, "bank_number": bank.number,
            "way": way.value, "category": category, "at": tx.now,
            "published_at": None if published_by is None else tx.now,
            "published_by": published_by or "", "second_by": second_by, "change": tx.change(),
        },
    )  # fmt: skip
    return get(tx, run.number)


def get(tx: Tx, import_number: int) -> Contribution:
    """One batch.

    Raises:
        NotFound: no member gave this import.
    """
    found = of_import(tx, import_number)
    if found is None:
        raise NotFound(f"contribution {import_number}")
    return found


def of_import(tx: Tx, import_number: int) -> Contribution | None:
    """The batch of an import; None for one that no member gave."""
    wanted = sa.select(hub_contributions).where(_c.import_number == import_number)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _noun(row)


def page(
    tx: Tx,
    *,
    waiting: bool = False,
    member: Id | None = None,
    bank: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Contribution]:
    """Batches, the newest first; with `waiting` those that nobody published yet.

    Parts of a batch (its entries by category) are not shown beside it.
    """
    whole = sa.not_(imports.c.digest.contains(PART))
    wanted = (
        sa.select(hub_contributions)
        .join_from(hub_contributions, imports, imports.c.number == _c.import_number)
        .where(whole)
        .order_by(_c.import_number.desc())
        .limit(limit)
    )
    if waiting:
        wanted = wanted.where(_c.published_at.is_(None))
    if member is not None:
        wanted = wanted.where(_c.member_id == member)
    if bank is not None:
        wanted = wanted.where(_c.bank_number == bank)
    if before is not None:
        wanted = wanted.where(_c.import_number < before)
    return [_noun(row) for row in tx.execute(wanted)]


def arrived(tx: Tx, member: Id, *, since: datetime) -> int:
    """Entries that nobody signed for, which came from a member since a moment."""
    wanted = (
        sa.select(sa.func.sum(imports.c.rows_kept))
        .join_from(hub_contributions, imports, imports.c.number == _c.import_number)
        .where(_c.member_id == member, _c.at > since, imports.c.signed_by.is_(None))
        .where(sa.not_(imports.c.digest.contains(PART)))
    )
    return int(tx.execute(wanted).scalar() or 0)


def publish(
    tx: Tx, import_number: int, *, by: str, second: Id | None, held: bool = False,
    limit: int = SLICE,
) -> int:  # fmt: skip
    """Let a batch go out: its proposed entries become active, at most `limit` of them.

    Args:
        tx: the transaction; call again in others until this answers less than `limit`.
        import_number: of the batch.
        by: who lets it go.
        second: the second person.
        held: those that were held as a flood too.
        limit: entries of this call.

    Returns:
        How many moved.

    Raises:
        NotFound: no such batch.
    """
    tx.lock_changes()
    one = get(tx, import_number)
    for part in parts(tx, import_number):
        said = {"published_at": tx.now, "published_by": by, "second_by": second}
        mine = sa.and_(_c.import_number == part, _c.published_at.is_(None))
        tx.execute(sa.update(hub_contributions).where(mine).values(**said, change=tx.change()))
    moved = _move(tx, one, EntryStatus.PROPOSED, limit)
    if held and moved < limit:
        moved += _move(tx, one, EntryStatus.QUARANTINED, limit - moved)
    return moved


def parts(tx: Tx, import_number: int) -> list[int]:
    """Imports of one batch: itself and its parts by category."""
    own = sa.select(imports.c.digest, imports.c.bank_number).where(
        imports.c.number == import_number
    )
    row = tx.execute(own).one()
    found = [import_number]
    if row.digest:
        below = imports.c.digest.like(f"{row.digest}{PART}%")
        wanted = sa.select(imports.c.number).where(imports.c.bank_number == row.bank_number, below)
        found += [int(n) for n in tx.execute(wanted.order_by(imports.c.number)).scalars()]
    return found


def _move(tx: Tx, one: Contribution, before: EntryStatus, limit: int) -> int:
    code = CODES[before]
    digest = tx.execute(
        sa.select(imports.c.digest).where(imports.c.number == one.import_number)
    ).scalar_one()
    facts = {
        "bank": one.bank_number, "import": one.import_number, "code": code, "limit": limit,
        "part": f"{digest}{PART}%" if digest else "",
    }  # fmt: skip
    rows = tx.execute(_TO_PUBLISH, facts).all()
    if not rows:
        return 0
    first = tx.change(len(rows))
    tx.bulk(_PUBLISH, [(first + at, row.number) for at, row in enumerate(rows)])
    kinds: dict[str, int] = defaultdict(int)
    for row in rows:
        kinds[row.kind] += 1
    tallies.entries_moved(tx, one.bank_number, kinds, code, CODES[EntryStatus.ACTIVE])
    return len(rows)


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


def givers(tx: Tx, numbers: Iterable[int]) -> dict[int, tuple[Giver, ...]]:
    """Who gives each entry now: the first contributor first, then by when they last said so."""
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
        for row in tx.execute(said):
            mine = out[row.entry_number]
            before = mine.pop(row.member_id, None)
            if row.gives:
                was = before is not None and before.first
                mine[row.member_id] = Giver(Id(row.member_id), row.category, row.at, was)
    return {number: tuple(found.values()) for number, found in out.items()}


def give(
    tx: Tx, member: Id, wanted: Mapping[int, str], *, import_number: int | None, reason: str = ""
) -> int:
    """Add a contributor to entries; those it gives already with this category stay as they are.

    Args:
        tx: the transaction.
        member: who gives.
        wanted: number of the entry to the category.
        import_number: the batch it came with; None outside of one.
        reason: in words.

    Returns:
        Entries that have it as a contributor or with another category now.
    """
    storable(reason, *set(wanted.values()))
    tx.lock_changes()
    now = givers(tx, wanted)
    new = [
        number
        for number in sorted(wanted)
        if wanted[number] not in {one.category for one in now[number] if one.member == member}
    ]
    _say(tx, member, new, gives=True, wanted=wanted, import_number=import_number, reason=reason)
    return len(new)


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


def held_of(tx: Tx, import_number: int) -> list[int]:
    """Entries of a batch that are held, by number."""
    code = CODES[EntryStatus.QUARANTINED]
    own = _e.import_number.in_(parts(tx, import_number))
    wanted = sa.select(_e.number).where(
        own, _e.status == code, _e.status != sa.literal_column("0"),
        _e.bank_number == get(tx, import_number).bank_number,
    )  # fmt: skip
    return [int(n) for n in tx.execute(wanted.order_by(_e.number)).scalars()]


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


def _noun(row: sa.Row[Any]) -> Contribution:
    return Contribution(
        import_number=row.import_number, member=Id(row.member_id), bank_number=row.bank_number,
        way=GivenBy(row.way), category=row.category, at=row.at, published_at=row.published_at,
    )  # fmt: skip
