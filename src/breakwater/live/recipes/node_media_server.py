"""What node-media-server is run with: a script that asks breakwater, and its configuration."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

from breakwater.model.server import ServerConfig, ServerSecrets

SCRIPT: Final = "breakwater-nms.js"
VERSION: Final = "4.4.3"
"""Of node-media-server, with which it was tried."""


def script() -> str:
    """The script, as it is in this package."""
    here = resources.files("breakwater.live.recipes")
    return (here / "node_media_server.js").read_text("utf-8")


def config(server: ServerConfig, shared: ServerSecrets, hook: str, directory: str) -> str:
    """Its configuration: RTMP only, nothing on disk but its own bookkeeping.

    Args:
        server: where it listens.
        shared: passes of the control port.
        hook: breakwater's address with the server's token.
        directory: of its bookkeeping.
    """
    rtmp, control = urlsplit(server.rtmp_url), urlsplit(server.control_url)
    said: dict[str, Any] = {
        "server": {
            "bind": rtmp.hostname or "0.0.0.0",  # noqa: S104 - viewers reach it there
            "rtmp": {"port": rtmp.port or 1935},
            "store": {"path": f"{directory}/store"},
            "webadmin": {"enable": False},
        },
        "breakwater": {
            "hook": hook,
            "host": control.hostname or "127.0.0.1",
            "port": control.port or 80,
            "user": shared.user,
            "password": shared.password,
        },
    }
    return json.dumps(said, indent=2) + "\n"
