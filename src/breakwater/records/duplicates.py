"""Duplicates of an upload among what is held: one look, and one decision, covers the stack.

The same file (SHA-256), or nearly the same picture: PDQ at most `NEAR` bits apart among
uploads that match the same entries, which is where a near copy of a matched picture is.
Contract: `tests/contract/test_records_decisions.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.decision import CONFIRMED, STANDING
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.signal import PDQ
from breakwater.model.upload import Upload
from breakwater.records import decisions, uploads
from breakwater.records.database import Tx

NEAR: Final = PDQ.harmless_limit
"""Bits of 256: as near as a known-harmless entry must be to be taken for the same picture."""

MOST: Final = 100
"""Members of a stack; the rest are decided with the next one."""

SEARCHED: Final = 200
"""Uploads of the same entries that are compared."""


def stack_of(tx: Tx, upload: Upload, *, limit: int = MOST) -> list[Upload]:
    """Other held uploads of the same file or nearly the same picture whose cases still wait.

    Those that came first stand first.
    """
    same = {found for found, _ in _same_file(tx, upload)}
    alike = same | _alike(tx, upload)
    found = uploads.many(tx, sorted(alike - {upload.id}))
    stack = [o for o in map(found.get, sorted(found)) if o and _fits(o, same=o.id in same)]
    waiting = decisions.waiting(tx, [other.case for other in stack if other.case])
    return [other for other in stack if other.case in waiting][:limit]


def similar_to(tx: Tx, upload: Upload, *, limit: int = 8) -> list[Upload]:
    """Other uploads whose verdict rests on the same entries, the newest first."""
    matches = upload.verdict.matches if upload.verdict else ()
    entries = {match.number for match in matches if match.acting and not match.negative}
    if not entries:
        return []
    ids = decisions.touched_by(tx, entries, limit=limit + 1)
    others = [other for other in ids if other != upload.id][:limit]
    found = uploads.many(tx, others)
    return [found[other] for other in others if found[other].case]


def _same_file(tx: Tx, upload: Upload) -> list[tuple[Id, bytes]]:
    if not upload.sha256:
        return []
    return uploads.with_hashes(tx, "sha256", [bytes.fromhex(upload.sha256)])


def _alike(tx: Tx, upload: Upload) -> set[Id]:
    """Uploads whose own picture hash is near, among those that rest on the same entries."""
    if upload.verdict is None or _moves(upload):
        return set()
    acting = [m for m in upload.verdict.matches if m.kind == PDQ.name and m.own and m.acting]
    ids = decisions.touched_by(tx, {m.number for m in acting}, limit=SEARCHED)
    mine = [int(own, 16) for own in {m.own for m in acting}]
    prints = ((other, int(own, 16)) for other, own in decisions.prints_of(tx, ids, PDQ.name) if own)
    return {other for other, own in prints if any((own ^ one).bit_count() <= NEAR for one in mine)}


def _fits(other: Upload, *, same: bool) -> bool:
    """Held, and the same bytes or a still picture: a video is not one picture."""
    rule = other.verdict.rule if other.verdict else ""
    held = other.verdict is not None and other.verdict.action is not Action.ALLOW
    # What came with a report is decided with its report, never with somebody's upload.
    held = held and (rule.startswith(CONFIRMED) or not rule.startswith(STANDING))
    return held and (same or not _moves(other))


def _moves(upload: Upload) -> bool:
    return upload.type.startswith("video/")
