"""`breakwater media-server`: enter one, see whether it can be cut, print its configuration.

In: addresses. Out: tables, findings, and configuration files that work. Passes are printed once
when a server is entered; its recipe holds them again, and the audit log says who asked. The work
is done by the owner of the installation when one is running (`cli.opening`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Media servers: enter, check, configure.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="What it is called here, such as edge-1.")]


@app.callback()
def group() -> None:
    """Media servers: enter, check, configure."""


@app.command()
def add(
    name: Name,
    kind: Annotated[
        str, typer.Option(help="nginx_rtmp, node_media_server, mediamtx, owncast or generic.")
    ] = "nginx_rtmp",
    *,
    service: Annotated[str, typer.Option(help="Whose broadcasts it carries.")] = "",
    control: Annotated[str, typer.Option(help="Its control interface.")] = "",
    rtmp: Annotated[str, typer.Option(help="Where we pull, rtmp://host:port.")] = "",
    hls: Annotated[str, typer.Option(help="Where viewers fetch playlists.")] = "",
    hooks_from: Annotated[
        list[str] | None, typer.Option(help="Block its hooks come from; none: this host.")
    ] = None,
    user: Annotated[str, typer.Option(help="Of its control interface; else made.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds its password; else one is made.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Enter a media server."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    unnamed = kind == "nginx_rtmp" and not (control or rtmp or hls)
    if kind == "nginx_rtmp":
        control = control or "http://127.0.0.1:18090"
        rtmp, hls = rtmp or "rtmp://127.0.0.1:1935", hls or "http://127.0.0.1:8080/hls"
    fields = {
        "name": name, "kind": kind, "service": service, "control_url": control, "rtmp_url": rtmp,
        "hls_url": hls, "hook_networks": hooks_from or [], "user": user,
        "password": password_file.read_text("utf-8").strip() if password_file else "",
    }  # fmt: skip
    with opening.at(settings.load(), terminal) as open_desk:
        made = open_desk.add_media_server(fields)
    terminal.result(
        made,
        f"{GOOD} {escape(name)} is entered. Its hooks go to {escape(made['hook_path'])}.\n"
        f"  Its configuration: breakwater media-server recipe {escape(name)}\n"
        "  That path is new at each entry: a server that stood here before needs its recipe anew.",
    )
    if unnamed:
        terminal.say(
            f"{WARN} No address was given, so it is taken to run on this host: {control}, "
            f"{rtmp}, {hls}. Else remove it and add it with --control, --rtmp and --hls."
        )
    if not service:
        terminal.say(
            f"{WARN} No service is named: nobody's accounts are known of its broadcasts. "
            "Remove it and add it with --service, or change it under Settings, Live streams."
        )


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List media servers."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        rows = open_desk.media_servers()
    columns = {"name": "Name", "kind": "Kind", "service": "Service", "control_url": "Control",
               "active": "In use", "hook_at": "Last hook"}  # fmt: skip
    if not rows and not as_json:
        terminal.result([], f"{WARN} No media server is entered: breakwater media-server add NAME")
        return
    terminal.table([{**row, "hook_at": row["hook_at"] or "never"} for row in rows], columns)


@app.command()
def check(name: Name, *, as_json: Json = False) -> None:
    """Ask a media server whether its broadcasts can be frozen and cut; exit 1 when not."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        found = open_desk.check_media_server(name)
    lines = [f"{GOOD if one['ok'] else BAD} {escape(one['words'])}" for one in found["findings"]]
    terminal.result(found, "\n".join(lines))
    if not found["fit"]:
        raise typer.Exit(1)


@app.command()
def recipe(
    name: Name,
    into: Annotated[
        Path | None, typer.Option(help="Directory to write the files to; else they are printed.")
    ] = None,
    *,
    base: Annotated[
        str, typer.Option(help="breakwater's address as the media server reaches it.")
    ] = "",
    directory: Annotated[
        Path, typer.Option(help="On the media server's host, for playlists and recordings.")
    ] = Path("/var/lib/breakwater-media"),
    as_json: Json = False,
) -> None:
    """Print a configuration that works, with the server's passes in it."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening, owner
    from breakwater.cli.writing import written
    from breakwater.errors import BadInput

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    serving = owner.find(configured.owner_token)
    here = serving.url if serving else f"http://{configured.host}:{configured.port}"
    wanted = {"base": base or here, "directory": str(directory)}
    with opening.at(configured, terminal) as open_desk:
        made = open_desk.media_server_recipe(name, wanted)
    if into is not None:
        try:
            into.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"There can be no folder {into}: {error.strerror}.") from None
        for file, text in made["files"].items():
            written([text.encode()], into / file)
        terminal.say(f"{GOOD} {', '.join(sorted(made['files']))} in {escape(str(into))}.")
    if as_json:
        terminal.result(made)
        return
    for step in made["steps"]:
        if not _written(step, into, directory):
            terminal.say(f"  {escape(step)}")
    if into is None:
        for file, text in made["files"].items():
            terminal.say(f"[dim]{escape(file)}:[/]")
            terminal.result(text, escape(text))


def _written(step: str, into: Path | None, directory: Path) -> bool:
    """Whether a step only says to put the files where they were just written."""
    return into is not None and into.resolve() == directory and step.startswith("put ")


@app.command()
def remove(name: Name, *, as_json: Json = False) -> None:
    """Forget a media server; its hooks are refused from now on."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    with opening.at(settings.load(), terminal) as open_desk:
        gone = open_desk.remove_media_server(name)
    terminal.result(gone, f"{GOOD} {escape(name)} is forgotten; nothing is published there now.")
