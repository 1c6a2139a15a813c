"""Reports filed by senders that are killed, with a receiving side that loses what it is told.

`Outbox` holds filings; `strike` has one more sender killed; `tally` compares both sides by the
mark in each report and says what was lost, filed twice, or left open without being listed.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from breakwater.model.clock import SystemClock
from breakwater.model.filing import FilingFile, FilingState
from breakwater.model.report import (
    Email,
    Incident,
    IncidentType,
    Person,
    PersonReported,
    Report,
    Reporter,
    ReportFile,
)
from breakwater.records import filing_steps, filings, migrate
from breakwater.records.database import Database, open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.vault import Vault
from tests.builders import case
from tests.integration.ispws_site import Receiver

MARK = re.compile(r"⟦more: reference⟧ (\d+)/(\d+)/(\d+)")
MISBEHAVES = (
    {"call": "*", "fault": "lost_request", "rate": 0.08, "times": 1_000_000},
    {"call": "*", "fault": "lost_answer", "rate": 0.08, "times": 1_000_000},
    {"call": "*", "fault": "error", "rate": 0.03, "times": 1_000_000},
    {"call": "upload", "fault": "wrong_md5", "rate": 0.02, "times": 1_000_000},
)


@dataclass(frozen=True)
class Tally:
    """What both sides say in the end."""

    filings: int
    lost: int
    twice: int
    orphans: int
    unlisted: int
    incomplete: int


@dataclass
class Outbox:
    """Filings in a database, and the process that forks senders."""

    directory: Path
    receiver: Receiver
    process: subprocess.Popen[str] | None = None
    kills: int = 0
    naive: bool = False

    def open(self) -> tuple[Database, Vault]:
        """The database, while no sender has it."""
        url, root = f"sqlite:///{self.directory / 'out.db'}", self.directory / "root.key"
        if not root.exists():
            migrate.upgrade(url)
            RootKey.create(root)
        (self.directory / "vault").mkdir(exist_ok=True)
        db = open_database(url, clock=SystemClock())
        keys = Keyring.open(db, RootKey.from_file(root))
        return db, Vault(self.directory / "vault", db, keys)

    def add(self, count: int, draw: random.Random) -> None:
        """So many more reports that somebody wants sent."""
        db, vault = self.open()
        for _ in range(count):
            report, kept = _report(vault, draw)
            with db.transaction() as tx:
                of, now = case(tx).id, tx.now
                about = filings.About(of, "ncmec", now, now + timedelta(days=1))
                made = filings.draft(tx, about, report.plain(), kept)
                filings.move(tx, made, FilingState.NEW)
                filings.carry_on(tx, made.id)
        db.close()

    def strike(self, seed: int | None) -> int:
        """One more sender; answers how it ended: -9 is killed, 0 is that nothing was left."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.kill_sender"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        told: dict[str, Any] = {
            "url": f"sqlite:///{self.directory / 'out.db'}",
            "root": str(self.directory / "root.key"), "vault": str(self.directory / "vault"),
            "base": self.receiver.url, "user": self.receiver.user,
            "password": self.receiver.password, "seed": seed, "naive": self.naive,
        }  # fmt: skip
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        status = int(json.loads(self.process.stdout.readline())["status"])
        self.kills += status == -9
        return status

    def close(self) -> None:
        """End the process that forks."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(timeout=30)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def tally(self) -> Tally:
        """Compare both sides."""
        db, _ = self.open()
        with db.read() as tx:
            ours = filings.in_states(tx, FilingState, 1_000_000)
            orphans = filing_steps.orphans(tx, ours)
        db.close()
        number = {one.id: one.number for one in ours}
        listed = {(number[one.filing], one.attempt) for one in orphans}
        files = {one.number: len(one.files) for one in ours}
        finished: Counter[int] = Counter()
        unlisted = incomplete = 0
        for report in self.receiver.reports():
            if report["state"] not in {"open", "finished"}:
                continue  # taken back or expired: its words are gone
            found = MARK.search(report["xml"])
            assert found is not None, "every report carries its mark"
            whose, _, attempt = map(int, found.groups())
            if report["state"] == "finished":
                finished[whose] += 1
                described = sum(one["described"] for one in report["files"])
                incomplete += described < files[whose]
            elif report["state"] == "open" and (whose, attempt) not in listed:
                unlisted += 1
        return Tally(
            filings=len(ours), lost=sum(finished[one.number] == 0 for one in ours),
            twice=sum(count > 1 for count in finished.values()), orphans=len(orphans),
            unlisted=unlisted, incomplete=incomplete,
        )  # fmt: skip


def _report(vault: Vault, draw: random.Random) -> tuple[Report, tuple[FilingFile, ...]]:
    files, kept = [], []
    for position in range(draw.choice([0, 1, 1, 2])):
        data = draw.randbytes(draw.choice([300, 3_000, 90_000]))
        sha256 = hashlib.sha256(data).hexdigest()
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        blob = vault.put(io.BytesIO(data), purpose="evidence")
        files.append(ReportFile(blob=blob, name=f"{position}.jpg", sha256=sha256, md5=md5))
        kept.append(FilingFile(position, blob, len(data), sha256, md5))
    report = Report(
        kind=IncidentType.ABUSE_MATERIAL, summary=Incident(SystemClock().now()),
        reporter=Reporter(Person(emails=(Email("safety@example.net"),))),
        reported=(PersonReported(account=f"acct-{draw.randrange(1000)}"),), files=tuple(files),
    )  # fmt: skip
    return report, tuple(kept)
