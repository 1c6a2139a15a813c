"""Writes docs/reference/*.md from the code, so that it cannot tell another story.

In: settings, commands, errors, events, metrics, kinds and roles as the code has them. Out: one
page each; with `--check` nothing is written and stale pages are named (exit 1). Run by
`make docs`; `tests/unit/test_docs.py` fails when a committed page is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import elements
import figures
import typer

from breakwater import errors
from breakwater.cli import COMMANDS, program
from breakwater.intake.snapshot import Snapshot
from breakwater.intake.webhooks import TOLD
from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.model.event import EventType
from breakwater.model.media import MediaType, Reason
from breakwater.model.signal import BUILTIN
from breakwater.observe import Metrics
from breakwater.settings import Settings
from breakwater.web.pages.read_people import ROLES

HERE: Final = Path(__file__).resolve().parents[1] / "docs/reference"
NOTE: Final = "<!-- Made by tools/reference.py from the code; edit the code. -->\n"

EVENTS: Final = {
    EventType.VERDICT_COMPLETED: "A verdict that was answered later (202), or anything but allow, is there.",
    EventType.VERDICT_CHANGED: "A verdict changed: a retroactive match, a withdrawal, an appeal.",
    EventType.CASE_OPENED: "Something waits for a person.",
    EventType.CASE_CHANGED: "A case moved: decided, handed over, closed.",
    EventType.CASE_DECIDED: "A person decided a case, or took a decision back.",
    EventType.CASE_DUE: "A case is due soon and nobody has looked.",
    EventType.CASE_OVERDUE: "A case passed its due time, or waited twice as long; it rose.",
    EventType.DANGER_RAISED: "A person says that a child is in danger now; whoever is on call is called.",
    EventType.ENTRY_ADDED: "Entries were added to a bank.",
    EventType.ENTRY_WITHDRAWN: "An entry was withdrawn for ever.",
    EventType.ENTRY_QUARANTINED: "An entry is shown and does not act until a person has looked.",
    EventType.ENTRY_RELEASED: "An entry's quarantine ended; it acts again.",
    EventType.UPLOAD_MATCHED: "An upload that passed matches entries, or shows known videos, that came later.",
    EventType.IMPORT_FINISHED: "A list was imported to its end.",
    EventType.BANK_CHANGED: "A bank was made, changed or archived.",
    EventType.DECODER_ALARM: "Our decoder failed on valid media, or the jail did not hold.",
    EventType.SNAPSHOT_NEEDED: "A case needs the account's data from the service.",
    EventType.APPEAL_FILED: "Somebody says that a measure was wrong, and waits for an answer.",
    EventType.APPEAL_DECIDED: "An appeal was answered: the measure stays, or it fell.",
    EventType.REPORT_TAKEN: "Somebody outside reported something; it opened or joined a case.",
    EventType.DUTY_CHANGED: "The rota or a call for a person changed: planned, rung, answered.",
    EventType.DUTY_UNMANNED: "Nobody is on duty: the alarm was raised.",
    EventType.FREEZE_WANTED: "A person or policy wants a live stream frozen until somebody decides.",
    EventType.STREAM_STARTED: "A broadcast began on a media server, or a service named one.",
    EventType.STREAM_CHANGED: "A broadcast's risk, viewers, control or share seen changed.",
    EventType.STREAM_ALERTED: "A watcher saw in a broadcast what a person must hear of.",
    EventType.STREAM_ORDERED: "A person or the policy wants a broadcast stopped or let go; at a cut `reported_as` says whether who broadcasts is `victim` (an apparent child) or `reported`.",
    EventType.STREAM_STOPPED: "A media server confirmed that a broadcast is frozen or cut.",
    EventType.STREAM_ENDED: "A broadcast ended.",
    EventType.CHAT_ALARMED: "What people write somewhere reached a threshold; it opened or joined a case.",
    EventType.CHAT_MEASURED: "A chat is to be slowed, gated, paused or opened, or single messages of it are to be held (`hold`) or shown again (`release`).",
    EventType.CHAT_CAPTURED: "Comments that gave evidence are kept with a case.",
    EventType.REEL_ADDED: "A known video joined a bank; copies of it are found from now on.",
    EventType.REEL_WITHDRAWN: "A known video left its bank.",
    EventType.REGISTRATION_WATCHED: "Somebody registered who may have been sanctioned before; nothing says who.",
    EventType.REGISTRATION_REFUSED: "A registration was refused: a sanctioned person is back; nothing says who.",
    EventType.GRADE_SETTLED: "What holds for a graded item is settled, or settled anew.",
    EventType.GRADE_DISPUTED: "Graders disagree on an item; an adjudicator is wanted.",
    EventType.HUB_DOUBTED: "A curator of the hub sent to graders what matched a doubted entry.",
    EventType.MEDIUM_LINKED: "A medium was compared with everything kept, and what was found stands.",
    EventType.SERIES_CHANGED: "Media joined or left a series, or a person judged a link of it.",
    EventType.SERIES_OUTCOME: "It is known what became of a child of a series; those who reported are told.",
    EventType.VIEWERS_CHANGED: "A pack of a case's viewers was proposed, made or refused.",
    EventType.QUALITY_ALARM: "Graders drift: known answers or agreement left their bounds.",
    EventType.PACKAGE_CHANGED: "An evidence package is being made, was sealed, or could not be made.",
    EventType.FILING_CHANGED: "A report to an authority was drafted, or went a step on.",
    EventType.FILING_FINISHED: "A recipient has taken a report: its number is the receipt.",
    EventType.FILING_STUCK: "A report cannot be sent as things stand; it is tried again, or a person must look.",
    EventType.FILING_OVERDUE: "A report is due soon, or should have been filed.",
    EventType.HOLD_CHANGED: "A case's evidence is held, held for longer, or not held any more.",
    EventType.HOLD_DUE: "A hold's time is over: two people destroy what it kept, or somebody extends it.",
    EventType.PRESERVATION_FAILED: "Evidence of a decided case is not kept yet; it is tried again, and said each hour until it is.",
    EventType.ACT_WANTED: "A service shall hide, remove or restore content, or act on an account; "
    "sent until it is acknowledged.",
    EventType.REQUEST_CHANGED: "A legal request came in, went out, or went a step on.",
    EventType.REQUEST_OVERDUE: "A legal request is not answered and its time is over.",
    EventType.ACT_UNCONFIRMED: "A service did not acknowledge an act in three days, or cannot do it.",
}


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def cell(value: object) -> str:
    """Text that stays in its cell."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def settings() -> str:
    """Every setting with its variable and default."""
    rows = []
    for name, field in Settings.model_fields.items():
        default: Any = field.default
        shown = getattr(default, "get_secret_value", lambda d=default: d)()
        value = "–" if shown in ("", None, ()) else f"`{shown}`"
        rows.append((f"`BREAKWATER_{name.upper()}`", value, field.description or ""))
    return (
        "# Settings\n\nFrom the environment, or from the TOML file that `BREAKWATER_CONFIG` names "
        "(the same names, lower case, without the prefix). The environment wins. "
        "A wrong value stops the start and names the field.\n\n"
        + table(("Variable", "Default", "Meaning"), rows)
    )


