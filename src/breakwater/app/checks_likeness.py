"""What `breakwater doctor` says of likeness models: which are whole, which are off and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from breakwater.app.finding import Check
from breakwater.linking.likeness_folder import providers
from breakwater.model.clock import SystemClock
from breakwater.model.likeness import Gate, GateState
from breakwater.records import link_persons
from breakwater.records.database import open_database
from breakwater.settings import Settings

NAME: Final = "likeness"
_MEND: Final = "See docs/howto/likeness.md. A model that is off makes no vector and no lead."


def likeness(settings: Settings) -> Iterator[Check]:
    """Off by default; a card or file that is not whole is told, and so is a seat that is not."""
    if settings.likeness_dir is None:
        yield Check(NAME, "ok", "off")
        return
    good, bad = providers(settings.likeness_dir)
    if bad:
        words = "; ".join(f"{one.name}: {one.why}" for one in bad)
        yield Check(NAME, "warn", f"off: {words}", _MEND)
    elif not settings.seat:
        yield Check(NAME, "warn", "no gate can be used: `seat` is empty", _MEND)
    else:
        names = ", ".join(one.card.name for one in good) or "the folder is empty"
        yield Check(NAME, "ok", f"{names}; used only behind an open gate")


def gates(settings: Settings) -> list[tuple[Gate, GateState]]:
    """Every gate with its state; none where there is no database yet."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        return []
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        with db.read() as tx:
            return [(one, one.state(tx.now)) for one in link_persons.gates(tx)]
    finally:
        db.close()
