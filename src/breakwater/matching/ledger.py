"""Which entry numbers are in the index, withdrawn, or on their way: what a change may do.

`index` asks under its lock. Rules: a number stands once; a withdrawn number never returns; a
state that was read from SQL before a withdrawal and arrives after it changes nothing.
Contract tests: tests/unit/test_matching_index.py, tests/property/test_index_property.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.numberset import NumberSet
from breakwater.matching.rows import in_order
from breakwater.matching.terms import Change

MANY: Final = 64
"""Changes from which looking at them together is faster than one by one."""
Row = tuple[int, int, bytes]


class Ledger:
    """The numbers of one index.

    Attributes:
        gone: withdrawn; read by searches without a lock.
        known: in a segment or a delta, withdrawn or not.
    """

    __slots__ = ("_early", "_held", "_loading", "gone", "known")

    def __init__(self, gone: NumberSet) -> None:
        self.gone = gone
        self.known = NumberSet()
        self._early: dict[int, int] = {}  # withdrawn by that change, before they came
        self._loading: NumberSet | None = None
        self._held: list[Change] = []

    def withdraw(self, change: Change) -> bool:
        """Mark a number withdrawn; whether that took a row out of the answers."""
        number = change.number
        if number in self.gone:
            return False
        if number in self.known or (self._loading is not None and number in self._loading):
            self.gone.add(number)
            return True
        self._early[number] = change.change
        return False

    def admit(self, change: Change) -> bool:
        """Whether a present entry is new and shall be added now; it is known then."""
        number = change.number
        if number in self.known or number in self.gone:
            return False
        if self._early.get(number, 0) > change.change:
            return False
        if self._loading is not None and number in self._loading:
            self._held.append(change)
            return False
        self.known.add(number)
        return True

    def admit_all(
        self, changes: Sequence[Change], sizes: dict[str, int]
    ) -> dict[str, list[Row]] | None:
        """Take many new entries at once, as a replay brings them.

        Args:
            changes: of served kinds.
            sizes: bytes of a value, by kind.

        Returns:
            Rows for each kind's delta; None when one of them is not plainly new.
        """
        if len(changes) < MANY or self._loading is not None:
            return None
        numbers = np.fromiter((change.number for change in changes), np.uint32, len(changes))
        if not in_order(numbers) or (self.known.mask(numbers) | self.gone.mask(numbers)).any():
            return None
        early = self._early
        rows: dict[str, list[Row]] = {name: [] for name in sizes}
        for one in changes:
            if not one.present or len(one.value) != sizes[one.kind] or one.number in early:
                return None
            rows[one.kind].append((one.change, one.number, one.value))
        self.known.add_many(numbers)
        return rows

    def begin_load(self, numbers: NDArray[np.uint32], change: int) -> NDArray[np.bool_]:
        """Expect the rows of an import; answers which of them are to be loaded."""
        skip = self.known.mask(numbers) | self.gone.mask(numbers)
        late = [n for n, when in self._early.items() if when > change or not change]
        if late:
            skip |= np.isin(numbers, np.array(late, np.uint32))
        self._loading = NumberSet()
        self._loading.add_many(numbers[~skip])
        return ~skip

    def end_load(self, *, done: bool) -> list[Change]:
        """The load is over; answers the changes that waited in vain when it failed."""
        held, loading = self._held, self._loading
        self._held, self._loading = [], None
        if done and loading is not None:
            self.known.update(loading)
        return [] if done else held

    def forget_early(self, covered: int) -> None:
        """Drop what can no longer overtake anything: changes up to `covered` were all given."""
        self._early = {number: at for number, at in self._early.items() if at > covered}

    def reopen(self, known: NumberSet, gone: NumberSet, covered: int) -> None:
        """Take over what another process has written."""
        self.gone.update(gone)
        self.known = known
        for number, when in self._early.items():
            if when > covered and number in known:
                self.gone.add(number)  # withdrawn here before its segment was seen
