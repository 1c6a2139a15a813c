"""Explanations and sums as plain values and bytes, for rows and pipes, and back.

Tests: tests/unit/test_chat.py.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from breakwater.model.comment import (
    AuthorEvidence,
    Contribution,
    Explanation,
    Share,
    Source,
)
from breakwater.model.conversation import Party

LEVEL: Final = 1
"""Of compression: sums are packed every minute."""


def written(why: Explanation) -> dict[str, Any]:
    """An explanation as plain values."""
    return {
        "alarms_per_hour": why.alarms_per_hour,
        "messages": [
            [one.message, one.author, one.at.isoformat(), one.nats, shares_written(one.by)]
            for one in why.messages
        ],
        "authors": [[one.author, one.messages, one.evidence] for one in why.authors],
        "clears_in_s": why.clears_in_s, "lang": why.lang, "band": why.band,
        "benign_hours": why.benign_hours, "abstained": why.abstained, "notes": list(why.notes),
        "sides": [
            [[one.account, one.youngest, one.oldest] for one in side] for side in why.sides
        ],
    }  # fmt: skip


def read(said: Mapping[str, Any]) -> Explanation:
    """An explanation as it was written."""
    return Explanation(
        **{
            **said,
            "messages": tuple(
                Contribution(message, author, datetime.fromisoformat(at), nats, shares_read(by))
                for message, author, at, nats, by in said["messages"]
            ),
            "authors": tuple(AuthorEvidence(*one) for one in said["authors"]),
            "notes": tuple(said["notes"]),
            "sides": tuple((Party(*one), Party(*to)) for one, to in said.get("sides", ())),
        }
    )


def shares_written(by: Iterable[Share]) -> list[list[Any]]:
    """Parts of evidence as plain values."""
    return [[one.source.value, one.nats, one.ref] for one in by]


def shares_read(said: Iterable[Any]) -> tuple[Share, ...]:
    """Parts of evidence as they were written."""
    return tuple(Share(Source(source), nats, ref) for source, nats, ref in said)


def pack(said: Any) -> bytes:
    """Numbers as compressed JSON."""
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode(), LEVEL)


def unpack(packed: bytes) -> Any:
    """What `pack` packed.

    Raises:
        ValueError: it is not that.
    """
    try:
        return json.loads(zlib.decompress(packed))
    except zlib.error:
        raise ValueError("These are no packed sums.") from None
