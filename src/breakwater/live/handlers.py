"""What live does regularly. Joined by `app`."""

from __future__ import annotations

from breakwater.live import discovery as polling
from breakwater.live.discovery import Discovery
from breakwater.live.streams import FORGET_EVERY_S, Streams
from breakwater.model.work import Turn


def turns(streams: Streams, discovery: Discovery) -> tuple[Turn, ...]:
    """Media servers are polled; who watched what ended without suspicion is forgotten."""
    return (
        Turn("live.discovery", polling.EVERY_S, discovery.run),
        Turn("live.viewers", FORGET_EVERY_S, streams.forget),
    )
