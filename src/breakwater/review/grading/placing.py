"""What becomes of one item of a set, before anyone sees it: pure, but for reading the file.

A file that a bank has is known and nobody views it; the same file as an earlier one is a copy
and inherits; a picture within ten bits of an earlier one waits in its stack; what cannot be
decoded or is not there says so; the rest is open for graders. What the source claims decides
nothing, and where its hash is not the file's, that is said too. Called by `review.grading.sets`.
Tests: `tests/unit/test_placing.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from breakwater.media import magic
from breakwater.media.failures import Unreadable
from breakwater.model.grading import NEAR_BITS, GradeItem, GradeSet, ItemState
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.media import Family, Undecodable
from breakwater.model.signal import MD5, PDQ, SHA1, SHA256, Fingerprints, SignalKind
from breakwater.review.grading.looks import Looks
from breakwater.review.grading.sheet import SheetReader
from breakwater.review.grading.sources import BadRow, Source, SourceRow
from breakwater.review.grading.vics import BOM, VicsReader

WINDOW: Final = 256
"""Rows of one transaction: a few seconds of decoding, which a crash does again."""

Outcome = Fingerprints | Undecodable
Row = SourceRow | BadRow


@dataclass(frozen=True, slots=True)
class Prepared:
    """One row with its file read: what it is, before it is known what becomes of it."""

    source: SourceRow
    path: Path | None = None
    outcome: Outcome | None = None
    matches: tuple[Match, ...] = ()


def draft(one: Prepared, begun: GradeSet) -> GradeItem:
    """The item of a row, without its number: known, missing, unreadable or open."""
    known = known_by(one)
    bare = GradeItem(
        id=Id(""), number=0, set=begun.number, row=one.source.row, state=ItemState.MISSING,
        type="", md5=one.source.claimed(MD5), sha1=one.source.claimed(SHA1),
        sha256=one.source.claimed(SHA256), needed=begun.graders, claims=one.source.claims,
        why="The set names it without its file.",
    )  # fmt: skip
    if isinstance(one.outcome, Undecodable):
        found = one.outcome.type.value if one.outcome.type else ""
        words = one.outcome.reason.words
        return replace(bare, state=ItemState.UNREADABLE, type=found, sha256="", why=words)
    if one.outcome is None:
        return replace(bare, state=ItemState.KNOWN, why=known) if known else bare
    prints = one.outcome
    look = still(prints)
    real = {kind.name: exact(prints, kind) for kind in (MD5, SHA1, SHA256)}
    differs = [s.kind for s in one.source.hashes if s.value.hex() != real[s.kind]]
    claims = {**one.source.claims, "hash_differs": differs} if differs else one.source.claims
    return replace(
        bare, md5=real["md5"], sha1=real["sha1"], sha256=real["sha256"], state=ItemState.KNOWN if known else ItemState.OPEN, type=prints.type,
        pdq=look, size=one.path.stat().st_size if one.path else 0, frames=prints.frames,
        duration_s=prints.duration_s, why=known, claims=claims,
    )  # fmt: skip


def known_by(one: Prepared) -> str:
    """How a bank knows a file, in words; empty when nobody knows it.

    Exactly the same file, or a still picture so near that one look would confirm it. A video
    that shares frames with a known one may show more, so a person looks at it.
    """
    near = isinstance(one.outcome, Fingerprints) and bool(still(one.outcome))
    for match in one.matches:
        same = match.limit == 0 or (near and match.kind == PDQ.name and match.distance <= NEAR_BITS)
        if match.acting and not match.negative and same:
            return f"Bank {match.bank}, entry {match.number}. {match.words}."
    return ""


def placed(item: GradeItem, first_of: MutableMapping[str, int], looks: Looks) -> GradeItem:
    """An open item as itself, as a copy, or in a stack; remembers it for those that follow.

    Args:
        item: with its number.
        first_of: item by SHA-256, of all sets.
        looks: picture hashes of items that lead.
    """
    if item.state is not ItemState.OPEN:
        return item
    first = first_of.setdefault(item.sha256, item.number)
    if first != item.number:
        return replace(item, state=ItemState.COPY, leader=first)
    if not item.pdq:
        return item
    code = bytes.fromhex(item.pdq)
    near = looks.nearest(code, NEAR_BITS)
    if near is None:
        looks.add(item.number, code)
        return item
    leader, bits = near
    return replace(item, state=ItemState.NEAR, leader=leader, bits=bits)


def still(prints: Fingerprints) -> str:
    """How a still picture looks, when its hash is good enough; empty for anything that moves."""
    found = prints.of(PDQ.name)
    if prints.frames != 1 or not found or not found[0].usable:
        return ""
    return found[0].signal.value.hex()


def exact(prints: Fingerprints, kind: SignalKind) -> str:
    """The exact hash of the file in hexadecimal."""
    return next((one.signal.value.hex() for one in prints.of(kind.name)), "")


def reader(file: BinaryIO) -> Source:
    """The reader that a file asks for: VICS when it begins like JSON, else CSV.

    Raises:
        BadInput: neither.
    """
    head = file.read(4096).removeprefix(BOM).lstrip()
    file.seek(0)
    return VicsReader(file) if head.startswith(b"{") else SheetReader(file)


def windows(rows: Iterable[Row], *, after: int) -> Iterator[Sequence[Row]]:
    """Rows in windows, those behind us left out."""
    fresh = (row for row in rows if row.row > after)
    while window := list(islice(fresh, WINDOW)):
        yield window


def digest(path: Path) -> str:
    """What a file is known by when an import is taken up again: the SHA-256 of its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def moving(head: bytes) -> bool:
    """Whether the first bytes are a video's; what they are not, the jail says with its reason."""
    try:
        return magic.sniff(head).family is Family.VIDEO
    except Unreadable:
        return False
