"""What an adapter answers to what its kind of server cannot do: that it cannot, never silence.

Base of the adapters whose servers lack something; each overrides what it has and names it in `can`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from breakwater.live.ports import Answer, Can, Found, Peer, Stats
from breakwater.live.wire import Control
from breakwater.model.chat_rule import ChatRule


def cannot(what: str) -> Answer:
    """The answer: not done, and why."""
    return Answer(done=False, detail=f"This kind of server cannot {what}.")


ONE: Final = "freeze one of several senders"
"""What only a service that does it itself can."""

CHAT: Final = "act on a chat"


class Lacking:
    """A media server that can nothing yet."""

    can: frozenset[Can] = frozenset()

    def __init__(self, control: Control) -> None:
        self._control = control

    def discover(self) -> tuple[Found, ...]:
        """It lists nothing."""
        return ()

    def pull_options(self) -> Mapping[str, str]:
        """None."""
        return {}

    def freeze(self, name: str, client: str = "") -> Answer:
        """No."""
        del name, client
        return cannot("hold viewers back")

    def thaw(self, name: str, client: str = "") -> Answer:
        """Nothing was frozen."""
        del name, client
        return Answer(done=True, detail="nothing is held back")

    def terminate(self, name: str, client: str = "") -> Answer:
        """No."""
        del name, client
        return cannot("drop a publisher")

    def deny_publish(self, name: str) -> Answer:
        """No."""
        del name
        return cannot("refuse a publisher")

    def block_viewers(self, name: str) -> Answer:
        """No."""
        del name
        return cannot("drop viewers")

    def purge(self, name: str) -> Answer:
        """No."""
        del name
        return cannot("delete what it keeps")

    def probe(self, name: str) -> Answer:
        """No."""
        del name
        return cannot("show that nothing is left")

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """It does not tell."""
        del name
        return ()

    def record_start(self, name: str) -> Answer:
        """No."""
        del name
        return cannot("record on demand")

    def record_stop(self, name: str) -> Answer:
        """Nothing is recorded."""
        del name
        return Answer(done=True, detail="nothing is recorded")

    def recordings(self, name: str) -> tuple[str, ...]:
        """None that it tells of."""
        del name
        return ()

    def fetch_recording(self, recording: str, sink: Any) -> Answer:
        """No."""
        del recording, sink
        return cannot("hand out recordings")

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """It carries no chat."""
        del name, rule
        return cannot(CHAT)

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """It carries no chat."""
        del name, messages, held
        return cannot(CHAT)

    def stats(self) -> Stats:
        """Counted from what it lists."""
        found = self.discover()
        return Stats("", sum(bool(one.publishers) for one in found), sum(f.viewers for f in found))

    def close(self) -> None:
        """Let the connections go."""
        self._control.close()
