"""The demo's conversation with its server: what a service, a list's keeper and a person do.

In: where the server is, and the keys and link that `cli.demo` made. Out: the ledger. Only the
public HTTP API is used, with a key of the least scopes for each part.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.markup import escape

from breakwater.cli import demo_hub, demo_justice, demo_links, demo_live, demo_media
from breakwater.cli.demo_live import LiveAccess
from breakwater.cli.demo_media import Sample
from breakwater.cli.owner import Owner
from breakwater.cli.remote import Client
from breakwater.cli.terminal import MARK, Terminal
from breakwater.errors import BreakwaterError

PATIENCE_S: Final = 60.0
GRADED: Final = "mirrored"
Row = dict[str, Any]
COLUMNS: Final = {"blocked": "block", "held": "hold", "passed": "allow"}
COLOUR: Final = {"block": "red", "hold": "yellow", "allow": "bright_cyan"}


@dataclass(frozen=True, slots=True)
class Access:
    """What the set-up made.

    Attributes:
        key: of the service that uploads.
        lists: key of whoever keeps the banks.
        link: lets one person into the console, once.
        live: for the live act.
        officer: lets the one who reports into the console, once.
        links: lets an investigator into the console, once.
        hub: lets those who run the hub in.
        member: an installation that joins it; None: nobody does.
    """

    key: str
    lists: str
    link: str
    live: LiveAccess
    officer: str
    links: str
    hub: demo_hub.Desk
    member: demo_hub.Member | None = None


def run(
    owner: Owner,
    access: Access,
    terminal: Terminal,
    home: Path,
    *,
    sign_in: bool,
    kept: ExitStack | None = None,
) -> dict[str, Any]:
    """Do the whole main job and keep the books.

    Args:
        owner: the server.
        access: to it.
        terminal: told of each step.
        home: the demo's folder.
        sign_in: use up the link to see the console from inside; else it is left for a person.
        kept: the last broadcast runs on until this ends; None: it ends.
    """
    with Client(owner.url, access.key) as service, Client(owner.url, access.lists) as lists:
        terminal.say("\nUploads through the public API:")
        ledger = books(uploads(service, terminal))
        terminal.say("\nA list grows, and what passed before is found:")
        ledger["later"] = list(later(service, lists, ledger["uploads"], terminal))
        ledger["links"] = demo_links.act(owner, sender(service), lists, access.links, terminal)
    ledger["live"] = demo_live.act(owner, access.live, home, terminal, kept)
    case = ledger["live"].get("case") or _first_case(ledger)
    ledger["justice"] = demo_justice.act(owner, access.officer, case, terminal)
    ledger["hub"] = share(owner, access, ledger, terminal)
    ledger["console"] = inside(owner, access, ledger) if sign_in else True
    return ledger


def share(owner: Owner, access: Access, ledger: Row, terminal: Terminal) -> Row:
    """The act of the hub, with an upload that no bank has as it is: a mirrored one."""
    sample = next(one for one in demo_media.samples() if one.name.endswith(GRADED))
    upload = next(row["id"] for row in ledger["uploads"] if row["name"] == sample.name)
    if access.member is None:
        return {"upload": upload, "steps": [], "as_expected": False}
    seen = demo_hub.Seen(upload, sample)
    return demo_hub.act(owner, access.hub, access.member, seen, terminal)


def seen_all(ledger: dict[str, Any]) -> bool:
    """Whether every expectation was met and the books balance."""
    total = ledger["blocked"] + ledger["held"] + ledger["passed"] + ledger["failed"]
    return (
        ledger["in"] == total
        and not ledger["unexpected"]
        and all(step["as_expected"] for step in ledger["later"])
        and ledger["live"]["as_expected"]
        and ledger["justice"]["as_expected"]
        and ledger["links"]["as_expected"]
        and ledger["hub"]["as_expected"]
        and bool(ledger["console"])
    )


def uploads(service: Client, terminal: Terminal) -> list[Row]:
    """Upload every sample, and say what became of it."""
    rows: list[Row] = []
    with terminal.progress("uploading") as bar:
        for number, sample in enumerate(demo_media.samples()):
            row = upload(service, sample, account=f"account-{number % 5 + 1}")
            rows.append(row)
            terminal.say(shown(row))
            bar.step()
    return rows


def upload(service: Client, sample: Sample, *, account: str) -> Row:
    """Send one sample as a service would; an error is an outcome too."""
    about = {
        "service": "demo", "surface": "public", "account": account, "reference": sample.name,
        "address": "203.0.113.9", "port": "49152",
    }  # fmt: skip
    file = {"file": ("upload", sample.content, sample.type)}
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    started = time.monotonic()
    try:
        answer = service.json("POST", "/v1/media", data=about, files=file, headers=headers)
        answer = when(service, answer, lambda verdict: verdict["state"] == "done")
    except BreakwaterError as error:
        answer = {"id": "", "action": "failed", "rule": error.code, "reason": str(error)}
    took = (time.monotonic() - started) * 1000
    seen = answer["action"] == sample.expect.value and answer["rule"].startswith(sample.rule)
    return _row(sample.name, answer, expected=sample.expect.value, as_expected=seen, took=took)


def sender(service: Client) -> demo_links.Send:
    """Sends a sample as an account of the service."""
    return lambda sample, account: upload(service, sample, account=account)


def _row(name: str, answer: Row, *, expected: str, as_expected: bool, took: float) -> Row:
    return {
        "name": name, "id": answer["id"], "case": answer.get("case") or "",
        "action": answer["action"], "rule": answer["rule"], "reason": answer["reason"],
        "expected": expected, "as_expected": as_expected, "ms": round(took, 1),
    }  # fmt: skip


def shown(row: Row) -> str:
    """One verdict as a line."""
    mark = MARK["ok" if row["as_expected"] else "bad"]
    action = f"[{COLOUR.get(row['action'], 'red')}]{row['action']:6}[/]"
    return f"{mark} {action} {row['ms']:6.0f} ms  {row['name']}: [dim]{escape(row['reason'])}[/]"


def when(service: Client, answer: Row, settled: Callable[[Row], bool]) -> Row:
    """Ask for a verdict until it is as wanted; what it is at the end of our patience otherwise."""
    until = time.monotonic() + PATIENCE_S
    while not settled(answer) and time.monotonic() < until:
        time.sleep(0.1)
        answer = service.json("GET", f"/v1/verdicts/{answer['id']}")
    return answer


def later(service: Client, lists: Client, rows: Sequence[Row], terminal: Terminal) -> Iterator[Row]:
    """A new entry finds an upload that had passed; withdrawing it lets the upload go again."""
    picture = next(demo_media.fresh())
    before = next(row for row in rows if row["name"] == picture.name)
    file = {"photo": ("picture", picture.content, picture.type)}
    value = lists.json("POST", "/h/hash", files=file)["pdq"]
    added = lists.json(
        "POST", "/v1/banks/DEMO_KNOWN/entries", json={"signals": [{"signal": f"pdq:{value}"}]}
    )
    yield _change(service, before, "block", "its hash is added to DEMO_KNOWN", terminal)
    lists.call("DELETE", f"/v1/entries/{added['entries'][0]['number']}")
    yield _change(service, before, "allow", "the entry is withdrawn again", terminal)


def _change(service: Client, before: Row, expected: str, why: str, terminal: Terminal) -> Row:
    started = time.monotonic()
    answer = when(service, {**before, "action": ""}, lambda now: now["action"] == expected)
    took = (time.monotonic() - started) * 1000
    name, seen = f"{before['name']}, {why}", answer["action"] == expected
    row = _row(name, answer, expected=expected, as_expected=seen, took=took)
    terminal.say(shown(row))
    return row


def books(rows: list[Row]) -> dict[str, Any]:
    """The ledger: everything that came in is in exactly one column."""
    ids = {
        column: [row["id"] for row in rows if row["action"] == action]
        for column, action in COLUMNS.items()
    }
    counts: dict[str, Any] = {column: len(found) for column, found in ids.items()}
    failed = [row["name"] for row in rows if row["action"] not in COLUMNS.values()]
    return {
        "in": len(rows), **counts, "failed": len(failed),
        "unexpected": [row["name"] for row in rows if not row["as_expected"]],
        "ids": ids, "failures": failed, "uploads": rows,
    }  # fmt: skip


def inside(owner: Owner, access: Access, ledger: dict[str, Any]) -> bool:
    """Whether the link lets a person in, and queue and case show what was held or blocked."""
    case = _first_case(ledger)
    with httpx.Client(base_url=owner.url, follow_redirects=True, trust_env=False) as browser:
        door = browser.post(f"/login/{access.link}", headers={"Origin": owner.site})
        queue = browser.get("/queue")
        page = browser.get(f"/cases/{case}")
    answers = (door, queue, page)
    return all(answer.status_code == httpx.codes.OK for answer in answers) and case in queue.text


def _first_case(ledger: dict[str, Any]) -> str:
    """The case of the first upload that has one."""
    return next((str(row["case"]) for row in ledger["uploads"] if row["case"]), "")
