"""`breakwater holds`: what is preserved, until when and why; extend it, enter an order, end it.

In: what the owner of the installation answers (`cli.opening`). Out: a table, or JSON. A command
cannot tell two people apart: `release` proposes in the name of one, and another person agrees on
the page of the case.
"""

from __future__ import annotations

from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="What is preserved, until when and why.", no_args_is_help=True, add_completion=False
)
Option = typer.Option
Hold = Annotated[str, typer.Argument(help="Id of the hold, as `holds list --json` gives it.")]
Signed = Annotated[str, Option(help="The person who does it, by name.")]
Why = Annotated[str, Option(help="Why, in a sentence.")]


@app.callback()
def group() -> None:
    """What is preserved, until when and why."""


@app.command("list")
def list_(
    *,
    due: Annotated[bool, Option("--due", help="Only those whose time is over.")] = False,
    soon: Annotated[bool, Option("--soon", help="Only what comes due within 30 days.")] = False,
    ended: Annotated[bool, Option("--ended", help="Those that ended.")] = False,
    as_json: Json = False,
) -> None:
    """List holds, what comes due first, and the cases that are not kept yet."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    state = "ended" if ended else "due" if due else "stands"
    with opening.at(settings.load(), terminal) as desk:
        found = desk.holds({"state": state, "soon": soon})
    if as_json:
        terminal.result(found, "")
        return
    for one in found["failing"]:
        terminal.say(
            f"{WARN} case {one['case_number']} is not kept yet: {one['fault']}, tried again"
        )
    if not found["holds"]:
        nothing = "Nothing is held yet: a hold begins with a decision or a request."
        words = "No hold like that." if ended or due or soon else nothing
        terminal.say(f"{GOOD} {words}")
        return
    for row in found["holds"]:
        row["until"] = row["ends"] or "until released"
        row["why"] = row["reference"] or row["kind"]
    terminal.table(
        found["holds"],
        {
            "number": "hold", "id": "id", "case_number": "case", "why": "why", "state": "state",
            "until": "until", "kept": "kept", "gaps": "gaps",
        },
        whole=("id",),
    )  # fmt: skip


@app.command()
def extend(
    hold: Hold,
    *,
    until: Annotated[str, Option(help="The new last moment, such as 2028-03-01T00:00:00Z.")],
    reason: Why,
    signed_by: Signed,
    as_json: Json = False,
) -> None:
    """Keep what a hold keeps for longer; never for shorter."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        done = desk.change_hold("extend", hold, {"until": until, "reason": reason}, signed_by)
    terminal.result(done, f"{GOOD} Hold {done['number']} stands until {done['ends']}.")


@app.command()
def legal(
    case: Annotated[str, typer.Argument(help="Number or id of the case.")],
    *,
    reference: Annotated[str, Option(help="Of the order or request, as its sender has it.")],
    reason: Why,
    signed_by: Signed,
    request: Annotated[
        bool, Option("--request", help="An authority asks for it; a court orders it otherwise.")
    ] = False,
    until: Annotated[str, Option(help="Its last moment, where it names one.")] = "",
    as_json: Json = False,
) -> None:
    """Hold a case by an order, decided or not."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    fields = {
        "reference": reference, "reason": reason, "kind": "request" if request else "legal",
        "until": until or None,
    }  # fmt: skip
    with opening.at(settings.load(), terminal) as desk:
        done = desk.change_hold("order", case, fields, signed_by)
    terminal.result(done, f"{GOOD} Hold {done['number']} stands, id {done['id']}.")


@app.command()
def release(
    hold: Hold,
    *,
    reason: Why,
    signed_by: Signed,
    as_json: Json = False,
) -> None:
    """Propose that a hold ends; another person agrees on the page of its case within a day."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        done = desk.change_hold("end", hold, {"reason": reason}, signed_by)
    terminal.result(
        done, f"{WARN} Hold {done['number']} waits for a second person: /cases/{done['case']}/hold"
    )
