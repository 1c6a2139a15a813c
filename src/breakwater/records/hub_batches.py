"""Batches that members gave, as rows: one import of one list each, waiting or published.

A batch may have parts, its entries by what their rows say of themselves; each is an import whose
digest begins with the batch's. `records.hub_given` gives these out under its own name. Contract:
`tests/contract/test_hub_given.py`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.bank import Bank, EntryStatus, Import
from breakwater.model.hub import Contribution, GivenBy, Member
from breakwater.model.ids import Id
from breakwater.records import tallies
from breakwater.records.database import Tx
from breakwater.records.lean import CODES
from breakwater.records.tables.nouns_bank import entries as entry_rows
from breakwater.records.tables.nouns_bank import imports
from breakwater.records.tables.nouns_hub import hub_contributions, hub_gives
from breakwater.records.texts import storable

PART: Final = "/"
"""In the digest of an import: it is a part of the batch whose digest stands before it."""

SLICE: Final = 100_000
"""Entries published in one transaction: a second of writing, so that others get their turn."""

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

_c, _e, _g = hub_contributions.c, entry_rows.c, hub_gives.c


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
    if moved < limit:
        moved += _tell(tx, import_number, limit - moved)
    return moved


def _tell(tx: Tx, import_number: int, limit: int) -> int:
    """Move the change numbers of entries that a published batch joined: now its rules count."""
    since = sa.select(_c.change).where(_c.import_number == import_number).scalar_subquery()
    given = sa.select(_g.entry_number).where(
        _g.import_number.in_(parts(tx, import_number)), _g.gives
    )
    joined = sa.select(_e.number).where(_e.change < since, _e.number.in_(given))
    numbers = list(tx.execute(joined.order_by(_e.number).limit(limit)).scalars())
    if numbers:
        first = tx.change(len(numbers))
        tx.bulk(_TOUCH, [(first + at, number) for at, number in enumerate(numbers)])
    return len(numbers)


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


def held_of(tx: Tx, import_number: int) -> list[int]:
    """Entries of a batch that are held, by number."""
    code = CODES[EntryStatus.QUARANTINED]
    own = _e.import_number.in_(parts(tx, import_number))
    wanted = sa.select(_e.number).where(
        own, _e.status == code, _e.status != sa.literal_column("0"),
        _e.bank_number == get(tx, import_number).bank_number,
    )  # fmt: skip
    return [int(n) for n in tx.execute(wanted.order_by(_e.number)).scalars()]


def _noun(row: sa.Row[Any]) -> Contribution:
    return Contribution(
        import_number=row.import_number, member=Id(row.member_id), bank_number=row.bank_number,
        way=GivenBy(row.way), category=row.category, at=row.at, published_at=row.published_at,
    )  # fmt: skip
