"""node-media-server, run by the script of `live.recipes.node_media_server`.

The script asks us at each publish and play and lets nothing flow before the answer; its control
port lists who publishes and plays what (`GET /streams`) and ends any of them (`DELETE
/sessions/{id}`). It keeps nothing on disk, so there is nothing to purge. Tried against the real
server in `tests/integration/test_node_media_server.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from breakwater.errors import Unavailable
from breakwater.live.adapters.lacking import ONE, Lacking, cannot
from breakwater.live.ports import Answer, Can, Found, Peer, Stats
from breakwater.live.wire import Control, place
from breakwater.model.server import ServerConfig, ServerSecrets

GONE: Final = 404


class NodeMediaServer(Lacking):
    """One node-media-server."""

    can: frozenset[Can] = frozenset(
        {Can.DISCOVER, Can.VIEWERS, Can.TERMINATE, Can.FREEZE, Can.DENY_PUBLISH, Can.PURGE}
    )

    def __init__(self, config: ServerConfig, secrets: ServerSecrets, control: Control) -> None:
        super().__init__(control)
        self._config = config
        self._secrets = secrets

    def discover(self) -> tuple[Found, ...]:
        """Every stream that somebody publishes or waits for."""
        return tuple(self._found(one) for one in self._streams())

    def pull_url(self, name: str) -> str:
        """RTMP with our pass."""
        return f"{self._config.rtmp_url.rstrip('/')}/{name}?watch={self._secrets.watch}"

    def pull_options(self) -> Mapping[str, str]:
        """Live."""
        return {"rtmp_live": "live"}

    def freeze(self, name: str, client: str = "") -> Answer:
        """End the players that are not ours."""
        if client:
            return cannot(ONE)
        return self._end(name, "players", spare=True)

    def thaw(self, name: str, client: str = "") -> Answer:
        """Nothing to tell the server: it asks us at each play."""
        del name, client
        return Answer(done=True, detail="the server asks at each play")

    def terminate(self, name: str, client: str = "") -> Answer:
        """End the publisher."""
        return self._end(name, "publishers", client=client)

    def deny_publish(self, name: str) -> Answer:
        """Nothing to tell the server: it asks us at each publish."""
        del name
        return Answer(done=True, detail="the server asks at each publish")

    def block_viewers(self, name: str) -> Answer:
        """End every player."""
        return self._end(name, "players")

    def purge(self, name: str) -> Answer:
        """It keeps nothing; that it can be asked is all that is looked at."""
        del name
        try:
            self._streams()
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(done=True, detail="the server keeps nothing on disk")

    def probe(self, name: str) -> Answer:
        """Nobody publishes it."""
        try:
            left = self._peers(name, "publishers")
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, "still there: a publisher" if left else "nothing is left")

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """Players with their addresses and ports."""
        return tuple(_peer(one) for one in self._peers(name, "players") if not self._is_ours(one))

    def stats(self) -> Stats:
        """Counted from what it lists."""
        said = self._said()
        found = self.discover()
        running = sum(bool(one.publishers) for one in found)
        version = f"node-media-server {said.get('version', '')}"
        return Stats(version, running, sum(one.viewers for one in found))

    def check(self) -> tuple[Answer, ...]:
        """Whether the script answers us."""
        try:
            version = self.stats().version
        except Unavailable as away:
            return (Answer(done=False, detail=away.detail),)
        return (Answer(done=True, detail=f"{version} answers"),)

    def _said(self) -> Mapping[str, Any]:
        reply = self._control.get("/streams")
        try:
            said = json.loads(reply.body) if reply.ok else None
        except ValueError:
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("streams"), list):
            raise Unavailable(f"The media server answered {reply.status}.")
        return said

    def _streams(self) -> list[Mapping[str, Any]]:
        return [one for one in self._said()["streams"] if isinstance(one, dict)]

    def _peers(self, name: str, field: str) -> list[Mapping[str, Any]]:
        for one in self._streams():
            if one.get("name") == name:
                return [peer for peer in one.get(field) or () if isinstance(peer, dict)]
        return []

    def _end(self, name: str, field: str, *, client: str = "", spare: bool = False) -> Answer:
        def meant() -> list[Mapping[str, Any]]:
            return [
                one
                for one in self._peers(name, field)
                if client in {"", one.get("client")} and not (spare and self._is_ours(one))
            ]

        try:
            ended = meant()
            for one in ended:
                self._close(str(one.get("client", "")))
            left = len(meant())
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, f"{left} {field} are connected", {"dropped": len(ended)})

    def _close(self, client: str) -> None:
        reply = self._control.send("DELETE", place("sessions", client))
        if not reply.ok and reply.status != GONE:
            raise Unavailable(f"The media server answered {reply.status}.")

    def _found(self, one: Mapping[str, Any]) -> Found:
        players = [peer for peer in one.get("players") or () if isinstance(peer, dict)]
        senders = [peer for peer in one.get("publishers") or () if isinstance(peer, dict)]
        return Found(
            name=str(one.get("name", "")),
            publishers=tuple(_peer(peer) for peer in senders),
            viewers=sum(not self._is_ours(peer) for peer in players),
            width=int(one.get("width") or 0),
            height=int(one.get("height") or 0),
            bytes_in=int(one.get("bytes") or 0),
        )

    def _is_ours(self, peer: Mapping[str, Any]) -> bool:
        return bool(self._secrets.watch) and peer.get("watch") == self._secrets.watch


def _peer(said: Mapping[str, Any]) -> Peer:
    port = said.get("port")
    return Peer(
        client=str(said.get("client", "")),
        address=str(said.get("address", "")),
        port=port if isinstance(port, int) and port else None,
        seconds=float(said.get("seconds") or 0),
    )
