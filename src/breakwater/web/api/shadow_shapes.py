"""Shapes of `GET /v1/comments/shadow`: what stands beside the model that weighs comments."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from breakwater.model.comment import Level
from breakwater.records.chat_beside import Standing
from breakwater.web.api.shapes import Answer


class AlarmedOut(Answer):
    """Alarms of one level, of the model that answers and of the challenger."""

    level: str = Field(description="`message`, `author`, `stream` or `across`.", examples=["author"])  # fmt: skip
    champion: int = Field(examples=[3])
    challenger: int = Field(description="That it would have given.", examples=[2])


class ShadowOut(Answer):
    """Counts only: what was written is nowhere in them."""

    champion: str = Field(default="", description="The model that answers; empty: none.", examples=["ours-1"])  # fmt: skip
    challenger: str = Field(default="", description="The model in shadow; empty: none.", examples=["ours-2"])  # fmt: skip
    messages: int = Field(default=0, description="Events that both took.", examples=[120_000])
    failed: int = Field(default=0, description="Of them, those the challenger failed at.", examples=[0])  # fmt: skip
    stream_hours: float = Field(default=0.0, description="Ten minutes of a chat in which somebody wrote, added up.", examples=[310.5])  # fmt: skip
    both: int = Field(default=0, description="Ten minutes of a chat in which both alarmed.", examples=[4])  # fmt: skip
    only_champion: int = Field(default=0, examples=[1])
    only_challenger: int = Field(default=0, examples=[2])
    alarms: list[AlarmedOut] = Field(default_factory=list)
    encoder_asked: int = Field(default=0, description="Messages that stood out, since the start.", examples=[3_600])  # fmt: skip
    encoder_missed: int = Field(default=0, description="Of them, those that weigh without it: it gave no number, or none in time.", examples=[12])  # fmt: skip
    wrong: dict[str, str] = Field(default_factory=dict, description="What cannot be used, and why: `challenger`, `encoder`.")  # fmt: skip
    at: datetime | None = Field(default=None, description="When it was last written; null: nothing was weighed yet.")  # fmt: skip

    @classmethod
    def of(cls, one: Standing | None) -> Self:
        """From the noun; nothing was weighed yet: all zero."""
        if one is None:
            return cls()
        said = one.tally.get
        shown = Level if one.challenger else ()
        return cls(
            champion=one.champion, challenger=one.challenger, messages=said("messages", 0),
            failed=said("failed", 0), stream_hours=round(one.hours, 2), both=said("tens_both", 0),
            only_champion=said("tens_champion", 0), only_challenger=said("tens_challenger", 0),
            alarms=[
                AlarmedOut(
                    level=level.value, champion=said(f"champion_{level.value}", 0),
                    challenger=said(f"challenger_{level.value}", 0),
                )
                for level in shown
            ],
            encoder_asked=one.asked, encoder_missed=one.missed, wrong=dict(one.wrong), at=one.at,
        )  # fmt: skip
