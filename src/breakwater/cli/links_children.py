"""`breakwater links children, child, outcome`: who is told apart in a series, and what became of each.

In: a series, a label that is no name, an outcome, and the person who says it. Out: the children with
the last word on each. Part of `cli.links`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal

Series = Annotated[int, typer.Argument(min=1, help="Number of the series.")]
Signed = Annotated[str, typer.Option(help="The person who does it, by name.")]
Label = Annotated[str, typer.Argument(help="A label, never a name.")]


class End(StrEnum):
    """What became of a child."""

    IDENTIFIED = "identified"
    SAFEGUARDED = "safeguarded"
    NO_ACTION = "no_action"


def children(series: Series, *, as_json: Json = False) -> None:
    """List the children of a series, and what became of each."""
    found = _do("children", series, as_json=as_json)["children"]
    terminal = Terminal(as_json=as_json)
    if not found and not as_json:
        terminal.say(f"{GOOD} No child of series {series} is told apart yet.")
        return
    for row in found:
        row["since"] = row["said"][0]["at"] if row["said"] else ""
    terminal.table(
        found, {"label": "child", "outcome": "outcome", "since": "since", "id": "id"}
    )  # fmt: skip


def child(series: Series, label: Label, *, signed_by: Signed, as_json: Json = False) -> None:
    """Tell a child of a series apart, by a label that is no name."""
    done = _do("child", series, {"label": label}, signer=signed_by, as_json=as_json)
    Terminal(as_json=as_json).result(done, f"{GOOD} Series {series}: {done['label']}")


def outcome(
    series: Series, label: Label, end: Annotated[End, typer.Argument(help="What became of it.")],
    *,
    words: Annotated[str, typer.Option(help="For colleagues; told to nobody else.")] = "",
    signed_by: Signed, as_json: Json = False,
) -> None:  # fmt: skip
    """Say what became of a child. It stays; those who reported are told."""
    from breakwater.errors import NotFound

    known = _do("children", series, as_json=as_json)["children"]
    which = next((one["id"] for one in known if label in {one["label"], one["id"]}), "")
    if not which:
        raise NotFound(f"Series {series} has no child {label}.")
    body = {"child": which, "outcome": end.value, "words": words}
    done = _do("outcome", series, body, signer=signed_by, as_json=as_json)
    said = f"{GOOD} {done['label']}: {done['outcome']}. Its cases and those who reported learn it."
    Terminal(as_json=as_json).result(done, said)


def _do(
    call: str, series: int, body: dict[str, Any] | None = None, *, as_json: bool, signer: str = ""
) -> Any:
    from breakwater import settings
    from breakwater.cli import opening

    with opening.at(settings.load(), Terminal(as_json=as_json)) as desk:
        return desk.links(call, series, body, signer=signer)
