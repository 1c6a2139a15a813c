"""Ports for programs that must be told theirs before they listen."""

from __future__ import annotations

import random
import socket
from typing import Final

OWN: Final = range(10_000, 32_000)
"""Below those that the system hands out by itself: between finding one and its use nobody gets it."""

_chance = random.SystemRandom()


def free_port() -> int:
    """A loopback port at which nobody listens.

    Raises:
        OSError: none was found.
    """
    for _ in range(1000):
        port = _chance.choice(OWN)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
