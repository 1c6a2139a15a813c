"""What enforcement needs from outside: media servers to act on, and what watchers keep.

Media servers satisfy `StreamControl` structurally (`live.ports.MediaServer`), watchers
`PreRoll` and `Prints`; `app` joins them, because verbs never import one another. Contract of
the servers: `breakwater.testing.media_servers`; of services: `breakwater.testing.platforms`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from breakwater.model.act import Acknowledged, Ask
from breakwater.model.chat_rule import ChatRule
from breakwater.model.copies import FramePrints
from breakwater.model.ids import Id


class Said(Protocol):
    """What a server answered to one act."""

    @property
    def done(self) -> bool:
        """It is so now."""
        ...

    @property
    def detail(self) -> str:
        """In words, without names, addresses and keys."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """Counts and places."""
        ...


class Seen(Protocol):
    """Somebody connected to a media server."""

    @property
    def client(self) -> str:
        """The server's own id of the connection."""
        ...

    @property
    def address(self) -> str:
        """As the server sees it; identity data."""
        ...

    @property
    def port(self) -> int | None:
        """None when the server does not tell."""
        ...

    @property
    def agent(self) -> str:
        """What the player calls itself."""
        ...

    @property
    def seconds(self) -> float:
        """Connected for."""
        ...


class StreamControl(Protocol):
    """A media server, as far as stopping goes. Every act is idempotent."""

    def terminate(self, name: str, client: str = "") -> Said:
        """Close the publisher's connection; `client` names one of several."""
        ...

    def deny_publish(self, name: str) -> Said:
        """See that it may not come back."""
        ...

    def freeze(self, name: str, client: str = "") -> Said:
        """Drop everyone who plays it, or hold back one of several; publisher and recording go on."""
        ...

    def thaw(self, name: str, client: str = "") -> Said:
        """Let players back."""
        ...

    def block_viewers(self, name: str) -> Said:
        """Drop everyone who plays it, our watcher too."""
        ...

    def purge(self, name: str) -> Said:
        """Remove playlist, segments, thumbnails and recordings."""
        ...

    def probe(self, name: str) -> Said:
        """Look whether anything of it can still be had."""
        ...

    def record_start(self, name: str) -> Said:
        """Record what the publisher sends."""
        ...

    def record_stop(self, name: str) -> Said:
        """Stop recording."""
        ...

    def viewers(self, name: str) -> Sequence[Seen]:
        """Who plays it now; raises `Unavailable`."""
        ...

    def recordings(self, name: str) -> Sequence[str]:
        """Names of its recordings; raises `Unavailable`."""
        ...

    def fetch_recording(self, recording: str, sink: Any) -> Said:
        """Write one recording's bytes into a sink that has `write`."""
        ...


class ChatControl(Protocol):
    """Whoever carries a chat, as far as it can be restrained. Every act is idempotent."""

    @property
    def can(self) -> Collection[str]:
        """What it is able to do; `chat` among it, or it is not asked."""
        ...

    def chat(self, name: str, rule: ChatRule) -> Said:
        """Have its chat be so."""
        ...

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Said:
        """Take messages out of its chat, or show them again."""
        ...


class PlatformAdapter(Protocol):
    """A service, as far as acts on content and accounts go. An act asked twice is done once."""

    def listens(self, service: str) -> bool:
        """Whether this service was ever connected: acts are wanted of nobody else."""
        ...

    def act(self, ask: Ask) -> Acknowledged:
        """Have one act done, and say how far it is; raises `Unavailable` where nobody answers.

        The service fences: of acts with the same `fence` it does none that is older than what it
        has done.
        """
        ...


class Talk(Protocol):
    """Who holds the last half hour of what was written to each broadcast, in memory only."""

    def since(self, stream: Id, seconds: float) -> Sequence[Mapping[str, Any]]:
        """Its comments as plain facts (`id`, `author`, `at`, `text`), the first first."""
        ...


class Kept(Protocol):
    """The last minutes of a broadcast, in the vault."""

    @property
    def blob(self) -> Id:
        """In the vault."""
        ...

    @property
    def seconds(self) -> float:
        """Length."""
        ...


class PreRoll(Protocol):
    """Who holds the last minutes of each broadcast."""

    def preserve(self, stream: Id) -> Kept | None:
        """Put them into the vault, durable when it returns; None when there are none."""
        ...


class Prints(Protocol):
    """Who holds what each broadcast looked like."""

    def prints(self, stream: Id) -> Sequence[FramePrints]:
        """Reference prints of its frames so far, the first first; empty when there are none."""
        ...


class NobodyTalks:
    """Stands where no comments are heard."""

    def since(self, stream: Id, seconds: float) -> Sequence[Mapping[str, Any]]:
        """Nothing."""
        del stream, seconds
        return ()


class NothingKept:
    """Stands where no watcher runs: what is missing becomes a gap that is shown."""

    def preserve(self, stream: Id) -> Kept | None:
        """Nothing."""
        del stream
        return None

    def prints(self, stream: Id) -> Sequence[FramePrints]:
        """Nothing."""
        del stream
        return ()
