"""Where a command's work is done: in this process, or by the process that owns the data.

`at(settings)` answers a `Desk`: `HereDesk` opens the installation itself, `OwnerDesk` (in
`cli.remote`) sends the work to the API of the owner that announced itself (`cli.owner`). Both
answer the same plain values, those of the API's shapes. Used by `bank`, `lookup` and `scan`;
`tests/integration/test_cli.py` runs the commands on both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from breakwater.cli import owner
from breakwater.cli.terminal import Terminal
from breakwater.errors import DatabaseInUse, Unavailable
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.match import Verdict
from breakwater.model.media import Undecodable
from breakwater.model.signal import Fingerprints, Signal

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.media.sandbox import JailPool
    from breakwater.settings import Settings

OPERATOR: Final = Principal(
    Id("00000000-0000-7000-8000-000000000001"),
    "local operator",
    frozenset(MACHINE_SCOPES | {Permission.PEOPLE_WRITE, Permission.SYSTEM_WRITE}),
)
"""Whoever may run commands on this host as the installation's user; so the audit log names them."""

Row = dict[str, Any]
Progress = Callable[[int], None]
PAGE: Final = 1000
STARTING_S: Final = 15.0
"""How long a command waits for an owner that holds the database and has not announced itself."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that is to be imported, and what is said about it."""

    path: Path
    kind: str = ""
    labels: tuple[str, ...] = ()
    source: str = ""
    permitted_use: str = ""
    signed_by: str = ""


class Desk(Protocol):
    """What commands ask for."""

    def banks(self) -> list[Row]:
        """All banks with their matchable shares."""
        ...

    def create_bank(self, fields: Row) -> Row:
        """Make a bank."""
        ...

    def import_list(self, name: str, file: ListFile, progress: Progress) -> Row:
        """Import a list; `progress` is told the rows read so far."""
        ...

    def entries(self, name: str) -> Iterator[Row]:
        """Every entry of a bank, by number."""
        ...

    def lookup(self, signals: Sequence[Signal], banks: Sequence[str]) -> list[list[Row]]:
        """The matches of each signal."""
        ...

    def judge(self, outcome: Fingerprints | Undecodable, unit: str) -> Verdict:
        """What the verdict on a file would be; nothing is kept."""
        ...


@contextmanager
def at(settings: Settings, terminal: Terminal, pool: JailPool | None = None) -> Iterator[Desk]:
    """Open the desk: the owner's when there is one, else our own.

    Args:
        settings: of the installation.
        terminal: told of keys when this is the installation's first start.
        pool: the jail of a command that decodes; it is proven first. Others need none.
    """
    until = time.monotonic() + STARTING_S
    while True:
        found = owner.find(settings.owner_token)
        if found is not None:
            from breakwater.cli.remote import OwnerDesk

            with OwnerDesk(found) as desk:
                yield desk
            return
        try:
            running = _opened(settings, terminal, pool)
            break
        except DatabaseInUse:
            # An owner that is still starting announces itself in a moment.
            if time.monotonic() > until:
                raise
            time.sleep(0.25)
    try:
        yield HereDesk(running)
    finally:
        running.close()


def _opened(settings: Settings, terminal: Terminal, pool: JailPool | None) -> App:
    from breakwater import app as parts
    from breakwater.cli.serve import prepare

    prepare(settings, terminal)
    return parts.build(settings, pool=pool or _no_jail(), decode=pool is not None)


def _no_jail() -> JailPool:
    """The jail of commands that decode nothing: no process is started, and none is missed."""
    from breakwater.media.sandbox import JailPool

    class NoJail(JailPool):
        def __init__(self) -> None:
            self.size = 0

        def __getattr__(self, name: str) -> Any:
            raise Unavailable(f"This command decodes nothing, and asked for {name}.")

        def close(self) -> None:
            """Nothing was opened."""

    return NoJail()


class HereDesk:
    """Does the work in this process, which owns the installation meanwhile."""

    def __init__(self, app: App) -> None:
        self._app = app

    def banks(self) -> list[Row]:
        """All banks with their matchable shares."""
        from breakwater.web.api.shapes import BankOut

        return [
            BankOut.of(bank, self._app.banks.shares(bank.name)).model_dump(mode="json")
            for bank in self._app.banks.every()
        ]

    def create_bank(self, fields: Row) -> Row:
        """Make a bank."""
        from breakwater.web.api.requests import BankIn
        from breakwater.web.api.shapes import BankOut

        bank = self._app.banks.create(BankIn(**fields).new(), OPERATOR)
        return BankOut.of(bank).model_dump(mode="json")

    def import_list(self, name: str, file: ListFile, progress: Progress) -> Row:
        """Import a list with the bulk loader."""
        loaded = self._app.loader.load(
            name, file.path, self._signer(file.signed_by), kind=file.kind, labels=file.labels,
            source=file.source, permitted_use=file.permitted_use, signed=bool(file.signed_by),
            progress=lambda state: progress(state.rows),
        )  # fmt: skip
        return asdict(loaded)

    def _signer(self, name: str) -> Principal:
        """The operator, with the person behind them when one signs."""
        from dataclasses import replace

        from breakwater.errors import NotFound

        if not name:
            return OPERATOR
        for person in self._app.access.people.every():
            if person.active and person.name == name:
                return replace(OPERATOR, person=person.id)
        raise NotFound(f"Nobody here is called {name}.")

    def entries(self, name: str) -> Iterator[Row]:
        """Every entry of a bank, by number."""
        from breakwater.web.api.shapes import EntryOut

        after = 0
        while page := self._app.banks.page(name, after=after, limit=PAGE):
            yield from (EntryOut.of(entry).model_dump(mode="json") for entry in page)
            after = page[-1].number

    def lookup(self, signals: Sequence[Signal], banks: Sequence[str]) -> list[list[Row]]:
        """The matches of each signal."""
        from breakwater.web.api.shapes import match_json

        found: list[list[Row]] = []
        for start in range(0, len(signals), PAGE):
            part = self._app.lookups.lookup(signals[start : start + PAGE], chosen=banks)
            found += [[match_json(match) for match in matches] for matches in part]
        return found

    def judge(self, outcome: Fingerprints | Undecodable, unit: str) -> Verdict:
        """What the verdict on a file would be; nothing is kept."""
        return self._app.recorder.judge(outcome, unit=unit)
