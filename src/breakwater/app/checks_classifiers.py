"""What `breakwater doctor` says of operators' classifiers: which give scores, and which do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from breakwater.app.finding import Check
from breakwater.app.founding import root_key
from breakwater.model.classifier import Classifier, Trouble
from breakwater.model.clock import SystemClock
from breakwater.records import classifiers as rows
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.settings import Settings

NAME: Final = "classifiers"
_MEND: Final = "breakwater classifier check NAME says more. What they do not score is not cleared."


def classifiers(settings: Settings) -> Iterator[Check]:
    """A classifier that is on and gives no scores is told loudly."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        yield Check(NAME, "ok", "none")
        return
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        db.use_keys(Keyring.open(db, root_key(settings)))
        with db.read() as tx:
            yield judged(rows.every(tx), tx.now, on=settings.classifiers)
    finally:
        db.close()


def judged(found: list[Classifier], now: datetime, *, on: bool) -> Check:
    """One finding about all of them.

    Args:
        found: those that were not removed.
        now: the time.
        on: the switch of the whole.
    """
    wanted = [one for one in found if one.wanted]
    if not on:
        words = f"off; {len(wanted)} would be on" if wanted else "off"
        return Check(NAME, "ok", words)
    broken = [f"{one.card.id}: {_why(one, now)}" for one in wanted if _why(one, now)]
    if broken:
        return Check(NAME, "warn", f"no scores from {'; '.join(broken)}", _MEND)
    return Check(NAME, "ok", ", ".join(one.card.id for one in wanted) or "none is on")


def _why(one: Classifier, now: datetime) -> str:
    if one.trouble:
        return Trouble(one.trouble).words
    return Trouble.EXPIRED.words if one.card.expired(now) else ""
