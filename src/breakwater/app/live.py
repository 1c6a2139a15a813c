"""Wires what concerns broadcasts: media servers, their hooks, and the door."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.enforcing import policy_of
from breakwater.app.ground import Ground
from breakwater.errors import BadSettings
from breakwater.live.discovery import Discovery
from breakwater.live.hearing.hooked import Listener
from breakwater.live.hooks import Hooks
from breakwater.live.making import MAKERS
from breakwater.live.playlist import Relay
from breakwater.live.servers import Servers
from breakwater.live.spots.checks import SpotChecks
from breakwater.live.spots.desk import SpotDesk
from breakwater.live.spots.rules import SpotRules
from breakwater.live.streams import Streams
from breakwater.live.watching.locating import Locator
from breakwater.live.watching.post import WatchRules
from breakwater.live.watching.spotting import Spotter
from breakwater.live.watching.watching import Watching
from breakwater.network.addresses import networks
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Live:
    """Every part that watches and stops broadcasts.

    Attributes:
        servers: media servers and their adapters.
        streams: every broadcast; decides at the door.
        hooks: what media servers ask and tell.
        discovery: what they list.
        watching: pulls and looks at every broadcast.
        spots: draws broadcasts at random, and purges what was taken of them.
        spot_desk: takes what people answer.
    """

    servers: Servers
    streams: Streams
    hooks: Hooks
    discovery: Discovery
    watching: Watching
    spots: SpotChecks
    spot_desk: SpotDesk


def wire_live(
    settings: Settings, on: Ground, undo: ExitStack, *, listener: Listener | None = None
) -> Live:
    """Put the parts together; `listener` takes what is written to broadcasts."""
    servers = Servers(
        db=on.db, clock=on.clock, private=settings.media_server_networks, makers=MAKERS
    )
    undo.callback(servers.close)
    streams = Streams(
        db=on.db, policy=policy_of(settings), service_of=servers.service_of,
        resolve=on.atlas.resolve,
    )  # fmt: skip
    hooks = Hooks(db=on.db, clock=on.clock, servers=servers, door=streams, listener=listener)
    discovery = Discovery(db=on.db, servers=servers, door=streams, metrics=on.metrics)
    relay = Relay(on.clock)
    undo.callback(relay.close)
    watching = _watching(settings, on, servers, streams, relay)
    undo.callback(watching.close)
    rules = spot_rules_of(settings)
    return Live(
        servers=servers, streams=streams, hooks=hooks, discovery=discovery, watching=watching,
        spots=SpotChecks(
            db=on.db, keys=on.keys, vault=on.vault, strips=watching.strips, metrics=on.metrics,
            rules=rules, clock=on.clock,
        ),
        spot_desk=SpotDesk(
            db=on.db, vault=on.vault, policy=policy_of(settings), rules=rules, metrics=on.metrics
        ),
    )  # fmt: skip


def spot_rules_of(settings: Settings) -> SpotRules:
    """How broadcasts are drawn for spot checks, from settings.

    Raises:
        BadSettings: a weight that is none, or prevalence without a lawful basis.
    """
    told = settings.prevalence_enabled
    if told and not settings.prevalence_basis.strip():
        raise BadSettings("prevalence_enabled needs prevalence_basis: the lawful basis, in words.")
    return SpotRules.read(
        on=settings.spot_checks_enabled and settings.live_watch,
        per_hour=settings.spot_checks_per_hour,
        jurisdictions=settings.spot_checks_jurisdictions,
        weights=settings.spot_checks_weights,
        hours=settings.spot_checks_keep_hours,
        prevalence=settings.prevalence_basis if told else "",
    )


def _watching(
    settings: Settings, on: Ground, servers: Servers, streams: Streams, relay: Relay
) -> Watching:
    """Watchers start with the first broadcast."""
    cores = settings.live_watchers or os.cpu_count() or 1
    return Watching(
        db=on.db, clock=on.clock, metrics=on.metrics, vault=on.vault, door=streams,
        locate=Locator(servers, networks(settings.media_server_networks), hls=relay.offer),
        spotter=lambda stream: Spotter(
            stream, db=on.db, screener=on.screener, aligner=on.aligner
        ),
        rules=WatchRules(
            watchers=cores if settings.live_watch else 0,
            folder=settings.preroll_dir if settings.live_preroll_seconds else None,
            preroll_s=settings.live_preroll_seconds,
            preroll_bytes=settings.live_preroll_bytes,
        ),
    )  # fmt: skip
