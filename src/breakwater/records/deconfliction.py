"""Who works on which file, as rows: keyed hashes with a reference and whom to call.

A SHA-256 is never kept: its HMAC under the key purpose "identifiers" is, so that whoever has the rows
alone can ask nothing of them. A hash that was made under an older key is made anew when somebody
brings the same file. Read by `linking.deconflicting`; contract: `tests/contract/test_deconfliction.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa

from breakwater.model.deconfliction import HERE, Entered, Overlap, Question
from breakwater.model.hub import MemberState
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_members
from breakwater.records.tables.nouns_link import deconfliction
from breakwater.records.texts import storable

AT_ONCE: Final = 400
T = TypeVar("T")
_d = deconfliction.c
_other = deconfliction.alias("other")


def enter(tx: Tx, member: int, asked: Question) -> int:
    """Say that somebody works on files; answers how many of them are new under this reference.

    Args:
        tx: the transaction.
        member: number of the member; 0 for this installation.
        asked: what they work on; its contact holds for all of the reference from now on.
    """
    storable(asked.reference, asked.contact)
    keys = list(_keys(tx, asked.sha256s).values())
    mine = (_d.member_number == member, _d.reference == asked.reference)
    tx.execute(sa.update(deconfliction).where(*mine).values(contact=asked.contact))
    fresh = 0
    for part in _parts(keys):
        rows = tx.execute(sa.select(_d.key, _d.ended_at).where(*mine, _d.key.in_(part))).all()
        ended = [bytes(row.key) for row in rows if row.ended_at is not None]
        there = {bytes(row.key) for row in rows}
        new = [one for one in part if one not in there]
        if ended:
            again = {"ended_at": None, "at": tx.now}
            tx.execute(sa.update(deconfliction).where(*mine, _d.key.in_(ended)).values(**again))
        if new:
            row = {
                "member_number": member, "reference": asked.reference, "contact": asked.contact,
                "at": tx.now, "ended_at": None,
            }  # fmt: skip
            tx.execute(sa.insert(deconfliction), [{"key": one, **row} for one in new])
        fresh += len(new) + len(ended)
    return fresh


def with_the_same(tx: Tx, member: int, asked: Question, here: str) -> list[Overlap]:
    """Who else works on these files, and on which of them.

    Args:
        tx: a snapshot.
        member: who asks; what is theirs is left out.
        asked: what they work on.
        here: what this installation is called.
    """
    brought = {key: sha256 for sha256, key in _keys(tx, asked.sha256s).items()}
    found: dict[tuple[int, str], list[sa.Row[tuple[object, ...]]]] = {}
    for part in _parts(list(brought)):
        rows = tx.execute(
            sa.select(deconfliction).where(
                _d.key.in_(part),
                _d.member_number != member,
                _d.ended_at.is_(None),
                _takes_part(_d.member_number),
            )
        )
        for row in rows:
            found.setdefault((row.member_number, row.reference), []).append(row)
    names = _names(tx, here)
    return [
        Overlap(
            asked.reference, names[number], number, reference, rows[0].contact, len(rows),
            max(row.at for row in rows), tuple(sorted(brought[bytes(row.key)] for row in rows)),
        )
        for (number, reference), rows in sorted(found.items())
    ]  # fmt: skip


def overlaps(tx: Tx, member: int, here: str) -> list[Overlap]:
    """Who else works on what a member entered, by reference; without saying on which files."""
    o = _other.c
    later = sa.case((o.at > _d.at, o.at), else_=_d.at)
    rows = tx.execute(
        sa.select(
            _d.reference, o.member_number, o.reference.label("theirs"), o.contact,
            sa.func.count().label("files"), sa.func.max(later).label("since"),
        )
        .join_from(deconfliction, _other, sa.and_(o.key == _d.key, o.member_number != _d.member_number))
        .where(
            _d.member_number == member, _d.ended_at.is_(None), o.ended_at.is_(None),
            _takes_part(o.member_number),
        )
        .group_by(_d.reference, o.member_number, o.reference, o.contact)
        .order_by(_d.reference, o.member_number, o.reference)
    )  # fmt: skip
    names = _names(tx, here)
    return [
        Overlap(
            row.reference, names[row.member_number], row.member_number, row.theirs, row.contact,
            int(row.files), row.since,
        )
        for row in rows
    ]  # fmt: skip


def entered(tx: Tx, member: int) -> list[Entered]:
    """What stands for a member, by reference."""
    rows = tx.execute(
        sa.select(
            _d.reference, sa.func.max(_d.contact).label("contact"),
            sa.func.count().label("files"), sa.func.max(_d.at).label("at"),
        )
        .where(_d.member_number == member, _d.ended_at.is_(None))
        .group_by(_d.reference).order_by(_d.reference)
    )  # fmt: skip
    return [Entered(row.reference, row.contact, int(row.files), row.at) for row in rows]


def end(tx: Tx, member: int, reference: str) -> int:
    """Nobody is told of this reference any more; answers how many files it had."""
    mine = sa.update(deconfliction).where(
        _d.member_number == member, _d.reference == reference, _d.ended_at.is_(None)
    )
    return tx.execute(mine.values(ended_at=tx.now)).rowcount


def _keys(tx: Tx, sha256s: Iterable[str]) -> dict[str, bytes]:
    """Keyed hashes under the newest key; rows under older ones are brought to it."""
    found: dict[str, bytes] = {}
    for sha256 in dict.fromkeys(sha256s):
        said = b"\0".join((b"deconfliction", bytes.fromhex(sha256)))
        *older, found[sha256] = tx.keys.macs(identities.PURPOSE, said).values()
        for key in older:
            newer = sa.update(deconfliction).where(_d.key == key).values(key=found[sha256])
            tx.execute(newer)
    return found


def standing(tx: Tx, member: int) -> int:
    """How many files stand for a member, under all of its references."""
    mine = sa.select(sa.func.count()).where(_d.member_number == member, _d.ended_at.is_(None))
    return int(tx.execute(mine).scalar_one())


def _takes_part(number: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Nobody is told of a member that is suspended or left."""
    active = sa.select(hub_members.c.number).where(hub_members.c.state == MemberState.ACTIVE.value)
    return sa.or_(number == HERE, number.in_(active))


def _names(tx: Tx, here: str) -> Mapping[int, str]:
    rows = tx.execute(sa.select(hub_members.c.number, hub_members.c.name))
    return {HERE: here} | {row.number: row.name for row in rows}


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
