"""Views as rows: who saw what, why and how long; only ever added.

A view is committed before the first byte of the picture leaves; its end is a second row. The
exposure clock is their sum, and a view without an end costs its whole cap (console reference
§10). Fed by `review.looking.views`. Contract: `tests/contract/test_records_views.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.viewing import CAP_MS, Viewing
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_people import view_ends, views

_v, _e = views.c, view_ends.c
_JOINED: Final = sa.select(views, _e.ms).join_from(
    views, view_ends, _e.view_id == _v.id, isouter=True
)


def start(
    tx: Tx,
    *,
    person: Id,
    item: Id,
    level: Level,
    reason: str,
    case: Id | None = None,
    frame: int | None = None,
    others: Sequence[Id] = (),
    cap_ms: int = CAP_MS,
) -> Viewing:
    """Keep that somebody is about to look.

    Args:
        tx: committed before the picture leaves.
        person: who.
        item: id of the upload or entry.
        level: how much of it is shown.
        reason: why.
        case: in which case.
        frame: which one.
        others: further items of the same page of small stills.
        cap_ms: what it costs when its end is never told.
    """
    made = Viewing(
        id=new_id(),
        person=person,
        item=item,
        level=level,
        reason=reason,
        at=tx.now,
        case=case,
        others=tuple(others),
        frame=frame,
        cap_ms=cap_ms,
    )
    tx.execute(
        sa.insert(views),
        {
            "id": made.id,
            "person_id": person,
            "item_id": item,
            "case_id": case,
            "others": list(others),
            "frame": frame,
            "level": level.value,
            "reason": reason,
            "at": tx.now,
            "cap_ms": cap_ms,
        },
    )
    return made


def end(tx: Tx, view: Id, *, ms: int, person: Id | None = None) -> Viewing:
    """Keep how long it was on screen; the first end counts, later ones change nothing.

    Args:
        tx: the transaction.
        view: id of the view.
        ms: milliseconds on screen; more than its cap is kept as its cap.
        person: who looked, where the caller has not checked it: nobody ends another's view.

    Raises:
        NotFound: no such view of this person.
        BadInput: a negative time.
    """
    if ms < 0:
        raise BadInput("Milliseconds on screen are not negative.")
    tx.lock_changes()
    found = get(tx, view)
    if person is not None and found.person != person:
        raise NotFound(f"view {view}")
    if found.ms is not None:
        return found
    kept = min(ms, found.cap_ms)
    tx.execute(sa.insert(view_ends), {"view_id": view, "ms": kept, "at": tx.now})
    return replace(found, ms=kept)


def get(tx: Tx, view: Id) -> Viewing:
    """One view by id.

    Raises:
        NotFound: no such view.
    """
    row = tx.execute(_JOINED.where(_v.id == view)).one_or_none()
    if row is None:
        raise NotFound(f"view {view}")
    return _noun(row)


def of_item(tx: Tx, item: Id, limit: int = 100) -> list[Viewing]:
    """Who looked at an item by itself, the newest first."""
    return _read(tx, _JOINED.where(_v.item_id == item), limit)


def of_case(tx: Tx, case: Id, limit: int = 100) -> list[Viewing]:
    """Who looked in a case, the newest first."""
    return _read(tx, _JOINED.where(_v.case_id == case), limit)


def since(tx: Tx, person: Id, moment: datetime) -> list[Viewing]:
    """All that somebody looked at since a moment, the newest first."""
    return _read(tx, _JOINED.where(_v.person_id == person, _v.at >= moment), None)


def exposure_ms(
    tx: Tx, person: Id, *, since: datetime, levels: Iterable[Level] = tuple(Level)
) -> int:
    """Milliseconds that somebody looked since a moment; unended views at their cap."""
    charged = sa.func.sum(sa.func.coalesce(_e.ms, _v.cap_ms))
    wanted = (
        sa.select(charged)
        .join_from(views, view_ends, _e.view_id == _v.id, isouter=True)
        .where(_v.person_id == person, _v.at >= since)
        .where(_v.level.in_([level.value for level in levels]))
    )
    return int(tx.execute(wanted).scalar() or 0)


def _read(tx: Tx, wanted: sa.Select[Any], limit: int | None) -> list[Viewing]:
    rows = tx.execute(wanted.order_by(_v.at.desc(), _v.id.desc()).limit(limit))
    return [_noun(row) for row in rows]


def _noun(row: sa.Row[Any]) -> Viewing:
    return Viewing(
        id=Id(row.id),
        person=Id(row.person_id),
        item=Id(row.item_id),
        level=Level(row.level),
        reason=row.reason,
        at=row.at,
        case=None if row.case_id is None else Id(row.case_id),
        others=tuple(Id(other) for other in row.others),
        frame=row.frame,
        cap_ms=row.cap_ms,
        ms=row.ms,
    )
