"""Conversations of two: how many ordinary ones alarm in 10,000, and how many episodes are found.

Ordinary ones are dealt from short messages that really were sent (UCI SMS Spam Collection, ham
only), both sides in turn over days; an episode lays neutral sentences of the cues, one a day, into
one side of an ordinary one. The sentences are the cues' own, so what is found says that stages
over days add up, and nothing about finding abuse. Limits are from one half of the messages, alarms
from the other. Beside it: the heaviest message alone, and both sides taken as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from benchmarks import comments_chats as texts
from benchmarks.harness import Row, Target, quick
from breakwater.comments.reader import MessageReader
from breakwater.conversations.sides import Sides
from breakwater.conversations.take import ConversationRules
from breakwater.model.comment import Message, Share
from breakwater.model.conversation import Party

CASE: Final = "conversations"
OURS, ALONE, TOGETHER = "breakwater", "one message", "both sides as one"
STEPS: Final = (
    "how old are you", "are you home alone", "add me on telegram", "i will pay you",
    "do not tell anyone", "give me your phone number",
)  # fmt: skip
DAYS: Final = 14
RATES: Final = (100, 50, 10)
"""False alarms in 10,000 ordinary conversations."""

BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
ADULT, CHILD = Party("a", 30, 30), Party("b", 13, 13)
ANN, BEN = Party("a"), Party("b")
Said = tuple[float, str, tuple[Share, ...]]
"""Days since the beginning, by whom, and what it showed."""


def _read(reader: MessageReader, text: str) -> tuple[Share, ...]:
    return reader.read(text, "en").scored.by


def ordinary(pool: Sequence[tuple[Share, ...]], rng: np.random.Generator) -> list[Said]:
    """A conversation of 10 to some hundred messages, over two weeks, in turn."""
    count = int(np.clip(rng.lognormal(3.7, 0.8), 10, 600))
    days = np.sort(rng.uniform(0, DAYS, count))
    told = rng.integers(0, len(pool), count)
    dealt = enumerate(zip(days, told, strict=True))
    return [(float(at), "ab"[n % 2], pool[int(one)]) for n, (at, one) in dealt]


def laid(chat: list[Said], steps: Sequence[tuple[Share, ...]], *, turn: bool = False) -> list[Said]:
    """An episode in it, a step a day; in turn: both sides say every other."""
    more = [(n + 1.5, "ab"[n % 2 if turn else 0], one) for n, one in enumerate(steps)]
    return sorted([*chat, *more], key=lambda one: one[0])


def peaks(chat: Sequence[Said], ann: Party = ANN, ben: Party = BEN) -> dict[str, float]:
    """The highest each program's evidence was."""
    sides, both = Sides(b"0123456789abcdef"), Sides(b"0123456789abcdef")
    found = dict.fromkeys((OURS, ALONE, TOGETHER), 0.0)
    for n, (day, by, shares) in enumerate(chat):
        if not shares:
            continue
        at = BEGIN + timedelta(days=day)
        one, other = (ann, ben) if by == "a" else (ben, ann)
        sides.take(Message(str(n), one.account, at, to=other.account), shares)
        both.take(Message(str(n), "a", at, to="b"), shares)
        found[OURS] = max(found[OURS], sides.evidence(one, other, at))
        found[TOGETHER] = max(found[TOGETHER], both.evidence(ANN, BEN, at))
        found[ALONE] = max(found[ALONE], sum(share.nats for share in shares))
    return found


def measured() -> tuple[list[Row], list[Target]]:
    """Limits from one half, alarms and episodes from the other."""
    count, trials = (1_000, 100) if quick() else (10_000, 1_000)
    rng = np.random.default_rng(20261122)
    reader = MessageReader(None, [])
    shown = [_read(reader, text) for text in texts.messages()[False]]
    steps = [_read(reader, text) for text in STEPS]
    half = len(shown) // 2
    limits = [peaks(ordinary(shown[:half], rng)) for _ in range(count)]
    benign = [peaks(ordinary(shown[half:], rng)) for _ in range(count)]
    base = [ordinary(shown[half:], rng) for _ in range(trials)]
    four = [laid(one, steps[:4]) for one in base]
    episodes = {
        "six stages": [peaks(laid(one, steps)) for one in base],
        "four stages": [peaks(one) for one in four],
        "four stages, an adult to a child": [peaks(one, ADULT, CHILD) for one in four],
        "control: six stages, both in turn": [peaks(laid(one, steps, turn=True)) for one in base],
    }
    rows = [Row(CASE, "ordinary", "messages", len(shown), "")]
    for rate in RATES:
        for program in (OURS, ALONE, TOGETHER):
            held = np.array([one[program] for one in limits])
            limit = float(np.quantile(held, 1 - rate / 10_000))
            rows += _rows(f"{CASE}, {rate} in 10,000", program, limit, benign, episodes)
    shipped = ConversationRules().at_least
    rows += _rows(f"{CASE}, as shipped", OURS, shipped, benign, episodes)
    alarms = _over(benign, OURS, shipped) * 10_000
    return rows, [
        Target.at_most("ordinary conversations that alarm in 10,000, as shipped", alarms, 10)
    ]


def _rows(
    case: str, program: str, limit: float, benign: Sequence[dict[str, float]],
    episodes: dict[str, list[dict[str, float]]],
) -> list[Row]:  # fmt: skip
    """One program at one limit."""
    return [
        Row(case, program, "threshold", limit, "nats"),
        Row(case, program, "realised", _over(benign, program, limit) * 10_000, "/10,000"),
        *(
            Row(case, program, f"found: {name}", _over(told, program, limit), "")
            for name, told in episodes.items()
        ),
    ]


def _over(found: Sequence[dict[str, float]], program: str, limit: float) -> float:
    return float(np.mean([one[program] > limit for one in found]))
