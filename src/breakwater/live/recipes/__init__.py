"""Configurations of media servers that work with the adapters: printed for operators, run by tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from breakwater.errors import BadInput
from breakwater.live.recipes import nginx_rtmp, node_media_server
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator says of the host that the media server runs on.

    Attributes:
        base: breakwater's own address as the media server reaches it, `http://127.0.0.1:8700`.
        directory: for playlists and recordings.
        app: name of the application.
    """

    base: str
    directory: Path = Path("/var/lib/breakwater-media")
    app: str = "live"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes onto the media server's host.

    Attributes:
        files: contents by name; they hold passes.
        steps: what else to do, in order.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()


def recipe(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    """The recipe for one server.

    Raises:
        BadInput: breakwater's address or the directory cannot stand in a configuration file.
    """
    try:
        parts = urlsplit(wanted.base)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise BadInput("breakwater's address is http://host:port.")
    for text in (wanted.base, str(wanted.directory), wanted.app):
        if not text.isprintable() or any(mark in text for mark in " ;{}'\"\\$#"):
            raise BadInput("A configuration file cannot hold this address, directory or name.")
    return MAKERS[config.kind](config, shared, wanted)


def _nginx(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    if urlsplit(wanted.base).scheme != "http":
        raise BadInput("nginx-rtmp calls http only: name an address of breakwater without TLS.")
    usual = nginx_rtmp.Layout(hook="")
    layout = replace(
        usual,
        hook=f"{wanted.base.rstrip('/')}/v1/hooks/{shared.hook}",
        directory=wanted.directory,
        app=wanted.app,
        rtmp=_listens(config.rtmp_url) or usual.rtmp,
        http=_listens(config.hls_url) or usual.http,
        control=_listens(config.control_url) or usual.control,
    )
    places = " ".join(str(place) for place in nginx_rtmp.directories(layout))
    return Recipe(
        files={
            "nginx.conf": nginx_rtmp.nginx_conf(layout),
            "breakwater.htpasswd": nginx_rtmp.password_line(shared) + "\n",
        },
        steps=(
            "apt-get install --no-install-recommends nginx-light libnginx-mod-rtmp",
            f"mkdir -p {places}",
            f"put breakwater.htpasswd into {wanted.directory} and nginx.conf beside it",
            f"chown -R www-data: {wanted.directory} && chmod 0640 {wanted.directory}/breakwater.htpasswd",
            f"nginx -c {wanted.directory}/nginx.conf -p {wanted.directory}",
        ),
    )


def _listens(url: str) -> str:
    """`host:port` of an address; a name listens everywhere, since nginx asks for an address."""
    if not url:
        return ""
    parts = urlsplit(url)
    port = parts.port or {"rtmp": 1935, "https": 443}.get(parts.scheme, 80)
    host = parts.hostname or ""
    numeric = host.replace(".", "").isdigit() or ":" in host
    return f"{f'[{host}]' if ':' in host else host}:{port}" if numeric else str(port)


def _own(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    """A server of the platform's own: there is nothing to configure, only to call."""
    hook = f"{wanted.base.rstrip('/')}/v1/hooks/{shared.hook}/events"
    return Recipe(
        steps=(
            f"send signed events (Standard Webhooks) to {hook}",
            f"sign them with {shared.signing}",
            f"answer the signed calls at {config.control_url or 'control_url (none is set)'}",
        )
    )


def _node(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    hook = f"{wanted.base.rstrip('/')}/v1/hooks/{shared.hook}"
    directory = str(wanted.directory)
    return Recipe(
        files={
            node_media_server.SCRIPT: node_media_server.script(),
            "config.json": node_media_server.config(config, shared, hook, directory),
        },
        steps=(
            f"npm install node-media-server@{node_media_server.VERSION}",
            f"mkdir -p {directory}",
            f"node {node_media_server.SCRIPT} config.json",
        ),
    )


def _mediamtx(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    """What differs from MediaMTX's own mediamtx.yml (its documentation, "Authentication")."""
    hook = f"{wanted.base.rstrip('/')}/v1/hooks/{shared.hook}"
    return Recipe(
        files={
            "mediamtx.yml": (
                "# breakwater is asked at each publish and read, and calls the control interface\n"
                f"# as {shared.user} with the password it was entered with.\n"
                "authMethod: http\n"
                f"authHTTPAddress: {hook}/mediamtx\n"
                "api: yes\n"
                f"apiAddress: {_listens(config.control_url)}\n"
                f"rtmpAddress: {_listens(config.rtmp_url) or ':1935'}\n"
                "paths:\n"
                "  all_others:\n"
                "    record: yes\n"
                "    recordDeleteAfter: 24h\n"
            )
        },
        steps=("put these lines into mediamtx.yml and start MediaMTX anew",),
    )


def _owncast(config: ServerConfig, shared: ServerSecrets, wanted: Wanted) -> Recipe:
    """Its admin pages: Integrations, Webhooks."""
    del config
    hook = f"{wanted.base.rstrip('/')}/v1/hooks/{shared.hook}/owncast"
    return Recipe(
        steps=(
            f"in Owncast's admin pages add the webhook {hook}",
            "choose the events: stream started, stream stopped",
            "enter it here with --user admin and its admin password",
        )
    )


Maker = Callable[[ServerConfig, ServerSecrets, Wanted], Recipe]
MAKERS: Final[dict[ServerKind, Maker]] = {
    ServerKind.NGINX_RTMP: _nginx,
    ServerKind.NODE_MEDIA_SERVER: _node,
    ServerKind.MEDIAMTX: _mediamtx,
    ServerKind.OWNCAST: _owncast,
    ServerKind.GENERIC: _own,
}
