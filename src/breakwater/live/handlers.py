"""What live does regularly. Joined by `app`."""

from __future__ import annotations

from functools import partial
from typing import Final

from breakwater.live import discovery as polling
from breakwater.live.discovery import Discovery
from breakwater.live.streams import FORGET_EVERY_S, Streams
from breakwater.live.watching.watching import Watching
from breakwater.model.event import EventType
from breakwater.model.work import Subscription, Turn

WARM_EVERY_S: Final = 1.0


def subscriptions(watching: Watching) -> tuple[Subscription, ...]:
    """A broadcast that begins is watched at once, more closely when its risk rises."""
    changed = frozenset(
        {EventType.STREAM_CHANGED, EventType.STREAM_ORDERED, EventType.STREAM_ENDED}
    )
    return (
        Subscription("live.watch", frozenset({EventType.STREAM_STARTED}), watching.on_started),
        Subscription("live.attend", changed, watching.on_changed),
    )


def turns(streams: Streams, discovery: Discovery, watching: Watching) -> tuple[Turn, ...]:
    """Media servers are polled; who watched what ended without suspicion is forgotten."""
    return (
        Turn("live.discovery", polling.EVERY_S, discovery.run),
        Turn("live.warm", WARM_EVERY_S, partial(warm, discovery, watching)),
        Turn("live.watching", 0.05, watching.turn),
        Turn("live.viewers", FORGET_EVERY_S, streams.forget),
    )


def warm(discovery: Discovery, watching: Watching) -> None:
    """Start the watchers once a media server is entered: a cold one misses its first seconds."""
    if not watching.links() and discovery.servers.every():
        watching.start()
