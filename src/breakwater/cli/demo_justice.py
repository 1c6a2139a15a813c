"""The demo's act of justice: a person decides, and a report is drafted, sent and acknowledged.

In: the running server, a link of an officer, and the case of the broadcast that was cut (or of a
blocked upload, where no media server could run). Out: a part of the ledger. The recipient is a
second installation in a process of its own, which takes reports as NCMEC's interface does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from breakwater.cli.demo_steps import Row, Steps, signed_in
from breakwater.cli.owner import Owner
from breakwater.cli.terminal import Terminal
from breakwater.errors import BreakwaterError, Unavailable

FOUND: Final = {"role": "suspect", "item": {"activity": "non_penetrative"}}
"""What the officer says of an ordinary picture that stands for what is looked for."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where reports go: the interface's address, and the key it knows us by."""

    url: str
    user: str
    password: str = field(repr=False)

    def settings(self) -> Row:
        """What the demo's installation is told of it."""
        return {
            "reports_ncmec_url": self.url,
            "reports_ncmec_user": self.user,
            "reports_ncmec_password": self.password,
            "reports_email": "safety@example.net",
            "reports_platform": "Demo",
        }


@contextmanager
def recipient(home: Path) -> Iterator[Recipient]:
    """A receiving installation of its own, until the block ends.

    Raises:
        Unavailable: it did not start.
    """
    place = (home / "recipient").resolve()
    place.mkdir(mode=0o700)
    known = {name: value for name, value in os.environ.items() if "BREAKWATER" not in name}
    known |= {
        "BREAKWATER_DATA_DIR": str(place / "data"),
        "BREAKWATER_ROOT_KEY_FILE": str(place / "keys" / "root.key"),
        "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
    }
    command = [
        sys.executable, "-m", "breakwater", "reports", "serve", "--dialect", "ispws",
        "--no-screen", "--json", "--port", "0", "--key", "demo",
    ]  # fmt: skip
    log = home / "recipient.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command, env=known, stdout=subprocess.PIPE, stderr=errors, text=True,
            stdin=subprocess.DEVNULL, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            if not line:
                tail = log.read_text("utf-8", "replace")[-1500:]
                raise Unavailable(f"The recipient did not start; the end of {log}:\n{tail}")
            yield Recipient(**json.loads(line))
        finally:
            process.terminate()


def act(owner: Owner, link: str, case: str, terminal: Terminal) -> Row:
    """Play it."""
    terminal.say("\nJustice: a person decides, and the report goes where it must:")
    steps = Steps(terminal)
    filed: Row = {}
    try:
        with signed_in(owner, link) as officer:
            filed = _play(steps, officer, case)
    except (BreakwaterError, httpx.HTTPError) as error:
        steps.failed(error)
    return {"case": case, "steps": steps.rows, "filed": filed, "as_expected": steps.all_seen}


def _play(steps: Steps, officer: httpx.Client, case: str) -> Row:
    """The story; answers the report as it was filed."""
    begun = time.monotonic()
    said = {"kind": "illegal", "reason": "Demo.", "facts": FOUND}
    officer.post(f"/v1/cases/{case}/decisions", json=said).raise_for_status()
    drafts = steps.step(
        "a person decides that it is illegal: its report is drafted",
        lambda: _rows(officer, case), begun,
    )  # fmt: skip
    if not drafts:
        return {}
    draft = officer.get(f"/v1/filings/{drafts[0]['id']}").raise_for_status().json()
    steps.step(
        f"it names who did it, with {draft['files']} file(s), and says what it lacks "
        f"({len(draft['gaps'])} things, each with why it matters)",
        lambda: bool(draft["report"]["reported"] and draft["files"] and draft["gaps"]), begun,
    )  # fmt: skip
    sent = time.monotonic()
    officer.post(f"/v1/filings/{draft['id']}/send").raise_for_status()
    filed: Row = steps.step(
        "the officer sends it: opened, files sent and described, finished",
        lambda: next((one for one in _rows(officer, case) if one["state"] == "finished"), None),
        sent,
    )  # fmt: skip
    if filed:
        calls = officer.get(f"/v1/filings/{draft['id']}").raise_for_status().json()["steps"]
        answered = [one for one in calls if one["phase"] == "answer" and one["code"] == 0]
        steps.step(
            f"the recipient acknowledged each of {len(answered)} calls, under its number "
            f"{filed['report_id']}",
            lambda: bool(filed["report_id"]) and len(answered) == 2 + 2 * filed["files"], sent,
        )  # fmt: skip
    return filed or {}


def _rows(officer: httpx.Client, case: str) -> list[dict[str, Any]]:
    """The reports of a case."""
    found: list[dict[str, Any]] = (
        officer.get(f"/v1/cases/{case}/filings").raise_for_status().json()["filings"]
    )
    return found
