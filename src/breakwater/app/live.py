"""Wires what concerns broadcasts: media servers, their hooks, and the door."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.enforcing import policy_of
from breakwater.app.ground import Ground
from breakwater.live.discovery import Discovery
from breakwater.live.hooks import Hooks
from breakwater.live.servers import MAKERS, Servers
from breakwater.live.streams import Streams
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Live:
    """Every part that watches and stops broadcasts.

    Attributes:
        servers: media servers and their adapters.
        streams: every broadcast; decides at the door.
        hooks: what media servers ask and tell.
        discovery: what they list.
    """

    servers: Servers
    streams: Streams
    hooks: Hooks
    discovery: Discovery


def wire_live(settings: Settings, on: Ground, undo: ExitStack) -> Live:
    """Put the parts together."""
    servers = Servers(
        db=on.db, clock=on.clock, private=settings.media_server_networks, makers=MAKERS
    )
    undo.callback(servers.close)
    streams = Streams(db=on.db, policy=policy_of(settings), service_of=servers.service_of)
    hooks = Hooks(db=on.db, clock=on.clock, servers=servers, door=streams)
    discovery = Discovery(db=on.db, servers=servers, door=streams, metrics=on.metrics)
    return Live(servers=servers, streams=streams, hooks=hooks, discovery=discovery)
