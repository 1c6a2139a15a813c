"""The manifest: which files are the index, swapped in one atomic rename.

JSON with its own checksum: segments, tombstone file, and the change number up to which SQL is
in them. A reader that has opened the files of one manifest keeps its maps when the next is
written; the writer removes files only after no manifest names them.
Contract tests: tests/unit/test_matching_manifest.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from breakwater.errors import CorruptSegment
from breakwater.matching.segments import write_small

NAME: Final = "manifest.json"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One segment file.

    Attributes:
        file: its name in the directory.
        count: rows.
        nbytes: size of the file.
    """

    file: str
    kind: str
    count: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of an index directory.

    Attributes:
        generation: one more at each swap; names of new files carry it.
        covered: every change of SQL up to this number is in the files.
        kinds: kinds that were followed, as `name:size:measure`; a new one needs a full replay.
        segments: the files to search.
        tombstones: file of withdrawn numbers; empty when there are none.
        tombstones_sha256: of that file.
    """

    generation: int = 0
    covered: int = 0
    kinds: tuple[str, ...] = ()
    segments: tuple[Listed, ...] = ()
    tombstones: str = ""
    tombstones_sha256: str = ""

    @property
    def files(self) -> frozenset[str]:
        """All files it names."""
        names = {listed.file for listed in self.segments}
        return frozenset(names | ({self.tombstones} if self.tombstones else set()))

    def write(self, directory: Path) -> None:
        """Make this the state of the directory, durably and at once.

        Raises:
            DiskFull: there is no room; the old manifest stands.
        """
        body = asdict(self) | {"version": VERSION}
        text = json.dumps(body | {"sha256": _digest(body)}, indent=1)
        write_small(directory / NAME, text.encode())


def read_manifest(directory: Path) -> Manifest | None:
    """Read the state of a directory; None when it has none yet.

    Raises:
        CorruptSegment: it is torn, changed, or of another version.
    """
    try:
        text = (directory / NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        body: dict[str, Any] = json.loads(text)
        digest = body.pop("sha256")
        if digest != _digest(body) or body.pop("version") != VERSION:
            raise CorruptSegment(f"{NAME}: the checksum or version fails.")
        segments = tuple(Listed(**listed) for listed in body.pop("segments"))
        return Manifest(segments=segments, kinds=tuple(body.pop("kinds")), **body)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CorruptSegment(f"{NAME}: {fault}.") from fault


def _digest(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
