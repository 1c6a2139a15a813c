"""`breakwater stream`: which broadcasts run, and freeze, cut, hide or let go of one.

In: a label such as `stream-014`, or an id. Out: a table, or whether the media server confirmed.
The work is done by the owner of the installation when one is running (`cli.opening`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from breakwater.cli.desk import Desk

app = typer.Typer(
    help="Broadcasts: list, freeze, cut, let go.", no_args_is_help=True, add_completion=False
)

Which = Annotated[str, typer.Argument(help="Its label, such as stream-014, or its id.")]
Why = Annotated[str, typer.Option(help="In your words, for the record.")]

PAGES: Final = 50
"""Pages of 200 broadcasts that are looked through for a label."""


@app.callback()
def group() -> None:
    """Broadcasts: list, freeze, cut, let go."""


@app.command("list")
def list_(
    *,
    ended: Annotated[
        bool, typer.Option("--all", help="Also those that ended; the newest 200.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List broadcasts that run; `--all` lists those that ended too."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        rows = open_desk.streams(ended=ended)
    if not rows and not as_json:
        said = "No broadcast is known." if ended else "Nobody broadcasts."
        terminal.result([], f"{GOOD} {said}")
        return
    state = {"state": "State"} if ended else {}
    columns = {"label": "Stream", **state, "service": "Service", "server": "Server",
               "control": "Control", "order_state": "Order", "priority": "Priority",
               "viewers": "Viewers", "share": "Seen"}  # fmt: skip
    shown = [
        {**row, "share": f"{row['seen_share']:.0%}", "order_state": row["order_state"] or ""}
        for row in rows
    ]
    terminal.table(rows if as_json else shown, columns)


@app.command()
def watchers(*, as_json: Json = False) -> None:
    """List watcher processes: what each watches, since when, how busy it is."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        found = open_desk.watchers()
    if as_json:
        terminal.result(found)
        return
    if not found["watchers"]:
        terminal.result([], f"{WARN} No watcher runs: nothing is broadcast, or nothing is served.")
        return
    columns = {"number": "Watcher", "process": "Process", "since": "Since", "load": "Own load",
               "count": "Streams", "names": "Which"}  # fmt: skip
    rows = [
        {
            **one, "since": one["since"][:19], "load": f"{one['cpu']:.0%}",
            "count": len(one["streams"]),
            "names": ", ".join(stream["label"] for stream in one["streams"][:8]),
        }
        for one in found["watchers"]
    ]  # fmt: skip
    terminal.table(rows, columns)
    if found["unplaced"]:
        terminal.say(f"{WARN} {found['unplaced']} wait for a watcher or another try.")


@app.command()
def freeze(which: Which, *, reason: Why = "", as_json: Json = False) -> None:
    """Stop every player; the publisher and the recording go on. `thaw` lets it go."""
    _order(which, {"to": "frozen", "reason": reason}, "is frozen", as_json=as_json)


@app.command()
def cut(
    which: Which,
    *,
    broadcaster: Annotated[
        str, typer.Option(help="Who sends: suspect, apparent_child or unknown.")
    ] = "",
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """End it, purge it, and keep it from coming back; not if the broadcaster is a child."""
    wanted = {"to": "cut", "reason": reason, "broadcaster": broadcaster or None}
    _order(which, wanted, "is cut", as_json=as_json)


@app.command()
def thaw(which: Which, *, reason: Why = "", as_json: Json = False) -> None:
    """Let it go: players come back, and who was cut may publish again."""
    _order(which, {"to": "open", "reason": reason}, "is let go", as_json=as_json)


@app.command()
def hide(which: Which, *, reason: Why = "", as_json: Json = False) -> None:
    """Hold it from discovery: the service shows it to nobody new."""
    _order(which, {"to": "hidden", "reason": reason}, "is held from discovery", as_json=as_json)


def _order(which: str, wanted: dict[str, Any], words: str, *, as_json: bool) -> None:
    """Order it, and say whether it is so; exit 1 when it is not confirmed."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        done = open_desk.order_stream(_named(open_desk, which), wanted)
    label, state = escape(done["label"]), done["order_state"]
    if state == "confirmed":
        terminal.result(done, f"{GOOD} {label} {words}, confirmed.")
        return
    red = state == "unconfirmed"
    if red and wanted["to"] == "hidden":
        terminal.result(
            done,
            f"{BAD} {label} is not confirmed held: no service was told. Only the service itself can "
            "hold a broadcast from discovery; let a webhook of it take stream.ordered (Settings, "
            "Webhooks), then order it again.",
        )
        raise typer.Exit(1)
    line = "is not confirmed yet and is tried again" if red else "is ordered; the server is asked"
    terminal.result(done, f"{BAD if red else WARN} {label}: it {line}.")
    raise typer.Exit(1)


def _named(desk: Desk, which: str) -> str:
    """The id of a broadcast by its label, also after it ended; an id stands for itself.

    Raises:
        NotFound: no broadcast that is kept has this label.
    """
    from breakwater.errors import NotFound
    from breakwater.model.ids import parse_id

    if parse_id(which) is not None:
        return which
    rows = desk.streams(ended=True)
    for _ in range(PAGES):
        found = [row["id"] for row in rows if row["label"] == which]
        if found:
            return str(found[0])
        rows = desk.streams(ended=True, before=rows[-1]["id"]) if rows else []
    raise NotFound(
        f"No broadcast has the label {which}. Labels are as in stream-014: "
        "breakwater stream list shows those that run, with --all those that ended."
    )
