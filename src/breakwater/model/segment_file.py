"""Segment files: what a member may have, in columns; and the signed list of them.

A file is `HEAD`, the size of a JSON header, the header, then each column as a flat array of
little-endian numbers at a multiple of 64 bytes, so that a follower maps it and hands numbers
and values to its index as they are. Files are read in the order of the manifest, a later one
over an earlier one; the one from change 0 stands for everything before it. Written by
`hub.feeds.segments`, read by members. Nothing of a file counts before its SHA-256 is that of
the manifest, and nothing of the manifest before its Ed25519 signature is the hub's (RFC 8032).
Form: docs/reference/hub-feeds.md. Tested by `tests/unit/test_segment_file.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray

from breakwater.errors import BadInput, Tampered
from breakwater.model.hub_feed import Gone, Released, Terms, Why, moment, objects, printed, text
from breakwater.model.hub_feed import whole as number_of

HEAD: Final = b"BWHUBSEG1\n"
FORM: Final = "breakwater hub segments 1"
SIGNED: Final = b"breakwater hub segments 1\n"
"""Stands before the manifest in what is signed, so that it is never taken for something else."""
HEADER_MOST: Final = 64 << 20
NO_SCORE: Final = 255
_WHYS: Final = tuple(Why)
_NAME: Final = re.compile(r"[0-9a-f-]{36}\.seg")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TYPES: Final[Mapping[str, str]] = {
    "numbers": "<u4", "changes": "<i8", "terms": "<u4", "negative": "u1", "quality": "u1",
    "scores": "u1", "values": "u1", "whys": "u1",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Entries of one kind, in the order of changes.

    Attributes:
        numbers: of the entries at the hub, uint32 (n,).
        changes: of their last changes, int64 (n,).
        terms: places in the segment's `terms`, uint32 (n,).
        negative: 1 where known harmless, uint8 (n,).
        quality: 0..100, uint8 (n,).
        scores: hundredths of the score, 255 where there is none, uint8 (n,).
        values: uint8 (n, size).
    """

    kind: str
    numbers: NDArray[np.uint32]
    changes: NDArray[np.int64]
    terms: NDArray[np.uint32]
    negative: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    scores: NDArray[np.uint8]
    values: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One file: what changed after `after` up to `upto`.

    Attributes:
        hub: name of the hub's key.
        view: digest of what may go to those who see alike.
        terms: what entries share; `Section.terms` are places in it.
        gone: numbers (n,), changes (n,) and places in `Why` (n,) of what is no longer theirs.
    """

    hub: str
    view: str
    after: int
    upto: int
    terms: tuple[Terms, ...]
    sections: tuple[Section, ...]
    gone: tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]

    @property
    def rows(self) -> int:
        """Entries and tombstones."""
        return sum(len(part.numbers) for part in self.sections) + len(self.gone[0])

    def news(self) -> Iterator[Released | Gone]:
        """Row by row, kind by kind, tombstones last; an entry stands in a file once."""
        for part in self.sections:
            rows = zip(
                part.changes.tolist(), part.numbers.tolist(), part.values, part.terms.tolist(),
                part.negative.tolist(), part.quality.tolist(), part.scores.tolist(), strict=True,
            )  # fmt: skip
            for change, number, value, terms, negative, quality, score in rows:
                known = None if score == NO_SCORE else score / 100
                yield Released(
                    change, number, part.kind, value.tobytes(), self.terms[terms],
                    bool(negative), quality, known,
                )  # fmt: skip
        for number, change, why in zip(*(column.tolist() for column in self.gone), strict=True):
            yield Gone(change, number, _WHYS[why])


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a manifest; `rows` and `size` (bytes) are of the whole file."""

    name: str
    after: int
    upto: int
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What to download, in this order.

    Attributes:
        hub: name of the hub's key.
        view: digest of what may go to those who see alike.
        through: with all files read, a follower goes on after this change.
        at: when it was signed.
    """

    hub: str
    view: str
    through: int
    at: datetime
    files: tuple[Listed, ...]

    def printed(self) -> bytes:
        """The bytes that are signed."""
        told = {
            "form": FORM, "hub": self.hub, "view": self.view, "through": self.through,
            "at": printed(self.at),
            "files": [
                {
                    "name": one.name, "after": one.after, "upto": one.upto, "rows": one.rows,
                    "size": one.size, "sha256": one.sha256,
                }
                for one in self.files
            ],
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


def verified(manifest: bytes, signature: bytes, key: bytes) -> Manifest:
    """The manifest, once its signature is that of the hub's key.

    Args:
        manifest: the bytes as they came.
        signature: 64 bytes.
        key: the hub's public key, 32 bytes, learnt when the member joined.

    Raises:
        Tampered: the signature is not of this key and these bytes.
        BadInput: signed, and not a manifest of this form.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNED + manifest)
    except (InvalidSignature, ValueError):
        raise Tampered("The list of segments is not signed by this hub's key.") from None
    return _parsed(manifest)


def _parsed(manifest: bytes) -> Manifest:
    try:
        told = json.loads(manifest)
        if told["form"] != FORM:
            raise BadInput("These segments are of a form that this program does not read.")
        files = tuple(
            Listed(
                text(one["name"]), number_of(one["after"]), number_of(one["upto"]),
                number_of(one["rows"]), number_of(one["size"]), text(one["sha256"]),
            )
            for one in objects(told["files"])
        )  # fmt: skip
        at = moment(told["at"])
        through = number_of(told["through"])
        names = text(told["hub"]), text(told["view"])
    except (ValueError, KeyError, TypeError):
        raise BadInput("The list of segments cannot be read.") from None
    reached = 0
    for one in files:
        good = _NAME.fullmatch(one.name) and _DIGEST.fullmatch(one.sha256)
        if not good or one.after != reached or one.upto < one.after:
            raise BadInput("The list of segments has a gap or a name that is none.")
        reached = one.upto
    if at is None or reached != through:
        raise BadInput("The list of segments does not say how far it goes.")
    return Manifest(*names, through, at, files)


