"""Stretches of known videos in uploads, as rows: appended with their verdict, never changed.

Used by `records.uploads`. Contract: tests/contract/test_records_copies.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.copies import CopyMatch, FramePair, Segment, Zone
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_copies import upload_copies
from breakwater.records.tables.nouns_intake import uploads

AT_ONCE: Final = 500
_c: Final = upload_copies.c
_SPAN: Final = (
    "start_s", "end_s", "reference_start_s", "reference_end_s", "speed", "frames", "mirrored",
)  # fmt: skip


def append(tx: Tx, upload: Id, revision: int, found: Sequence[CopyMatch]) -> None:
    """Add the stretches of one verdict, in their order."""
    rows = [
        {
            "upload_id": upload,
            "revision": revision,
            "position": position,
            "reel_number": one.number,
            "bank": one.bank,
            "zone": one.segment.zone.value,
            "score": one.segment.score,
            "acting": one.acting,
            "why_not": one.why_not,
            "segment": _written(one),
        }
        for position, one in enumerate(found)
    ]
    if rows:
        tx.execute(sa.insert(upload_copies), rows)


def of(tx: Tx, verdicts: Sequence[tuple[Id, int]]) -> dict[tuple[Id, int], tuple[CopyMatch, ...]]:
    """Stretches by (upload, revision), in their order; verdicts without any are left out."""
    wanted = set(verdicts)
    ids = list(dict.fromkeys(upload for upload, _ in verdicts))
    out: dict[tuple[Id, int], list[CopyMatch]] = {}
    for at in range(0, len(ids), AT_ONCE):
        rows = tx.execute(
            sa.select(upload_copies)
            .where(_c.upload_id.in_(ids[at : at + AT_ONCE]))
            .order_by(_c.upload_id, _c.revision, _c.position)
        )
        for row in rows:
            key = (Id(row.upload_id), row.revision)
            if key in wanted:
                out.setdefault(key, []).append(_noun(row))
    return {key: tuple(found) for key, found in out.items()}


def touched_by(
    tx: Tx, reel_number: int, *, after: Id | None = None, limit: int = 1_000
) -> list[Id]:
    """Uploads whose present verdict names a reel, in order of id, for paging."""
    u = uploads.c
    here = sa.and_(_c.upload_id == u.id, _c.revision == u.revision)
    wanted = sa.select(u.id).join_from(uploads, upload_copies, here)
    wanted = wanted.where(_c.reel_number == reel_number).distinct()
    if after is not None:
        wanted = wanted.where(u.id > after)
    return [Id(found) for found in tx.execute(wanted.order_by(u.id).limit(limit)).scalars()]


def _written(one: CopyMatch) -> dict[str, Any]:
    segment = one.segment
    return {name: getattr(segment, name) for name in _SPAN} | {
        "reel": one.reel,
        "label": one.label,
        "sources": one.sources,
        "looked": list(one.looked),
        "pairs": [
            [p.time_s, p.reference_s, p.distance, p.view, p.reference_view] for p in segment.pairs
        ],
    }


def _noun(row: sa.Row[Any]) -> CopyMatch:
    said = row.segment
    segment = Segment(
        reel=row.reel_number,
        score=row.score,
        zone=Zone(row.zone),
        pairs=tuple(FramePair(*pair) for pair in said["pairs"]),
        **{name: said[name] for name in _SPAN},
    )
    return CopyMatch(
        reel=Id(said["reel"]),
        number=row.reel_number,
        bank=row.bank,
        label=said["label"],
        segment=segment,
        acting=row.acting,
        why_not=row.why_not,
        sources=said["sources"],
        looked=tuple(said["looked"]),
    )
