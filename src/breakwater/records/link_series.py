"""Series as rows: which media belong together, the numbers ever given, and what became of them.

What is in a series follows from the edges (`linking.keeping` computes it); here is the answer and
the persistent part: a number belongs to its founder for ever, the oldest of a series' numbers is in
use and the others are aliases. History is only ever added. Contract:
`tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.case import Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.link import SeriesRow
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import link_history, link_members, link_series
from breakwater.records.texts import storable

LONGEST_NAME: Final = 120
LONGEST_NOTE: Final = 4000
AT_ONCE: Final = 400
_s, _m, _h = link_series.c, link_members.c, link_history.c


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became of a series.

    Attributes:
        what: founded, joined, left, merged, came_apart, named, rated, noted, told.
        words: of a person; empty where a machine did it.
        facts: numbers of media and series.
    """

    change: int
    series: int
    what: str
    words: str
    facts: Mapping[str, Any]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Founder:
    """A number that was given, and the medium it was first given for."""

    number: int
    id: Id
    medium: int
    in_use: int


def get(tx: Tx, number: int) -> SeriesRow:
    """The series that a number means now; an alias leads to the one in use.

    Raises:
        NotFound: the number was never given.
    """
    row = _row(tx, number)
    if int(row.in_use) != number:
        row = _row(tx, int(row.in_use))
    return _nouns(tx, [row])[0]


def by_id(tx: Tx, id: Id) -> SeriesRow:  # noqa: A002 - what it is
    """The series that an id means now.

    Raises:
        NotFound: it was never given.
    """
    number = tx.execute(sa.select(_s.number).where(_s.id == id)).scalar()
    if number is None:
        raise NotFound(f"series {id}")
    return get(tx, int(number))


def of_medium(tx: Tx, medium: int) -> SeriesRow | None:
    """The series of a medium; None while it is alone."""
    number = tx.execute(sa.select(_m.series_number).where(_m.media_number == medium)).scalar()
    return None if number is None else get(tx, int(number))


def page(
    tx: Tx, after: int | None = None, limit: int = 50, *, priority: Priority | None = None,
    text: str = "",
) -> list[SeriesRow]:  # fmt: skip
    """Series in use that have media, the newest number first.

    Args:
        tx: a snapshot.
        after: number of the last one shown.
        limit: rows.
        priority: of these only.
        text: part of a name.
    """
    has = sa.exists().where(_m.series_number == _s.number)
    wanted = sa.select(link_series).where(_s.number == _s.in_use, has)
    if after is not None:
        wanted = wanted.where(_s.number < after)
    if priority is not None:
        wanted = wanted.where(_s.priority == priority.value)
    if text:
        wanted = wanted.where(_s.name.icontains(text, autoescape=True))
    return _nouns(tx, tx.execute(wanted.order_by(_s.number.desc()).limit(limit)).all())


def count(tx: Tx) -> int:
    """How many series have media."""
    asked = sa.select(sa.func.count(sa.distinct(_m.series_number)))
    return int(tx.execute(asked).scalar_one())


def members(tx: Tx, number: int) -> list[int]:
    """Numbers of the media of a series, by any number that means it."""
    row = get(tx, number)
    mine = sa.select(_m.media_number).where(_m.series_number == row.number)
    return [int(one) for one in tx.execute(mine.order_by(_m.media_number)).scalars()]


def of_media(tx: Tx, media: Iterable[int]) -> dict[int, int]:
    """Number of the series of each medium that is in one."""
    found: dict[int, int] = {}
    for part in _parts(media):
        rows = tx.execute(
            sa.select(_m.media_number, _m.series_number).where(_m.media_number.in_(part))
        )
        found |= {int(row.media_number): int(row.series_number) for row in rows}
    return found


def everyone(tx: Tx) -> list[int]:
    """Numbers of all media that are in a series."""
    return [int(one) for one in tx.execute(sa.select(_m.media_number)).scalars()]


def founders(tx: Tx, media: Iterable[int]) -> dict[int, Founder]:
    """Numbers that were given for these media, by medium."""
    found: dict[int, Founder] = {}
    for part in _parts(media):
        for row in tx.execute(sa.select(link_series).where(_s.founder.in_(part))):
            found[int(row.founder)] = _founder(row)
    return found


def found(tx: Tx, medium: int) -> Founder:
    """Give a number for a medium; it has none yet."""
    number = numbers.take(tx, "link_series")
    row = {
        "number": number, "id": new_id(), "founder": medium, "in_use": number, "name": "",
        "priority": Priority.MEDIUM.value, "made_at": tx.now, "changed_at": tx.now,
        "row_version": 1,
    }  # fmt: skip
    tx.execute(sa.insert(link_series), row)
    return _founder(_row(tx, number))


def use(tx: Tx, numbers_: Collection[int], number: int) -> None:
    """Let every one of some numbers mean the same series."""
    tx.execute(
        sa.update(link_series).where(_s.number.in_(list(numbers_))).values(in_use=number)
    )  # fmt: skip


def put(tx: Tx, series: int, media: Collection[int]) -> None:
    """Have media belong to a series, wherever they were before."""
    take_out(tx, media)
    if media:
        rows = [{"media_number": one, "series_number": series, "since": tx.now} for one in media]
        tx.execute(sa.insert(link_members), rows)


