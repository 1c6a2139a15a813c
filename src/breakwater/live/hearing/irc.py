"""Chats on an IRC server, read as Twitch-compatible servers speak it.

One connection, one thread: it asks for tags, commands and membership where the server has them,
joins its channels, answers PING and comes back by itself, later each time it fails. Messages go
to the broadcast that runs under a channel's name, in batches; while those are weighed nothing more
is read. A server says nothing twice, so what could not be taken is tried again, then counted as
unscored. Nothing that is said there is logged. Source: RFC 1459 and 2812, IRCv3 message tags,
dev.twitch.tv/docs/chat/irc. Tests: `tests/integration/test_irc.py` against a real server.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from breakwater.errors import BadSettings, BreakwaterError
from breakwater.live.hearing.irc_lines import LONGEST, Line, Unread, events, parse
from breakwater.model.clock import Clock
from breakwater.model.comment import Message
from breakwater.observe import Metrics, logger

CONNECT_S: Final = 10.0
TICK_S: Final = 0.5
"""What came in this is one batch."""

SILENT_S: Final = 120.0
"""After which the server is asked whether it is there; twice that, and it is left."""

FIRST_S, MOST_S = 1.0, 60.0
"""Between two tries: the first wait, doubled each time up to the most."""

TRIES: Final = 3
AGAIN_S: Final = 1.0
"""A batch that meets a fault is tried so often, with this between: a database comes back."""

MOST_CHANNELS: Final = 100
BATCH: Final = 1_000
CAPABILITIES: Final = "twitch.tv/tags twitch.tv/commands twitch.tv/membership"

_log = logger("irc")

Take = Callable[[str, str, list[Message]], None]
"""Takes messages for the broadcast of a name on a media server: server, name, messages."""

Count = Callable[[str, str, int], None]
"""Counts messages of such a broadcast that could not be taken."""


@dataclass(frozen=True, slots=True)
class IrcRules:
    """Where to read.

    Attributes:
        password: as the server wants it (`oauth:…`).
        channels: by channel (`#quay`), the media server's name and the broadcast's name there.
    """

    host: str
    port: int
    tls: bool
    nick: str
    password: str = field(repr=False)
    channels: Mapping[str, tuple[str, str]]

    @classmethod
    def read(cls, url: str, nick: str, password: str, channels: tuple[str, ...]) -> IrcRules:
        """From settings: `ircs://irc.example`, and `#quay=edge:live/quay` for each channel.

        Raises:
            BadSettings: it is no such address, or no such channel.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"irc", "ircs"} or not parts.hostname:
            raise BadSettings("comments_irc_url is irc://host:6667 or ircs://host:6697.")
        found = {}
        for one in channels:
            channel, _, place = one.partition("=")
            server, colon, name = place.partition(":")
            if not channel.startswith("#") or not colon or not name or " " in one or "," in one:
                raise BadSettings("comments_irc_channels are like #quay=edge:live/quay.")
            found[channel.lower()] = (server, name)
        if not found or len(found) > MOST_CHANNELS or not nick or set(nick) & set(" \r\n:"):
            raise BadSettings(f"IRC takes a nick and 1 to {MOST_CHANNELS} channels.")
        tls = parts.scheme == "ircs"
        port = parts.port or (6697 if tls else 6667)
        return cls(parts.hostname, port, tls, nick, password, found)


@dataclass(slots=True, eq=False)
class _Ask:
    """Lines that somebody wants said, and the answer they wait for."""

    lines: tuple[str, ...]
    heard: Callable[[Line], bool]
    done: threading.Event = field(default_factory=threading.Event)
    answer: Line | None = None


