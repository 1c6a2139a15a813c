"""What the engine knows of one chat: its sums, its ten minutes that run, and when it rang.

Made and moved on by `engine`; kept as numbers under keyed hashes. Tests:
tests/unit/test_comments_engine.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from breakwater.comments.calibrate import Band
from breakwater.comments.explain import Ring
from breakwater.comments.sequential import ChatSums
from breakwater.errors import BadInput
from breakwater.model.comment import Cue, Level

LANGS: Final = 16
"""Languages of one chat that are told apart; those beyond count as unknown."""

FORM: Final = 1


@dataclass(slots=True)
class ChatState:
    """One stream's chat.

    Attributes:
        where: its keyed hash.
        cues: when each was last seen.
        block_at: when the ten minutes that run began.
        peaks: of these, by level.
        sources: key of the text or account that gave each peak.
        rang: when each level last alarmed.
        rang_now, found_now: in these ten minutes; people found something in them.
        messages, abstained: of these, and those that the model did not weigh.
    """

    service: str
    where: int
    sums: ChatSums = field(default_factory=ChatSums)
    ring: Ring = field(default_factory=Ring)
    langs: dict[str, float] = field(default_factory=dict)
    cues: dict[Cue, float] = field(default_factory=dict)
    band: Band = Band.SLOW
    block_at: float | None = None
    peaks: dict[Level, float] = field(default_factory=dict)
    sources: dict[Level, int] = field(default_factory=dict)
    rang: dict[Level, float] = field(default_factory=dict)
    rang_now: bool = False
    found_now: bool = False
    messages: int = 0
    abstained: int = 0

    @property
    def lang(self) -> str:
        """Most of its messages."""
        return max(self.langs, key=self.langs.__getitem__, default="und")

    def begin(self, at: float) -> None:
        """Ten minutes are over; the next ones begin."""
        self.block_at, self.peaks, self.sources = at, {}, {}
        self.rang_now = self.found_now = False
        self.messages = self.abstained = 0

    def source(self, level: Level, text: int, author: int) -> int:
        """What a level's height comes from: the text, its author, or who gives most of a sum."""
        if level is Level.MESSAGE:
            return text
        return author if level is Level.AUTHOR else self.sums.leader or self.where

    def snapshot(self) -> dict[str, Any]:
        """All of it, for JSON: numbers under keyed hashes."""
        return {
            "form": FORM, "service": self.service, "sums": self.sums.snapshot(),
            "langs": dict(self.langs), "cues": {cue.value: at for cue, at in self.cues.items()},
            "band": self.band.value, "block_at": self.block_at,
            "peaks": {level.value: peak for level, peak in self.peaks.items()},
            "sources": {level.value: source for level, source in self.sources.items()},
            "rang": {level.value: at for level, at in self.rang.items()},
            "rang_now": self.rang_now, "found_now": self.found_now, "messages": self.messages,
            "abstained": self.abstained,
        }  # fmt: skip

    @classmethod
    def restored(cls, kept: Mapping[str, Any], where: int) -> Self:
        """As it was.

        Raises:
            BadInput: not a snapshot of this form.
        """
        try:
            if kept["form"] != FORM:
                raise BadInput(f"This chat is of form {kept['form']}; this program reads {FORM}.")
            return cls(
                str(kept["service"]), where, sums=ChatSums.restored(kept["sums"]),
                langs={str(k): float(v) for k, v in kept["langs"].items()},
                cues={Cue(k): float(v) for k, v in kept["cues"].items()},
                band=Band(kept["band"]), block_at=kept["block_at"],
                peaks={Level(k): float(v) for k, v in kept["peaks"].items()},
                sources={Level(k): int(v) for k, v in kept.get("sources", {}).items()},
                rang={Level(k): float(v) for k, v in kept["rang"].items()},
                rang_now=bool(kept["rang_now"]), found_now=bool(kept.get("found_now")),
                messages=int(kept["messages"]), abstained=int(kept["abstained"]),
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadInput("This is not the snapshot of a chat.") from None
