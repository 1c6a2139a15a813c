"""A channel of an IRC server, as far as an operator of it can restrain what is written there.

`paused` is the channel's mode `m`: only those with a voice write. IRC knows no slow mode, no age of
accounts and no gifts, and takes nothing back: that is said, and the order is shown as not
confirmed. What the server says of the channel's modes afterwards is what counts, so that it is
confirmed only where we are an operator. Satisfies `enforcement.ports.ChatControl`. Source: RFC
2812, 3.2.3. Tests: `tests/integration/test_irc_control.py` against a real server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from breakwater.live.hearing.irc_lines import Line
from breakwater.live.ports import Answer, Can
from breakwater.model.chat import Measure
from breakwater.model.chat_rule import ChatRule

MODES: Final = "324"
"""The server's answer to a question for a channel's modes."""

ANSWER_S: Final = 5.0
ASIDE: Final = frozenset({Measure.SLOW, Measure.GATED, Measure.NO_GIFTS})
"""Measures that IRC has no word for."""


class Speaks(Protocol):
    """A connection to an IRC server."""

    def ask(
        self, lines: Sequence[str], heard: Callable[[Line], bool], timeout_s: float
    ) -> Line | None:
        """Say lines and wait for the answer that is meant; None: none came in time."""
        ...


class IrcControl:
    """One channel."""

    can: Final = frozenset({Can.CHAT})

    def __init__(self, connection: Speaks, channel: str) -> None:
        """Take the connection and the channel, `#quay`."""
        self._connection = connection
        self._channel = channel

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """Let nobody without a voice write, or let them all."""
        del name
        line = self._connection.ask(
            (f"MODE {self._channel} {'+' if rule.paused else '-'}m", f"MODE {self._channel}"),
            self._is_modes, ANSWER_S,
        )  # fmt: skip
        if line is None:
            return Answer(done=False, detail="The IRC server does not answer.")
        modes = line.params[2] if len(line.params) > 2 else ""
        if ("m" in modes) is not rule.paused:
            return Answer(done=False, detail="We are no operator of this channel.")
        if rule.measure in ASIDE:
            return Answer(done=False, detail="IRC can pause a channel and nothing less.")
        return Answer(done=True, detail="its mode is so")

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """What was said there was seen."""
        del name, messages, held
        return Answer(done=False, detail="IRC takes nothing back.")

    def _is_modes(self, line: Line) -> bool:
        return (
            line.command == MODES
            and len(line.params) > 1
            and line.params[1].lower() == self._channel.lower()
        )
