"""What live does regularly. Joined by `app`."""

from __future__ import annotations

from breakwater.live.streams import FORGET_EVERY_S, Streams
from breakwater.model.work import Turn


def turns(streams: Streams) -> tuple[Turn, ...]:
    """Who watched what ended without suspicion is forgotten."""
    return (Turn("live.viewers", FORGET_EVERY_S, streams.forget),)
