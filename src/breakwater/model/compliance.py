"""Measures of a regulator's code: which are on, since when, and what proves it.

A code is data (`transparency/codes/*.toml`); whether a measure is on is looked up in the rows that
the work itself leaves, never ticked by hand. Made by `transparency.measures`; kept by
`records.measures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a code.

    Attributes:
        code: the code's own reference.
        check: which function looks whether it is on.
    """

    id: str
    name: str
    code: str
    check: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code: its measures, where it can be read, and which edition is meant."""

    id: str
    title: str
    source: str
    edition: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows it.

    Attributes:
        what: in words.
        value: the figure, as it is printed.
        rows: which rows or which answer of the API it is counted from.
    """

    what: str
    value: str
    rows: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a measure is on now; `why` says what is missing where it is not."""

    on: bool
    proofs: tuple[Proof, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Turned:
    """That a measure went on or off, as this installation saw it."""

    measure: str
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MeasureState:
    """A measure as it stands.

    Attributes:
        since: when it went on or off; None: it was not looked at before.
        history: the newest first.
    """

    measure: Measure
    checked: Checked
    since: datetime | None
    history: tuple[Turned, ...] = ()


@dataclass(frozen=True, slots=True)
class Compliance:
    """A code and how its measures stand at a moment."""

    code: Code
    made_at: datetime
    version: str
    measures: tuple[MeasureState, ...]