def cli() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(program)
    context = root.make_context("breakwater", ["doctor"], resilient_parsing=True)
    words = (
        "# Command line\n\nCommands that answer something take `--json`: one JSON document on "
        "standard output (`hash` and `scan`: one a file). Words and progress go to standard error. "
        "Exit codes are those of [the errors](errors.md).\n"
    )
    parts = [words]
    for name in COMMANDS:
        command = root.get_command(context, name)  # type: ignore[attr-defined] # a group
        parts += _command(f"breakwater {name}", command)
    return "\n".join(parts)


def _command(path: str, command: Any) -> Iterator[str]:
    yield f"## `{path}`\n\n{(command.help or '').strip()}\n"
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _command(f"{path} {name}", inner)
    rows = []
    for parameter in command.params:
        names = [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]
        if "--help" in names:
            continue
        kind = parameter.param_type_name
        shown = ", ".join(f"`{n}`" for n in names) if kind == "option" else f"`{parameter.name}`"
        rows.append((shown, getattr(parameter, "help", "") or ""))
    if rows:
        yield table(("Argument or option", "Meaning"), rows)


def error_codes() -> str:
    """Every error with its code, HTTP status and exit code."""
    rows = [
        (f"`{kind.code}`", kind.status, kind.exit_code, kind.title())
        for kind in sorted(every_error(), key=lambda kind: kind.code)
    ]
    return (
        "# Errors\n\nThe API answers them as `application/problem+json` (RFC 9457) with this "
        "`code`, the command line by its exit code (sysexits.h).\n\n"
        + table(("Code", "HTTP", "Exit", "What it says"), rows)
    )


