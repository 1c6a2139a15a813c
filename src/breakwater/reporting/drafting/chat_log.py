"""The chat log of a report: what is evidence first, then the half hour that was preserved.

In: a case's material, and the files that `enforcement.keeping` sealed when the broadcast was
stopped. Out: one text and what of it is missing. What has no room is left out from the oldest on,
and the text says how much and where the rest is kept. Nothing of it reaches a log. Read by
`draft`; tests: `tests/contract/test_drafting_chat.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.clock import iso
from breakwater.model.ports import Blob
from breakwater.model.stream import Control
from breakwater.reporting.drafting import people
from breakwater.reporting.drafting.material import Material

COMMENTS: Final = "comments"
"""What of a preserved broadcast is its chat (`enforcement.keeping`)."""

ROOM: Final = 1_000_000
"""Letters of the preserved half hour. The form sets no limit; a longer text is a file of its own
there, and a draft is a row that pages read whole."""

SHORT: Final = 60_000
"""Letters where no file goes with a report: the writer makes a file of 100,000 UTF-16 units."""


@dataclass(frozen=True, slots=True)
class ChatLog:
    """What was written.

    Attributes:
        text: one a line; empty: nothing is known.
        left_out: comments of the preserved half hour that had no room.
        gone: preserved files whose bytes are not here any more.
    """

    text: str = field(default="", repr=False)
    left_out: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True, order=True)
class _Line:
    at: str
    author: str = field(repr=False)
    text: str = field(repr=False)
    message: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.at or '?'} {self.author or '?'}: {self.text}"


def chat_log(found: Material, vault: Blob, *, room: int = ROOM) -> ChatLog:
    """Read what was preserved and put it behind what is evidence.

    Args:
        found: what the case holds.
        vault: where the preserved half hour is.
        room: letters of it; the newest are kept.
    """
    lines = [f"{iso(one.at)} {one.author or '?'}: {one.text}" for one in found.comments]
    said, gone = _preserved(found, vault)
    shown = _newest(said, room)
    if shown:
        lines += [*_head(found, said, len(said) - len(shown)), *map(str, shown)]
    for told in found.told.values():
        if more := people.comments(told):
            lines += [f"Told by the service with the data of {told.account}:", *more]
    return ChatLog("\n".join(lines), len(said) - len(shown), gone)


def _preserved(found: Material, vault: Blob) -> tuple[list[_Line], int]:
    """Everything that was preserved, each once, the first first; and how many files are gone."""
    every: dict[_Line, None] = {}
    gone = 0
    for one in found.broadcast.kept if found.broadcast else ():
        if one.what != COMMENTS or one.blob is None:
            continue
        try:
            with vault.open(one.blob) as source:
                kept = json.load(source)
        except NotFound:  # the law of the seat had it destroyed
            gone += 1
            continue
        every |= dict.fromkeys(_line(said) for said in kept[COMMENTS])
    return sorted(every), gone


def _line(said: dict[str, str]) -> _Line:
    moment = people.moment(said.get("at"))
    at = iso(moment) if moment else str(said.get("at") or "")
    return _Line(at, *(str(said.get(name) or "") for name in ("author", "text", "id")))


def _newest(said: list[_Line], room: int) -> list[_Line]:
    """As many of the last as there is room for."""
    first = len(said)
    while first and (room := room - len(str(said[first - 1])) - 1) >= 0:
        first -= 1
    return said[first:]


def _head(found: Material, said: list[_Line], left_out: int) -> Iterable[str]:
    stop = _stopped(found)
    when = f" until it was stopped at {iso(stop)}" if stop else ""
    after = sum(one.at > iso(stop) for one in said) if stop else 0
    yield f"Everything written in the half hour{when}, {len(said)} comments ({after} after that):"
    if left_out:
        yield (
            f"The oldest {left_out} of them, from {said[0].at} to {said[left_out - 1].at}, are "
            "left out here for want of room. They are preserved with the case."
        )


def _stopped(found: Material) -> datetime | None:
    orders = found.broadcast.orders if found.broadcast else ()
    return min((one.at for one in orders if one.to.rank >= Control.FROZEN.rank), default=None)
