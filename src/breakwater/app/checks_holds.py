"""What `breakwater doctor` says of preservation: what is not kept yet, what is gone, what is due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from breakwater.app.finding import Check
from breakwater.app.founding import root_key
from breakwater.model.clock import SystemClock
from breakwater.model.hold import HoldState
from breakwater.records import hold_items, holds, preservations
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.vault import place
from breakwater.settings import Settings

NAME: Final = "evidence"
_FAILS: Final = (
    "Look at /holds: it says what stands in the way. It is tried again until it is done."
)
_GONE: Final = "Bring the vault's files back from a backup: they are held and must not be missing."
_DUE: Final = "Two people destroy what is due, or somebody extends it, at /holds?show=due."


def evidence(settings: Settings) -> Iterator[Check]:
    """Whether what decisions hold is kept, and is where it was put."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        return
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        Keyring.open(db, root_key(settings))
        with db.read() as tx:
            failing, counts = preservations.failing(tx), holds.counts(tx)
            blobs = hold_items.held_blobs(tx)
    finally:
        db.close()
    gone = sum(not place(settings.vault_dir, one).exists() for one in blobs)
    if gone:
        yield Check(NAME, "bad", f"{gone} of {len(blobs)} held files are missing", _GONE)
    if failing:
        words = f"{len(failing)} cases are not kept yet, the longest {failing[0].fault}"
        yield Check(NAME, "bad", words, _FAILS)
    elif not gone:
        words = f"{counts[HoldState.STANDS]} holds stand, {len(blobs)} files are there"
        due = counts[HoldState.DUE]
        yield Check(NAME, "warn" if due else "ok", f"{words}; {due} are due", _DUE if due else "")