def every_error(base: type[errors.BreakwaterError] = errors.BreakwaterError) -> list[Any]:
    """The whole tree, its root included; one class a code."""
    found = [base]
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            found += every_error(kind)
    return found


def events() -> str:
    """Every event."""
    rows = [(f"`{kind.value}`", EVENTS[kind], "yes" if kind in TOLD else "") for kind in EventType]
    return (
        "# Events\n\nWritten to the outbox in the transaction that made them true, delivered "
        "after it, at least once, taken in order of their change number. A service may ask for those "
        "in the last column; the others are for the console's pages and for parts of this "
        "installation, such as who is on duty. Webhooks are "
        "signed by Standard Webhooks; the id is constant over retries. Several are sent side by "
        "side and a retry comes later, so one may overtake another: `timestamp` says when each "
        "happened, and of two that speak of the same thing the later one holds.\n\n"
        + table(("Event", "When", "Webhooks"), rows)
    )


def metrics() -> str:
    """Every metric on `/metrics`."""
    rows = [
        (f"`{f.name}_total`" if f.type == "counter" else f"`{f.name}`", f.type, f.documentation)
        for f in Metrics().registry.collect()
    ]
    return "# Metrics\n\nOn `/metrics` in the Prometheus text format, by these names.\n\n" + table(
        ("Metric", "Type", "Meaning"), sorted(rows)
    )


def media() -> str:
    """What is decoded, and why something is not."""
    kinds = [(f"`{kind.value}`", kind.family.value) for kind in MediaType]
    reasons = [(f"`undecodable.{reason.value}`", reason.words) for reason in Reason]
    hashes = [
        (f"`{k.name}`", k.size * 8, k.measure.value, k.limit or "–", k.words)
        for k in BUILTIN.values()
    ]
    return (
        "# Media and signals\n\n## Types that are decoded\n\n"
        + table(("Type", "As"), kinds)
        + "\n## Why something is not decoded\n\nAlways a hold and a case, never an allow.\n\n"
        + table(("Rule", "In words"), reasons)
        + "\n## Kinds of signals\n\n"
        + table(("Kind", "Bits", "Compared", "Limit", "Meaning"), hashes)
    )


def roles() -> str:
    """Who may do what."""
    rows = [
        (f"`{p.value}`", *("✓" if p in role.permissions else "" for role in Role),
         "✓" if p in MACHINE_SCOPES else "")
        for p in Permission
    ]  # fmt: skip
    head = ("Permission", *(ROLES[role][0] for role in Role), "API key")
    return "# Roles and scopes\n\nNothing else decides.\n\n" + table(head, rows)


def snapshot() -> str:
    """The callback that tells an account's data when a case opens."""
    schema = json.dumps(Snapshot.model_json_schema(), indent=2, ensure_ascii=False)
    server = (HERE.parent / "examples/snapshot_server.py").read_text("utf-8")
    return (
        "# Account snapshots\n\n"
        "When a case opens, breakwater POSTs `account.snapshot` to `BREAKWATER_SNAPSHOT_URL`, "
        "signed by Standard Webhooks 1.0 with `BREAKWATER_SNAPSHOT_SECRET`: "
        '`{"type": "account.snapshot", "timestamp": …, "data": {"service", "account", "case", '
        '"upload", "stream"}}`: one of the last two, the other is null. Answer 200 with what your service knows. A failed call is retried for '
        "hours; a gap is shown with the case.\n\n"
        f"## The answer's JSON Schema\n\n```json\n{schema}\n```\n\n"
        f"## A reference server\n\n```python\n{server}```\n"
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings,
    "cli.md": cli,
    "errors.md": error_codes,
    "events.md": events,
    "metrics.md": metrics,
    "media.md": media,
    "roles.md": roles,
    "account-snapshot.md": snapshot,
    "cybertipline.md": elements.page,
    "figures.md": lambda: figures.page(table),
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or name the stale ones."""
    stale = []
    for name, make in PAGES.items():
        path, text = HERE / name, NOTE + make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{'stale' if '--check' in arguments else 'written'}: docs/reference/{name}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
