"""Children of a series by a label, and what became of each: rows that are only ever added.

The last word on a child counts, and is changed by a newer one alone. Read for pages by
`records.link_about`; fed by `linking.outcomes`. Contract: `tests/contract/test_outcomes.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.errors import BadInput, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.link import Outcome
from breakwater.records import link_series
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import (
    exhibit_sets,
    exhibits,
    link_members,
    link_outcomes,
    link_victims,
)
from breakwater.records.texts import storable

LONGEST_LABEL: Final = 80
LONGEST_WORDS: Final = 2_000
_v, _o = link_victims.c, link_outcomes.c


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a child, by whom and when.

    Attributes:
        series: the number that the child was entered under.
    """

    change: int
    child: Id
    series: int
    outcome: Outcome
    words: str
    by: str
    at: datetime


def add(tx: Tx, series: int, label: str, by: str) -> Id:
    """Tell a child apart by a label, never a name; answers its id.

    Raises:
        NotFound: there is no such series.
        BadInput: an empty or too long label, or one that the series has.
    """
    storable(label)
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL:
        raise BadInput(f"A label has 1 to {LONGEST_LABEL} letters.")
    tx.lock_changes()
    row, child = link_series.get(tx, series), new_id()
    same = sa.select(_v.id).where(
        _v.series_number.in_([row.number, *row.aliases]), _v.label == label
    )
    if tx.execute(same.limit(1)).scalar() is not None:
        raise BadInput("A child of this series has this label already.")
    tx.execute(
        sa.insert(link_victims),
        {"id": child, "series_number": row.number, "label": label, "by": by, "at": tx.now},
    )
    link_series.step(tx, row.number, "child", by, child=child, label=label)
    link_series.touch(tx, row.number)
    return child


def say(tx: Tx, series: int, child: Id, outcome: Outcome, *, words: str, by: str) -> Said:
    """Keep what became of a child; what was said before stays and does not count any more.

    Raises:
        NotFound: there is no such child of this series.
        BadInput: too many words.
    """
    storable(words)
    words = words.strip()
    if len(words) > LONGEST_WORDS:
        raise BadInput(f"What is said of a child has at most {LONGEST_WORDS:,} letters.")
    tx.lock_changes()
    row = link_series.get(tx, series)
    whose = tx.execute(sa.select(_v.series_number).where(_v.id == child)).scalar()
    if whose is None or int(whose) not in {row.number, *row.aliases}:
        raise NotFound(f"child {child}")
    change = tx.change()
    tx.execute(
        sa.insert(link_outcomes),
        {
            "change": change, "victim_id": child, "outcome": outcome.value, "words": words,
            "by": by, "at": tx.now,
        },
    )  # fmt: skip
    link_series.step(tx, row.number, "outcome", by, child=child, outcome=outcome.value)
    link_series.touch(tx, row.number)
    return Said(change, child, row.number, outcome, words, by, tx.now)


def said(tx: Tx, numbers: Collection[int]) -> list[Said]:
    """Everything that was said of the children of these numbers, the last first."""
    rows = tx.execute(
        sa.select(link_outcomes, _v.series_number)
        .join_from(link_outcomes, link_victims, _v.id == _o.victim_id)
        .where(_v.series_number.in_(list(numbers))).order_by(_o.change.desc())
    )  # fmt: skip
    return [
        Said(
            int(row.change), Id(row.victim_id), int(row.series_number), Outcome(row.outcome),
            row.words, row.by, row.at,
        )
        for row in rows
    ]  # fmt: skip


def standing(tx: Tx, numbers: Collection[int]) -> list[Said]:
    """The last word on each child of these numbers, the oldest first."""
    last: dict[Id, Said] = {}
    for one in said(tx, numbers):
        last.setdefault(one.child, one)
    return sorted(last.values(), key=lambda one: one.change)


def series_of_set(tx: Tx, exhibit_set: int) -> list[int]:
    """Numbers of the series that something of a set of exhibits belongs to."""
    member, e = link_members.c, exhibits.c
    rows = tx.execute(
        sa.select(member.series_number).distinct()
        .join_from(exhibits, link_members, member.media_number == e.media_number)
        .where(e.set_number == exhibit_set).order_by(member.series_number)
    )  # fmt: skip
    return [int(one) for one in rows.scalars()]


def sets_of_series(tx: Tx, series: int) -> list[tuple[int, str]]:
    """Number and reference of the sets of exhibits that a series has something of."""
    member, e, s = link_members.c, exhibits.c, exhibit_sets.c
    rows = tx.execute(
        sa.select(s.number, s.reference).distinct()
        .join_from(exhibits, link_members, member.media_number == e.media_number)
        .join(exhibit_sets, s.number == e.set_number)
        .where(member.series_number == series).order_by(s.number)
    )  # fmt: skip
    return [(int(row.number), str(row.reference)) for row in rows]
