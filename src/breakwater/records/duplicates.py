"""Duplicates of an upload among what is held: one look, and one decision, covers the stack.

The same file (SHA-256), or nearly the same picture: PDQ at most `NEAR` bits apart among
uploads that match the same entries, which is where a near copy of a matched picture is.
Contract: `tests/contract/test_records_decisions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from breakwater.model.ids import Id
from breakwater.model.match import Action, Match
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
    own = _prints(upload)
    entries = {match.number for match in own.values()}
    near = decisions.touched_by(tx, entries, limit=SEARCHED) if entries else []
    found = uploads.many(tx, [other for other in (*same, *near) if other != upload.id])
    every = (found[other] for other in sorted(found))
    stack = [o for o in every if _held(o) and (o.id in same or _near(own, o))]
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


def _held(upload: Upload) -> bool:
    return upload.verdict is not None and upload.verdict.action is not Action.ALLOW


def _prints(upload: Upload) -> dict[str, Match]:
    """A picture's own hashes, each with a match it made; a video is not one picture."""
    if upload.verdict is None or upload.type.startswith("video/"):
        return {}
    return {m.own: m for m in upload.verdict.matches if m.kind == PDQ.name and m.own and m.acting}


def _near(own: Iterable[str], other: Upload) -> bool:
    return any(_distance(mine, their) <= NEAR for mine in own for their in _prints(other))


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
