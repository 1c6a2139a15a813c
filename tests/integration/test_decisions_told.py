"""A decision reaches the service by signed webhook within a second, and two people at once decide once.

The system's clock, a real worker and a real receiver: seconds are the point.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from breakwater.app import build
from breakwater.banks.manage import NewBank
from breakwater.errors import Conflict
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.decision import DecisionKind
from breakwater.records import decisions
from breakwater.records.rootkey import RootKey
from breakwater.settings import load
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo
from tests.integration.installed import installed
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

K = DecisionKind
WITHIN_S = 1.0


class Receiver(BaseHTTPRequestHandler):
    """A service's own end of the webhook."""

    heard: list[tuple[float, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((time.monotonic(), {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_decision_reaches_the_service_signed_within_a_second(
    tmp_path: Path, jail: JailPool, machine: Principal, wait_until: Callable[..., None]
) -> None:  # the system's clock and a real worker: seconds are the point
    (tmp_path / "keys").mkdir()
    settings = load(
        data_dir=tmp_path / "data", root_key_file=tmp_path / "keys" / "root.key",
        audit_dir=tmp_path / "checkpoints", webhook_private_networks="127.0.0.0/8",
    )  # fmt: skip
    RootKey.create(settings.root_key)
    installed(settings)
    running = build(settings, pool=jail, decode=False)
    heard: list[tuple[float, dict[str, str], bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Receiver,), {"heard": heard}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    worker = Worker(
        db=running.db, subscriptions=running.subscriptions, kinds=running.jobs,
        turns=running.turns, metrics=running.metrics,
    )  # fmt: skip
    worker.start()
    try:
        running.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
        running.banks.add("KNOWN", [pdq_of(running, photo(1))], machine)
        _, secret = running.webhooks.create(
            f"http://127.0.0.1:{server.server_port}/hooks", "", ["case.decided"], machine
        )
        taken: list[float] = []
        while not taken or (min(taken) > WITHIN_S and len(taken) < 5):  # others work here too
            upload = submit(running, photo(1), machine, account=f"acct-{len(taken)}")
            who, began = somebody(running, Role.REVIEWER), time.monotonic()
            running.review.decisions.decide(who, upload.case, K.NOT_ILLEGAL)
            wait_until(lambda: len(heard) > len(taken))
            taken.append(heard[-1][0] - began)
        assert min(taken) <= WITHIN_S
        _, headers, body = heard[0]
        assert json.loads(body)["data"]["reference"] == "obj-1"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body.decode()}"
        key = b64decode(secret.removeprefix("whsec_"))
        mac = b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"
    finally:
        worker.stop()
        server.shutdown()
        server.server_close()
        running.close()


def test_two_people_at_once_decide_once(app, machine):
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    upload = submit(app, photo(1), machine)
    people = [somebody(app, Role.REVIEWER) for _ in range(4)]
    start, refused = threading.Barrier(len(people)), []

    def decide(who: Principal) -> None:
        start.wait()
        try:
            app.review.decisions.decide(who, upload.case, K.NOT_ILLEGAL)
        except Conflict as conflict:
            refused.append(conflict)

    threads = [threading.Thread(target=decide, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == len(people) - 1
    with app.db.read() as tx:
        assert len(decisions.of_case(tx, upload.case)) == 1
