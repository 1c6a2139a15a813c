"""`breakwater exchange set`: what is said of a feed anew, while its entries stay and it goes on.

In: what is to change; the rest stays. Out: the feed. Part of `cli.exchange`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal


def option_of(text: str) -> tuple[str, Any]:
    """`name=value`; whole numbers and true or false are read as such, `@file` as its words."""
    name, _, value = text.partition("=")
    if value.startswith("@"):
        return name, Path(value[1:]).read_text("utf-8")
    if value in {"true", "false"}:
        return name, value == "true"
    return name, int(value) if value.isascii() and value.isdigit() else value


def set_(
    name: Annotated[str, typer.Argument(help="What the feed is called here.")],
    said: Annotated[
        list[str] | None,
        typer.Argument(help="name=value of the protocol, such as key=…; value @file reads a file."),
    ] = None,
    *,
    url: Annotated[str, typer.Option(help="Where the peer is now.")] = "",
    user: Annotated[str, typer.Option(help="What the peer knows us by.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="File that holds a token or key.")] = None,
    permitted_use: Annotated[str, typer.Option(help="What its licence allows.")] = "",
    every: Annotated[int, typer.Option(help="Seconds from one pull to the next.")] = 0,
    feedback: Annotated[
        bool | None, typer.Option(help="What people here say goes back, or not.")
    ] = None,
    counts: Annotated[
        bool | None, typer.Option(help="Match counts go back without content, or not.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change what is said of a feed; what is left out stays, its entries too."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import BadInput

    fields: dict[str, Any] = {
        "url": url, "user": user, "permitted_use": permitted_use, "every_s": every,
        "password": password_file.read_text("utf-8").strip() if password_file else "",
        "token": token_file.read_text("utf-8").strip() if token_file else "",
    }  # fmt: skip
    fields = {key: value for key, value in fields.items() if value}
    fields |= {"feedback": feedback} if feedback is not None else {}
    fields |= {"counts": counts} if counts is not None else {}
    options = dict(option_of(one) for one in said or ())
    if not fields and not options:
        raise BadInput("Say what is to change, such as key=… or --feedback.")
    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        if options:
            fields["options"] = desk.feed_health(name)["feed"]["options"] | options
        made = desk.change_feed(name, fields)
    words = ", ".join(sorted({*fields, *options} - {"options"}))
    terminal.result(made, f"{GOOD} {escape(name)}: {escape(words)} changed.")
