"""What a lane is started with from rows, and what it leaves in them every minute.

Sums and counts, never what was written. Used by `lanes`. Tests:
tests/integration/test_comment_lanes.py, tests/integration/test_comment_beside.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

from breakwater.model.chat_form import pack, unpack
from breakwater.model.ids import Id
from breakwater.observe import Metrics, logger
from breakwater.records import chat_beside, chat_sums

if TYPE_CHECKING:
    from breakwater.model.clock import Clock
    from breakwater.recognition.hearing.lanes import LaneRules
    from breakwater.recognition.hearing.link import Link
    from breakwater.recognition.hearing.wire import Frame
    from breakwater.records.database import Database

SLICE: Final = 16
"""Chats whose sums are asked for at a time, so that others do not wait."""

_log = logger("comments")


@dataclass(frozen=True, slots=True)
class Begin:
    """What one lane is started with.

    Attributes:
        said: what `Lane` takes; `block`: counts of ordinary traffic and what stood beside.
        across: sums across chats; None: none are kept.
    """

    said: dict[str, Any] = field(repr=False)
    block: bytes = field(repr=False)
    across: bytes | None = field(repr=False)


def begin(
    db: Database, clock: Clock, rules: LaneRules, secret: bytes, *, number: int, lanes: int
) -> Begin:
    """Read what lane `number` of `lanes` left."""
    with db.read() as tx:
        held = chat_sums.cells(tx, number)
        across = chat_sums.across(tx, number, lanes)
        beside = chat_beside.get(tx, number) or b""
    cells = pack(held) if held else b""
    said = {
        "secret": secret.hex(), "package": rules.package, "lexicons": list(rules.lexicons),
        "encoder": rules.encoder, "challenger": rules.challenger,
        "today": clock.now().date().isoformat(), "cells": len(cells),
    }  # fmt: skip
    return Begin(said, cells + beside, across)


def keep(
    db: Database, link: Link, metrics: Metrics, *, number: int, lanes: int, wait_s: float
) -> None:
    """Write what changed since the last time; what cannot be written is told again then.

    Raises:
        Broken: the lane is gone.
        TimeoutError: it is silent.
    """
    more, kept = True, False
    while more:
        answer = link.ask({"do": "sums", "most": SLICE, "kept": kept}).result(timeout=wait_s)
        more, at = bool(answer.said["more"]), 0
        with db.transaction() as tx:
            for chat, size in answer.said["sums"]:
                chat_sums.put(tx, Id(chat), answer.block[at : at + size])
                at += size
        kept = True
    link.say({"do": "kept"})
    answer = link.ask({"do": "shared"}).result(timeout=wait_s)
    _tell(link, number, _put(db, answer, number, lanes))
    _count(link, metrics, number, Counter(answer.said["counts"]))


def keep_decided(
    db: Database, link: Link, said: dict[str, Any], *, number: int, lanes: int, wait_s: float
) -> None:
    """Tell a lane what people decided of a chat, and write what it learned; all or nothing.

    Raises:
        Broken: the lane is gone.
        TimeoutError: it is silent.
    """
    answer = link.ask({"do": "decided", **said}).result(timeout=wait_s)
    _put(db, answer, number, lanes, Id(said["chat"]))


def _put(
    db: Database, answer: Frame, number: int, lanes: int, decided: Id | None = None
) -> bytes:  # fmt: skip
    """Write what a lane shares; answers what stands beside its model."""
    ends = list(accumulate(int(answer.said[name]) for name in ("across", "cells", "chat")))
    across, cells, chat, beside = (
        answer.block[start:end] for start, end in pairwise([0, *ends, len(answer.block)])
    )
    with db.transaction() as tx:
        chat_sums.put_across(tx, number, lanes, across)
        chat_sums.put_cells(tx, number, unpack(cells))
        chat_sums.forget_cells(tx, lanes)
        chat_beside.put(tx, number, lanes, beside)
        if decided is not None and chat:
            chat_sums.put(tx, decided, chat)
    return beside


def _tell(link: Link, number: int, beside: bytes) -> None:
    """Say once what gives no numbers, and once that it is well again."""
    said = unpack(beside)
    wrong = {**said["faults"], **({"encoder": said["trouble"]} if said["trouble"] else {})}
    if wrong != link.about.get("wrong", {}):
        link.about["wrong"] = wrong
        for what, why in wrong.items():
            _log.error("comments_beside_fails", lane=number, what=what, why=why)
        if not wrong:
            _log.info("comments_beside_well", lane=number)


def _count(link: Link, metrics: Metrics, number: int, told: Counter[str]) -> None:
    """Add what a lane counted since the last time, and say which texts it had no room for."""
    more, link.counts = told - link.counts, told
    for what in ("asked", "missed"):
        metrics.comment_encoder.labels(what).inc(more[what])
    for what in ("plain", "evidence"):
        metrics.comment_texts.labels(what).inc(more[what])
    if more["plain"] or more["evidence"]:
        _log.warning(
            "comments_let_go_early", lane=number, plain=more["plain"], evidence=more["evidence"]
        )
