"""The process that is killed while it files reports: forked warm, opened cold, ended at any point.

`python kill_sender.py` reads JSON lines: `{"url", "root", "vault", "base", "user", "password",
"seed", "naive"}`, forks a sender for each and answers `{"status", "left"}`. A sender is killed at a point
it reaches, or some milliseconds after it began, as its seed draws.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from breakwater.errors import Unavailable
from breakwater.model.clock import SystemClock
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id
from breakwater.records import filings, jobs
from breakwater.records.database import open_database
from breakwater.records.filing_steps import RETRACT_JOB
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.vault import Vault
from breakwater.reporting.cybertipline import machine
from breakwater.reporting.cybertipline.client import Client
from breakwater.reporting.cybertipline.papers import Forms
from breakwater.reporting.cybertipline.sender import Sender

LEASE_S = 0.02
IDLE = 60
"""Looks without work after which a sender ends by itself: all is filed."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def send(told: dict[str, Any]) -> None:
    """File what is due until killed, or until nothing is left."""
    draw, left = random.Random(told["seed"]), [0]
    if told["seed"] is not None and draw.random() < 0.6:
        left[0] = draw.randrange(1, 30)
    elif told["seed"] is not None:
        threading.Timer(draw.uniform(0.02, 0.25), die).start()

    def reached(_point: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    machine.FIRST_WAIT, machine.LONGEST_WAIT = timedelta(milliseconds=2), timedelta(milliseconds=20)
    db = open_database(told["url"], clock=SystemClock())
    vault = Vault(Path(told["vault"]), db, Keyring.open(db, RootKey.from_file(Path(told["root"]))))
    wire = Client(told["base"], user=told["user"], password=told["password"])
    sender = Sender(
        db=db, vault=vault, wire=lambda _: wire, documents=Forms(clock=SystemClock()),
        reached=reached,
    )  # fmt: skip
    if told.get("naive"):
        naively(db, vault, wire, reached)
        return
    idle = 0
    while idle < IDLE:
        kinds = (filings.FILE_JOB, RETRACT_JOB)
        due = jobs.claim(db, kinds, owner=str(os.getpid()), lease_s=LEASE_S)
        idle = 0 if due else idle + 1
        for job in due:
            carry(db, sender, job)
        if not due:
            time.sleep(0.005)
    db.close()


def carry(db: Any, sender: Sender, job: jobs.Job) -> None:
    filing = Id(job.payload["filing"])
    try:
        if job.kind == RETRACT_JOB:
            sender.retract(filing, str(job.payload["report"]))
            later = None
        else:
            later = sender.carry(filing, job.attempts)
    except Exception:  # noqa: BLE001 - tried again, as the worker does
        with db.transaction() as tx:
            jobs.fail(tx, job, fault="again", retry_at=tx.now)
        return
    with db.transaction() as tx:
        if later is None:
            jobs.finish(tx, job)
        else:
            jobs.fail(tx, job, fault=later.fault, retry_at=later.at)


def naively(db: Any, vault: Vault, wire: Client, reached: Callable[[str], None]) -> None:
    """What clients do that keep no state between calls: all of it again until HTTP says 200.

    Without answers kept, without the code in the body, without comparing MD5: the faults that
    the reference lists of existing clients (numbers 3 to 5).
    """
    forms = Forms(clock=SystemClock())
    for _ in range(20):
        with db.read() as tx:
            due = filings.in_states(tx, [FilingState.NEW])
        for one in due:
            with contextlib.suppress(Unavailable):
                _naive(db, vault, (wire, forms), one, reached)
        if not due:
            break
    db.close()


def _naive(
    db: Any, vault: Vault, by: tuple[Client, Forms], filing: Any, reached: Callable[[str], None]
) -> None:
    wire, forms = by
    with db.read() as tx:
        papers = forms.of(filings.report_of(tx, filing.id))
    reached("before-submit")
    said = wire.submit(papers.report(filing, ()))
    reached("after-submit")
    opened = dataclasses.replace(filing, report_id=said.report_id or "0")
    for file in filing.files:
        with vault.open(file.blob) as source:
            sent = wire.upload(opened.report_id, papers.name(file.position), source)
        reached("after-upload")
        known = dataclasses.replace(file, file_id=sent.file_id)
        files = tuple(known if f.position == file.position else f for f in opened.files)
        opened = dataclasses.replace(opened, files=files)
        wire.describe(papers.details(opened, file.position))
        reached("after-fileinfo")
    done = wire.finish(opened.report_id)
    reached("after-finish")
    if done.http == 200:
        with db.transaction() as tx:
            moved = filings.move(tx, filing, FilingState.OPEN)
            filings.move(tx, moved, FilingState.FINISHED)


def serve() -> None:
    """Fork a sender for each line."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                send(json.loads(line))
            except BaseException as error:  # noqa: BLE001 - said, not lost
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                sys.stderr.flush()
                os._exit(3)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
