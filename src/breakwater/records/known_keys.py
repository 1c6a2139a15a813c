"""Proof, without SQL, that no sanctioned account is known by a hash.

In come keyed hashes of a registration; out goes whether it is certain that none of them stands in
`sanction_keys`. Held are the first 8 bytes of every hash, sorted: 8 MB for a million. A hash is
noted before the transaction that writes it ends, so whatever is committed is held: a miss is exact.
What is over stays until the next reading and costs one look into the database. Good only where no
other process writes (`Database.alone`); elsewhere nothing is ever proven. Fed by
`records.identifiers`; contract: `tests/contract/test_known_keys.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from breakwater.records.database import Database

WIDTH: Final = 8
"""Bytes of a hash that are held: two of a million are alike once in 37 million such sets."""
SLICE: Final = 2_000
"""Hashes that one snapshot reads, so that others are served in between."""
_NEXT: Final = "SELECT key FROM sanction_keys WHERE key > ? ORDER BY key LIMIT ?"

_Held = NDArray[np.uint64]
_State = tuple[_Held | None, tuple[set[int], ...]]


class KnownKeys:
    """The beginnings of all hashes that sanctioned accounts are known by."""

    def __init__(self) -> None:
        """Nothing is read yet, so nothing is proven."""
        self._state: _State = (None, (set(),))

    @property
    def ready(self) -> bool:
        """Whether anything can be proven."""
        return self._state[0] is not None

    def note(self, keys: Iterable[bytes]) -> None:
        """Hashes that are about to be written; before the end of the transaction that does it."""
        self._state[1][-1].update([int.from_bytes(key[:WIDTH], "big") for key in keys])

    def lack(self, keys: Sequence[bytes]) -> bool:
        """Whether it is certain that none of these stands in the database."""
        return self.ready and not self.among(keys)

    def among(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those of these that may stand in the database; the others certainly do not."""
        held, noted = self._state
        if held is None or not keys:
            return list(keys)
        starts = b"".join([key[:WIDTH] for key in keys])
        wanted = np.frombuffer(starts, ">u8").astype(np.uint64)
        near = held.take(held.searchsorted(wanted), mode="clip") if held.size else ~wanted
        found = zip(keys, (near == wanted).tolist(), wanted.tolist(), strict=True)
        return [key for key, there, start in found if there or any(start in some for some in noted)]

    def read(self, db: Database) -> None:
        """Read all hashes anew, in slices; what is over is forgotten with that.

        What is noted meanwhile, and since the reading before, is kept beside: a transaction that
        wrote it may end only after its slice was read. None stays open from one reading to the
        next (`records.sqlite.PATIENCE_S`).
        """
        held, noted = self._state
        self._state = (held, (*noted, set()))
        parts: list[_Held] = []
        last = b""
        while True:
            with db.read() as tx:
                rows = tx.run(_NEXT, last, SLICE)
            if rows:
                starts = b"".join([row[0][:WIDTH] for row in rows])
                parts.append(np.frombuffer(starts, ">u8").astype(np.uint64))
                last = rows[-1][0]
            if len(rows) < SLICE:
                break
        made = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        self._state = (made, self._state[1][-2:])
