"""Windows of time as stretches of changes, for feeds that are asked by the second.

`window` answers for `from <= t < to` with the changes that carry these seconds, for ever the same:
before it does, every entry that is there gets its second, and the seconds before `to` are closed,
so that none appears in them afterwards. One write a second at most, whoever asks; the worker's
turn stamps between. Source: reference hash-sharing, "Rules for the server". Tests:
`tests/contract/test_hub_stamps.py`, `tests/integration/test_threatexchange_ncmec.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadInput
from breakwater.records import hub_stamps
from breakwater.records.database import Database, Tx

MOST: Final = 20_000
"""Entries a second: a bulk of 3.5 M is spread over three minutes, and no second has more than
twenty pages."""

AHEAD_S: Final = 5
"""How far a member's clock may be ahead. Seconds up to there are closed when it asks; with more,
it would miss for ever what comes until then, so it is told instead."""


@dataclass(frozen=True, slots=True)
class Window:
    """Changes that carry the seconds of a window: `after < change <= upto`."""

    after: int
    upto: int


class HubClock:
    """Gives out seconds."""

    def __init__(self, db: Database, *, most: int = MOST) -> None:
        self._db = db
        self._most = most

    def turn(self) -> None:
        """Stamp what changed since; costs a read when nothing did."""
        with self._db.read() as tx:
            if not hub_stamps.pending(tx):
                return
        with self._db.transaction() as tx:
            self._stamp(tx)

    def close(self, to: int) -> None:
        """Make sure that no entry appears any more with a second before `to`.

        Raises:
            BadInput: `to` is ahead of this hub's clock.
        """
        with self._db.read() as tx:
            now = int(tx.now.timestamp())
            if to > now + AHEAD_S:
                raise BadInput(
                    f"`to` is {to - now} s ahead of this hub's clock. An answer would make you miss "
                    "what comes until then: set your clock, ask in UTC, and ask up to now."
                )
            if to <= hub_stamps.mark(tx, hub_stamps.CLOSED):
                return
        with self._db.transaction() as tx:
            self._stamp(tx)
            hub_stamps.set_mark(tx, hub_stamps.CLOSED, to)

    def window(self, tx: Tx, start: int, end: int) -> Window:
        """The changes of `start <= second < end`; `end` was closed before `tx` began."""
        return Window(hub_stamps.upto(tx, start), hub_stamps.upto(tx, end))

    def _stamp(self, tx: Tx) -> None:
        hub_stamps.stamp(tx, now=int(tx.now.timestamp()), most=self._most)
