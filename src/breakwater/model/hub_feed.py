"""What goes out of the hub: an entry as one member may have it, or the news that it may not.

Every way out (NCMEC dialect, JSON, segments, CSV, VICS, signed files) carries these values and
nothing else. Made by `hub.feeds.reading` from rows in the order of changes; read by members'
clients (`exchange`). `Terms` is what many entries share: 18 USC 2258C and list licences bind a
hash to a purpose, so that no value travels without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from breakwater.errors import BadInput


class Why(StrEnum):
    """Why an entry is not, or no longer, a member's. A follower removes it in each case."""

    WITHDRAWN = "withdrawn"
    """For ever."""
    HELD = "held"
    """It waits for people; it may come again under the same number."""
    UNRELEASED = "unreleased"
    """No rule releases it to this member any more; it may come again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A member that gave an entry, as others see it."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes with a value wherever it goes.

    Attributes:
        list: name of the shared list.
        sources: members that gave it and whose rules release it, the first first.
        permitted_use: what its licence allows.
        category: what it was graded; empty where nobody said it.
        labels: of the entry or its import.
        tlp: traffic light protocol of the list.
        source: words on where it comes from.
        expires_at: it no longer acts after this.
    """

    list: str
    sources: tuple[Source, ...]
    permitted_use: str = ""
    category: str = ""
    labels: tuple[str, ...] = ()
    tlp: str = "amber"
    source: str = ""
    expires_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As it stands in answers and files."""
        return {
            "list": self.list,
            "sources": [{"number": one.number, "name": one.name} for one in self.sources],
            "permitted_use": self.permitted_use,
            "category": self.category,
            "labels": list(self.labels),
            "tlp": self.tlp,
            "source": self.source,
            "expires_at": printed(self.expires_at),
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Terms:
        """Read what `as_json` wrote; unknown fields are passed over.

        Raises:
            BadInput: a field is missing or of another type.
        """
        try:
            return cls(
                list=text(told["list"]),
                sources=tuple(
                    Source(whole(one["number"]), text(one["name"])) for one in told["sources"]
                ),
                permitted_use=text(told["permitted_use"]),
                category=text(told["category"]),
                labels=tuple(text(label) for label in told["labels"]),
                tlp=text(told["tlp"]),
                source=text(told["source"]),
                expires_at=moment(told["expires_at"]),
            )
        except (KeyError, TypeError, AttributeError):
            raise BadInput("Terms lack a field, or one is of another type.") from None


@dataclass(frozen=True, slots=True)
class Released:
    """An entry that a member may have, as it is now.

    Attributes:
        change: of its last change; a follower goes on from the last one it read.
        number: of the entry at this hub; its name for ever.
        negative: known harmless.
        quality: 0..100 as its kind measures it.
        score: 0..1, how far it can be trusted; None where nobody has worked it out.
    """

    change: int
    number: int
    kind: str
    value: bytes
    terms: Terms
    negative: bool = False
    quality: int = 100
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that a member may have had and may have no more.

    Attributes:
        sources: numbers under which dialects may have named it to this member.
    """

    change: int
    number: int
    why: Why
    kind: str = ""
    sources: tuple[int, ...] = ()


News = Released | Gone


def printed(at: datetime | None) -> str | None:
    """A moment as answers spell it: UTC, RFC 3339."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(said: object) -> datetime | None:
    """Read what `printed` wrote.

    Raises:
        BadInput: not a moment with its zone.
    """
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(text(said))
    except ValueError:
        raise BadInput("A moment is written as RFC 3339 says, with its zone.") from None
    if at.tzinfo is None:
        raise BadInput("A moment is written as RFC 3339 says, with its zone.")
    return at


def text(said: object) -> str:
    """A string, or a refusal."""
    if not isinstance(said, str):
        raise BadInput("A text is missing.")
    return said


def whole(said: object) -> int:
    """A whole number from 0 below 2^63, or a refusal."""
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 1 << 63:
        raise BadInput("A number is missing, negative or too large.")
    return said


def objects(said: object) -> Sequence[Mapping[str, Any]]:
    """A list of objects, or a refusal."""
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise BadInput("A list of objects is missing.")
    return said


def hub_name(key: bytes) -> str:
    """What a hub is called in what it signs: the beginning of its key's SHA-256."""
    return hashlib.sha256(key).hexdigest()[:32]
