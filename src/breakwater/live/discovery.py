"""Media servers are polled: what their hooks did not tell, or told wrongly, is set right.

A broadcast that a server lists and nobody let in is asked about at the door as if it had just
begun, and dropped when the answer is no. One that a server lists no more, twice in a row, has
ended (a hook that says so may be forged or lost). A server that does not answer ends nothing:
its broadcasts are taken to run. Runs as a turn of the worker; tried against the real server in
`tests/integration/test_discovery.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from breakwater.errors import BreakwaterError, Unavailable
from breakwater.live.ports import Call, Can, Doorkeeper, Found, MediaServer, Peer
from breakwater.live.servers import Servers
from breakwater.model.ids import Id
from breakwater.model.server import ServerConfig, is_stream_name
from breakwater.model.stream import Stream
from breakwater.observe import Metrics, logger
from breakwater.records import media_servers, streams
from breakwater.records.database import Database

EVERY_S: Final = 5.0
AT_ONCE: Final = 8
"""Servers asked at the same time: one that hangs does not hold the others up."""
HOOKS_KEPT: Final = timedelta(minutes=15)

_log = logger("live")


class Door(Doorkeeper, Protocol):
    """A doorkeeper that also hears what runs."""

    def reconcile(
        self, server: str, names: Collection[str], *, known: Collection[Id] | None = None
    ) -> int:
        """End what is not among these names; answers how many."""
        ...


@dataclass(slots=True)
class Memory:
    """What was seen of one server at the last poll."""

    away: bool = False
    missing: frozenset[str] = frozenset()


@dataclass(slots=True)
class Discovery:
    """Polls every server in use."""

    db: Database
    servers: Servers
    door: Door
    metrics: Metrics
    seen: dict[str, Memory] = field(default_factory=dict)

    def run(self) -> None:
        """One poll of all; an error of one server is its own."""
        configs = [one for one in self.servers.every() if one.active]
        if configs:
            with ThreadPoolExecutor(min(AT_ONCE, len(configs))) as threads:
                list(threads.map(self._poll, configs))
        with self.db.transaction() as tx:
            media_servers.forget_hooks_before(tx, tx.now - HOOKS_KEPT)

    def _poll(self, config: ServerConfig) -> None:
        memory = self.seen.setdefault(config.name, Memory())
        try:
            adapter = self.servers.adapter(config.name)
            if Can.DISCOVER not in adapter.can:
                return
            found = adapter.discover()
        except Unavailable as error:
            self._away(config, memory, error)
            return
        except BreakwaterError as error:
            _log.warning("discovery_failed", server=config.name, error=error.code)
            return
        memory.away = False
        self.metrics.media_servers.labels(config.name).set(1)
        self._settle(config, adapter, [one for one in found if one.publishers], memory)

    def _away(self, config: ServerConfig, memory: Memory, error: Unavailable) -> None:
        if not memory.away:
            _log.warning("media_server_away", server=config.name, why=error.detail)
        memory.away = True
        self.metrics.media_servers.labels(config.name).set(0)

    def _settle(
        self, config: ServerConfig, adapter: MediaServer, found: list[Found], memory: Memory
    ) -> None:
        with self.db.read() as tx:
            known = streams.on_server(tx, config.name)
        running = {one.name for one in known}
        listed = {one.name for one in found}
        for one in found:
            if one.name not in running:
                for peer in one.publishers:
                    self._late(config, adapter, one.name, peer)
        missing = frozenset(running - listed)
        there = {one.id for one in known}
        self.door.reconcile(config.name, listed | (missing - memory.missing), known=there)
        memory.missing = missing
        self._count(config, known, {one.name: one.viewers for one in found})

    def _count(self, config: ServerConfig, known: list[Stream], told: dict[str, int]) -> None:
        """How many watch, as the server lists them and as they fetch HLS."""
        fetching = self.servers.audience.fetching
        now = {
            one.id: told[one.name] + len(fetching(config.name, one.name))
            for one in known
            if one.name in told
        }
        changed = [one for one in known if one.viewers != now.get(one.id, one.viewers)]
        if changed:
            with self.db.transaction() as tx:
                for one in changed:
                    streams.set_viewers(tx, one.id, now[one.id])

    def _late(self, config: ServerConfig, adapter: MediaServer, name: str, peer: Peer) -> None:
        """A broadcast that runs without having been let in."""
        call = Call(server=config.name, name=name, peer=peer)
        admitted = is_stream_name(name) and self.door.admit(call).allowed
        if admitted:
            self.door.started(call)
        else:
            done = adapter.terminate(name, peer.client).done
            _log.warning("publisher_dropped", server=config.name, done=done)
