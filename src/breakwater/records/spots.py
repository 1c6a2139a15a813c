"""Spot checks as rows: rounds and draws for good, strips and stills until they are purged.

What is kept for good names no broadcast: stratum, chance, viewers, whether it was looked at and
what was found. A strip leads to its broadcast and its pictures, and goes with both. Fed by
`live.spots`; read by it, `review.looking.spot_views` and the console. Contract:
`tests/contract/test_records_spots.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.spot import (
    Candidate,
    Draw,
    Round,
    Rules,
    Runs,
    SpotAnswer,
    Stratum,
    Strip,
    StripState,
)
from breakwater.model.stream import Control
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_people import views
from breakwater.records.tables.nouns_spot import (
    spot_answers,
    spot_cases,
    spot_designs,
    spot_draws,
    spot_findings,
    spot_purges,
    spot_rounds,
    spot_stills,
    spot_strata,
    spot_strips,
    spot_takings,
)
from breakwater.records.tables.nouns_stream import streams

_s, _p, _d, _f = spot_strips.c, spot_stills.c, spot_draws.c, spot_findings.c
_STOPPED: Final = frozenset({Control.FROZEN.value, Control.CUT.value})


def running(tx: Tx) -> list[Runs]:
    """Every broadcast that runs, with what decides whether it may be drawn; names nobody."""
    one, before = streams.alias("one"), streams.alias("before")
    seen = (
        sa.select(before.c.id)
        .where(before.c.account_key == one.c.account_key, before.c.id < one.c.id)
        .exists()
    )
    wanted = sa.select(
        one.c.id,
        one.c.viewers,
        one.c.surface,
        one.c.jurisdiction,
        one.c.control,
        seen.label("seen"),
    ).where(one.c.state != sa.literal_column("'ended'"))
    return [
        Runs(
            Candidate(Id(row.id), row.viewers, not row.seen), row.surface, row.jurisdiction,
            row.control in _STOPPED,
        )
        for row in tx.execute(wanted)
    ]  # fmt: skip


def design(tx: Tx, rules: Rules) -> int:
    """The number of a design: the newest, if it says the same, or a new one."""
    tx.lock_changes()
    newest = sa.select(spot_designs).order_by(spot_designs.c.number.desc()).limit(1)
    row = tx.execute(newest).one_or_none()
    if row is not None and dict(row.rules) == dict(rules):
        return int(row.number)
    number = numbers.take(tx, "spot_designs")
    tx.execute(sa.insert(spot_designs), {"number": number, "rules": rules, "at": tx.now})
    return number


def designs(tx: Tx) -> dict[int, Rules]:
    """Every design by number."""
    rows = tx.execute(sa.select(spot_designs).order_by(spot_designs.c.number))
    return {int(row.number): row.rules for row in rows}


def drawn(tx: Tx, slot: int) -> bool:
    """Whether there was a round in a slot."""
    wanted = sa.select(spot_rounds.c.slot).where(spot_rounds.c.slot == slot)
    return tx.execute(wanted).first() is not None


def add_round(
    tx: Tx, made: Round, picked: Iterable[tuple[Candidate, Stratum]], *, kept: timedelta
) -> list[Draw]:
    """Keep a round with its strata and draws, and want a strip of each.

    Args:
        tx: the transaction that draws.
        made: the round; its moment is the transaction's.
        picked: who was drawn, with their stratum.
        kept: after which a strip, and with it the broadcast, is forgotten.
    """
    about = {"slot": made.slot}
    tx.execute(
        sa.insert(spot_rounds),
        about | {
            "design": made.design, "seed": made.seed, "at": tx.now, "wanted": made.wanted,
            "left_out": made.left_out,
        },
    )  # fmt: skip
    for one in made.strata:
        tx.execute(
            sa.insert(spot_strata),
            about | {
                "name": one.name, "streams": one.streams, "viewers": one.viewers,
                "weight": one.weight, "inclusion": one.inclusion, "drawn": one.drawn,
            },
        )  # fmt: skip
    draws = []
    for who, stratum in picked:
        draw = Draw(new_id(), made.slot, stratum.name, stratum.inclusion, who.viewers, tx.now)
        row = {"id": draw.id, "stratum": draw.stratum, "inclusion": draw.inclusion}
        tx.execute(sa.insert(spot_draws), about | row | {"viewers": draw.viewers, "at": tx.now})
        want(tx, draw.id, who.stream, part=1, kept=kept)
        draws.append(draw)
    return draws


def want(tx: Tx, draw: Id, stream: Id, *, part: int, kept: timedelta) -> None:
    """Want a strip of a broadcast; whoever watches it takes one."""
    row = {"draw_id": draw, "part": part, "stream_id": stream, "state": StripState.WANTED.value}
    tx.execute(
        sa.insert(spot_strips),
        row | {"asked_at": tx.now, "taken_at": None, "expires_at": tx.now + kept,
               "held_by": None, "held_until": None},
    )  # fmt: skip


def wanted(tx: Tx) -> list[Strip]:
    """Strips that nobody has taken yet, the first first."""
    waits = sa.select(spot_strips).where(_s.state == StripState.WANTED.value)
    return [_strip(tx, row) for row in tx.execute(waits.order_by(_s.asked_at, _s.draw_id))]


def waiting(tx: Tx, limit: int = 50) -> list[Strip]:
    """Strips that wait for somebody to look, the first first."""
    waits = sa.select(spot_strips).where(_s.state == StripState.WAITING.value)
    rows = tx.execute(waits.order_by(_s.taken_at, _s.draw_id, _s.part).limit(limit))
    return [_strip(tx, row) for row in rows]


def take(tx: Tx, strip: Strip, blobs: Sequence[Id]) -> None:
    """Keep the stills of a strip: it waits for somebody now."""
    for place, blob in enumerate(blobs):
        key = {"draw_id": strip.draw, "part": strip.part, "place": place}
        tx.execute(sa.insert(spot_stills), key | {"blob": blob})
    _set(tx, strip, state=StripState.WAITING.value, taken_at=tx.now)
    _taking(tx, strip, len(blobs), "")


def miss(tx: Tx, strip: Strip, why: str) -> None:
    """There is no strip, and why; that counts as not looked at, never as nothing found."""
    _set(tx, strip, state=StripState.MISSED.value)
    _taking(tx, strip, 0, why)


def strip(tx: Tx, draw: Id, part: int | None = None) -> Strip:
    """A strip of a draw: one part, or the newest.

    Raises:
        NotFound: none of it is kept.
    """
    mine = sa.select(spot_strips).where(_s.draw_id == draw)
    if part is not None:
        mine = mine.where(_s.part == part)
    row = tx.execute(mine.order_by(_s.part.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("This spot check is not kept any more, or never was.")
    return _strip(tx, row)


def shown(tx: Tx, draw: Id) -> Strip:
    """The strip of a draw that waits for an answer.

    Raises:
        NotFound: none does: it was answered, is being taken, or is gone.
    """
    mine = sa.select(spot_strips).where(_s.draw_id == draw, _s.state == StripState.WAITING.value)
    row = tx.execute(mine.order_by(_s.part.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("This spot check was answered, or is not kept any more.")
    return _strip(tx, row)


def reopen(tx: Tx, draw: Id, part: int) -> None:
    """Let a strip wait for an answer again: the closer look at it came to nothing."""
    _set(tx, strip(tx, draw, part), state=StripState.WAITING.value, held_by=None, held_until=None)


def withdrawn(tx: Tx, public: Collection[str], limit: int = 100) -> list[Strip]:
    """Strips of broadcasts that a service says are not public any more."""
    mine = sa.select(spot_strips).join_from(spot_strips, streams)
    rows = tx.execute(mine.where(streams.c.surface.notin_(list(public))).limit(limit))
    return [_strip(tx, row) for row in rows]


def of_stream(tx: Tx, stream: Id) -> list[Strip]:
    """Strips of a broadcast that are kept yet."""
    rows = tx.execute(sa.select(spot_strips).where(_s.stream_id == stream).order_by(_s.asked_at))
    return [_strip(tx, row) for row in rows]


def hold(tx: Tx, held: Strip, *, by: Id, until: datetime) -> None:
    """Keep a strip for whoever looks at it."""
    _set(tx, held, held_by=by, held_until=until)


def answer(tx: Tx, held: Strip, said: SpotAnswer, *, by: Id, frames: int) -> None:
    """Keep what somebody said of a strip.

    Args:
        tx: the transaction.
        held: the strip they saw.
        said: their answer.
        by: the person.
        frames: how many of its stills they had seen large.
    """
    row = {"change": tx.change(), "draw_id": held.draw, "part": held.part, "answer": said.value}
    tx.execute(sa.insert(spot_answers), row | {"frames": frames, "by": by, "at": tx.now})
    _set(tx, held, state=StripState.ANSWERED.value)


def frames_seen(tx: Tx, draw: Id, person: Id) -> int:
    """How many stills of a draw somebody saw larger than the small grey ones."""
    v = views.c
    wanted = sa.select(sa.func.count(sa.distinct(v.frame))).where(
        v.item_id == draw, v.person_id == person,
        v.level.in_([Level.S3.value, Level.S4.value]),
    )  # fmt: skip
    return int(tx.execute(wanted).scalar() or 0)


def led_to(tx: Tx, draw: Id, case: Id) -> None:
    """Remember which case a draw led to, so that its decision can be counted."""
    known = sa.select(spot_cases.c.draw_id).where(spot_cases.c.draw_id == draw)
    if tx.execute(known).first() is None:
        tx.execute(sa.insert(spot_cases), {"draw_id": draw, "case_id": case})


def found(tx: Tx, case: Id, kind: str) -> None:
    """Keep what was decided on the case of a draw; empty: it was taken back. Idempotent."""
    tx.lock_changes()
    mine = sa.select(spot_cases.c.draw_id).where(spot_cases.c.case_id == case)
    for draw in tx.execute(mine.order_by(spot_cases.c.draw_id)).scalars().all():
        newest = sa.select(_f.kind).where(_f.draw_id == draw).order_by(_f.change.desc()).limit(1)
        if (tx.execute(newest).scalar() or "") != kind:
            row = {"change": tx.change(), "draw_id": draw, "kind": kind, "at": tx.now}
            tx.execute(sa.insert(spot_findings), row)


def due(tx: Tx, moment: datetime, limit: int = 100) -> list[Strip]:
    """Strips whose time is over at a moment."""
    rows = tx.execute(
        sa.select(spot_strips).where(_s.expires_at <= moment).order_by(_s.expires_at).limit(limit)
    )
    return [_strip(tx, row) for row in rows]


def forget(tx: Tx, gone: Strip) -> None:
    """Delete a strip and keep that it is gone; its blobs were shredded before."""
    for table in (spot_stills, spot_strips):
        mine = sa.delete(table).where(table.c.draw_id == gone.draw, table.c.part == gone.part)
        tx.execute(mine)
    if gone.state is StripState.WANTED:
        _taking(tx, gone, 0, "purged before it was taken")
    row = {"draw_id": gone.draw, "part": gone.part, "stills": len(gone.stills), "at": tx.now}
    tx.execute(sa.insert(spot_purges), row | {"late": tx.now > gone.expires_at + GRACE})


GRACE: Final = timedelta(minutes=10)
"""A purge runs every minute; what is later than this was late."""


def _taking(tx: Tx, one: Strip, stills: int, why: str) -> None:
    row = {"draw_id": one.draw, "part": one.part, "stills": stills, "why": why, "at": tx.now}
    tx.execute(sa.insert(spot_takings), row)


def _set(tx: Tx, one: Strip, **values: Any) -> None:
    mine = sa.update(spot_strips).where(_s.draw_id == one.draw, _s.part == one.part)
    if not tx.execute(mine.values(**values)).rowcount:
        raise NotFound("This spot check is not kept any more.")


def _strip(tx: Tx, row: sa.Row[Any]) -> Strip:
    mine = sa.select(_p.blob).where(_p.draw_id == row.draw_id, _p.part == row.part)
    blobs = tx.execute(mine.order_by(_p.place)).scalars().all()
    return replace(
        Strip(
            Id(row.draw_id), row.part, Id(row.stream_id), StripState(row.state), row.asked_at,
            row.expires_at, row.taken_at, tuple(Id(blob) for blob in blobs),
        ),
        held_by=None if row.held_by is None else Id(row.held_by), held_until=row.held_until,
    )  # fmt: skip
