"""What the page of operators' classifiers shows, and what they said on a case, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What one classifier said of what a case is about, in words."""

    words: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ClassifierRow:
    """One classifier."""

    name: str
    words: str
    purpose: str
    state: Mark
    trouble: str
    facts: tuple[tuple[str, str], ...]
    waits: bool = False
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """All of them, and whether they are on at all."""

    numbers: tuple[Number, ...]
    on: bool
    rows: tuple[ClassifierRow, ...]


@dataclass(frozen=True, slots=True)
class WatcherRow:
    """One watcher process, and what it watches."""

    name: str
    state: Mark
    since: str
    load: str
    streams: tuple[tuple[str, str], ...]
    """Labels, with how they are watched."""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Watchers:
    """Every watcher of this server."""

    rows: tuple[WatcherRow, ...]
    unplaced: int
