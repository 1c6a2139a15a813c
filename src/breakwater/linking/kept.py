"""What there is to link of what is kept: media, recordings and pre-rolls under a hold.

In: items of holds (`records.hold_items`). Out: what each is to links: a thing of a case, or of a
broadcast. Stills of a broadcast count only while there is no recording and no pre-roll of it: they
show the same. What was never kept is never linked. Read by `taking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.model.case import Case, CaseKind
from breakwater.model.hold import HoldItem
from breakwater.model.hold import Kept as What
from breakwater.model.ids import Id
from breakwater.model.link import Origin
from breakwater.records import cases, hold_items
from breakwater.records.database import Tx

MOVING: Final = frozenset({What.RECORDING, What.PREROLL})


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept thing, as links have it; see `records.link_media.want`."""

    origin: Origin
    origin_id: Id
    case: Id
    blob: Id | None
    source: str
    sha256: str
    made_at: datetime


def of_case(tx: Tx, case: Case) -> list[Kept]:
    """What there is to link of a case."""
    return list(_things(case, hold_items.of_case(tx, case.id)))


def since(
    tx: Tx, start: datetime | None, after: tuple[datetime, Id] | None, limit: int
) -> tuple[list[Kept], tuple[datetime, Id] | None]:
    """What there is to link among what was written since; and where to go on, None: at the end."""
    rows = hold_items.pictures_since(tx, start, after, limit)
    found: list[Kept] = []
    for number in dict.fromkeys(one.case for one in rows):
        case = cases.get(tx, number)
        mine = [one for one in rows if one.case == number]
        if case.kind is CaseKind.STREAM:
            mine = hold_items.of_case(tx, number)
        found += _things(case, mine)
    return found, (rows[-1].kept_at, rows[-1].id) if rows else None


def _things(case: Case, items: Sequence[HoldItem]) -> Iterator[Kept]:
    there = [one for one in items if one.what.pictures and one.destroyed_at is None]
    moving = any(one.what in MOVING and one.blob is not None for one in there)
    for one in there:
        if one.blob is None and not one.sha256:
            continue
        if one.what is What.STILL and moving:
            continue
        origin = Origin.CASE if one.what is What.MEDIA else Origin.STREAM
        whose = case.id if origin is Origin.CASE else case.subject
        yield Kept(origin, whose, case.id, one.blob, case.service, one.sha256, one.since)
