"""The process that is killed while it has acts carried out: forked warm, ended at a named step.

`python kill_acts.py` reads `{"url", "root", "steps"}` from its input: for each step it forks a sender
that ends itself there, then one that is left alone until nothing is due.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from breakwater.enforcement.platform import sending
from breakwater.enforcement.platform.sending import Sending
from breakwater.enforcement.platform.webhook import SignedWebhook
from breakwater.intake.webhooks import rules
from breakwater.model.clock import SystemClock
from breakwater.network.fetch import Fetcher
from breakwater.observe import Metrics
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey

LEASE_S = 0.02


def send(told: dict[str, str], at: str) -> None:
    """Carry what is due, until this step."""

    def step(name: str) -> None:
        if name == at:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    sending.LEASE_S = LEASE_S
    clock = SystemClock()
    db = open_database(told["url"], clock=clock)
    Keyring.open(db, RootKey.from_file(Path(told["root"])))
    fetcher = Fetcher(rules(("127.0.0.0/8",)), clock)
    adapter = SignedWebhook(db=db, clock=clock, fetcher=fetcher)
    Sending(db=db, adapter=adapter, metrics=Metrics(), step=step).send_due()
    db.close()


def main() -> None:
    told = json.load(sys.stdin)
    ended = []
    for at in (*told["steps"], ""):
        time.sleep(LEASE_S * 2)  # what the one before held is free again
        child = os.fork()
        if child == 0:
            send(told, at)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended.append(os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
    json.dump(ended, sys.stdout)


if __name__ == "__main__":
    main()
