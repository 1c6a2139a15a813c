"""A watcher: `python -m breakwater.live.watching.process FD FOLDER`.

One process holds many broadcasts in one thread. It has no database and no keys but those of the
chunks it writes; the owner says what to watch under which epoch, and hears every message of
every child. When the owner is gone it ends, and its children with it. Tests:
`tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from breakwater.live.watching.childwire import Inbox, Message, forward, shape, spell
from breakwater.live.watching.held import Held, Target
from breakwater.media.wire import BadAnswer
from breakwater.media.zygote import Gone, Zygote
from breakwater.model.ids import Id
from breakwater.model.live import Ending

ENTRY: Final = "breakwater.recognition.watch_task"
ASKED: Final = frozenset({"sample", "still", "pixels", "listen", "look", "shots", "strip"})
"""What goes on to the child as one line."""

TICK_S: Final = 0.5
REST_S: Final = 0.01
"""How long what many children say may gather: each wake-up costs more than reading a message."""

AT_ONCE: Final = 1 << 18
BEHIND: Final = 32 << 20
"""Bytes kept for an owner that is slow; frames beyond are dropped, and counted as lost."""


class Watcher:
    """The loop."""

    def __init__(self, owner: socket.socket, folder: Path | None) -> None:
        """Warm up; takes a second or two.

        Raises:
            Unfit: the jail cannot be built here.
        """
        self._owner, self._folder = owner, folder
        self._zygote = Zygote(ENTRY)
        self._inbox = Inbox()
        self._out = bytearray()
        self._behind = False
        self._lost = 0
        self._held: dict[Id, Held] = {}
        self._shapes: dict[Id, str] = {}
        self._poll = selectors.DefaultSelector()
        owner.setblocking(False)
        self._poll.register(owner, selectors.EVENT_READ, self._owner_ready)
        self._tell("ready", outer=self._zygote.outer, pid=os.getpid())

    def run(self) -> None:
        """Until the owner is gone."""
        tick = 0.0
        with suppress(ConnectionError):
            while True:
                for key, events in self._poll.select(TICK_S):
                    key.data(events)
                time.sleep(REST_S)
                now = time.monotonic()
                if now >= tick:
                    tick = now + TICK_S
                    self._tick(now)
        for held in self._held.values():
            held.end()
        self._zygote.close()

    def _owner_ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if not events & selectors.EVENT_READ:
            return
        going = self._inbox.feed(self._owner)
        for message in self._inbox.messages():
            self._obey(message)
        if not going:
            raise ConnectionError("the owner is gone")

    def _obey(self, order: Message) -> None:
        said = order.fields
        stream = Id(str(said.get("stream", "")))
        held = self._held.get(stream)
        if order.kind == "watch":
            if held is not None:
                self._drop(held)
            self._begin(stream, int(said["epoch"]), Target(**said["target"]))
        elif held is None or int(said["epoch"]) < held.epoch:
            return
        elif order.kind == "unwatch":
            self._over(held, Ending.ASKED)
        elif order.kind in ASKED:
            held.ask(f"{order.kind} {said['what']}")

    def _begin(self, stream: Id, epoch: int, target: Target) -> None:
        folder = None if self._folder is None else self._folder / stream
        held = Held(stream, epoch, target, folder=folder, now=time.monotonic())
        self._held[stream] = held
        if target.form == "srt":
            self._connected(held)
            return
        try:
            connection = held.connect()
        except OSError as error:
            self._over(held, Ending.REFUSED, type(error).__name__)
            return
        self._poll.register(
            connection, selectors.EVENT_WRITE, lambda _events: self._connected(held)
        )

    def _connected(self, held: Held) -> None:
        if held.connecting is not None:
            self._poll.unregister(held.connecting)
        try:
            child = held.begin(self._zygote, time.monotonic())
        except OSError as error:
            self._over(held, Ending.REFUSED, type(error).__name__)
            return
        except Gone:
            raise ConnectionError("the zygote is gone") from None
        self._poll.register(
            child.connection, selectors.EVENT_READ, lambda _events: self._child_ready(held)
        )

    def _child_ready(self, held: Held) -> None:
        """Read what a child says; one that says nonsense is ended."""
        if held.child is None:
            return
        going = held.inbox.feed(held.child.connection)
        held.heard(time.monotonic())
        try:
            for message in held.inbox.messages():
                self._hear(held, message)
                if self._held.get(held.stream) is not held:
                    return
        except BadAnswer as error:
            self._over(held, Ending.KILLED, error.detail)
            return
        if not going:
            self._forget(held)
            self._say_end(held, Ending.KILLED, held.bury())

    def _hear(self, held: Held, message: Message) -> None:
        if held.talks_too_much(time.monotonic()):
            raise BadAnswer("It says more than any broadcast does.")
        wall = time.time()
        if message.kind == "piece":
            self._keep(held, message, wall)
            return
        if message.kind == "end" and held.fault:
            message = replace(message, fields={**message.fields, "detail": held.fault})
        if message.kind == "shape":
            self._shapes[held.stream] = shape(message).container
        self._send(forward(message, stream=held.stream, epoch=held.epoch, at=wall))
        if message.kind == "end":
            self._drop(held)

    def _keep(self, held: Held, message: Message, wall: float) -> None:
        container = self._shapes.get(held.stream, "mpegts")
        try:
            chunk = held.keep(message.block, container, wall, key=message.fields.get("key") is True)
        except OSError as error:
            self._tell("full", stream=held.stream, epoch=held.epoch, why=type(error).__name__)
            return
        if chunk is not None:
            self._tell(
                "chunk", chunk.key, stream=held.stream, epoch=held.epoch, path=str(chunk.path),
                at=chunk.at, container=chunk.container, pull=chunk.pull,
            )  # fmt: skip

    def _tick(self, now: float) -> None:
        for held in list(self._held.values()):
            if held.late(now):
                why = Ending.STALLED if held.child is not None else Ending.REFUSED
                self._over(held, why, "by the clock")
        spent = os.times()
        self._tell("tick", held=len(self._held), lost=self._lost, cpu=spent.user + spent.system)

    def _over(self, held: Held, why: Ending, detail: str = "") -> None:
        self._drop(held)
        self._say_end(held, why, detail)

    def _say_end(self, held: Held, why: Ending, detail: str) -> None:
        self._tell("end", stream=held.stream, epoch=held.epoch, why=why, detail=detail)

    def _drop(self, held: Held) -> None:
        self._forget(held)
        held.end()

    def _forget(self, held: Held) -> None:
        connections = [held.connecting, None if held.child is None else held.child.connection]
        for connection in connections:
            if connection is not None:
                with suppress(KeyError, ValueError):
                    self._poll.unregister(connection)
        if self._held.get(held.stream) is held:
            del self._held[held.stream]

    def _tell(self, kind: str, block: bytes = b"", **fields: Any) -> None:
        self._send(spell(kind, block, **fields))

    def _send(self, message: bytes) -> None:
        """To the owner: at once where nothing waits."""
        if len(self._out) > BEHIND:
            self._lost += 1
            return
        if not self._out:
            with suppress(BlockingIOError):
                message = message[self._owner.send(message) :]
        self._out += message
        self._flush()

    def _flush(self) -> None:
        with suppress(BlockingIOError):
            while self._out:
                sent = self._owner.send(self._out[:AT_ONCE])
                del self._out[:sent]
        behind = bool(self._out)
        if behind != self._behind:
            self._behind = behind
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if behind else 0)
            self._poll.modify(self._owner, wanted, self._owner_ready)


def main(arguments: list[str]) -> None:
    """Serve until the owner is gone."""
    descriptor, folder = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    owner = socket.socket(fileno=int(descriptor))
    Watcher(owner, Path(folder) if folder else None).run()


if __name__ == "__main__":
    run: Callable[[list[str]], None] = main
    run(sys.argv[1:])
