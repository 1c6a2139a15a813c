"""`breakwater viewers`: read access logs for who watched what led to a case.

In: logs of nginx or of a delivery network, packed or not. Out: how many lines were of use, and how
many sessions were kept. The log is read here; sessions go to the owner of the installation
(`cli.opening`) in stretches, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal, counted

if TYPE_CHECKING:
    from breakwater.cli.desk import Desk
    from breakwater.viewers.fields import Reading
    from breakwater.viewers.reading import Batch
    from breakwater.viewers.sessions import Session

app = typer.Typer(help="Who watched: read access logs.", no_args_is_help=True, add_completion=False)

AT_ONCE: Final = 1000
"""Sessions of one message."""
WORDS: Final = {
    "used": "requests for pieces of broadcasts",
    "not_media": "for something else",
    "not_given": "that were not given out",
}
REASONS: Final = {
    "other_form": "not written in this form: see --form and --log-format",
    "no_request": "no request for a path",
    "address": "no address",
    "time": "no time with its zone",
    "too_long": "too long",
    "unreadable": "read by an older version, which did not say why",
}
"""Why a line could not be read, as `viewers.reading` counts it."""
Option = typer.Option


@app.callback()
def group() -> None:
    """Who watched: read access logs."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An access log, packed with gzip or not.")],
    *,
    form: Annotated[str, Option(help="nginx, cloudfront or json (a line an object).")] = "nginx",
    log_format: Annotated[str, Option(help="The log_format of nginx; combined without.")] = "",
    server: Annotated[str, Option(help="Media server as entered here; empty: your own.")] = "",
    proxy: Annotated[
        list[str] | None, Option(help="Network of a proxy whose X-Forwarded-For is right; repeat.")
    ] = None,
    clock_offset: Annotated[float, Option(help="Seconds by which the log's clock is ahead.")] = 0.0,
    field: Annotated[
        list[str] | None, Option(help="Own name of a field, such as address=peer_ip; repeat.")
    ] = None,
    session_parameter: Annotated[str, Option(help="Parameter that names the session.")] = "",
    account_parameter: Annotated[str, Option(help="Parameter that names the account.")] = "",
    as_json: Json = False,
) -> None:
    """Read an access log; a second run of the same log goes on where the first stopped.

    Lines that cannot be read are counted and passed over. Sessions of broadcasts that led to no
    case are not kept.
    """
    from breakwater import settings
    from breakwater.cli import opening
    from breakwater.errors import NotFound
    from breakwater.viewers import formats, reading

    terminal = Terminal(as_json=as_json)
    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    shape = formats.form_of(form, log_format)
    how = _reading(proxy or (), clock_offset, field or (), account_parameter, session_parameter)
    about = "\n".join((form, log_format, server, repr(clock_offset), *(field or ())))
    mark = reading.mark_of(file, about)
    with opening.at(settings.load(), terminal) as desk:
        stands = desk.begin_viewers({"mark": mark.hex(), "name": file.name[:200], "form": form})
        start = stands["offset"]
        batches = reading.batches(file, shape, how, start=start)
        with terminal.progress(f"reading {file.name}", file.stat().st_size) as bar:
            for batch, last in _with_last(batches):
                stands = _send(desk, stands, server, batch, last=last)
                bar.at(stands["offset"])
    bad = _bad(stands["counts"])
    terminal.result(stands | {"resumed_at": start, "unreadable": bad}, _said(stands, start))


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the logs that were read."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as desk:
        rows = desk.viewer_imports()
    if not rows and not as_json:
        terminal.say(f"{WARN} No access log was read yet: breakwater viewers import FILE")
        return
    shown = [
        {**row, "lines": row["counts"].get("lines", 0), "kept": row["counts"].get("sessions", 0)}
        for row in rows
    ]
    columns = {"name": "log", "form": "form", "offset": "bytes", "lines": "lines", "kept": "sessions",
               "finished_at": "finished"}  # fmt: skip
    terminal.table(shown, columns)


def _reading(
    proxies: Sequence[str], offset_s: float, fields: Sequence[str], account: str, token: str
) -> Reading:
    from datetime import timedelta

    from breakwater.errors import BadInput
    from breakwater.model.clock import SystemClock
    from breakwater.viewers.fields import NAMES, Reading
    from breakwater.viewers.fields import proxies as read

    named = dict(one.partition("=")[::2] for one in fields)
    if not set(named) <= set(NAMES):
        raise BadInput(f"Fields are named {', '.join(NAMES)}.")
    return Reading(
        latest=SystemClock().now() + timedelta(days=1), proxies=read(proxies), offset_s=offset_s,
        names=named, account_arg=account, token_arg=token,
    )  # fmt: skip


def _with_last(batches: Iterator[Batch]) -> Iterator[tuple[Batch, bool]]:
    """Each with whether it is the last."""
    held = next(batches)
    for one in batches:
        yield held, False
        held = one
    yield held, True


def _send(
    desk: Desk, stands: dict[str, Any], server: str, batch: Batch, *, last: bool
) -> dict[str, Any]:
    """Send a batch in parts; how far the log is read moves with the last of them."""
    parts = [
        batch.sessions[at : at + AT_ONCE] for at in range(0, max(1, len(batch.sessions)), AT_ONCE)
    ]
    before = stands["offset"]
    for number, part in enumerate(parts, 1):
        whole = number == len(parts)
        body = {
            "server": server, "before": before, "to": batch.offset if whole else before,
            "counts": batch.counts if whole else {}, "finished": last and whole,
            "sessions": [_row(one) for one in part],
        }  # fmt: skip
        stands = desk.take_viewers(stands["id"], body)
    return stands


def _row(one: Session) -> dict[str, Any]:
    from breakwater.model.clock import iso
    from breakwater.viewers.sessions import names_of

    watched = one.watched
    left = watched.left_at or watched.joined_at
    return {
        "names": [name[:512] for name in names_of(one.path)], "joined_at": iso(watched.joined_at),
        "left_at": iso(left), "account": watched.account, "address": watched.address,
        "ports": list(watched.ports), "agent": watched.agent, "token": watched.token,
        "requests": watched.requests,
    }  # fmt: skip


def _bad(counts: Mapping[str, int]) -> dict[str, int]:
    """Lines that could not be read, by reason."""
    return {name: counts[name] for name in REASONS if counts.get(name)}


def _said(stands: dict[str, Any], start: int) -> str:
    counts = stands["counts"]
    words = (
        f"{GOOD} {counts.get('lines', 0):,} lines read, {counts.get('sessions', 0):,} sessions kept, "
        f"{counts.get('forgotten', 0):,} of broadcasts without a case forgotten."
    )
    if start:
        words += f" Went on at byte {start:,}."
    for name, what in WORDS.items():
        if counts.get(name):
            words += f"\n  {counts[name]:,} {what}"
    bad = _bad(counts)
    if bad:
        words += f"\n  {counted(sum(bad.values()), 'line', 'lines')} that could not be read:"
    for name, many in bad.items():
        words += f"\n    {many:,}: {REASONS[name]}"
    return words
