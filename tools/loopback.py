"""Raises the loopback interface where it is down and is all there is.

A network namespace of one's own (`unshare -n make demo CHECK=1`: no network but loopback) begins
with loopback down. A host that has any other interface is left as it is. Exits 1 and says what to
do where loopback is down and cannot be raised.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
from contextlib import suppress

GET_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 1
REQUEST = struct.Struct("16sh14x")


def main() -> int:
    """Look, and raise."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = fcntl.ioctl(any_socket, GET_FLAGS, REQUEST.pack(b"lo", 0))
        flags = REQUEST.unpack(asked)[1]
        if flags & IS_UP:
            return 0
        if [name for _, name in socket.if_nameindex()] == ["lo"]:
            with suppress(PermissionError):
                fcntl.ioctl(any_socket, SET_FLAGS, REQUEST.pack(b"lo", flags | IS_UP))
                return 0
    print("The loopback interface is down. As root: ip link set lo up", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
