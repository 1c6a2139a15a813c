"""TLS of a broadcast, spoken by its watcher: the jailed child gets plain bytes, and no keys.

In: a connected TCP socket, and the name its certificate must be of. Out: one end of a socket
pair with what is inside the TLS; a thread carries it both ways until either end closes, and
decodes nothing. Certificates are verified by the system's authorities, or those that
`SSL_CERT_FILE` and `SSL_CERT_DIR` name. Why here: decision 0017. Used by `held`; tests:
`tests/integration/test_live_tls.py`.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import Final

SHAKE_S: Final = 8.0
"""For the handshake; the watcher's own clock for opening is twice as long."""

STUCK_S: Final = 10.0
"""Neither end may keep the other's bytes waiting for longer."""

PIECE: Final = 1 << 16


class Tls:
    """One connection."""

    def __init__(self, connected: socket.socket, name: str) -> None:
        """Take the connection over and begin; answers at once.

        Args:
            connected: TCP; closed by this from now on.
            name: host name or address of the URL.
        """
        self.fault = ""
        self.plain, self._inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connected, self._name = connected, name
        threading.Thread(target=self._run, name="tls", daemon=True).start()

    def _run(self) -> None:
        context = ssl.create_default_context()
        try:
            self._connected.settimeout(SHAKE_S)
            secure = context.wrap_socket(self._connected, server_hostname=self._name)
        except ssl.SSLCertVerificationError as error:
            self.fault = f"TLS: {error.verify_message}"
        except (OSError, ValueError) as error:
            self.fault = f"TLS: {type(error).__name__}"
        else:
            with secure, suppress(OSError):
                self._carry(secure)
        finally:
            self._inside.close()
            self._connected.close()

    def _carry(self, secure: ssl.SSLSocket) -> None:
        """Both ways, until one end closes."""
        secure.setblocking(False)
        self._inside.settimeout(STUCK_S)
        both = select.poll()
        both.register(secure, select.POLLIN)
        both.register(self._inside, select.POLLIN)
        while True:
            ready = {number for number, _ in both.poll()}
            if self._inside.fileno() in ready:
                body = self._inside.recv(PIECE)
                if not body:
                    return
                _send(secure, body)
            if secure.fileno() in ready and not self._bring(secure):
                return

    def _bring(self, secure: ssl.SSLSocket) -> bool:
        """All that came; False at its end."""
        while True:
            try:
                body = secure.recv(PIECE)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            if not body:
                return False
            self._inside.sendall(body)
            if not secure.pending():
                return True


def _send(secure: ssl.SSLSocket, body: bytes) -> None:
    """All of it.

    Raises:
        OSError: it is gone, or takes nothing.
    """
    left = memoryview(body)
    while left:
        wanted = select.POLLOUT
        try:
            left = left[secure.send(left) :]
            continue
        except ssl.SSLWantWriteError:
            pass
        except ssl.SSLWantReadError:
            wanted = select.POLLIN
        turn = select.poll()
        turn.register(secure, wanted)
        if not turn.poll(STUCK_S * 1000):
            raise TimeoutError("the server takes nothing")
