"""Exhibits: what an investigator brought, a set at a time, and what became of each file of it.

A set is a VICS file with the folder of its media, or a folder alone. What is known already is
counted and shown to nobody again; what could not be read is a row with its reason. Made by
`linking.exhibits`, kept by `records.exhibits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.ids import Id


class SetKind(StrEnum):
    """What a set was read from."""

    VICS = "vics"
    FOLDER = "folder"


class SetState(StrEnum):
    """How far a set is."""

    TAKING = "taking"
    DONE = "done"
    FAILED = "failed"
    """Its file ends before its end; what came before is kept. Given again, it goes on."""


class ExhibitState(StrEnum):
    """What became of one file."""

    UNKNOWN = "unknown"
    """Nobody has judged it: a person looks, and links are sought."""
    KNOWN = "known"
    """In a list that acts, or judged before: shown to nobody again."""
    BAD = "bad"
    """It could not be taken in; `fault` says why."""
    NO_BYTES = "no_bytes"
    """Its hashes alone are here: the file was not found, or stays where it is."""


@dataclass(frozen=True, slots=True)
class ExhibitSet:
    """A set as people see it.

    Attributes:
        reference: the examiner's own, which nobody else uses here.
        offered: rows or files that were read; each is an exhibit, good or bad.
        taken: those that nobody had judged.
        checkpoint: after which row or file an import goes on, and where it lies.
        fault: why the set failed.
    """

    number: int
    id: Id
    reference: str
    source: str
    kind: SetKind
    state: SetState
    offered: int
    taken: int
    known: int
    bad: int
    by: str
    at: datetime
    done_at: datetime | None = None
    checkpoint: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fault(self) -> str:
        """Why it failed; empty: it did not."""
        return str(self.checkpoint.get("fault", "")) if self.state is SetState.FAILED else ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file of a set.

    Attributes:
        reference: within its set: the row of a VICS file, or the place of the file in the walk.
        sha256, md5, sha1: hexadecimal; empty: not known. Those of bytes that we read, or claimed.
        size: bytes.
        told: path, source and times as the examiner gave them; sealed where it is kept.
        known_entry: the listed entry that it matched.
        same_as: number of an earlier exhibit with the same bytes, which stands for it.
        blob: the vault's object; medium: its number among what links are sought for.
    """

    reference: str
    state: ExhibitState
    size: int = 0
    sha256: str = ""
    md5: str = ""
    sha1: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""
    known_entry: int | None = None
    same_as: int | None = None
    blob: Id | None = None
    media_type: str = ""
    medium: int | None = None
    number: int = 0
    set_number: int = 0
    id: Id | None = None
