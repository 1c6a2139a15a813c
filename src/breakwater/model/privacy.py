"""What is kept of one person outside, and what of it may be given out or erased.

A person is known here by a service's name of their account. What an investigation needs is exempt
from both (GDPR Art. 23(1)(d), Art. 17(3)(b) and (e); 18 USC 2258A(h)): it is listed as such, with
the reason, and never left out silently. Read from the tables by `records.subjects`; used by
`access.subjects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from breakwater.model.ids import Id


class Exempt(StrEnum):
    """Why something of a person is not given out, or not erased."""

    HELD = "held"
    """A hold stands on it: the law says that it is preserved."""
    CASE = "case"
    """It belongs to a case that waits, or that a person decided as illegal."""
    ACCOUNTABLE = "accountable"
    """It records what people decided or reported; such rows are only ever added."""
    OTHERS = "others"
    """It is somebody else's words about the account."""
    RUNS = "runs"
    """It ends by itself: a broadcast that led to nothing 90 days after its end."""


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """One column and what it is for: a line of the record of processing (GDPR Art. 30)."""

    table: str
    column: str
    klass: str
    purpose: str
    retention: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One row that concerns a person.

    Attributes:
        facts: what it says; empty where it is exempt from being given out.
        case: that it belongs to, if any.
        exempt: why it is not given out; None: it is.
        stays: why it is not erased; None: it may be.
    """

    table: str
    id: Id
    facts: Mapping[str, Any] = field(default_factory=dict)
    case: Id | None = None
    exempt: Exempt | None = None
    stays: Exempt | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, by table, and what stays.

    Attributes:
        uploads: ids of uploads whose hashes are overwritten by a job.
    """

    gone: Mapping[str, int]
    stays: tuple[KeptRow, ...]
    uploads: tuple[Id, ...] = ()
