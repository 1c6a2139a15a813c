"""Broadcasts for the benchmark: a 720p file at the pace of life over TCP, to any number at once.

`python -m benchmarks.live_feed FILE SECONDS` prints its port and serves until it is ended. The
file is a transport stream; each connection gets it from its start, over and over. A process of
its own, so that what it costs is not counted as watching.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TICK_S = 0.02
PACKET = 188


@dataclass
class Peer:
    """One who watches."""

    connection: socket.socket
    begun: float
    sent: int = 0


def serve(body: bytes, seconds: float) -> None:
    """Until the process is ended."""
    rate = len(body) / seconds
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poll = selectors.DefaultSelector()
    poll.register(listener, selectors.EVENT_READ)
    peers: list[Peer] = []
    while True:
        if poll.select(TICK_S):
            connection, _ = listener.accept()
            connection.setblocking(False)
            peers.append(Peer(connection, time.monotonic()))
        peers = [peer for peer in peers if _feed(peer, body, rate)]


def _feed(peer: Peer, body: bytes, rate: float) -> bool:
    """Send what is due by now; False when the peer has gone."""
    due = int((time.monotonic() - peer.begun) * rate) // PACKET * PACKET
    while peer.sent < due:
        at = peer.sent % len(body)
        try:
            peer.sent += peer.connection.send(body[at : min(len(body), at + due - peer.sent)])
        except BlockingIOError:
            return True
        except OSError:
            peer.connection.close()
            return False
    return True


if __name__ == "__main__":
    serve(Path(sys.argv[1]).read_bytes(), float(sys.argv[2]))
