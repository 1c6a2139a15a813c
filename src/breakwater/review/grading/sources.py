"""One row of a set that is to be graded, whatever file it came in, and how it finds its media.

Made by `review.grading.vics` and `review.grading.sheet`, read by `review.grading.sets`. What a source says of an
item is kept as claims and believed in nothing but where its file lies. Paths come from other
systems: back-slashes, drive letters, another case; none of them leads out of the folder that
was named (`find`). Tests: `tests/unit/test_vics.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from breakwater.errors import BadInput, BadSignal
from breakwater.model.facts import ItemFacts
from breakwater.model.signal import MD5, SHA1, SHA256, Signal, SignalKind

MOST_PATHS: Final = 64
"""Places of one file that are tried; a source may list every copy that was seized."""

MOST_TEXT: Final = 500
"""Characters kept of what a source says."""

MOST_PATH: Final = 4_096

FACTS: Final = "facts"
"""Name of the claim that holds facts as another installation graded them."""

MOST_FACTS: Final = 200_000
"""Characters of facts: a thousand stretches of fifty children."""

_DRIVE: Final = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One item as its source tells it.

    Attributes:
        row: its place in the file, from 1.
        paths: where its bytes may lie, relative, with slashes; the likeliest first.
        hashes: exact ones that the source claims.
        claims: what else it says; members that are absent were not said.
    """

    row: int
    paths: tuple[str, ...] = ()
    hashes: tuple[Signal, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)

    def claimed(self, kind: SignalKind) -> str:
        """A claimed hash in hexadecimal; empty when there is none."""
        return next((one.value.hex() for one in self.hashes if one.kind == kind.name), "")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read; the reason never holds its content."""

    row: int
    reason: str


class Source(Protocol):
    """A file of rows, read from front to back; what it says of itself may come last."""

    @property
    def form(self) -> str:
        """What kind of file it is."""
        ...

    @property
    def context(self) -> str:
        """Whose categories the claims use; empty when the file does not say."""
        ...

    def rows(self) -> Iterator[SourceRow | BadRow]:
        """Every row, once."""
        ...


def hashes_of(said: Mapping[str, str]) -> tuple[Signal, ...]:
    """Claimed exact hashes, by the name of their kind in lower case.

    Raises:
        BadSignal: one of them is not of its kind.
    """
    found = []
    for kind in (MD5, SHA1, SHA256):
        text = said.get(kind.name, "").strip().strip("{}")
        if text:
            found.append(Signal(kind.name, kind.parse(text)))
    return tuple(found)


def relative(text: str) -> str:
    """A path of another system as one below our folder; empty when it leads out of it."""
    parts = _DRIVE.sub("", text.strip().replace("\\", "/")).split("/")
    kept = [part for part in parts if part not in {"", "."}]
    if ".." in kept or clean(text, most=MOST_PATH) != text.strip():
        return ""
    return "/".join(kept)


def facts_of(text: str) -> dict[str, Any]:
    """Facts as `review.grading.told` writes them, as a claim; what cannot be read says so.

    Kept beside what graders find and never taken for it.
    """
    if not text.strip():
        return {}
    try:
        said = json.loads(text) if len(text) <= MOST_FACTS else None
        return {FACTS: ItemFacts.read(said).plain()} if isinstance(said, dict) else _UNREADABLE
    except (BadInput, ValueError, TypeError, RecursionError):
        return _UNREADABLE


_UNREADABLE: Final[dict[str, Any]] = {f"{FACTS}_unreadable": True}


def clean(text: str, *, most: int = MOST_TEXT) -> str:
    """A text of a source as it can be stored: no NUL, no half characters, not too long."""
    kept = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    return kept.strip()[:most]


class MediaFolder:
    """The files beside a set. Finds them in spite of case, and never outside of it."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            BadInput: it is no folder.
        """
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder.")
        self._root = folder.resolve()
        self._names: dict[Path, dict[str, str]] = {}

    def find(self, row: SourceRow) -> Path | None:
        """The file of a row: by its paths, then by its hash as a name; None when it is not here."""
        stems = [kind for kind in (row.claimed(k) for k in (MD5, SHA1, SHA256)) if kind]
        for path in (*row.paths[:MOST_PATHS], *stems):
            with suppress(OSError, RuntimeError):  # a name too long, a circle of links: not here
                found = self._inside(self._root, PurePosixPath(path).parts)
                if found is not None:
                    return found
        return None

    def _inside(self, folder: Path, parts: tuple[str, ...]) -> Path | None:
        """Walk down part by part; a link out of the folder leads nowhere."""
        for at, part in enumerate(parts):
            exact = folder / part
            name = part if exact.exists() else self._listed(folder).get(part.casefold())
            if name is None:
                return None
            folder = folder / name
            if at < len(parts) - 1 and not folder.is_dir():
                return None
        resolved = folder.resolve()
        return resolved if resolved.is_file() and resolved.is_relative_to(self._root) else None

    def _listed(self, folder: Path) -> dict[str, str]:
        """Names in a folder by their case-folded form, and by their stem: read once."""
        known = self._names.get(folder)
        if known is None:
            if not folder.resolve().is_relative_to(self._root):
                return {}
            names = sorted(entry.name for entry in folder.iterdir())
            known = {Path(name).stem.casefold(): name for name in reversed(names)}
            known |= {name.casefold(): name for name in reversed(names)}
            self._names[folder] = known
        return known


def bad(row: int, fault: BadInput | BadSignal) -> BadRow:
    """The row that could not be read, with the reason."""
    return BadRow(row, fault.detail or fault.title())
