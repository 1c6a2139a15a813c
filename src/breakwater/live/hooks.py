"""What media servers ask and tell us: their own words read into a `Call`, answered by a `Doorkeeper`.

The server is known by the token in the path; everything else in a hook was partly chosen by a
stranger (a publisher's query stands in nginx-rtmp's form beside the server's own fields), so the
first of two fields counts, names are checked before anybody sees them, and an account is never
taken from it. Fed by `web.api.hooks`; tried against real servers in `tests/integration`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from breakwater.errors import BadInput
from breakwater.live.ports import Admission, Call, Doorkeeper, Peer
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
    parts = urlsplit(uri)
    rest = parts.path.removeprefix(prefix.rstrip("/") + "/").split("/")
    name = "/".join(rest[:2])
    if not parts.path.startswith(prefix) or len(rest) < PLAYLIST_PARTS or not is_stream_name(name):
        raise BadInput("This is no playlist of a stream.")
    peer = Peer("", address[:64], int(port) if port.isdecimal() and port != "0" else None)
    watch = parse_qs(parts.query, max_num_fields=MAX_FIELDS).get("watch", [""])[0]
    return Hook(HookKind.PLAY, Call(server=server, name=name, peer=peer, at=at), watch)


def answer(door: Doorkeeper, hook: Hook, watch: str) -> Admission:
    """Ask the doorkeeper.

    Args:
        door: who decides.
        hook: what is asked.
        watch: our watchers' pass of this server: they may always play.
    """
    call = hook.call
    match hook.kind:
        case HookKind.PUBLISH:
            admitted = door.admit(call)
            if admitted.allowed:
                door.started(call)
            return admitted
        case HookKind.PUBLISH_DONE:
            door.ended(call)
        case HookKind.UPDATE_PUBLISH:
            return Admission(door.goes_on(call), "stopped")
        case HookKind.PLAY | HookKind.UPDATE_PLAY:
            ours = bool(watch) and hmac.compare_digest(hook.watch.encode(), watch.encode())
            return Admission(ours or door.may_play(call), "stopped")
        case HookKind.OTHER:
            pass
    return Admission(allowed=True)