def take_out(tx: Tx, media: Collection[int]) -> None:
    """Have media belong to no series."""
    for part in _parts(media):
        tx.execute(sa.delete(link_members).where(_m.media_number.in_(part)))


def touch(tx: Tx, number: int) -> None:
    """It changed."""
    _set(tx, number)


def rename(tx: Tx, number: int, name: str, by: str, *, version: int | None = None) -> SeriesRow:
    """Name a series; no names of children.

    Raises:
        BadInput: too long.
        Conflict: somebody else changed it meanwhile.
    """
    name = " ".join(storable_text(name).split())
    if len(name) > LONGEST_NAME:
        raise BadInput(f"A name has at most {LONGEST_NAME} letters.")
    row = _checked(tx, number, version)
    _set(tx, row.number, name=name)
    _step(tx, row.number, "named", by, words=name)
    return get(tx, row.number)


def rate(
    tx: Tx, number: int, priority: Priority, by: str, *, version: int | None = None
) -> SeriesRow:
    """Say how urgent a series is.

    Raises:
        Conflict: somebody else changed it meanwhile.
    """
    row = _checked(tx, number, version)
    _set(tx, row.number, priority=priority.value)
    _step(tx, row.number, "rated", by, facts={"priority": priority.value})
    return get(tx, row.number)


def note(tx: Tx, number: int, words: str, by: str) -> Step:
    """Write a note on a series; it stays.

    Raises:
        BadInput: empty or too long.
    """
    words = storable_text(words).strip()
    if not words or len(words) > LONGEST_NOTE:
        raise BadInput(f"A note has 1 to {LONGEST_NOTE} letters.")
    row = get(tx, number)
    change = _step(tx, row.number, "noted", by, words=words)
    _set(tx, row.number)
    return Step(change, row.number, "noted", words, {}, by, tx.now)


def step(tx: Tx, number: int, what: str, by: str, **facts: Any) -> None:
    """Write down what became of a series."""
    _step(tx, number, what, by, facts=facts)


def history(tx: Tx, number: int, *, limit: int = 500, what: str = "") -> list[Step]:
    """What became of a series under all its numbers, the last first."""
    row = get(tx, number)
    mine = sa.select(link_history).where(_h.series_number.in_([row.number, *row.aliases]))
    if what:
        mine = mine.where(_h.what == what)
    return [
        Step(
            int(one.change), int(one.series_number), one.what, one.words, one.facts, one.by, one.at
        )
        for one in tx.execute(mine.order_by(_h.change.desc()).limit(limit))
    ]  # fmt: skip


def storable_text(text: str) -> str:
    """The text, where both databases can keep it.

    Raises:
        BadInput: they cannot.
    """
    storable(text)
    return text


def _step(
    tx: Tx, number: int, what: str, by: str, *, words: str = "",
    facts: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    change = tx.change()
    tx.execute(
        sa.insert(link_history),
        {
            "change": change, "series_number": number, "what": what, "words": words,
            "facts": dict(facts or {}), "by": by, "at": tx.now,
        },
    )  # fmt: skip
    return change


def _set(tx: Tx, number: int, **values: Any) -> None:
    values |= {"changed_at": tx.now, "row_version": _s.row_version + 1}
    tx.execute(sa.update(link_series).where(_s.number == number).values(**values))


def _checked(tx: Tx, number: int, version: int | None) -> SeriesRow:
    tx.lock_changes()
    row = get(tx, number)
    if version is not None and row.version != version:
        raise Conflict("Somebody else changed this series meanwhile: look again.")
    return row


def _row(tx: Tx, number: int) -> sa.Row[Any]:
    row = tx.execute(sa.select(link_series).where(_s.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"series {number}")
    return row


def _founder(row: sa.Row[Any]) -> Founder:
    return Founder(int(row.number), Id(row.id), int(row.founder), int(row.in_use))


def _nouns(tx: Tx, rows: Iterable[sa.Row[Any]]) -> list[SeriesRow]:
    rows = list(rows)
    wanted = [int(row.number) for row in rows]
    n = sa.func.count().label("n")
    sizes = {
        int(one.series_number): int(one.n)
        for one in tx.execute(
            sa.select(_m.series_number, n).where(_m.series_number.in_(wanted))
            .group_by(_m.series_number)
        )
    }  # fmt: skip
    others: dict[int, list[int]] = {}
    for one in tx.execute(
        sa.select(_s.number, _s.in_use)
        .where(_s.in_use.in_(wanted), _s.number != _s.in_use).order_by(_s.number)
    ):  # fmt: skip
        others.setdefault(int(one.in_use), []).append(int(one.number))
    return [
        SeriesRow(
            number=int(row.number), id=Id(row.id), name=row.name, priority=Priority(row.priority),
            media=sizes.get(int(row.number), 0), made_at=row.made_at, changed_at=row.changed_at,
            aliases=tuple(others.get(int(row.number), ())), version=int(row.row_version),
        )
        for row in rows
    ]  # fmt: skip


def _parts(media: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(set(media))
    for at in range(0, len(ordered), AT_ONCE):
        yield ordered[at : at + AT_ONCE]
