"""A mail server on a loopback port: STARTTLS, mails as they came, refusals on request.

Small and of the standard library alone; enough of RFC 5321 and RFC 3207 for one client.
"""

from __future__ import annotations

import email
import email.message
import ssl
import threading
from email import policy
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import cast

HERE = "127.0.0.1"


class Talk(StreamRequestHandler):
    """One client."""

    secret = False

    @property
    def box(self) -> Mailbox:
        return cast("Server", self.server).box

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")
        self.wfile.flush()

    def handle(self) -> None:
        answers = {
            "EHLO": self.ehlo,
            "STARTTLS": self.starttls,
            "RCPT": self.rcpt,
            "DATA": self.data,
        }
        self.say("220 here")
        while line := self.rfile.readline(4096):
            verb = line.decode(errors="replace").strip().split(" ")[0].upper()
            if verb == "QUIT" or not answers.get(verb, self.yes)():
                return

    def yes(self) -> bool:
        self.say("250 yes")
        return True

    def ehlo(self) -> bool:
        self.say("250-here\r\n250 STARTTLS" if self.box.tls and not self.secret else "250 here")
        return True

    def starttls(self) -> bool:
        self.say("220 go on")
        self.request = self.box.context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.secret = True
        return True

    def rcpt(self) -> bool:
        self.say(self.box.refuse or "250 yes")
        return True

    def data(self) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        read = email.message_from_bytes(b"".join(lines), policy=policy.default)
        self.box.mails.append(cast("email.message.EmailMessage", read))
        self.box.secret.append(self.secret)
        if self.box.hang_up:
            self.box.hang_up -= 1
            return False
        self.say("250 taken")
        return True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            pass
        finally:
            self.request.close()


class Server(ThreadingTCPServer):
    """The listener."""

    allow_reuse_address = True
    daemon_threads = True
    box: Mailbox

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address


class Mailbox:
    """The server and what came.

    Attributes:
        mails: in their order; secret: whether each came over TLS.
        refuse: answer to `RCPT`, such as `550 nobody`; empty: taken.
        hang_up: end the connection after the mail was taken, before it is said, so often.
        tls: offer STARTTLS.
    """

    def __init__(self, certificate: Path) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.secret: list[bool] = []
        self.refuse = ""
        self.hang_up = 0
        self.tls = True
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.server = Server((HERE, 0), Talk)
        self.server.box = self
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
