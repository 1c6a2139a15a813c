"""Media servers as their documentation says they behave, for the contract: HTTP is real, media is not.

MediaMTX by its OpenAPI document, control API v3 (`info.version` 1.0.0, repository at 00974ef), and
what `authMethod: http` sends (internal/auth/manager.go at 003b535). Owncast by its OpenAPI document
0.0.9 (repository at 02a5e9f), with the list of viewers that later ones have. Whoever is connected has a rate instead of bytes.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from uuid import uuid4

from breakwater.errors import BadInput
from breakwater.live.hookforms import read_mediamtx
from breakwater.live.hooks import answer
from tests.integration.doors import Door
from tests.scripted_http import Asked, Said

RATE = 200_000
"""Bytes a second of whoever plays."""
GONE = (404, {"status": "error", "error": "connection not found"})
UNKNOWN = (404, {"status": "error", "error": "path not found"})
DENIED = (401, {"status": "error", "error": "authentication error"})
LISTS = {"rtmpconns": "rtmpConn", "hlssessions": "hlsSession"}


@dataclass
class Connection:
    """Somebody who sends or plays, until they leave or are dropped."""

    kind: str
    path: str
    state: str
    query: str = ""
    agent: str = "player"
    id: str = field(default_factory=lambda: str(uuid4()))
    begun: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def sending(self) -> bool:
        return self.ended is None

    @property
    def bytes(self) -> int:
        return int(((self.ended or time.monotonic()) - self.begun) * RATE)

    def stop(self) -> None:
        self.ended = self.ended or time.monotonic()

    close = stop


class MediaMtxServer:
    """Answers the control API, and asks a door at each publish and read."""

    def __init__(self, door: Door, watch: str, user: str, password: str) -> None:
        self._door = door
        self._watch = watch
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._basic = f"Basic {pair}"
        self.every: list[Connection] = []
        self.segments: dict[str, list[str]] = {}

    def connect(self, kind: str, path: str, state: str, query: str = "") -> Connection:
        """Come in as it would be asked; who is refused is a connection that has ended."""
        made = Connection(kind, path, state, query)
        body = {
            "user": "", "password": "", "token": "", "ip": "192.0.2.7", "action": state,
            "path": path, "protocol": "rtmp" if kind == "rtmpConn" else "hls", "id": made.id,
            "query": query,
        }  # fmt: skip
        try:
            hook, _, _ = read_mediamtx("mtx", json.dumps(body).encode())
            allowed = answer(self._door, hook, self._watch).allowed
        except BadInput:
            allowed = False
        if not allowed:
            made.ended = made.begun
            return made
        self.every.append(made)
        if state == "publish":
            start = f"2026-03-01T12:00:0{len(self.segments.setdefault(path, []))}Z"
            self.segments[path].append(start)
        return made

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("Authorization") != self._basic:
            return DENIED
        place, _, query = asked.path.partition("?")
        part = place.strip("/").split("/")
        match (asked.method, part[1:]):
            case ("GET", ["paths", "list"]):
                return self._listed([self._path(one) for one in sorted(self._published())])
            case ("GET", ["paths", "get", *name]) if "/".join(name) in self._published():
                return 200, self._path("/".join(name))
            case ("GET", ["recordings", "get", *name]) if self.segments.get("/".join(name)):
                path = "/".join(name)
                rows = [{"start": one} for one in self.segments[path]]
                return 200, {"name": path, "segments": rows}
            case ("DELETE", ["recordings", "deletesegment"]):
                return self._deleted(query)
            case ("GET", [kind, "list"]) if kind in LISTS:
                return self._listed(
                    [self._row(one) for one in self._there() if one.kind == LISTS[kind]]
                )
            case ("POST", [kind, "kick", id_]) if kind in LISTS:
                return self._kicked(id_)
        return UNKNOWN

    def _there(self) -> list[Connection]:
        """Who is connected; readers leave with the publisher."""
        for one in self.every:
            if one.state == "read" and one.path not in self._published():
                one.stop()
        return [one for one in self.every if one.sending]

    def _published(self) -> dict[str, Connection]:
        return {one.path: one for one in self.every if one.state == "publish" and one.sending}

    def _path(self, name: str) -> dict[str, object]:
        source = self._published()[name]
        readers = [one for one in self._there() if one.path == name and one.state == "read"]
        return {
            "name": name, "confName": "all_others", "ready": True,
            "readyTime": "2026-03-01T12:00:00Z", "tracks": ["H264", "MPEG-4 Audio"],
            "source": {"type": source.kind, "id": source.id}, "bytesReceived": source.bytes,
            "bytesSent": 0, "readers": [{"type": one.kind, "id": one.id} for one in readers],
        }  # fmt: skip

    @staticmethod
    def _row(one: Connection) -> dict[str, object]:
        return {
            "id": one.id, "created": "2026-03-01T12:00:00Z", "remoteAddr": "192.0.2.7:50412",
            "state": one.state, "path": one.path, "query": one.query, "userAgent": one.agent,
            "bytesReceived": 0, "bytesSent": one.bytes,
        }  # fmt: skip

    @staticmethod
    def _listed(rows: list[dict[str, object]]) -> Said:
        return 200, {"itemCount": len(rows), "pageCount": 1, "items": rows}

    def _kicked(self, id_: str) -> Said:
        for one in self._there():
            if one.id == id_:
                one.stop()
                self._there()
                return 200, {"status": "ok"}
        return GONE

    def _deleted(self, query: str) -> Said:
        told = dict(pair.split("=", 1) for pair in query.split("&"))
        path = told["path"].replace("%2F", "/")
        start = told["start"].replace("%3A", ":")
        if start not in self.segments.get(path, []):
            return GONE
        self.segments[path].remove(start)
        return 200, {"status": "ok"}


class OwncastServer:
    """One broadcast, an admin interface, and nobody who is asked before somebody comes in."""

    def __init__(self, user: str, password: str) -> None:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._basic = f"Basic {pair}"
        self.sender: Connection | None = None
        self.viewers: list[Connection] = []

    @property
    def online(self) -> bool:
        return self.sender is not None and self.sender.sending

    def publish(self) -> Connection:
        self.sender = Connection("rtmp", "live", "publish")
        return self.sender

    def play(self, agent: str) -> Connection:
        made = Connection("hls", "stream.m3u8", "read", agent=agent)
        if not self.online:
            made.ended = made.begun
        self.viewers.append(made)
        return made

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("Authorization") != self._basic:
            return 401, {}
        match asked.line:
            case "GET /api/admin/status":
                return 200, self._status()
            case "POST /api/admin/disconnect":
                if self.sender is not None:
                    self.sender.stop()
                for one in self.viewers:
                    one.stop()
                return 200, {"success": True, "message": "disconnected"}
            case "GET /api/admin/viewers":
                return 200, [
                    {"connectedAt": "2026-03-01T12:00:00Z", "messageCount": 0,
                     "userAgent": one.agent, "ipAddress": "192.0.2.9", "clientID": one.id,
                     "geo": None}
                    for one in self.viewers if one.sending
                ]  # fmt: skip
        return 404, {}

    def _status(self) -> dict[str, object]:
        if not self.online:
            return {"online": False, "viewerCount": 0, "broadcaster": None}
        return {
            "online": True, "viewerCount": sum(one.sending for one in self.viewers),
            "overallPeakViewerCount": 4, "sessionPeakViewerCount": 4, "versionNumber": "0.0.3",
            "broadcaster": {
                "remoteAddr": "192.0.2.9:51000", "time": "2026-03-01T12:00:00Z",
                "streamDetails": {
                    "width": 1280, "height": 720, "frameRate": 24, "videoBitrate": 1500,
                    "videoCodec": "H.264", "audioBitrate": 256, "audioCodec": "aac",
                    "encoder": "obs-output module (libobs version 25.0.8)",
                },
            },
        }  # fmt: skip
