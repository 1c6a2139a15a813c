"""Hooks of each make of media server, read into one `Hook`.

Everything in a hook was partly chosen by a stranger (a publisher's query stands in nginx-rtmp's
form beside the server's own fields), so the first of two fields counts, names are checked before
anybody sees them, and an account is taken from signed events alone. Fed by `live.hooks`; tested
in `tests/integration/test_hooks.py` and against real servers in `tests/integration`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from breakwater.errors import BadInput
from breakwater.live.adapters.owncast import NAME as OWNCAST
from breakwater.live.ports import Call, Peer
from breakwater.model.server import is_stream_name

MAX_FIELDS: Final = 64
PLAYLIST_PARTS: Final = 3
"""`app/stream/file` behind the place that playlists are served from."""


class HookKind(StrEnum):
    """What a hook is about. Others are answered with yes and noted nowhere."""

    PUBLISH = "publish"
    PUBLISH_DONE = "publish_done"
    PLAY = "play"
    UPDATE_PUBLISH = "update_publish"
    UPDATE_PLAY = "update_play"
    OTHER = "other"


ONCE: Final = frozenset({HookKind.PUBLISH, HookKind.PUBLISH_DONE})
"""What begins or ends a broadcast is taken once for each connection."""
PLAYS: Final = frozenset({HookKind.PLAY, HookKind.UPDATE_PLAY})
"""Somebody watches."""
REPLAYED: Final = timedelta(seconds=60)
"""nginx counts connections anew when it starts: longer, and a restart would lock people out."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook, read."""

    kind: HookKind
    call: Call
    watch: str = ""


def read_form(server: str, body: bytes, at: datetime | None = None) -> Hook:
    """Read nginx-rtmp's form.

    Raises:
        BadInput: there is no usable name in it, or it is no such form.
    """
    fields: dict[str, str] = {}
    try:
        for key, value in parse_qsl(body.decode("utf-8"), True, max_num_fields=MAX_FIELDS):
            fields.setdefault(key, value)
    except ValueError:
        raise BadInput("The hook is no form of nginx-rtmp.") from None
    name = f"{fields.get('app', '')}/{fields.get('name', '')}"
    if not is_stream_name(name) or "/" not in name:
        raise BadInput("The stream has a name that cannot be taken.")
    peer = Peer(
        client=fields.get("clientid", "")[:64],
        address=fields.get("addr", "")[:64],
        agent=fields.get("flashver", "")[:64],
    )
    call = Call(server=server, name=name, peer=peer, key=fields.get("key", "")[:256], at=at)
    kind = fields.get("call", "")
    known = HookKind(kind) if kind in set(HookKind) else HookKind.OTHER
    return Hook(known, call, fields.get("watch", ""))


def read_playlist(
    server: str, uri: str, *, prefix: str, address: str = "", port: str = "",
    at: datetime | None = None,
) -> Hook:  # fmt: skip
    """Read what `auth_request` tells of a viewer's request for a playlist or a segment.

    Args:
        server: its name.
        uri: as the viewer asked, `/hls/live/014/index.m3u8?…`.
        prefix: path of `ServerConfig.hls_url`, `/hls`.
        address: the viewer's.
        port: the viewer's; none when it is not a number.
        at: now.

    Raises:
        BadInput: it is not below the place that playlists are served from.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise BadInput("This is no playlist of a stream.") from None
    rest = parts.path.removeprefix(prefix.rstrip("/") + "/").split("/")
    name = "/".join(rest[:2])
    if not parts.path.startswith(prefix) or len(rest) < PLAYLIST_PARTS or not is_stream_name(name):
        raise BadInput("This is no playlist of a stream.")
    peer = Peer("", address[:64], int(port) if port.isdecimal() and port != "0" else None)
    watch = _queried(parts.query, "watch")
    return Hook(HookKind.PLAY, Call(server=server, name=name, peer=peer, at=at), watch)


def read_event(server: str, body: bytes, at: datetime | None = None) -> Hook:
    """Read a signed event of a platform's own service.

    `{"type": "stream.publish", "data": {"name": "live/014", "client": "…", "address": "…",
    "port": 50000, "account": "…", "key": "…", "device": "…"}}`; other types: the names of
    `HookKind` behind `stream.`.

    Raises:
        BadInput: it is no such event.
    """
    said = _object(body)
    data = said.get("data")
    kind = str(said.get("type", "")).removeprefix("stream.")
    if not isinstance(data, dict) or kind not in set(HookKind):
        raise BadInput("The event has no known type, or no data.")
    call = Call(
        server=server, name=_named(data.get("name")), peer=_peer(data), at=at,
        account=_short(data, "account", 256), key=_short(data, "key", 256),
        device=_short(data, "device", 256),
    )  # fmt: skip
    return Hook(HookKind(kind), call, _short(data, "watch", 64))


def read_mediamtx(server: str, body: bytes, at: datetime | None = None) -> tuple[Hook, str, str]:
    """Read MediaMTX's `authMethod: http`; answers user and password beside it.

    Raises:
        BadInput: it is no such request, or the path cannot be taken.
    """
    said = _object(body)
    kinds = {"publish": HookKind.PUBLISH, "read": HookKind.PLAY, "playback": HookKind.PLAY}
    kind = kinds.get(str(said.get("action", "")), HookKind.OTHER)
    name = "" if kind is HookKind.OTHER else _named(said.get("path"))
    peer = Peer(_short(said, "id", 64), _short(said, "ip", 64), agent=_short(said, "userAgent", 64))
    query = _short(said, "query", 1024)
    call = Call(server=server, name=name, peer=peer, key=_queried(query, "key"), at=at)
    hook = Hook(kind, call, _queried(query, "watch"))
    return hook, _short(said, "user", 128), _short(said, "password", 256)


def read_owncast(server: str, body: bytes, at: datetime | None = None) -> Hook:
    """Read Owncast's webhook; only beginning and end are of a broadcast.

    Raises:
        BadInput: it is no webhook of Owncast.
    """
    kinds = {"STREAM_STARTED": HookKind.PUBLISH, "STREAM_STOPPED": HookKind.PUBLISH_DONE}
    kind = kinds.get(str(_object(body).get("type", "")), HookKind.OTHER)
    return Hook(kind, Call(server=server, name=OWNCAST, peer=Peer(client=""), at=at))


def _queried(query: str, field: str) -> str:
    """One field of a query that a stranger wrote."""
    try:
        return parse_qs(query, max_num_fields=MAX_FIELDS).get(field, [""])[0][:256]
    except ValueError:
        raise BadInput("A query has too many fields.") from None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadInput("The hook is not JSON.")
    return said


def _named(name: object) -> str:
    if not isinstance(name, str) or not is_stream_name(name):
        raise BadInput("The stream has a name that cannot be taken.")
    return name


def _short(said: Mapping[str, Any], field: str, most: int) -> str:
    value = said.get(field)
    return value[:most] if isinstance(value, str) else ""


def _peer(said: Mapping[str, Any]) -> Peer:
    port = said.get("port")
    known = isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536
    return Peer(
        client=_short(said, "client", 64),
        address=_short(said, "address", 64),
        port=port if known else None,
        agent=_short(said, "agent", 64),
    )
