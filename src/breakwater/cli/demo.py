"""`breakwater demo`: the main job on ordinary media, from nothing, through the public API.

In: nothing. Out: a running server with two banks, verdicts printed as they come, and a link
into the console; with `--check` a JSON ledger (`in = blocked + held + passed + failed`, with
ids) and exit code 0 only when every expected verdict was seen. Its installation lives in
`var/demo` and is made anew each time; it talks to nothing but its own loopback address.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Terminal
from breakwater.errors import BreakwaterError, Conflict, Unavailable

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.cli.demo_live import LiveAccess
    from breakwater.cli.demo_run import Access
    from breakwater.cli.owner import Owner
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
ROLES: Final = ("reviewer", "qa_lead", "auditor", "admin")
"""What the how-tos need of one person; the server is told to print no link, which would end ours."""
OFFICER: Final = ("reviewer", "report_officer")
FAILED: Final = 1
LIVE: Final = "  On the live wall:      a broadcast runs on, whose chat alarmed and is paused; its case says why\n"


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
    from breakwater import settings
    from breakwater.cli import demo_justice

    terminal = Terminal(as_json=False)
    signal.signal(signal.SIGTERM, _leave)
    file = prepare_home(home, terminal)
    with demo_justice.recipient(home) as recipient:
        add(file, recipient.settings())
        only(file)
        configured = settings.load()
        access = set_up(configured, terminal)
        play(configured, access, terminal, home, check=check)


def play(
    settings: Settings, access: Access, terminal: Terminal, home: Path, *, check: bool
) -> None:
    """Everything that is shown, and the ledger or the console's address at the end."""
    from breakwater.cli import demo_run

    with server(settings, home) as owner, ExitStack() as runs_on:
        kept = None if check else runs_on
        ledger = demo_run.run(owner, access, terminal, home, sign_in=check, kept=kept)
        if check:
            Terminal(as_json=True).result(ledger)
        else:
            stay(owner, access, ledger, terminal)
    if check and not demo_run.seen_all(ledger):
        raise typer.Exit(FAILED)


def _leave(_number: int, _frame: object) -> NoReturn:
    """End by way of the blocks that are open, so that the server ends too."""
    raise SystemExit(128 + signal.SIGTERM)


def prepare_home(home: Path, terminal: Terminal) -> Path:
    """Empty the demo's own folder and write its settings; answers their file.

    Only a folder that the demo made (it has a marker) is emptied, and only while no demo runs.

    Raises:
        Conflict: a demo runs there, or the folder is somebody else's.
    """
    from breakwater.cli import owner

    marker = home / ".breakwater-demo"
    runs = owner.find(home / "data" / "owner.json")
    if runs is not None:
        raise Conflict(f"A demo runs at {runs.site or runs.url}; end it first (Ctrl-C there).")
    if home.exists() and any(home.iterdir()):
        if not marker.exists():
            raise Conflict(f"{home} is not empty and not a demo's. Choose another with --home.")
        terminal.say(f"{WARN} Removing the demo before this one, with all that was in it: {home}")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    marker.touch()
    place = home.resolve()
    chosen = {
        "data_dir": place / "data",
        "root_key_file": place / "keys" / "root.key",
        "audit_dir": place / "checkpoints",
        "host": "127.0.0.1",
        "comments_package": "surrogate",
    }
    lines = [f"{name} = {json.dumps(str(value))}\n" for name, value in chosen.items()]
    lines.append('webhook_private_networks = ["127.0.0.0/8"]\n')
    file = place / "breakwater.toml"
    file.write_text("".join(lines) + "port = 0\n", "utf-8")
    return file


def add(file: Path, chosen: Mapping[str, str]) -> None:
    """Write further settings."""
    file.chmod(0o600)
    with file.open("a", encoding="utf-8") as more:
        more.writelines(f"{name} = {json.dumps(value)}\n" for name, value in chosen.items())


def only(file: Path) -> None:
    """Let this file be the only source of settings, here and in the server."""
    for name in [name for name in os.environ if name.startswith("BREAKWATER_")]:
        if name != "BREAKWATER_KERNEL":
            del os.environ[name]
    os.environ["BREAKWATER_CONFIG"] = str(file)


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
    """Keys of the least scopes for a service and a list's keeper, and a link for one person."""
    from breakwater.cli.demo_run import Access
    from breakwater.cli.desk import OPERATOR

    _, key = running.access.keys.create(
        OPERATOR, name="demo service", service="demo", scopes=("media:screen", "verdict:read")
    )
    _, lists = running.access.keys.create(
        OPERATOR, name="demo lists", scopes=("hash:lookup", "bank:read", "bank:write")
    )
    person = running.access.people.create("Demo", ROLES, OPERATOR)
    link = running.access.people.link(person.id, "demo", life=LINK_LIFE)
    officer = running.access.people.create("Demo officer", OFFICER, OPERATOR)
    reports = running.access.people.link(officer.id, "demo", life=LINK_LIFE)
    return Access(key, lists, link, grant_live(running, lists), reports)


def grant_live(running: App, lists: str) -> LiveAccess:
    """A key for the service that broadcasts, and a link for the one who may stop it."""
    from breakwater.cli import demo_stage
    from breakwater.cli.demo_live import LiveAccess
    from breakwater.cli.desk import OPERATOR

    _, key = running.access.keys.create(
        OPERATOR, name="demo live", service="demo", scopes=("stream:write", "stream:read")
    )
    person = running.access.people.create("Demo moderator", ("live_moderator",), OPERATOR)
    link = running.access.people.link(person.id, "demo", life=LINK_LIFE)
    (port,) = demo_stage.free_ports(1)
    _, secret = running.webhooks.create(
        f"http://127.0.0.1:{port}/hook", "demo", ("chat.measured",), OPERATOR
    )
    return LiveAccess(key, lists, link, person.id, port, secret)


@contextmanager
def server(settings: Settings, home: Path) -> Iterator[Owner]:
    """`breakwater serve` as its own process, until the block ends."""
    log = home / "serve.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "breakwater", "serve", "--no-link"], stdout=output, stderr=output,
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


def stay(owner: Owner, access: Access, ledger: dict[str, Any], terminal: Terminal) -> None:
    """Say what happened and where the console is, and wait for Ctrl-C."""
    wrong = [*ledger["unexpected"]]
    parts = [*ledger["later"], *ledger["live"]["steps"], *ledger["justice"]["steps"]]
    wrong += [step["name"] for step in parts if not step["as_expected"]]
    terminal.say(
        f"\n{BAD if wrong else GOOD} {ledger['in']} in = {ledger['blocked']} blocked + "
        f"{ledger['held']} held + {ledger['passed']} passed + {ledger['failed']} failed"
        + (f"; not as expected: {', '.join(wrong)}" if wrong else ", each as expected")
    )
    config = os.environ["BREAKWATER_CONFIG"]
    terminal.say(
        f"\n  Console, one sign-in:  [bold]{owner.site}/login/{access.link}[/]\n"
        f"                         (as Demo: reviewer, quality lead, auditor, administrator)\n"
        + ("" if ledger["live"]["missing"] else LIVE)
        + f"  To get in again:       .venv/bin/breakwater --config {config} people link Demo\n"
        f"  Your own upload:       curl -H 'Authorization: Bearer {access.key}' -F service=demo "
        f"-F surface=public -F file=@picture.jpg {owner.url}/v1/media\n"
        f"  Commands:              .venv/bin/breakwater --config {config} bank list\n\n"
        f"{WARN} Ctrl-C ends it."
    )
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        terminal.say("Stopped.")