class Irc:
    """One connection that comes back.

    Attributes:
        joined: it is in a channel now.
        unread: lines of the server that could not be read, since the start.
    """

    def __init__(
        self, *, rules: IrcRules, clock: Clock, metrics: Metrics, take: Take, count: Count
    ) -> None:
        """Take what it stands on; nothing is connected before `turn`."""
        self._rules, self._clock, self._take, self._count = rules, clock, take, count
        self._metrics = metrics
        self._untaken: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._waits: dict[str, list[Message]] = {}
        self._asks: deque[_Ask] = deque()
        self._asked: list[_Ask] = []
        self._nick = rules.nick
        self.joined = False
        self.unread = 0

    def turn(self) -> None:
        """See that the thread runs."""
        if not self._stop.is_set() and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name="irc", daemon=True)
            self._thread.start()

    @property
    def rules(self) -> IrcRules:
        """Where it reads."""
        return self._rules

    def ask(
        self, lines: Sequence[str], heard: Callable[[Line], bool], timeout_s: float
    ) -> Line | None:
        """Say lines and wait for the answer that is meant; None: none came in time.

        Args:
            lines: in their order.
            heard: whether a line is the answer.
            timeout_s: seconds to wait.
        """
        mine = _Ask(tuple(lines), heard)
        self._asks.append(mine)
        mine.done.wait(timeout_s)
        mine.done.set()  # what nobody waits for any more is not said later
        return mine.answer

    def close(self) -> None:
        """Leave."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=CONNECT_S)

    def _run(self) -> None:
        wait = FIRST_S
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._session()
                why = "closed"
            except OSError as error:  # of TLS too
                why = type(error).__name__
            except Exception as error:  # noqa: BLE001 - whatever a server says, we come back
                why = type(error).__name__
                _log.error("irc_fell", host=self._rules.host, why=why)
            self._there(joined=False)
            self._flush()
            if self._stop.is_set():
                return
            wait = FIRST_S if time.monotonic() - began > MOST_S else min(MOST_S, 2 * wait)
            _log.warning("irc_away", host=self._rules.host, why=why, again_s=round(wait, 1))
            self._stop.wait(wait * random.uniform(0.8, 1.2))  # noqa: S311 - spreads tries, no secret

    def _session(self) -> None:
        """One connection, until it ends."""
        rules = self._rules
        with socket.create_connection((rules.host, rules.port), CONNECT_S) as plain:
            context = ssl.create_default_context() if rules.tls else None
            wire = (
                plain if context is None else context.wrap_socket(plain, server_hostname=rules.host)
            )
            with wire:
                wire.settimeout(TICK_S)
                if rules.password:
                    _say(wire, f"PASS {rules.password}")
                _say(wire, f"NICK {rules.nick}")
                _say(wire, f"USER {rules.nick} 0 * :{rules.nick}")
                self._listen(wire)

    def _listen(self, wire: socket.socket) -> None:
        rest, skips, heard, asked = b"", False, time.monotonic(), False
        while not self._stop.is_set():
            self._say_asked(wire)
            try:
                piece = wire.recv(1 << 16)
                if not piece:
                    return
                heard, asked = time.monotonic(), False
            except TimeoutError:
                self._flush()
                silent = time.monotonic() - heard
                if silent > 2 * SILENT_S:
                    return
                if silent > SILENT_S and not asked:
                    asked = True
                    _say(wire, "PING :here")
                continue
            *lines, rest = (rest + piece).split(b"\n")
            for raw in lines:
                if skips or len(raw) > LONGEST:
                    skips = False
                    self._not_read()
                elif not self._heard(wire, raw):
                    return
            if len(rest) > LONGEST:
                skips, rest = True, b""
            self._flush(least=1 if len(piece) < 1 << 15 else BATCH)
        with suppress(OSError):
            _say(wire, "QUIT :bye")

    def _heard(self, wire: socket.socket, raw: bytes) -> bool:
        """One line; False: the server wants us to come anew."""
        try:
            line = parse(raw)
        except Unread:
            self._not_read()
            return True
        if line.command == "PING":
            _say(wire, f"PONG :{line.last}")
        elif line.command == "001":
            # Not always the name we asked for: who has that one is a viewer like any other.
            self._nick = line.params[0] if line.params else self._rules.nick
            _say(wire, f"CAP REQ :{CAPABILITIES}")
            for channel in self._rules.channels:
                _say(wire, f"JOIN {channel}")
        elif line.command == "433":  # our name is taken, perhaps by our last connection
            _say(wire, f"NICK {self._rules.nick}{random.randrange(1000)}")  # noqa: S311 - a name, no secret
        elif line.command == "366":
            self._there(joined=True)
        elif line.command == "RECONNECT":
            return False
        else:
            self._answer(line)
            self._event(line)
        return True

    def _there(self, *, joined: bool) -> None:
        self.joined = joined
        self._metrics.irc_up.set(joined)

    def _not_read(self) -> None:
        """Count a line that is none, or too long: whose chat it was in, nobody can say."""
        self.unread += 1
        self._metrics.irc_unread.inc()

    def _say_asked(self, wire: socket.socket) -> None:
        """Say what others want said, once we are there."""
        while self.joined and self._asks:
            mine = self._asks.popleft()
            if mine.done.is_set():
                continue
            self._asked.append(mine)
            for line in mine.lines:
                _say(wire, line)

    def _answer(self, line: Line) -> None:
        for mine in [one for one in self._asked if one.heard(line)]:
            mine.answer = line
            mine.done.set()
        self._asked = [one for one in self._asked if not one.done.is_set()][-MOST_CHANNELS:]

    def _event(self, line: Line) -> None:
        channel = line.params[0].lower() if line.params else ""
        if channel not in self._rules.channels or line.nick == self._nick:
            return
        some = self._waits.setdefault(channel, [])
        some += events(line, self._clock.now())
        if len(some) >= BATCH:
            self._flush()

    def _flush(self, least: int = 1) -> None:
        """Hand on what waits; what cannot be is counted as soon as somebody can."""
        for channel, told in list(self._waits.items()):
            if len(told) < least:
                continue
            del self._waits[channel]
            for start in range(0, len(told), BATCH):
                some = told[start : start + BATCH]
                if not self._taken(channel, some):
                    self._untaken[channel] += sum(one.kind.written for one in some)
        for channel, lost in list(self._untaken.items()):
            with suppress(Exception):  # it stays counted here and is told the next time
                self._count(*self._rules.channels[channel], lost)
                del self._untaken[channel]

    def _taken(self, channel: str, told: list[Message]) -> bool:
        """Hand on one batch; a fault that may pass is given a little time."""
        why = ""
        for tried in range(TRIES):
            if tried:
                self._stop.wait(AGAIN_S)
            try:
                self._take(*self._rules.channels[channel], told)
            except BreakwaterError as error:
                why = error.code
                break
            except Exception as error:  # noqa: BLE001 - no fault ends the thread that reads
                why = type(error).__name__
            else:
                return True
        _log.error("irc_not_taken", why=why, messages=len(told))
        return False


def _say(wire: socket.socket, line: str) -> None:
    wire.sendall(line.replace("\r", " ").replace("\n", " ").encode()[:510] + b"\r\n")
