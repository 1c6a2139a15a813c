"""`breakwater links`: series of media that belong together, links that wait, and what is said of them.

In: numbers of series, media and links. Out: tables, or JSON; never a picture. Who judges is named
with `--signed-by` and stands in the audit log with the host's command.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from breakwater.cli import (
    exhibits,
    links_children,
    links_deconflict,
    links_features,
    links_places,
    links_train,
)
from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Series of media that belong together.", no_args_is_help=True, add_completion=False
)
app.add_typer(exhibits.app, name="exhibits")
app.add_typer(links_deconflict.app, name="deconflict")
app.command("train-vocabulary")(links_train.train_vocabulary)
app.command("features")(links_features.features)
app.command("children")(links_children.children)
app.command("child")(links_children.child)
app.command("outcome")(links_children.outcome)
app.command("places")(links_places.places)
app.command("place")(links_places.place)
Option = typer.Option
Series = Annotated[int, typer.Argument(min=1, help="Number of the series.")]
LinkNumber = Annotated[int, typer.Argument(min=1, help="Number of the link.")]
Medium = Annotated[int, typer.Argument(min=1, help="Number of the medium.")]
Signed = Annotated[str, Option(help="The person who does it, by name.")]
Reason = Annotated[str, Option(help="Why, in a sentence.")]
EDGES = {"number": "link", "kind": "kind", "a": "medium", "b": "and", "score": "score", "state": "state"}  # fmt: skip


@app.callback()
def group() -> None:
    """Series of media that belong together."""


@app.command("list")
def list_(
    *,
    text: Annotated[str, Option(help="Part of a name.")] = "",
    limit: Annotated[int, Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List series, the newest number first."""
    found = _do("list", text=text, limit=limit, as_json=as_json)["series"]
    for row in found:
        row["also"] = ", ".join(map(str, row["aliases"]))
    columns = {"number": "series", "name": "name", "media": "media", "priority": "priority",
               "also": "also", "changed_at": "changed"}  # fmt: skip
    _table(found, columns, "No series yet.", as_json=as_json)


@app.command()
def show(series: Series, *, as_json: Json = False) -> None:
    """Show a series: its media, the links among them, what became of it."""
    found = _do("series", series, as_json=as_json)
    terminal = Terminal(as_json=as_json)
    row = found["series"]
    words = f"Series {row['number']} {row['name']}: {row['media']} media, {row['priority']}"
    terminal.result(found, words)
    if as_json:
        return
    terminal.table(
        found["media"],
        {"number": "medium", "origin": "from", "source": "source", "state": "state", "added_at": "since"},
    )  # fmt: skip
    terminal.table(found["links"], EDGES)


@app.command()
def medium(number: Medium, *, as_json: Json = False) -> None:
    """Show a medium: its series and its links."""
    found = _do("medium", number, as_json=as_json)
    one, of = found["medium"], found["series"]
    where = "in no series" if of is None else f"in series {of['number']}"
    why = f" ({one['why']})" if one["why"] else ""
    terminal = Terminal(as_json=as_json)
    terminal.result(found, f"Medium {one['number']}: {one['state']}{why}, {where}")
    if not as_json:
        terminal.table(found["links"], EDGES)


@app.command()
def waiting(*, as_json: Json = False) -> None:
    """List links that wait for a person: leads, bridges between series, conflicts."""
    found = _do("waiting", as_json=as_json)["waiting"]
    rows = [
        {**one["link"], "conflict": "yes" if one["conflict"] else "", **one} for one in found
    ]  # fmt: skip
    columns = {**EDGES, "series_a": "series", "series_b": "series", "conflict": "conflict"}
    _table(rows, columns, "No link waits.", as_json=as_json)


@app.command()
def confirm(
    link: LinkNumber, *, reason: Reason, signed_by: Signed, as_json: Json = False
) -> None:  # fmt: skip
    """Say that both media of a link belong together."""
    _judge(link, "confirm", reason, signed_by, as_json=as_json)


