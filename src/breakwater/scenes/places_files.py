"""The directory of an index of places: segments by their checksum, and a manifest written last.

Part of `scenes.places`, tested with it. Whatever dies, the manifest names files that are whole; what
it does not name is swept. Nothing that fails a checksum is read: `CorruptSegment`, and the keeper
builds the index again from SQL.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import CorruptSegment
from breakwater.scenes.places_segment import Segment

VERSION: Final = 1
_MANIFEST: Final = "places.json"
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """All of an index.

    Attributes:
        vocabulary: checksum of its words.
        covered: last number of SQL.
        docs: how many shots; the arrays of shots may have room for more.
        owners, sizes, alive: of each shot its medium, words, and whether it is still known.
        empty: media that have no shot.
    """

    vocabulary: str
    covered: int
    segments: tuple[Segment, ...]
    docs: int
    owners: NDArray[np.int64]
    sizes: NDArray[np.int32]
    alive: NDArray[np.bool_]
    empty: tuple[int, ...]


def write(path: Path, kept: Kept) -> None:
    """Write what is not there yet, the manifest last, and sweep what it does not name."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    shots: list[NDArray[Any]] = [
        kept.owners[: kept.docs],
        kept.sizes[: kept.docs],
        kept.alive[: kept.docs],
    ]
    empty = np.array(kept.empty, np.int64)
    said: dict[str, Any] = {
        "version": VERSION, "vocabulary": kept.vocabulary, "covered": kept.covered,
        "docs": kept.docs, "empty": len(empty), "shots": _file(path, [*shots, empty]),
        "segments": [[len(one), _file(path, _arrays(one))] for one in kept.segments],
    }  # fmt: skip
    body = json.dumps(said, sort_keys=True).encode()
    mark = hashlib.sha256(body).hexdigest().encode()
    _put(path / _MANIFEST, [mark + b"\n" + body])
    named = {_MANIFEST, said["shots"], *(name for _, name in said["segments"])}
    for other in path.iterdir():
        if other.name not in named and other.suffix in {".places", ".new"}:
            other.unlink(missing_ok=True)
    _sync(path)


def read(path: Path, vocabulary: str, words: int) -> Kept:
    """Read what `write` wrote.

    Raises:
        CorruptSegment: nothing is there, damaged, or of another vocabulary.
    """
    try:
        return _read(path, vocabulary, words)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CorruptSegment(f"The index of places cannot be read ({error}).") from None


def _read(path: Path, vocabulary: str, words: int) -> Kept:
    said = _manifest(path)
    if said["vocabulary"] != vocabulary:
        raise CorruptSegment(
            "The index of places was made with another vocabulary: build it again."
        )
    docs, empty = int(said["docs"]), int(said["empty"])
    owners, sizes, alive, none = _columns(
        _checked(path, said["shots"]),
        [(np.int64, docs), (np.int32, docs), (np.bool_, docs), (np.int64, empty)],
    )
    segments = tuple(_segment(path, size, name, words, docs) for size, name in said["segments"])
    return Kept(
        vocabulary, int(said["covered"]), segments, docs,
        owners.copy(), sizes.copy(), alive.copy(), tuple(none.tolist()),
    )  # fmt: skip


def _manifest(path: Path) -> dict[str, Any]:
    raw = (path / _MANIFEST).read_bytes()
    mark, _, body = raw.partition(b"\n")
    if len(raw) > _LARGEST or hashlib.sha256(body).hexdigest().encode() != mark:
        raise CorruptSegment("The list of files of the index of places is damaged.")
    said: dict[str, Any] = json.loads(body)
    if said["version"] != VERSION:
        raise CorruptSegment("The index of places has another form: build it again.")
    return said


def _segment(path: Path, size: int, name: str, words: int, docs: int) -> Segment:
    starts, low, high, of = _columns(
        _checked(path, name),
        [(np.int64, words + 1), (np.uint64, size), (np.uint64, size), (np.uint32, size)],
    )
    if starts[0] or starts[-1] != size or (np.diff(starts) < 0).any() or (of >= docs).any():
        raise CorruptSegment("A segment of the index of places does not fit together.")
    return Segment(starts, of, low, high)


def _arrays(one: Segment) -> list[NDArray[Any]]:
    return [one.starts, one.low, one.high, one.docs]


def _checked(path: Path, name: str) -> NDArray[np.uint8]:
    """A file's bytes, mapped, as its name says they are."""
    file = path / Path(name).name
    body = np.memmap(file, np.uint8, "r") if file.stat().st_size else np.zeros(0, np.uint8)
    if f"{hashlib.sha256(body.data).hexdigest()}.places" != name:
        raise CorruptSegment("A file of the index of places fails its checksum.")
    return body


def _columns(body: NDArray[np.uint8], wanted: Iterable[tuple[Any, int]]) -> list[NDArray[Any]]:
    found, at = [], 0
    for kind, count in wanted:
        size = np.dtype(kind).itemsize * count
        found.append(body[at : at + size].view(kind))
        at += size
    if at != len(body):
        raise CorruptSegment("A file of the index of places has another length.")
    return found


def _file(path: Path, arrays: Iterable[NDArray[Any]]) -> str:
    """Write arrays one behind another, unless the same are there; answers the file's name."""
    parts = [np.ascontiguousarray(one).view(np.uint8).data for one in arrays]
    mark = hashlib.sha256()
    for part in parts:
        mark.update(part)
    name = f"{mark.hexdigest()}.places"
    if not (path / name).exists():
        _put(path / name, parts)
    return name


def _put(file: Path, parts: Iterable[bytes | memoryview]) -> None:
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        for part in parts:
            out.write(part)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _sync(path: Path) -> None:
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
