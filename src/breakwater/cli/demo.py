"""`breakwater demo`: the main job on ordinary media, from nothing, through the public API.

In: nothing. Out: a running server with two banks, verdicts printed as they come, and a link
into the console; with `--check` a JSON ledger (`in = blocked + held + passed + failed`, with
ids) and exit code 0 only when every expected verdict was seen. Its installation lives in
`var/demo` and is made anew each time; it talks to nothing but its own loopback address.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.terminal import BAD, GOOD, MARK, WARN, Terminal
from breakwater.errors import BreakwaterError, Unavailable

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.cli.demo_media import Sample
    from breakwater.cli.owner import Owner
    from breakwater.cli.remote import Client
    from breakwater.settings import Settings

app = typer.Typer(help="Run the main job on ordinary media, from nothing.", add_completion=False)

HOME: Final = Path("var/demo")
START_S: Final = 60.0
LINK_LIFE: Final = timedelta(hours=12)
BANKS: Final = {"block": "DEMO_KNOWN", "hold": "DEMO_UNSURE"}
PURPOSES: Final = {
    "block": "Pictures and a video that must not come back",
    "hold": "Pictures that a person looks at first",
}
ROLES: Final = ("admin", "reviewer", "auditor")
FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Access:
    """What the set-up made: a key for the service, a link for a person."""

    key: str
    link: str


@app.command()
def demo(
    *,
    check: Annotated[
        bool,
        typer.Option("--check", help="Unattended: print a JSON ledger, exit 0 if all was seen."),
    ] = False,
    home: Annotated[Path, typer.Option(help="Where the demo lives; made anew.")] = HOME,
) -> None:
    """Run the main job on ordinary media, from nothing."""
    terminal = Terminal(as_json=check)
    terminal.as_json = False
    environment = prepare_home(home)
    os.environ.update(environment)
    from breakwater import settings

    configured = settings.load()
    access = set_up(configured, terminal)
    with server(configured, home) as owner:
        ledger = run(owner, access, terminal)
        if check:
            ledger["console"] = console_opens(owner, access)
            terminal.as_json = True
            terminal.result(ledger)
        else:
            stay(owner, access, ledger, terminal)
    if check and not seen_all(ledger):
        raise typer.Exit(FAILED)


def seen_all(ledger: dict[str, Any]) -> bool:
    """Whether every upload got its expected verdict and the books balance."""
    total = ledger["blocked"] + ledger["held"] + ledger["passed"] + ledger["failed"]
    return bool(ledger["in"] == total and not ledger["unexpected"] and ledger["console"])


def prepare_home(home: Path) -> dict[str, str]:
    """Empty the demo's own folder; answers the settings that point to it.

    Only a folder that the demo made (it has a marker) is emptied.
    """
    from breakwater.errors import Conflict

    marker = home / ".breakwater-demo"
    if home.exists() and any(home.iterdir()) and not marker.exists():
        raise Conflict(f"{home} is not empty and not a demo's. Choose another with --home.")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    marker.touch()
    place = home.resolve()
    return {
        "BREAKWATER_DATA_DIR": str(place / "data"),
        "BREAKWATER_ROOT_KEY_FILE": str(place / "keys" / "root.key"),
        "BREAKWATER_DATABASE_URL": "",
        "BREAKWATER_CONFIG": "",
        "BREAKWATER_HOST": "127.0.0.1",
        "BREAKWATER_PORT": "0",
    }


def set_up(settings: Settings, terminal: Terminal) -> Access:
    """Keys with a recovery copy, database, banks with entries, a service's key, a person."""
    from breakwater import app as parts
    from breakwater.cli.serve import prepare

    prepare(settings, terminal)
    running = parts.build(settings)
    try:
        with terminal.progress("filling two demo banks") as bar:
            for action, name in BANKS.items():
                count = fill(running, action, name)
                terminal.say(f"{GOOD} Bank {name}: {count} signals; a match asks for {action}.")
                bar.step()
        return grant(running)
    finally:
        running.close()


def fill(running: App, action: str, name: str) -> int:
    """Make a bank and put the signals of its originals into it."""
    import io

    from breakwater.banks.manage import NewBank, NewEntry, Provenance
    from breakwater.cli import demo_media
    from breakwater.cli.desk import OPERATOR
    from breakwater.errors import Unfit
    from breakwater.model.bank import BankAction
    from breakwater.model.media import Undecodable
    from breakwater.model.signal import View

    wanted = BankAction(action)
    running.banks.create(
        NewBank(name, purpose=PURPOSES[action], source="breakwater demo", action=wanted), OPERATOR
    )
    media = [(o.name, o.content) for o in demo_media.originals() if o.action == wanted.action]
    if wanted is BankAction.BLOCK:
        media.append(("known clip", demo_media.clip()))
    count = 0
    for title, content in media:
        read = running.pool.fingerprint(
            io.BytesIO(content), declared="", limits=running.intake.limits.video, lane="demo"
        )
        if isinstance(read, Undecodable):
            raise Unfit(f"The demo's own {title} cannot be read: {read.reason.words}")
        chosen = {
            item.signal: NewEntry(item.signal, item.quality)
            for item in read.items
            if item.view is View.ORIGINAL and item.usable and item.signal.kind in {"sha256", "pdq"}
        }
        note = Provenance(labels=(title,), source="breakwater demo")
        count += len(running.banks.add(name, list(chosen.values()), OPERATOR, note))
    return count


