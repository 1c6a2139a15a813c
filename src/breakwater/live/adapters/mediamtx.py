"""MediaMTX: admission by `authMethod: http`, acts and looks by its control API (v3).

Written from its OpenAPI document (github.com/bluenviron/mediamtx, api/openapi.yaml at 00974ef,
`info.version` 1.0.0) and tried on recorded examples, not on a running server:
`tests/unit/test_mediamtx.py`; the contract: `tests/integration/test_documented_servers.py`. It asks
us at each publish and read, and lists publishers and readers by the kind of their connection, of
which each has its own address for kicking. Its HLS sessions are readers like others; where an old
version lists a muxer instead, its viewers are refused at their next request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from breakwater.errors import Unavailable
from breakwater.live.adapters.lacking import ONE, Lacking, cannot
from breakwater.live.ports import Answer, Can, Found, Peer, Stats
from breakwater.live.wire import Control, place
from breakwater.model.server import ServerConfig, ServerSecrets

KICKED: Final[Mapping[str, str]] = {
    "rtmpConn": "rtmpconns",
    "rtmpsConn": "rtmpsconns",
    "rtspSession": "rtspsessions",
    "rtspsSession": "rtspssessions",
    "srtConn": "srtconns",
    "webRTCSession": "webrtcsessions",
    "hlsSession": "hlssessions",
    "moqSession": "moqsessions",
}
"""Kind of a reader or source, and the collection in which it is listed and kicked."""
PAGE: Final = 1000


class MediaMtx(Lacking):
    """One MediaMTX."""

    can: frozenset[Can] = frozenset(
        {Can.DISCOVER, Can.VIEWERS, Can.TERMINATE, Can.FREEZE, Can.DENY_PUBLISH, Can.PURGE}
    )

    def __init__(self, config: ServerConfig, secrets: ServerSecrets, control: Control) -> None:
        super().__init__(control)
        self._config = config
        self._secrets = secrets

    def discover(self) -> tuple[Found, ...]:
        """Every path that is ready."""
        return tuple(_found(path) for path in self._paths() if path.get("ready"))

    def pull_url(self, name: str) -> str:
        """RTMP with our pass."""
        return f"{self._config.rtmp_url.rstrip('/')}/{name}?watch={self._secrets.watch}"

    def pull_options(self) -> Mapping[str, str]:
        """Live."""
        return {"rtmp_live": "live"}

    def freeze(self, name: str, client: str = "") -> Answer:
        """Kick the readers that are not ours."""
        if client:
            return cannot(ONE)
        return self._drop(name, spare=True)

    def thaw(self, name: str, client: str = "") -> Answer:
        """Nothing to tell the server: it asks us at each read."""
        del name, client
        return Answer(done=True, detail="the server asks at each read")

    def terminate(self, name: str, client: str = "") -> Answer:
        """Kick the source."""
        try:
            source = self._source(name)
            if source is not None and client in {"", source[1]}:
                if source[0] not in KICKED:
                    return Answer(done=False, detail="The source is not a publisher's connection.")
                self._kick(*source)
                source = self._source(name)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        gone = source is None or client not in {"", source[1]}
        return Answer(gone, "the publisher is gone" if gone else "The publisher is still there.")

    def deny_publish(self, name: str) -> Answer:
        """Nothing to tell the server: it asks us at each publish."""
        del name
        return Answer(done=True, detail="the server asks at each publish")

    def block_viewers(self, name: str) -> Answer:
        """Kick every reader."""
        return self._drop(name, spare=False)

    def purge(self, name: str) -> Answer:
        """Delete its recordings; HLS is in memory and gone with the publisher."""
        try:
            for start in self.recordings(name):
                query = {"path": name, "start": start}
                self._control.send("DELETE", "/v3/recordings/deletesegment", query)
            left = self.recordings(name)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, f"{len(left)} recordings are left")

    def probe(self, name: str) -> Answer:
        """Neither a path that is ready nor a recording."""
        try:
            there = self._source(name) is not None
            left = self.recordings(name)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        words = [*(["a publisher"] if there else []), *(["recordings"] if left else [])]
        return Answer(not words, f"still there: {', '.join(words)}" if words else "nothing is left")

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """Readers, with their addresses where the collection tells them."""
        return tuple(_peer(row) for _, row in self._readers(name) if not self._is_ours(row))

    def recordings(self, name: str) -> tuple[str, ...]:
        """Starts of its segments, by which they are deleted."""
        reply = self._control.get(place("v3", "recordings", "get", *name.split("/")))
        if reply.status == 404:
            return ()
        said = _json(reply.status, reply.body)
        return tuple(str(one.get("start", "")) for one in said.get("segments") or ())

    def stats(self) -> Stats:
        """Counted from its paths."""
        found = self.discover()
        return Stats("MediaMTX", len(found), sum(one.viewers for one in found))

    def check(self) -> tuple[Answer, ...]:
        """Whether its API answers us."""
        try:
            self._paths()
        except Unavailable as away:
            return (Answer(done=False, detail=away.detail),)
        return (Answer(done=True, detail="its list of paths can be read"),)

    def _paths(self) -> list[dict[str, Any]]:
        return list(self._pages("/v3/paths/list"))

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page, pages = 0, 1
        while page < pages:
            query = {"itemsPerPage": str(PAGE), "page": str(page)}
            reply = self._control.get(path, query)
            said = _json(reply.status, reply.body)
            pages = int(said.get("pageCount") or 1)
            yield from (one for one in said.get("items") or () if isinstance(one, dict))
            page += 1

    def _path(self, name: str) -> dict[str, Any] | None:
        reply = self._control.get(place("v3", "paths", "get", *name.split("/")))
        return None if reply.status == 404 else _json(reply.status, reply.body)

    def _source(self, name: str) -> tuple[str, str] | None:
        path = self._path(name)
        source = (path or {}).get("source")
        if path is None or not path.get("ready") or not isinstance(source, dict):
            return None
        return str(source.get("type", "")), str(source.get("id", ""))

    def _readers(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Kind and row of every reader; a row has no more than its id where it is not listed."""
        path = self._path(name) or {}
        wanted = [one for one in path.get("readers") or () if isinstance(one, dict)]
        rows: dict[str, dict[str, Any]] = {}
        for kind in {str(one.get("type", "")) for one in wanted} & set(KICKED):
            listed = self._pages(place("v3", KICKED[kind], "list"))
            rows |= {str(row.get("id", "")): row for row in listed}
        ids = [(str(one.get("type", "")), str(one.get("id", ""))) for one in wanted]
        return [(kind, rows.get(one, {"id": one})) for kind, one in ids if kind in KICKED]

    def _drop(self, name: str, *, spare: bool) -> Answer:
        try:
            dropped = 0
            for kind, row in self._readers(name):
                if not (spare and self._is_ours(row)):
                    self._kick(kind, str(row.get("id", "")))
                    dropped += 1
            rest = [row for _, row in self._readers(name) if not (spare and self._is_ours(row))]
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not rest, f"{len(rest)} readers are connected", {"dropped": dropped})

    def _kick(self, kind: str, client: str) -> None:
        reply = self._control.send("POST", place("v3", KICKED[kind], "kick", client))
        if not reply.ok and reply.status != 404:
            raise Unavailable(f"The media server answered {reply.status} to a kick.")

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        said = str(row.get("query", "")).split("&")
        return bool(self._secrets.watch) and f"watch={self._secrets.watch}" in said


def _json(status: int, body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body) if 200 <= status < 300 else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Unavailable(f"The media server answered {status}.")
    return said


def _found(path: Mapping[str, Any]) -> Found:
    source = path.get("source")
    client = str(source.get("id", "")) if isinstance(source, dict) else ""
    tracks = [str(track) for track in path.get("tracks") or ()]
    return Found(
        name=str(path.get("name", "")),
        publishers=(Peer(client=client),),
        viewers=len(path.get("readers") or ()),
        bytes_in=int(path.get("bytesReceived") or 0),
        video=tracks[0] if tracks else "",
    )


def _peer(row: Mapping[str, Any]) -> Peer:
    address, _, port = str(row.get("remoteAddr", "")).rpartition(":")
    return Peer(
        client=str(row.get("id", "")),
        address=address.strip("[]"),
        port=int(port) if port.isdecimal() and int(port) else None,
        agent=str(row.get("userAgent", "")),
    )
