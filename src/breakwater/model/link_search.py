"""A search by example: a picture or clip that somebody brings, and what of the kept is like it.

Of the example only its hash is kept. Made by `linking.searching`; shown by the API and the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from breakwater.model.ids import Id
from breakwater.model.link import LinkKind


@dataclass(frozen=True, slots=True)
class Hit:
    """One kept medium that is like the example.

    Attributes:
        medium: its number.
        id: its id.
        kind: in what it is like it.
        score: 0 to 1 of the method; compared within a kind alone.
        series: number of the series that it is in.
        method: what found it.
        evidence: as an edge's; times and points `a` are the kept medium's, `b` the example's
            or, where one was drawn, the box's.
    """

    medium: int
    id: Id
    kind: LinkKind
    score: float
    method: str
    series: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found, the surest kinds first.

    Attributes:
        sha256: of the example, hexadecimal.
        frames, seconds: how much of it was compared.
        abstained: why there was nothing to compare by; empty: there was something.
    """

    id: Id
    sha256: str
    hits: tuple[Hit, ...]
    frames: int
    seconds: float
    abstained: str = ""
