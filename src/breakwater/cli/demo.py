"""`breakwater demo`: the main job on ordinary media, from nothing, through the public API.

In: nothing. Out: a running server with two banks, verdicts printed as they come, and a link
into the console; with `--check` a JSON ledger (`in = blocked + held + passed + failed`, with
ids) and exit code 0 only when every expected verdict was seen. Its installation lives in
`var/demo` and is made anew each time; it talks to nothing but its own loopback address.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from breakwater.cli.demo_house import CONFIG, add, only, prepare_home, server
from breakwater.cli.terminal import BAD, GOOD, WARN, Terminal

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.cli.demo_live import LiveAccess
    from breakwater.cli.demo_run import Access
    from breakwater.cli.owner import Owner
    from breakwater.settings import Settings

app = typer.Typer(help="Run the main job on ordinary media, from nothing.", add_completion=False)

HOME: Final = Path("var/demo")
LINK_LIFE: Final = timedelta(hours=12)
BANKS: Final = {"block": "DEMO_KNOWN", "hold": "DEMO_UNSURE"}
PURPOSES: Final = {
    "block": "Pictures and a video that must not come back",
    "hold": "Pictures that a person looks at first",
}
ROLES: Final = ("reviewer", "qa_lead", "auditor", "admin")
"""What the how-tos need of one person; the server is told to print no link, which would end ours."""
OFFICER: Final = ("reviewer", "report_officer")
SEEKER: Final = ("reviewer", "investigator")
ACTS: Final = ("live", "justice", "links", "hub")
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
    from breakwater.cli import demo_hub, demo_justice

    terminal = Terminal(as_json=False)
    signal.signal(signal.SIGTERM, _leave)
    file = prepare_home(home, terminal)
    with demo_justice.recipient(home) as recipient:
        add(file, {**recipient.settings(), "hub_graded_list": demo_hub.LIST})
        only(file)
        member = demo_hub.found_member(home, terminal)
        configured = settings.load()
        access = replace(set_up(configured, terminal), member=member)
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
    from breakwater.cli import demo_hub
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
    seeker = running.access.people.create("Demo investigator", SEEKER, OPERATOR)
    links = running.access.people.link(seeker.id, "demo", life=LINK_LIFE)
    return Access(
        key, lists, link, grant_live(running, lists), reports, links, demo_hub.grant(running)
    )


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


def stay(owner: Owner, access: Access, ledger: dict[str, Any], terminal: Terminal) -> None:
    """Say what happened and where the console is, and wait for Ctrl-C."""
    wrong = [*ledger["unexpected"]]
    parts = [*ledger["later"], *(step for act in ACTS for step in ledger[act]["steps"])]
    wrong += [step["name"] for step in parts if not step["as_expected"]]
    terminal.say(
        f"\n{BAD if wrong else GOOD} {ledger['in']} in = {ledger['blocked']} blocked + "
        f"{ledger['held']} held + {ledger['passed']} passed + {ledger['failed']} failed"
        + (f"; not as expected: {', '.join(wrong)}" if wrong else ", each as expected")
    )
    config = os.environ[CONFIG]
    terminal.say(
        f"\n  Console, one sign-in:  [bold]{owner.site}/login/{access.link}[/]\n"
        f"                         (as Demo: reviewer, quality lead, auditor, administrator)\n"
        + ("" if ledger["live"]["missing"] else LIVE)
        + f"  To get in again:       .venv/bin/breakwater --config {config} people link Demo\n"
        f"  Links, as who seeks:   .venv/bin/breakwater --config {config} people link 'Demo investigator'\n"
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
