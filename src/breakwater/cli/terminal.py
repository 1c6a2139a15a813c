"""What commands say: results on stdout, everything else on stderr, words or JSON.

Fed by every command; read by people, and with `--json` by programs. Results are plain values
(dicts, lists, text, numbers); a table for people is made of the same values. Progress stands
on stderr and only on a terminal, so that output can be piped.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from breakwater.errors import BreakwaterError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]

GOOD: Final = "[bright_cyan]✓[/]"
WARN: Final = "[yellow]▲[/]"
BAD: Final = "[red]✕[/]"
MARK: Final[Mapping[str, str]] = {"ok": GOOD, "warn": WARN, "bad": BAD}
"""Good is blue, never green, and never colour alone (console specification §4)."""


def counted(number: int, one: str, many: str) -> str:
    """A number with its digits grouped and the right word.

    >>> counted(1, "row is", "rows are"), counted(1200, "row is", "rows are")
    ('1 row is', '1,200 rows are')
    """
    return f"{number:,} {one if number == 1 else many}"


class Terminal:
    """Where one command's words go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, words: str) -> None:
        """A line for people while the work goes on; markup allowed."""
        if not self.as_json:
            self.err.print(words)

    def result(self, value: Any, words: str | None = None) -> None:
        """The outcome: as JSON, or as the words (markup allowed; `None`: the value as text)."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, default=str))
        elif words is not None:
            self.out.print(words)
        else:
            self.out.print(escape(str(value)))

    def line(self, value: Mapping[str, Any], words: str) -> None:
        """One of many results, as it comes: a JSON line, or a line of words."""
        self.result(value, words)

    def table(
        self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *,
        whole: Collection[str] = (),
    ) -> None:  # fmt: skip
        """Rows as a table, or as a JSON list of all their members.

        Args:
            rows: values.
            columns: member name to heading, in order; others are in the JSON only.
            whole: columns that are never cut, as a command takes what stands there.
        """
        if self.as_json:
            print(json.dumps(list(rows), ensure_ascii=False, default=str))
            return
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name, heading in columns.items():
            number = bool(rows) and all(isinstance(row.get(name), int | float) for row in rows)
            widest = max((len(_cell(row.get(name))) for row in rows), default=0)
            table.add_column(
                heading, justify="right" if number else "left", no_wrap=name in whole,
                min_width=widest if name in whole else None,
            )  # fmt: skip
        for row in rows:
            table.add_row(*(_cell(row.get(name)) for name in columns))
        self.out.print(table)

    @contextmanager
    def progress(self, words: str, total: float | None = None) -> Iterator[Bar]:
        """A bar on stderr for anything that may take more than a second."""
        columns = (
            TextColumn("{task.description}"), BarColumn(complete_style="bright_cyan"),
            MofNCompleteColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        quiet = self.as_json or not self.err.is_terminal
        with Progress(*columns, console=self.err, transient=True, disable=quiet) as progress:
            yield Bar(progress, words, total)


class Bar:
    """One running bar."""

    def __init__(self, progress: Progress, words: str, total: float | None) -> None:
        self._progress = progress
        self._task = progress.add_task(words, total=total)

    def step(self, by: float = 1, words: str | None = None) -> None:
        """So much more is done; perhaps the work is another now."""
        self._progress.update(self._task, advance=by, description=words)

    def at(self, done: float, words: str | None = None) -> None:
        """So much is done in all."""
        self._progress.update(self._task, completed=done, description=words)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return escape(str(value))


def complain(error: BreakwaterError, *, as_json: bool) -> None:
    """Say what went wrong and what to do, once, in the form that was asked for."""
    if as_json:
        body = {
            "code": error.code, "title": error.title(), "detail": error.detail, **error.facts,
        }  # fmt: skip
        print(json.dumps(body, ensure_ascii=False))
        return
    detail = f"\n  {escape(error.detail)}" if error.detail else ""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"{BAD} {escape(error.title())}{detail}"
    )
