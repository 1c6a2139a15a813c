"""What every media server is asked, in one set of words; adapters map it to each server's own.

A broadcast's `name` is the server's own path of it: `app/stream` (`live/014`). Every act is
idempotent and answers an `Answer`; a server that is away, or that cannot do it, answers
`done=False` with the reason, so that enforcement can store and retry it. Only questions
(`discover`, `viewers`, `stats`) raise `Unavailable`. Who may publish and play is not the
adapter's to remember: the server asks at each publish and play (`web.api.hooks`), and the
answer is `Doorkeeper`'s. Contract: `breakwater.testing.media_servers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from breakwater.model.chat_rule import ChatRule


class Can(StrEnum):
    """What a kind of server is able to do. What is missing is shown, never guessed."""

    DISCOVER = "discover"
    VIEWERS = "viewers"
    TERMINATE = "terminate"
    FREEZE = "freeze"
    DENY_PUBLISH = "deny_publish"
    PURGE = "purge"
    RECORD = "record"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one act, or what a look at it showed.

    Attributes:
        done: it is so now, whether this call made it so or an earlier one.
        detail: the server's words or ours, without names, addresses and keys.
        facts: counts and places (`dropped=3`, `path=...`), for whoever asked.
    """

    done: bool
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody connected to a media server: a publisher or a viewer.

    Attributes:
        client: the server's own id of the connection.
        address: of the peer as the server sees it; identity data, kept sealed only.
        port: None when the server does not tell; never 0.
        agent: what the player or encoder calls itself.
        seconds: connected for.
    """

    client: str
    address: str = ""
    port: int | None = None
    agent: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """One running broadcast as the server lists it.

    Attributes:
        name: `app/stream`.
        publishers: who sends; empty for one that only players wait for.
        viewers: connections that play, ours not counted.
        seconds: running for.
    """

    name: str
    publishers: tuple[Peer, ...] = ()
    viewers: int = 0
    seconds: float = 0.0
    bytes_in: int = 0
    width: int = 0
    height: int = 0
    video: str = ""
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Stats:
    """How a server fares."""

    version: str
    streams: int
    viewers: int
    seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """What a server tells us in a hook: somebody wants to publish or play, or has ended.

    Attributes:
        server: name of the media server.
        name: `app/stream`.
        peer: who; the address is identity data.
        account: the service's own name of the broadcaster, where the hook tells it.
        key: what a re-publisher would come back with: the stream key, where it is not the name.
        device: an id of the device, where the platform's ingest tells one.
        bytes: sent so far, in updates.
    """

    server: str
    name: str
    peer: Peer
    account: str = ""
    key: str = ""
    device: str = ""
    bytes: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a publisher may come in; `why` is a word of ours, never told to them."""

    allowed: bool
    why: str = ""


class Doorkeeper(Protocol):
    """Who decides what a media server's hooks ask; `live.streams.Streams` does.

    Each is called within the server's own patience (about a second) and must not wait for
    other servers.
    """

    def admit(self, call: Call) -> Admission:
        """Whether this publisher may start; a denied account, key or device may not."""
        ...

    def started(self, call: Call) -> None:
        """It was admitted and sends."""
        ...

    def ended(self, call: Call) -> None:
        """The server says the publisher left. Believed only when discovery agrees."""
        ...

    def may_play(self, call: Call) -> bool:
        """Whether a viewer may have it now; not while it is frozen or cut."""
        ...

    def goes_on(self, call: Call) -> bool:
        """Whether a publisher of a running broadcast may stay; asked every few seconds."""
        ...


class MediaServer(Protocol):
    """One media server, whatever its make."""

    @property
    def can(self) -> frozenset[Can]:
        """What this kind of server is able to do."""
        ...

    def discover(self) -> tuple[Found, ...]:
        """Every broadcast that runs now.

        Raises:
            Unavailable: the server does not answer, or not as it should.
        """
        ...

    def pull_url(self, name: str) -> str:
        """Where a watcher fetches it; holds our own pass, so that it works while frozen."""
        ...

    def pull_options(self) -> Mapping[str, str]:
        """Options of the demuxer that go with `pull_url`."""
        ...

    def freeze(self, name: str, client: str = "") -> Answer:
        """Drop everyone who plays it, but not our watcher and not the publisher.

        With `client` it holds back what one of several sends, and the others go on.
        `Doorkeeper.may_play` must already say no, or they are back at once.
        """
        ...

    def thaw(self, name: str, client: str = "") -> Answer:
        """Let players back; `Doorkeeper.may_play` says yes again."""
        ...

    def terminate(self, name: str, client: str = "") -> Answer:
        """Close the publisher's connection; `client` names one of several."""
        ...

    def deny_publish(self, name: str) -> Answer:
        """See that the server asks at each publish, or tell it this one may not come back."""
        ...

    def block_viewers(self, name: str) -> Answer:
        """Drop everyone who plays it, our watcher too."""
        ...

    def purge(self, name: str) -> Answer:
        """Remove playlist, segments, thumbnails and recordings. Preserve them first."""
        ...

    def probe(self, name: str) -> Answer:
        """Look whether anything of it can still be had: `done` says that nothing can."""
        ...

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """Who plays it now, ours not among them.

        Raises:
            Unavailable: the server does not answer, or not as it should.
        """
        ...

    def record_start(self, name: str) -> Answer:
        """Record what the publisher sends; `facts["path"]` names the file on the server."""
        ...

    def record_stop(self, name: str) -> Answer:
        """Stop recording."""
        ...

    def recordings(self, name: str) -> tuple[str, ...]:
        """Names of its recordings on the server, oldest first.

        Raises:
            Unavailable: the server does not answer, or not as it should.
        """
        ...

    def fetch_recording(self, recording: str, sink: Any) -> Answer:
        """Write one recording's bytes into a sink that has `write`; `facts["size"]`."""
        ...

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """Have its chat be so: slow, gated, without gifts, paused, or open again."""
        ...

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """Take messages out of its chat by the service's own ids, or show them again."""
        ...

    def stats(self) -> Stats:
        """How the server fares.

        Raises:
            Unavailable: the server does not answer, or not as it should.
        """
        ...

    def check(self) -> tuple[Answer, ...]:
        """What stands in the way of freezing and cutting here, one finding each."""
        ...

    def close(self) -> None:
        """Let connections go; nothing is asked of it afterwards."""
        ...
