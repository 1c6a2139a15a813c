"""What a lane is started with from rows, and what it leaves in them every minute.

Sums and counts, never what was written. Used by `lanes`. Tests:
tests/integration/test_comment_lanes.py, tests/integration/test_comment_beside.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from breakwater.model.chat_form import pack, unpack
from breakwater.model.ids import Id
from breakwater.observe import logger
from breakwater.records import chat_beside, chat_sums

if TYPE_CHECKING:
    from breakwater.model.clock import Clock
    from breakwater.recognition.hearing.lanes import LaneRules
    from breakwater.recognition.hearing.link import Link
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


def keep(db: Database, link: Link, number: int, lanes: int, wait_s: float) -> None:
    """Write what changed since the last time.

    Raises:
        Broken: the lane is gone.
        TimeoutError: it is silent.
    """
    more = True
    while more:
        answer = link.ask({"do": "sums", "most": SLICE}).result(timeout=wait_s)
        more, at = bool(answer.said["more"]), 0
        with db.transaction() as tx:
            for chat, size in answer.said["sums"]:
                chat_sums.put(tx, Id(chat), answer.block[at : at + size])
                at += size
    answer = link.ask({"do": "shared"}).result(timeout=wait_s)
    cut, end = int(answer.said["across"]), int(answer.said["across"]) + int(answer.said["cells"])
    with db.transaction() as tx:
        chat_sums.put_across(tx, number, lanes, answer.block[:cut])
        chat_sums.put_cells(tx, number, unpack(answer.block[cut:end]))
        chat_sums.forget_cells(tx, lanes)
        chat_beside.put(tx, number, lanes, answer.block[end:])
    _tell(link, number, answer.block[end:])


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