@app.command()
def reject(
    link: LinkNumber, *, reason: Reason, signed_by: Signed, as_json: Json = False
) -> None:  # fmt: skip
    """Say that both media of a link do not belong together."""
    _judge(link, "reject", reason, signed_by, as_json=as_json)


@app.command("take-back")
def take_back(
    link: LinkNumber, *, reason: Reason, signed_by: Signed, as_json: Json = False
) -> None:  # fmt: skip
    """Take back what was said of a link."""
    _judge(link, "take_back", reason, signed_by, as_json=as_json)


@app.command()
def lead(series: Series, *, signed_by: Signed, as_json: Json = False) -> None:
    """Open a lead for a series, such as to take it as VICS; one that is open is answered."""
    done = _do("lead", series, signer=signed_by, as_json=as_json)
    words = f"{GOOD} Case {done['number']} is the lead of series {series}."
    Terminal(as_json=as_json).result(done, words)


@app.command()
def retry(number: Medium, *, signed_by: Signed, as_json: Json = False) -> None:
    """Look again at a medium that could not be read."""
    done = _do("retry", number, signer=signed_by, as_json=as_json)
    Terminal(as_json=as_json).result(done, f"{GOOD} Medium {number}: {done['state']}")


@app.command()
def rebuild(*, as_json: Json = False) -> None:
    """Compute all series anew from their links; exit 1 when one was not as they say."""
    done = _do("rebuild", as_json=as_json)
    wrong = ", ".join(map(str, done["changed"]))
    words = (
        f"{BAD} Series {wrong} were not as their links say, and are now."
        if done["changed"]
        else f"{GOOD} {done['series']} series of {done['media']} media are as their links say."
    )
    Terminal(as_json=as_json).result(done, words)
    if done["changed"]:
        raise typer.Exit(1)


@app.command()
def status(*, as_json: Json = False) -> None:
    """Show how far links are: media, links, series, and what waits."""
    found = _do("status", as_json=as_json)
    media = ", ".join(f"{n} {state}" for state, n in sorted(found["media"].items())) or "none"
    links = ", ".join(f"{n} {kind}" for kind, n in sorted(found["links"].items())) or "none"
    words = [
        f"media: {media}", f"links: {links}", f"series: {found['series']}",
        f"waiting for a person: {found['waiting']}",
    ]  # fmt: skip
    if found["media"].get("failed"):
        words.append(f"{WARN} What failed is a case; try it again: breakwater links retry NUMBER")
    Terminal(as_json=as_json).result(found, "\n".join(words))


SAID: Final = {
    "confirmed": "is confirmed: both belong together",
    "rejected": "is rejected: both are kept apart",
    "machine": "is taken back: nobody says anything of it",
}


def _judge(link: int, verdict: str, reason: str, signer: str, *, as_json: bool) -> None:
    body = {"verdict": verdict, "reason": reason}
    done = _do("judge", link, body, signer=signer, as_json=as_json)
    changed = ", ".join(map(str, done["changed"])) or "none"
    words = f"{GOOD} Link {link} {SAID[done['link']['state']]}. Series changed: {changed}."
    if done["conflict"]:
        words = f"{WARN} Link {link}: somebody said apart, so it joins nothing. Settle which holds."
    Terminal(as_json=as_json).result(done, words)


def _do(
    call: str, of: int | None = None, body: dict[str, Any] | None = None, *, as_json: bool,
    signer: str = "", **asked: Any,
) -> Any:  # fmt: skip
    from breakwater import settings
    from breakwater.cli import opening

    with opening.at(settings.load(), Terminal(as_json=as_json)) as desk:
        return desk.links(call, of, body, signer=signer, **asked)


def _table(
    rows: list[dict[str, Any]], columns: dict[str, str], void: str, *, as_json: bool
) -> None:
    terminal = Terminal(as_json=as_json)
    if rows or as_json:
        terminal.table(rows, columns)
    else:
        terminal.say(f"{GOOD} {void}")
