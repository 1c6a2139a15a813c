"""Matches of verdicts as rows: which entry, how far, and what the entry said then.

Evidence: appended with their verdict, never changed, and complete without the bank as it is
today. Used by `records.uploads`. Contract: `tests/contract/test_records_uploads.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.bank import entry_id
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.signal import View
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import upload_matches

AT_ONCE: Final = 500

_m: Final = upload_matches.c
SAID: Final = (
    "bank", "kind", "value", "negative", "labels", "permitted_use", "source", "verified", "own",
)  # fmt: skip
"""Members of a match kept as JSON: what the entry said, and the item's own value."""


def append(tx: Tx, upload: Id, revision: int, found: Sequence[Match]) -> None:
    """Add the matches of one verdict, in their order."""
    rows = [
        {
            "upload_id": upload,
            "revision": revision,
            "position": position,
            "entry_number": match.number,
            "distance": match.distance,
            "limit": match.limit,
            "acting": match.acting,
            "why_not": match.why_not,
            "view": match.view.value,
            "frame": match.frame,
            "time_s": match.time_s,
            "quality": match.quality,
            "entry": {name: getattr(match, name) for name in SAID} | {"moments": match.moments},
        }
        for position, match in enumerate(found)
    ]
    if rows:
        tx.execute(sa.insert(upload_matches), rows)


def of(tx: Tx, verdicts: Sequence[tuple[Id, int]]) -> dict[tuple[Id, int], tuple[Match, ...]]:
    """Matches by (upload, revision), in their order; verdicts without any are left out."""
    revisions = dict.fromkeys(verdicts)
    ids = list(dict.fromkeys(upload for upload, _ in verdicts))
    out: dict[tuple[Id, int], list[Match]] = {}
    for at in range(0, len(ids), AT_ONCE):
        rows = tx.execute(
            sa.select(upload_matches)
            .where(_m.upload_id.in_(ids[at : at + AT_ONCE]))
            .order_by(_m.upload_id, _m.revision, _m.position)
        )
        for row in rows:
            key = (Id(row.upload_id), row.revision)
            if key in revisions:
                out.setdefault(key, []).append(_noun(row))
    return {key: tuple(found) for key, found in out.items()}


def naming(entry_number: int) -> sa.Subquery:
    """The verdicts that name an entry: `upload_id`, `revision`."""
    return (
        sa.select(_m.upload_id, _m.revision)
        .where(_m.entry_number == entry_number)
        .distinct()
        .subquery("naming")
    )


def _noun(row: sa.Row[Any]) -> Match:
    said = dict(row.entry)
    labels, moments = said.pop("labels", ()), said.pop("moments", ())
    return Match(
        entry=entry_id(row.entry_number),
        number=row.entry_number,
        distance=row.distance,
        limit=row.limit,
        acting=row.acting,
        why_not=row.why_not,
        view=View(row.view),
        frame=row.frame,
        time_s=row.time_s,
        quality=row.quality,
        labels=tuple(labels),
        moments=tuple((int(frame), float(time_s)) for frame, time_s in moments),
        **said,
    )
