"""A lane: `python -m breakwater.recognition.hearing.process FD`.

One thread, many chats. It has no database and no network; what it knows came through its pipe,
and when the owner is gone it ends. Should it fall, it says what kind of fault it was and never
what was written. Tests: `tests/integration/test_comment_lanes.py`.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC
from types import TracebackType
from typing import Any, Final

from breakwater.errors import BreakwaterError
from breakwater.model.clock import SystemClock
from breakwater.recognition.hearing.lane import Lane
from breakwater.recognition.hearing.wire import Broken, Frame, hear, send

REST_S: Final = 30.0
"""Between two looks at what is half an hour old."""


def serve(owner: socket.socket) -> None:
    """Until the owner is gone."""
    first = hear(owner)
    try:
        lane = Lane(first.said, first.block)
    except BreakwaterError as error:
        send(owner, {"told": "unfit", "why": error.detail})
        return
    send(owner, {"told": "ready", **lane.about})
    clock, rested = SystemClock(), time.monotonic()
    while True:
        _obey(lane, owner, hear(owner))
        if time.monotonic() - rested > REST_S:
            rested = time.monotonic()
            lane.rest(clock.now().astimezone(UTC))


def _obey(lane: Lane, owner: socket.socket, frame: Frame) -> None:
    said = frame.said
    asked, number = said["do"], said.get("n", 0)
    if asked == "take":
        send(owner, {"n": number, **lane.take(said)})
    elif asked == "restore":
        lost = lane.restore(said, frame.block)
        if lost:
            send(owner, lost)
    elif asked == "texts":
        send(owner, {"n": number, **lane.texts(said)})
    elif asked == "sums":
        found, more = lane.sums(int(said["most"]), kept=bool(said["kept"]))
        chats = [[chat, len(packed)] for chat, packed in found]
        send(owner, {"n": number, "sums": chats, "more": more}, b"".join(p for _, p in found))
    elif asked in {"shared", "decided"}:
        chat = b""
        if asked == "decided":
            lane.decided(said)
            chat = lane.sums_of(said["chat"], said["service"]) or b""
        across, cells, beside = lane.shared()
        sizes = {"across": len(across), "cells": len(cells), "chat": len(chat)}
        send(owner, {"n": number, "counts": lane.counts(), **sizes}, across + cells + chat + beside)
    elif asked == "forget":
        packed = lane.sums_of(said["chat"], said["service"])
        lane.ended(said)
        send(owner, {"n": number, "kept": packed is not None}, packed or b"")
    else:
        _told(lane)[asked](said)


def _told(lane: Lane) -> dict[str, Callable[[dict[str, Any]], None]]:
    return {"budget": lane.budget, "ended": lane.ended, "kept": lane.kept}


def _quietly(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Say what kind of fault it was and where; what it says may quote what was written."""
    del fault
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "?" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    sys.stderr.write(f"A lane of comments fell: {kind.__name__} in {where}.\n")


def main(arguments: list[str]) -> None:
    """Serve until the owner is gone."""
    sys.excepthook = _quietly
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve(socket.socket(fileno=int(arguments[0])))
    except Broken:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
