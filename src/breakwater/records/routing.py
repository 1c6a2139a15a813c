"""Routing rules as rows: versions, what each was told to do, and every routing of a case.

All of it is only ever added. The version in force is the one last set live; version 0 is
built in. Routes keep the facts the rules saw, so that other rules can be tried on the same
cases (`compared`). Fed by `review.queueing.routing`. Contract: `tests/contract/test_records_queue.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.case import Priority
from breakwater.model.ids import Id
from breakwater.model.routing import (
    BUILT_IN,
    CaseFacts,
    Mode,
    Place,
    Ruleset,
    Version,
)
from breakwater.model.routing_form import parse, written
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables import nouns_queue as t
from breakwater.records.tables.nouns_intake import cases as case_rows

_r: Final = t.case_routes.c
_v: Final = t.routing_versions.c
_m: Final = t.routing_modes.c


@dataclass(frozen=True, slots=True)
class Route:
    """One routing of one case: what the rules saw, and where they put it."""

    case: Id
    number: int
    at: datetime
    version: int
    facts: CaseFacts
    place: Place


def create(tx: Tx, ruleset: Ruleset, *, note: str, by: str) -> Version:
    """Keep a new version; it does nothing until it is told to."""
    number = numbers.take(tx, "routing")
    tx.execute(
        sa.insert(t.routing_versions),
        {"number": number, "rules": written(ruleset), "note": note, "by": by, "at": tx.now},
    )
    return Version(number, ruleset, note, by, tx.now, Mode.DRAFT)


def set_mode(tx: Tx, number: int, mode: Mode, *, by: str) -> None:
    """Tell a version what to do; the one that did it before is retired.

    Raises:
        NotFound: no such version.
    """
    tx.lock_changes()
    get(tx, number)
    if mode in {Mode.LIVE, Mode.SHADOW}:
        for other, (now, _) in _modes(tx).items():
            if now is mode and other != number:
                _tell(tx, other, Mode.RETIRED, by)
    _tell(tx, number, mode, by)


def get(tx: Tx, number: int) -> Version:
    """One version by number.

    Raises:
        NotFound: no such version.
    """
    found = next((version for version in every(tx) if version.number == number), None)
    if found is None:
        raise NotFound(f"routing rules, version {number}")
    return found


def every(tx: Tx) -> list[Version]:
    """All versions, the newest first, the built-in one last."""
    modes = _modes(tx)
    rows = tx.execute(sa.select(t.routing_versions).order_by(_v.number.desc()))
    made = [_version(row, modes) for row in rows]
    taken = any(version.mode is Mode.LIVE for version in made)
    mode = Mode.RETIRED if taken else Mode.LIVE
    return [*made, Version(0, BUILT_IN, "Built in", "breakwater", None, mode)]


def live(tx: Tx) -> Version:
    """The version in force."""
    return next(version for version in every(tx) if version.mode is Mode.LIVE)


def shadow(tx: Tx) -> Version | None:
    """The version that only writes down what it would do; None when there is none."""
    return next((version for version in every(tx) if version.mode is Mode.SHADOW), None)


def record(tx: Tx, case: Id, version: Version, facts: CaseFacts, place: Place) -> None:
    """Keep that a version routed a case, or would have."""
    tx.execute(
        sa.insert(t.case_routes),
        {
            "change": tx.change(),
            "case_id": case,
            "at": tx.now,
            "version": version.number,
            "shadow": version.mode is Mode.SHADOW,
            "rule": place.rule,
            "queue": place.queue,
            "priority": place.priority.value,
            "skill": place.skill,
            "due_minutes": int(place.due_in / _MINUTE),
            "facts": facts.as_json(),
        },
    )


def last(tx: Tx, case: Id) -> Route | None:
    """The last routing of a case that counted; None when it was not routed yet."""
    wanted = (
        sa.select(t.case_routes, case_rows.c.number)
        .join_from(t.case_routes, case_rows, case_rows.c.id == _r.case_id)
        .where(_r.case_id == case, _r.shadow.is_(sa.false()))
        .order_by(_r.change.desc())
        .limit(1)
    )
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _route(row)


def routed(tx: Tx, *, since: datetime, shadow_of: int | None = None) -> Iterator[Route]:
    """The last routing of each case since a moment, the newest case first.

    Args:
        tx: a snapshot.
        since: a moment.
        shadow_of: what this version would have done in shadow; None: what was done.
    """
    newest = sa.select(sa.func.max(_r.change)).where(_r.at >= since).group_by(_r.case_id)
    if shadow_of is None:
        newest = newest.where(_r.shadow.is_(sa.false()))
    else:
        newest = newest.where(_r.shadow.is_(sa.true()), _r.version == shadow_of)
    wanted = (
        sa.select(t.case_routes, case_rows.c.number)
        .join_from(t.case_routes, case_rows, case_rows.c.id == _r.case_id)
        .where(_r.change.in_(newest))
        .order_by(_r.change.desc())
    )
    return (_route(row) for row in tx.execute(wanted))


def _modes(tx: Tx) -> Mapping[int, tuple[Mode, datetime]]:
    """What each version was told last."""
    rows = tx.execute(sa.select(t.routing_modes).order_by(_m.change))
    return {row.version: (Mode(row.mode), row.at) for row in rows}


def _tell(tx: Tx, number: int, mode: Mode, by: str) -> None:
    tx.execute(
        sa.insert(t.routing_modes),
        {"change": tx.change(), "version": number, "mode": mode.value, "by": by, "at": tx.now},
    )


def _version(row: sa.Row[Any], modes: Mapping[int, tuple[Mode, datetime]]) -> Version:
    mode, since = modes.get(row.number, (Mode.DRAFT, None))
    return Version(row.number, parse(row.rules), row.note, row.by, row.at, mode, since)


def _route(row: sa.Row[Any]) -> Route:
    place = Place(
        queue=row.queue,
        priority=Priority(row.priority),
        skill=row.skill,
        due_in=row.due_minutes * _MINUTE,
        rule=row.rule,
    )
    facts = CaseFacts.of_json(row.facts)
    return Route(Id(row.case_id), row.number, row.at, row.version, facts, place)


_MINUTE: Final = timedelta(minutes=1)
