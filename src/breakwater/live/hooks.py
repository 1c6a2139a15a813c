"""What media servers ask and tell us: their own words read into a `Call`, answered by a `Doorkeeper`.

The server is known by the token in the path; everything else in a hook was partly chosen by a
stranger (a publisher's query stands in nginx-rtmp's form beside the server's own fields), so the
first of two fields counts, names are checked before anybody sees them, and an account is never
taken from it. Fed by `web.api.hooks`; tried against real servers in `tests/integration`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from breakwater.errors import BadInput
from breakwater.live.ports import Admission, Call, Doorkeeper, Peer
from breakwater.live.servers import Known, Servers
from breakwater.model.clock import Clock
from breakwater.model.server import is_stream_name
from breakwater.records import media_servers
from breakwater.records.database import Database

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


class Hooks:
    """Takes hooks: whose, from where, for the first time; then asks the doorkeeper."""

    def __init__(self, *, db: Database, clock: Clock, servers: Servers, door: Doorkeeper) -> None:
        self._db = db
        self._clock = clock
        self._servers = servers
        self._door = door

    def rtmp(self, token: str, body: bytes, sender: str) -> Admission:
        """A form of nginx-rtmp.

        Args:
            token: of the address it came to.
            body: the form.
            sender: address of who sent it.

        Raises:
            NotFound: the token is of no server.
        """
        known = self._known(token, sender)
        if known is None:
            return Admission(allowed=False, why="elsewhere")
        try:
            hook = read_form(known.config.name, body, self._clock.now())
        except BadInput:
            return Admission(allowed=False, why="unreadable")
        return self._answered(known, hook, f"{hook.kind}:{hook.call.peer.client}:{hook.call.name}")

    def playlist(
        self, token: str, uri: str, sender: str, *, address: str = "", port: str = ""
    ) -> Admission:
        """A viewer's request for a playlist or a segment, by `auth_request`. Raises `NotFound`."""
        known = self._known(token, sender)
        if known is None:
            return Admission(allowed=False, why="elsewhere")
        prefix = urlsplit(known.config.hls_url).path or "/"
        try:
            hook = read_playlist(
                known.config.name, uri, prefix=prefix, address=address, port=port,
                at=self._clock.now(),
            )  # fmt: skip
        except BadInput:
            return Admission(allowed=False, why="unreadable")
        return answer(self._door, hook, known.shared.watch)

    def _known(self, token: str, sender: str) -> Known | None:
        """Whose hook it is; None when it comes from elsewhere than that server."""
        known = self._servers.by_hook(token)
        return known if known.sends_from(sender) else None

    def _answered(self, known: Known, hook: Hook, message: str) -> Admission:
        if hook.kind in ONCE:
            since = self._clock.now() - REPLAYED
            with self._db.transaction() as tx:
                media_servers.heard(tx, known.config)
                if not media_servers.first_time(tx, known.config.id, message, since=since):
                    return Admission(allowed=False, why="replayed")
        return answer(self._door, hook, known.shared.watch)