def same(file: IO[bytes], listed: Listed) -> None:
    """Check a downloaded file against the manifest; leaves it at its end.

    Raises:
        Tampered: its size or SHA-256 is another.
    """
    found, size = hashlib.sha256(), 0
    while part := file.read(1 << 20):
        found.update(part)
        size += len(part)
    if size != listed.size or found.hexdigest() != listed.sha256:
        raise Tampered(f"{listed.name} is not the file of the list.")


def write(segment: Segment, file: IO[bytes]) -> tuple[int, str]:
    """Write a segment; answers its size in bytes and its SHA-256."""
    columns: list[tuple[dict[str, Any], list[tuple[str, NDArray[Any]]]]] = []
    for part in segment.sections:
        about = {"kind": part.kind, "n": len(part.numbers), "size": int(part.values.shape[1])}
        columns.append((about, [(name, getattr(part, name)) for name in _SECTION]))
    header = {
        "form": FORM, "hub": segment.hub, "view": segment.view, "after": segment.after,
        "upto": segment.upto, "terms": [one.as_json() for one in segment.terms],
        "sections": [about for about, _ in columns], "gone": len(segment.gone[0]),
    }  # fmt: skip
    said = json.dumps(header, separators=(",", ":")).encode()
    columns.append(({}, list(zip(_GONE, segment.gone, strict=True))))
    digest, size = hashlib.sha256(), 0
    parts: list[bytes | memoryview] = [HEAD, len(said).to_bytes(8, "little"), said]
    for _, arrays in columns:
        for name, array in arrays:
            parts.append(_pad(sum(map(len, parts)) + size))
            flat = np.ascontiguousarray(array, np.dtype(_TYPES[name])).reshape(-1)
            parts.append(flat.view(np.uint8).data)
            for piece in parts:
                digest.update(piece)
                file.write(piece)
                size += len(piece)
            parts.clear()
    return size, digest.hexdigest()


_SECTION: Final = ("numbers", "changes", "terms", "negative", "quality", "scores", "values")
_GONE: Final = ("numbers", "changes", "whys")


def _pad(size: int) -> bytes:
    return bytes(-size % 64)


def read(data: bytes | memoryview) -> Segment:
    """Read a segment; its arrays are views of `data`, which may be a mapped file.

    Raises:
        BadInput: not a segment, cut short, or longer than it says.
    """
    view = memoryview(data)
    start = len(HEAD) + 8
    if bytes(view[: len(HEAD)]) != HEAD or len(view) < start:
        raise BadInput("This is not a segment of a hub.")
    length = int.from_bytes(view[len(HEAD) : start], "little")
    if length > min(HEADER_MOST, len(view) - start):
        raise BadInput("The segment is cut short.")
    try:
        return _read(view, json.loads(bytes(view[start : start + length])), start + length)
    except (ValueError, KeyError, TypeError, IndexError):
        raise BadInput("The segment cannot be read.") from None


def _read(view: memoryview, told: Mapping[str, Any], at: int) -> Segment:
    if told["form"] != FORM:
        raise BadInput("This segment is of a form that this program does not read.")
    terms = tuple(Terms.of_json(one) for one in objects(told["terms"]))
    sections: list[Section] = []
    for about in objects(told["sections"]):
        n, size = number_of(about["n"]), number_of(about["size"])
        columns: dict[str, Any] = {}
        for name in _SECTION:
            columns[name], at = _column(view, name, n * size if name == "values" else n, at)
        columns["values"] = columns["values"].reshape(n, size)
        if n and int(columns["terms"].max()) >= len(terms):
            raise BadInput("The segment names terms that it lacks.")
        sections.append(Section(kind=text(about["kind"]), **columns))
    gone: list[NDArray[Any]] = []
    for name in _GONE:
        column, at = _column(view, name, number_of(told["gone"]), at)
        gone.append(column)
    if at != len(view) or (len(gone[2]) and int(gone[2].max()) >= len(_WHYS)):
        raise BadInput("The segment is longer than it says, or names a reason that is none.")
    hub, digest = text(told["hub"]), text(told["view"])
    span = number_of(told["after"]), number_of(told["upto"])
    return Segment(hub, digest, *span, terms, tuple(sections), (gone[0], gone[1], gone[2]))


def _column(view: memoryview, name: str, count: int, at: int) -> tuple[NDArray[Any], int]:
    kind = np.dtype(_TYPES[name])
    at += -at % 64
    end = at + count * kind.itemsize
    if end > len(view):
        raise BadInput("The segment is cut short.")
    return np.frombuffer(view, kind, count, at), end


def section(kind: str, rows: Sequence[tuple[int, int, int, bool, int, int, bytes]]) -> Section:
    """Columns from rows of number, change, place of terms, negative, quality, score, value."""
    numbers, changes, terms, negative, quality, scores, values = zip(*rows, strict=True)
    flat = np.frombuffer(b"".join(values), np.uint8)
    return Section(
        kind, np.array(numbers, np.uint32), np.array(changes, np.int64),
        np.array(terms, np.uint32), np.array(negative, np.uint8), np.array(quality, np.uint8),
        np.array(scores, np.uint8), flat.reshape(len(rows), -1),
    )  # fmt: skip


def tombstones(rows: Sequence[Gone]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Columns of what is gone."""
    return (
        np.array([row.number for row in rows], np.uint32),
        np.array([row.change for row in rows], np.int64),
        np.array([_WHYS.index(row.why) for row in rows], np.uint8),
    )
