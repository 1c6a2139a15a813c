"""`breakwater exchange`: lists of others as feeds: enter, check, pull, pause, remove, see.

In: addresses and credentials (from a file, never on the line). Out: tables and findings. The work
is done by the owner of the installation when one is running (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli import exchange_packs
from breakwater.cli.exchange_set import option_of, set_
from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from breakwater.cli.desk import Row

app = typer.Typer(
    help="Lists of others: enter a feed, check, pull, pause, see how it does.",
    no_args_is_help=True, add_completion=False,
)  # fmt: skip

app.command("set")(set_)
app.command("take-pack")(exchange_packs.take_pack)
app.command("give-pack")(exchange_packs.give_pack)
Name = Annotated[str, typer.Argument(help="What the feed is called here, such as ncmec-1.")]


@app.callback()
def group() -> None:
    """Lists of others: enter a feed, check, pull, pause, see how it does."""


@app.command()
def add(
    name: Name,
    kind: Annotated[
        str, typer.Option(help="ncmec, csv, vics, stopncii, threatexchange, breakwater, pack.")
    ],
    bank: Annotated[str, typer.Option(help="The bank it fills: best one of its own.")],
    *,
    url: Annotated[str, typer.Option(help="Where the peer is.")] = "",
    user: Annotated[str, typer.Option(help="What the peer knows us by.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File that holds a token or key; a second key in its second line."),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="name=value of the protocol; value @file reads a file.")
    ] = None,
    source: Annotated[str, typer.Option(help="Shown with every match.")] = "",
    permitted_use: Annotated[str, typer.Option(help="What its licence allows.")] = "",
    label: Annotated[list[str] | None, typer.Option(help="Of every entry.")] = None,
    every: Annotated[int, typer.Option(help="Seconds from one pull to the next.")] = 3600,
    feedback: Annotated[bool, typer.Option(help="What people here say goes back.")] = False,
    counts: Annotated[bool, typer.Option(help="Match counts go back, without content.")] = False,
    signed_by: Annotated[str, typer.Option(help="Person here who vouches for the list.")] = "",
    as_json: Json = False,
) -> None:
    """Enter a feed and ask its peer whether it lets us in; exit 1 when not."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    tokens = token_file.read_text("utf-8").split() if token_file else []
    fields = {
        "name": name, "kind": kind, "bank": bank, "url": url, "user": user,
        "password": password_file.read_text("utf-8").strip() if password_file else "",
        "token": tokens[0] if tokens else "", "second": tokens[1] if len(tokens) > 1 else "",
        "options": dict(option_of(one) for one in option or ()), "source": source,
        "permitted_use": permitted_use, "labels": label or [], "every_s": every,
        "feedback": feedback, "counts": counts, "signed_by": signed_by,
    }  # fmt: skip
    with opening.at(settings.load(), terminal) as desk:
        made = desk.add_feed(fields)
        found = desk.check_feed(name)
    terminal.result(
        {"feed": made, "check": found},
        f"{GOOD} {escape(name)} is entered.\n"
        f"{GOOD if found['ok'] else BAD} {escape(found['words'])}\n"
        f"  Pull it now: breakwater exchange pull {escape(name)}",
    )
    if not signed_by:
        terminal.say(
            f"{WARN} Nobody vouches for it: a flood of entries is held until one has looked."
        )
    if not found["ok"]:
        raise typer.Exit(1)


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List feeds with how each does."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        rows = desk.feeds()
    if not rows and not as_json:
        terminal.result([], f"{WARN} No feed is entered: breakwater exchange add NAME")
        return
    columns = {"name": "Name", "kind": "Kind", "bank": "Bank", "health": "Health",
               "entries": "Entries", "pulled_at": "Last pull", "fault": "Fault"}  # fmt: skip
    terminal.table([{**row, "pulled_at": row["pulled_at"] or "never"} for row in rows], columns)


@app.command()
def check(name: Name, *, as_json: Json = False) -> None:
    """Ask a feed's peer whether it lets us in; exit 1 when not."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        found = desk.check_feed(name)
    terminal.result(found, f"{GOOD if found['ok'] else BAD} {escape(found['words'])}")
    if not found["ok"]:
        raise typer.Exit(1)


@app.command()
def pull(name: Name, *, as_json: Json = False) -> None:
    """Pull a feed now; exit 1 when it failed."""
    from breakwater import observe, settings
    from breakwater.cli import opening

    terminal, configured = Terminal(as_json=as_json), settings.load()
    observe.configure(level="error", form=configured.log_format)
    with opening.at(configured, terminal) as desk:
        found = desk.pull_feed(name)
    _tell(terminal, found)
    if found["feed"]["errors"]:
        raise typer.Exit(1)


@app.command()
def health(name: Name, *, as_json: Json = False) -> None:
    """How a feed does: its last pull, how far it lags, rows, errors, unreadable rows."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        _tell(terminal, desk.feed_health(name))


def _tell(terminal: Terminal, found: Row) -> None:
    from rich.markup import escape

    feed = found["feed"]
    lag = "nothing was pulled yet" if feed["lag_s"] is None else f"{feed['lag_s']:,.0f} s behind"
    mark = BAD if feed["errors"] else GOOD
    lines = [
        f"{mark} {escape(feed['name'])}: {feed['health']}, {lag}.",
        f"  {feed['entries']:,} entries act here ({feed['signals']:,} signals).",
    ]
    if feed["fault"]:
        lines.append(f"  {escape(feed['fault'])} ({feed['errors']} in a row)")
    lines += [
        f"  {one['started_at']}: {one['pages']:,} pages, {one['offered']:,} entries, "
        f"{one['added']:,} new, {one['gone']:,} withdrawn, {one['bad']:,} unreadable"
        for one in found["pulls"][:5]
    ]
    lines += [
        f"  {WARN} {escape(one['place'])}: {escape(one['reason'])}" for one in found["bad"][:10]
    ]
    terminal.result(found, "\n".join(lines))


@app.command()
def pause(name: Name, *, as_json: Json = False) -> None:
    """Pull a feed no more; its entries stay."""
    _change(name, {"enabled": False}, "is paused; its entries stay.", as_json=as_json)


@app.command()
def resume(name: Name, *, as_json: Json = False) -> None:
    """Pull a paused feed again, from where it was."""
    _change(name, {"enabled": True}, "is pulled again, from where it was.", as_json=as_json)


def _change(name: str, fields: Row, words: str, *, as_json: bool) -> None:
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        made = desk.change_feed(name, fields)
    terminal.result(made, f"{GOOD} {escape(name)} {words}")


@app.command()
def remove(
    name: Name,
    *,
    withdraw: Annotated[bool, typer.Option(help="Its entries are withdrawn too.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a feed and its credentials; its entries stay, or are withdrawn."""
    from rich.markup import escape

    from breakwater import observe, settings
    from breakwater.cli import opening

    terminal, configured = Terminal(as_json=as_json), settings.load()
    observe.configure(level="error", form=configured.log_format)
    with opening.at(configured, terminal) as desk:
        desk.remove_feed(name, withdraw=withdraw)
    left = (
        "are withdrawn where nobody else gives them"
        if withdraw
        else "stay, and nothing withdraws them until it is entered again"
    )
    terminal.result({"name": name}, f"{GOOD} {escape(name)} is forgotten; its entries {left}.")
