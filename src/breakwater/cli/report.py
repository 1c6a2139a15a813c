"""`breakwater report`: whether NCMEC knows us, examples of reports, and documents held to a schema.

In: the settings; a seed; or XML files and a schema. Out: what the recipient answered, its schema
as a file, XML files, or what is wrong with them and exit code 65 when anything is. None opens the
database: whoever holds NCMEC's schema tries thousands of our reports on it without an installation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import OK, UNAUTHORIZED
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from breakwater.cli.terminal import BAD, GOOD, Json, Terminal, counted
from breakwater.errors import BadInput, BadSettings, NotAuthenticated, Unavailable

app = typer.Typer(
    help="Reports to authorities: connection, examples, checks.",
    no_args_is_help=True,
    add_completion=False,
)

Count = Annotated[int, typer.Option(min=1, max=100_000, help="How many reports.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same reports.")]


@app.callback()
def group() -> None:
    """Reports to authorities: connection, examples, checks."""


@app.command()
def status(
    *,
    schema: Annotated[
        Path | None, typer.Option(help="Fetch the recipient's schema into this file besides.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask NCMEC, as the settings name it, whether it knows us; nothing is reported."""
    from breakwater import settings
    from breakwater.cli.writing import must_have_folder, written
    from breakwater.reporting.cybertipline.client import Client

    terminal = Terminal(as_json=as_json)
    if schema is not None:
        must_have_folder(schema)
    set_up = settings.load()
    if not set_up.reports_ncmec_user:
        raise BadSettings(
            "Set BREAKWATER_REPORTS_NCMEC_USER and BREAKWATER_REPORTS_NCMEC_PASSWORD."
        )
    with closing(
        Client(
            set_up.reports_ncmec_url,
            user=set_up.reports_ncmec_user,
            password=set_up.reports_ncmec_password.get_secret_value(),
            production=set_up.reports_ncmec_production,
            ca=set_up.reports_ncmec_ca,
        )
    ) as client:
        said = client.status()
        if said.http == UNAUTHORIZED:
            raise NotAuthenticated("The recipient does not take the user name and password.")
        if said.code != 0:
            raise Unavailable(f"The recipient answered {said.http}, code {said.code}.")
        if schema is not None:
            fetched = client.schema()
            if fetched.http != OK:
                raise Unavailable(f"The recipient gave no schema: {fetched.http}.")
            written([fetched.body], schema)
    told = {"url": set_up.reports_ncmec_url, "production": set_up.reports_ncmec_production,
            "code": said.code, "request_id": said.request_id,
            "schema": None if schema is None else str(schema)}  # fmt: skip
    real = "Reports are real." if set_up.reports_ncmec_production else "Reports are trials."
    saved = "" if schema is None else f" Its schema is in {escape(str(schema))}."
    terminal.result(told, f"{GOOD} {escape(set_up.reports_ncmec_url)} knows us. {real}{saved}")


@app.command()
def example(
    *,
    out: Annotated[Path, typer.Option(help="Directory to write them into; made if missing.")],
    count: Count = 10,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Write random reports with every element of NCMEC's form, and the details of their files."""
    from breakwater.reporting.cybertipline.example import documents

    terminal = Terminal(as_json=as_json)
    written = 0
    try:
        out.mkdir(parents=True, exist_ok=True)
        with terminal.progress("writing reports") as bar:
            for name, document in documents(count, seed):
                (out / name).write_bytes(document)
                written += 1
                bar.step()
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from None
    terminal.result(
        {"reports": count, "documents": written, "directory": str(out)},
        f"{GOOD} {count:,} reports in {written:,} documents written to {escape(str(out))}.",
    )


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="XML files, or directories of them; none: examples made on the way."),
    ] = None,
    *,
    xsd: Annotated[
        Path | None,
        typer.Option(
            help="The schema: XSD or RELAX NG; without it, ours: not the authority's own."
        ),
    ] = None,
    count: Count = 200,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Hold documents against a schema, offline."""
    from breakwater.reporting.cybertipline.check import Schema
    from breakwater.reporting.receiving.rules import schema_file

    terminal = Terminal(as_json=as_json)
    if xsd is None:
        terminal.say("Held against our own schema; the authority's own is given with --xsd.")
    schema = Schema(xsd or schema_file())
    checked = 0
    faulty: dict[str, list[dict[str, int | str]]] = {}
    with terminal.progress("validating") as bar:
        for name, document in _documents(paths, count, seed):
            checked += 1
            bar.step()
            for one in schema.faults(document):
                faulty.setdefault(name, []).append({"line": one.line, "words": one.words})
    lines = [
        f"\n  {escape(name)}:{fault['line']}: {escape(str(fault['words']))}"
        for name, faults in faulty.items()
        for fault in faults
    ]
    terminal.result(
        {"ok": not faulty, "checked": checked, "invalid": faulty},
        f"{BAD} Not valid: {len(faulty):,} of {counted(checked, 'document', 'documents')}:{''.join(lines)}"
        if faulty
        else f"{GOOD} {counted(checked, 'document is', 'documents are')} valid.",
    )
    if faulty:
        raise typer.Exit(BadInput.exit_code)


def _documents(paths: list[Path] | None, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of what is checked."""
    from breakwater.reporting.cybertipline.example import documents

    if not paths:
        yield from documents(count, seed)
        return
    for path in paths:
        for one in sorted(path.rglob("*.xml")) if path.is_dir() else [path]:
            try:
                yield str(one), one.read_bytes()
            except OSError:
                raise BadInput(f"{one.name} cannot be read.") from None
