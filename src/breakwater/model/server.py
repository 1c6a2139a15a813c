"""Media servers as an operator enters them: where they stand, and what we and they share.

Kept by `records.media_servers`, which seals `ServerSecrets`; made into a `live.ports.MediaServer`
by `live.servers`. A name is what streams, orders and logs call the server by.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

STREAM_NAME: Final = re.compile(
    r"[A-Za-z0-9_~][A-Za-z0-9_.~-]{0,63}(/[A-Za-z0-9_~][A-Za-z0-9_.~-]{0,127})?"
)
"""`app/stream`. Others are refused at the door: names become paths, URLs and XML elsewhere."""


class ServerKind(StrEnum):
    """Makes of media servers that an adapter knows."""

    NGINX_RTMP = "nginx_rtmp"
    NODE_MEDIA_SERVER = "node_media_server"
    MEDIAMTX = "mediamtx"
    OWNCAST = "owncast"
    GENERIC = "generic"

    @property
    def freezes_one(self) -> bool:
        """Whether one of several senders can be frozen: the others only know whole broadcasts."""
        return self is self.GENERIC


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One media server.

    Attributes:
        service: whose broadcasts it carries.
        control_url: its control interface, reached by us alone.
        rtmp_url: where watchers pull, without app and stream; empty where it speaks no RTMP.
        hls_url: where viewers fetch playlists, without app and stream; empty without HLS.
        hook_networks: blocks its hooks come from; empty: loopback only.
        active: streams are watched and hooks answered.
    """

    id: Id
    name: str
    kind: ServerKind
    service: str
    control_url: str = ""
    rtmp_url: str = ""
    hls_url: str = ""
    hook_networks: tuple[str, ...] = ()
    active: bool = True
    version: int = 1
    created_at: datetime | None = None
    hook_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServerSecrets:
    """What we and a media server share; `repr` shows none of it.

    Attributes:
        user, password: of its control interface.
        hook: unguessable part of the address that its hooks go to.
        signing: `whsec_...` of Standard Webhooks, for servers that sign.
        watch: our watchers' own pass: they may play what is frozen.
    """

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    hook: str = field(default="", repr=False)
    signing: str = field(default="", repr=False)
    watch: str = field(default="", repr=False)


def is_stream_name(name: str) -> bool:
    """Whether a broadcast of this name can be taken.

    >>> [is_stream_name(n) for n in ("live/014", "live", "live/../x", "live/a b", "")]
    [True, True, False, False, False]
    """
    return STREAM_NAME.fullmatch(name) is not None


def new_pass() -> str:
    """A pass of 96 bits that fits where nginx-rtmp keeps 31 characters (`flashver`)."""
    return secrets.token_hex(12)
