"""The command line: one module a command or group of commands, loaded only when it is called.

In: arguments and the environment. Out: words or a table on a terminal, one JSON document with
`--json`, and the exit code of the error (`errors.BreakwaterError.exit_code`). Each module has
an `app` (Typer). A command that finds another process owning the database sends its work to
that process's API (`cli.opening`).
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from breakwater import __version__
from breakwater.errors import BreakwaterError

COMMANDS: Final = (
    "serve", "demo", "doctor", "validate", "scan", "hash", "lookup", "bank", "exchange", "hub", "links", "grade", "duty", "media-server", "stream", "comments", "classifier", "likeness", "report", "reports", "viewers", "acts", "requests", "transparency", "compliance", "export", "holds", "receipt", "vics", "own-picture", "people", "privacy", "audit", "db",
    "keys",
)  # fmt: skip
"""Names of commands, each a module here (`media_server` for media-server), in the order in which help lists them."""


class Lazy(TyperGroup):
    """Loads the module of the command that was named, and no other."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in our order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(
            import_module(f"{__name__}.{cmd_name.replace('-', '_')}").app
        )
        command.name = cmd_name
        return command


program = typer.Typer(
    name="breakwater",
    cls=Lazy,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Child protection for hosting and live-streaming services.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@program.callback()
def options(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the installation lives; the same as BREAKWATER_DATA_DIR."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; the same as BREAKWATER_CONFIG.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Child protection for hosting and live-streaming services."""
    del version
    if data_dir is not None:
        os.environ["BREAKWATER_DATA_DIR"] = str(data_dir)
    if config is not None:
        os.environ["BREAKWATER_CONFIG"] = str(config)


def main() -> None:
    """Run one command; an error becomes its words on stderr and its exit code."""
    gc.set_threshold(50_000, 20, 20)  # loading modules makes no garbage, and took a fifth longer
    try:
        program(prog_name="breakwater")
    except BreakwaterError as error:
        from breakwater.cli.terminal import complain

        complain(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