def grant(running: App) -> Access:
    """A key that may only screen and read verdicts, and a link that lets one person in."""
    from breakwater.cli.desk import OPERATOR

    _, key = running.access.keys.create(
        OPERATOR, name="demo service", scopes=("media:screen", "verdict:read", "hash:lookup"),
        service="demo",
    )  # fmt: skip
    person = running.access.people.create("Demo", ROLES, OPERATOR)
    return Access(key, running.access.people.link(person.id, "demo", life=LINK_LIFE))


@contextmanager
def server(settings: Settings, home: Path) -> Iterator[Owner]:
    """`breakwater serve` as its own process, until the block ends."""
    log = home / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "breakwater", "serve"], stdout=output, stderr=output,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield _announced(process, settings, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _announced(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> Owner:
    """Wait until the server says where it is and that it is ready.

    Raises:
        Unavailable: it ended, or took longer than a minute.
    """
    from breakwater.cli import owner
    from breakwater.cli.remote import Client

    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        found = owner.find(settings.owner_token)
        if found is not None:
            try:
                with Client(found.url, timeout=10) as client:
                    client.call("GET", "/ready")
            except BreakwaterError:
                found = None
        if found is not None:
            return found
        time.sleep(0.1)
    tail = log.read_text("utf-8", "replace")[-1500:]
    raise Unavailable(f"The server did not start; the end of {log}:\n{tail}")


def run(owner: Owner, access: Access, terminal: Terminal) -> dict[str, Any]:
    """Upload everything and keep the books."""
    from breakwater.cli import demo_media
    from breakwater.cli.remote import Client

    terminal.say("\nUploading through the public API:")
    rows: list[dict[str, Any]] = []
    with Client(owner.url, access.key) as client, terminal.progress("uploading") as bar:
        for sample in demo_media.samples():
            row = upload(client, sample)
            rows.append(row)
            mark = MARK["ok"] if row["as_expected"] else MARK["bad"]
            colour = {"block": "red", "hold": "yellow", "allow": "bright_cyan"}.get(
                row["action"], "red"
            )
            word = f"[{colour}]{row['action']:6}[/]"
            terminal.say(
                f"{mark} {word} {row['ms']:5.0f} ms  {sample.name}: [dim]{row['reason']}[/]"
            )
            bar.step()
    return books(rows)


def upload(client: Client, sample: Sample) -> dict[str, Any]:
    """Send one sample as a service would; an error is an outcome too."""
    about = {"service": "demo", "surface": "public", "account": "demo-account",
             "address": "203.0.113.9", "port": "49152", "reference": sample.name}  # fmt: skip
    file = {"file": ("upload", sample.content, sample.type)}
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    started = time.monotonic()
    try:
        answer = client.json("POST", "/v1/media", data=about, files=file, headers=headers)
        answer = settled(client, answer)
    except BreakwaterError as error:
        answer = {"id": "", "action": "failed", "rule": error.code, "reason": str(error)}
    seen = answer["action"] == sample.expect.value and answer["rule"].startswith(sample.rule)
    return {
        "name": sample.name, "id": answer["id"], "case": answer.get("case") or "",
        "action": answer["action"], "rule": answer["rule"], "reason": answer["reason"],
        "expected": sample.expect.value, "as_expected": seen,
        "ms": round((time.monotonic() - started) * 1000, 1),
    }  # fmt: skip


def settled(client: Client, answer: dict[str, Any]) -> dict[str, Any]:
    """Ask again while a verdict is pending (an upload that was answered with 202)."""
    until = time.monotonic() + START_S
    while answer["state"] == "pending":
        if time.monotonic() > until:
            raise Unavailable("The verdict did not come within a minute.")
        time.sleep(0.2)
        answer = client.json("GET", f"/v1/verdicts/{answer['id']}")
    return answer


def books(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The ledger: everything that came in is in exactly one column."""
    columns = {"blocked": "block", "held": "hold", "passed": "allow"}
    ledger: dict[str, Any] = {"in": len(rows)}
    for column, action in columns.items():
        ledger[column] = sum(row["action"] == action for row in rows)
    ledger["failed"] = sum(row["action"] not in columns.values() for row in rows)
    ledger["unexpected"] = [row["name"] for row in rows if not row["as_expected"]]
    ledger["ids"] = {column: [r["id"] for r in rows if r["action"] == action]
                     for column, action in columns.items()}  # fmt: skip
    ledger["uploads"] = rows
    return ledger


def console_opens(owner: Owner, access: Access) -> bool:
    """Whether the one-time link leads into the console, as a browser would follow it."""
    import httpx

    with httpx.Client(base_url=owner.url, follow_redirects=True, trust_env=False) as browser:
        page = browser.get(f"/login/{access.link}")
        return page.status_code == httpx.codes.OK and "text/html" in page.headers["content-type"]


def stay(owner: Owner, access: Access, ledger: dict[str, Any], terminal: Terminal) -> None:
    """Say what happened and where the console is, and wait for Ctrl-C."""
    wrong = ledger["unexpected"]
    mark = BAD if wrong else GOOD
    terminal.say(
        f"\n{mark} {ledger['in']} in = {ledger['blocked']} blocked + {ledger['held']} held + "
        f"{ledger['passed']} passed + {ledger['failed']} failed"
        + (f"; not as expected: {', '.join(wrong)}" if wrong else ", each as expected")
    )
    terminal.say(
        f"\n  Console, for one sign-in:  [bold]{owner.site}/login/{access.link}[/]\n"
        f"  Your own upload:\n    [dim]curl -H 'Authorization: Bearer {access.key}' "
        f"-F service=demo -F surface=public -F file=@picture.jpg {owner.url}/v1/media[/]\n\n"
        f"{WARN} Ctrl-C ends it."
    )
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        terminal.say("Stopped.")
