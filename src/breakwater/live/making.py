"""An adapter for each kind of media server, made of its row, what is shared with it, and what is around."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from breakwater.live.adapters.generic import Generic
from breakwater.live.adapters.mediamtx import MediaMtx
from breakwater.live.adapters.nginx_rtmp import NginxRtmp
from breakwater.live.adapters.node_media_server import NodeMediaServer
from breakwater.live.adapters.owncast import Owncast
from breakwater.live.audience import Audience
from breakwater.live.ports import MediaServer
from breakwater.live.wire import Control
from breakwater.model.clock import Clock
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.network.addresses import Network

NOWHERE: Final = "http://127.0.0.1:9"
"""Stands for a control interface that there is none of; it is never called."""


@dataclass(frozen=True, slots=True)
class Around:
    """What adapters need besides.

    Attributes:
        private: blocks of private addresses at which servers may stand.
        clock: for signed calls.
        audience: who lately watched.
    """

    private: tuple[Network, ...]
    clock: Clock
    audience: Audience


Make = Callable[[ServerConfig, ServerSecrets, Around], MediaServer]


def _control(config: ServerConfig, shared: ServerSecrets, around: Around) -> Control:
    return Control(
        config.control_url, private=around.private, user=shared.user, password=shared.password
    )


def _nginx(config: ServerConfig, shared: ServerSecrets, around: Around) -> MediaServer:
    watching = partial(around.audience.fetching, config.name)
    return NginxRtmp(config, shared, _control(config, shared, around), hls=watching)


def _node(config: ServerConfig, shared: ServerSecrets, around: Around) -> MediaServer:
    return NodeMediaServer(config, shared, _control(config, shared, around))


def _mediamtx(config: ServerConfig, shared: ServerSecrets, around: Around) -> MediaServer:
    return MediaMtx(config, shared, _control(config, shared, around))


def _owncast(config: ServerConfig, shared: ServerSecrets, around: Around) -> MediaServer:
    return Owncast(config, _control(config, shared, around))


def _generic(config: ServerConfig, shared: ServerSecrets, around: Around) -> MediaServer:
    control = Control(config.control_url or NOWHERE, private=around.private)
    return Generic(config, shared, control, around.clock)


MAKERS: Final[Mapping[ServerKind, Make]] = {
    ServerKind.NGINX_RTMP: _nginx,
    ServerKind.NODE_MEDIA_SERVER: _node,
    ServerKind.MEDIAMTX: _mediamtx,
    ServerKind.OWNCAST: _owncast,
    ServerKind.GENERIC: _generic,
}
