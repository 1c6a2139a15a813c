"""Alerts as rows: what a watcher saw in a broadcast, with the evidence a person can look at.

Only ever added. What a person said is no match stays dismissed for that broadcast, so that the
next frame does not stop it again. Fed by `live.streams`; read by the case page and policy.
Contract: `tests/contract/test_records_streams.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from breakwater.model.copies import FramePair, Segment, Zone
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Match
from breakwater.model.scene import CloserLook
from breakwater.model.stream import Alert, Control, Evidence
from breakwater.records import decisions
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import stream_alerts
from breakwater.records.texts import storable

_a = stream_alerts.c
PAIRS = 24
"""Frame pairs kept of a segment, the best first."""


def add(
    tx: Tx,
    alert: Alert,
    *,
    case: Id | None,
    wanted: Control,
    segments: Sequence[Segment] = (),
    matches: Sequence[Match] = (),
    looks: Sequence[CloserLook] = (),
) -> Evidence:
    """Keep an alert.

    Args:
        tx: the transaction that acts on it.
        alert: what was seen.
        case: that it opened or joined.
        wanted: how far policy went because of it.
        segments: aligned stretches.
        matches: entries that single frames were near to.
        looks: what closer looks at the segments found.
    """
    storable(alert.why, alert.bank)
    made = new_id()
    evidence = {
        "segments": [_plain(one) for one in segments],
        "matches": [_matched(one) for one in matches],
        "looks": [one.plain() for one in looks],
    }
    tx.execute(
        sa.insert(stream_alerts),
        {
            "id": made, "stream_id": alert.stream, "case_id": case, "at": alert.at,
            "time_s": alert.time_s, "kind": alert.kind, "why": alert.why,
            "frames": alert.frames, "span_s": alert.span_s, "score": alert.score,
            "reference": alert.reference, "bank": alert.bank, "auto_cut": alert.auto_cut,
            "evidence": evidence, "wanted": wanted.value, "change": tx.change(),
        },
    )  # fmt: skip
    row = tx.execute(sa.select(stream_alerts).where(_a.id == made)).one()
    return _noun(row)


def of_stream(tx: Tx, stream: Id, limit: int = 200) -> list[Evidence]:
    """Alerts of a stream, the newest first."""
    wanted = sa.select(stream_alerts).where(_a.stream_id == stream)
    return [_noun(row) for row in tx.execute(wanted.order_by(_a.change.desc()).limit(limit))]


def newest(tx: Tx, streams: Sequence[Id]) -> dict[Id, Evidence]:
    """The newest alert of each stream that has one."""
    last = sa.select(sa.func.max(_a.change)).where(_a.stream_id.in_(streams))
    wanted = sa.select(stream_alerts).where(_a.change.in_(last.group_by(_a.stream_id)))
    found = [_noun(row) for row in tx.execute(wanted)]
    return {one.alert.stream: one for one in found}


def last(tx: Tx, stream: Id, kind: str, reference: Id | None) -> Evidence | None:
    """The newest alert of a kind and reference; None when there was none."""
    wanted = sa.select(stream_alerts).where(_a.stream_id == stream, _a.kind == kind)
    same = _a.reference.is_(None) if reference is None else _a.reference == reference
    row = tx.execute(wanted.where(same).order_by(_a.change.desc()).limit(1)).one_or_none()
    return None if row is None else _noun(row)


def dismissed(tx: Tx, stream: Id) -> frozenset[Id]:
    """References that a person dismissed for this stream, by what stands now."""
    rows = tx.execute(
        sa.select(_a.case_id, _a.reference)
        .where(_a.stream_id == stream, _a.case_id.is_not(None), _a.reference.is_not(None))
        .distinct()
    ).all()
    said = {Id(row.case_id): decisions.standing(tx, Id(row.case_id)) for row in rows}
    freed = {case for case, one in said.items() if one is not None and one.kind.releases}
    return frozenset(Id(row.reference) for row in rows if Id(row.case_id) in freed)


def _plain(segment: Segment) -> dict[str, Any]:
    pairs = [asdict(pair) for pair in segment.pairs[:PAIRS]]
    return asdict(segment) | {"zone": segment.zone.value, "pairs": pairs}


def _matched(match: Match) -> dict[str, Any]:
    return {
        "entry": match.number,
        "bank": match.bank,
        "kind": match.kind,
        "value": match.value,
        "own": match.own,
        "distance": match.distance,
        "limit": match.limit,
        "words": match.words,
        "view": match.view.value,
        "time_s": match.time_s,
    }


def _segment(said: dict[str, Any]) -> Segment:
    pairs = tuple(FramePair(**pair) for pair in said["pairs"])
    return Segment(**said | {"zone": Zone(said["zone"]), "pairs": pairs})


def _noun(row: sa.Row[Any]) -> Evidence:
    alert = Alert(
        stream=Id(row.stream_id),
        at=row.at,
        time_s=row.time_s,
        kind=row.kind,
        why=row.why,
        frames=row.frames,
        span_s=row.span_s,
        score=row.score,
        reference=None if row.reference is None else Id(row.reference),
        bank=row.bank,
        auto_cut=row.auto_cut,
    )
    return Evidence(
        id=Id(row.id),
        alert=alert,
        case=None if row.case_id is None else Id(row.case_id),
        wanted=Control(row.wanted),
        change=row.change,
        segments=tuple(_segment(one) for one in row.evidence["segments"]),
        matches=tuple(row.evidence["matches"]),
        looks=tuple(CloserLook.read(one) for one in row.evidence.get("looks", ())),
    )
