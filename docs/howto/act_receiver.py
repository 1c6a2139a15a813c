"""Receives breakwater's acts on content and accounts: the whole of it, in plain Python.

    BREAKWATER_SECRET=whsec_… python act_receiver.py 8090

Put your own service's calls into `carry_out`, and keep `Receiver.done` in your database: change it
in the same transaction that hides the object. What must not be left out: check the signature, do
an act once however often it comes, and never do one that is older than what you did last.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

TOLERANCE_S = 300


class CannotDo(Exception):
    """Raise it for what can never be done; the words are shown to the moderators."""


class Receiver:
    """What came, and what was done about it."""

    def __init__(self, secret: str, carry_out) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.carry_out = carry_out
        self.done: dict[str, int] = {}  # fence -> the largest epoch that was carried out
        self.lock = Lock()

    def genuine(self, headers, body: bytes) -> bool:
        """Whether breakwater sent it, just now: Standard Webhooks 1.0."""
        message, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not sent.isdecimal() or abs(time.time() - int(sent)) > TOLERANCE_S:
            return False
        signed = hmac.new(self.key, f"{message}.{sent}.".encode() + body, hashlib.sha256)
        wanted = "v1," + base64.b64encode(signed.digest()).decode()
        return any(
            hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split()
        )

    def take(self, act: dict) -> dict:
        """Carry one act out, unless that or a newer one was carried out; answers what is so."""
        with self.lock:
            last = self.done.get(act["fence"], 0)
            if act["epoch"] > last:  # a late older act never undoes a newer one
                try:
                    self.carry_out(act)
                except CannotDo as why:
                    return self.answer(act, "impossible", str(why))
                self.done[act["fence"]] = act["epoch"]
        return self.answer(act, "done")

    def answer(self, act: dict, outcome: str, detail: str = "") -> dict:
        """An acknowledgement names the act and its epoch."""
        return {"act": act["act"], "epoch": act["epoch"], "outcome": outcome, "detail": detail}


def carry_out(act: dict) -> None:
    """Your service's part. `reference` names the object, `account` the account."""
    named = act["reference"] or act["account"]
    sys.stdout.write(f"{act['kind']} {named} because of {act['why']}\n")
    sys.stdout.flush()


def serving(receiver: Receiver, port: int) -> ThreadingHTTPServer:
    """A server for it; answers 500 by itself when `carry_out` fails, and is asked again."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if not receiver.genuine(self.headers, body):
                self.send_error(401)
                return
            message = json.loads(body)
            if message["type"] != "act.wanted":
                self.send_response(204)
                self.end_headers()
                return
            answer = json.dumps(receiver.take(message["data"])).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    serving(Receiver(os.environ["BREAKWATER_SECRET"], carry_out), int(sys.argv[1])).serve_forever()
