"""`breakwater links places, place`: where a series is thought or known to be.

In: a series, a country, rough coordinates, what speaks for it, and the person who says it. Out: the
places, the newest word first. Part of `cli.links`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal

Option = typer.Option
Series = Annotated[int, typer.Argument(min=1, help="Number of the series.")]


def places(series: Series, *, as_json: Json = False) -> None:
    """List where a series is thought or known to be, the newest word first."""
    found = _do("places", series, as_json=as_json)["places"]
    terminal = Terminal(as_json=as_json)
    if not found and not as_json:
        terminal.say(f"{GOOD} Nobody has said yet where series {series} is.")
        return
    for row in found:
        row["sure"] = "known" if row["certain"] else "thought"
    columns = {"country": "country", "latitude": "latitude", "longitude": "longitude",
               "sure": "sure", "words": "what speaks for it", "at": "said at"}  # fmt: skip
    terminal.table(found, columns)


def place(
    series: Series, *,
    country: Annotated[str, Option(help="By two letters.")],
    words: Annotated[str, Option(help="What speaks for it.")],
    latitude: Annotated[float | None, Option(help="Degrees, kept to two decimals.")] = None,
    longitude: Annotated[float | None, Option(help="Degrees, kept to two decimals.")] = None,
    certain: Annotated[bool, Option("--certain", help="It is known, not only thought.")] = False,
    signed_by: Annotated[str, Option(help="The person who does it, by name.")],
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say where a series is. It stays."""
    body = {
        "country": country, "words": words, "latitude": latitude, "longitude": longitude,
        "certain": certain,
    }  # fmt: skip
    done = _do("place", series, body, signer=signed_by, as_json=as_json)
    said = f"{GOOD} Series {series}: {done['country']}, {'known' if certain else 'thought'}."
    Terminal(as_json=as_json).result(done, said)


def _do(
    call: str, series: int, body: dict[str, Any] | None = None, *, as_json: bool, signer: str = ""
) -> Any:
    from breakwater import settings
    from breakwater.cli import opening

    with opening.at(settings.load(), Terminal(as_json=as_json)) as desk:
        return desk.links(call, series, body, signer=signer)
