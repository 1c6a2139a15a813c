"""What one known answer came to, and all of them together. Values; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from breakwater.model.clock import iso


@dataclass(frozen=True, slots=True)
class Finding:
    """One known answer.

    Attributes:
        part: what it is about.
        name: which one.
        known: the answer that others published; `found`: the one that was computed here.
    """

    part: str
    name: str
    known: str
    found: str
    right: bool

    @classmethod
    def equal(cls, part: str, name: str, known: object, found: object) -> Finding:
        """An answer that must be the same to the letter."""
        return cls(part, name, str(known), str(found), right=known == found)


@dataclass(frozen=True, slots=True)
class Validation:
    """Every finding of one run.

    Attributes:
        made_with: programs with their versions, and the machine, in groups.
    """

    began_at: datetime
    ended_at: datetime
    findings: tuple[Finding, ...]
    made_with: Mapping[str, Mapping[str, str]]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What does not agree."""
        return tuple(one for one in self.findings if not one.right)

    @property
    def ok(self) -> bool:
        """Everything agrees, and something was computed at all."""
        return bool(self.findings) and not self.wrong

    def plain(self) -> dict[str, Any]:
        """As JSON tells it."""
        return {
            "ok": self.ok,
            "answers": len(self.findings),
            "wrong": len(self.wrong),
            "began_at": iso(self.began_at),
            "ended_at": iso(self.ended_at),
            "made_with": {name: dict(group) for name, group in self.made_with.items()},
            "findings": [
                {"part": one.part, "name": one.name, "right": one.right, "known": one.known,
                 "found": one.found}
                for one in self.findings
            ],
        }  # fmt: skip
