"""What was read of kept media, out of the vault: key points, prints and sound, the last few in memory.

Personal data, so encrypted like the media themselves and destroyed with them. Traits are not in it:
they are keyed hashes (`records.link_traits`). Used by `taking` and by finders.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import Final

from breakwater.errors import BadSignal, NotFound
from breakwater.model.ids import Id
from breakwater.model.link import Medium
from breakwater.model.link_signals import LinkSignals
from breakwater.model.ports import Blob
from breakwater.observe import logger

PURPOSE: Final = "evidence"
MOST: Final = 64
"""Media that are kept in memory: some 16 MB each at most."""

_log = logger("linking")


class StoredSignals:
    """Reads and writes what was read of media. Safe from many threads."""

    def __init__(self, vault: Blob, *, most: int = MOST) -> None:
        self._vault = vault
        self._most = most
        self._lock = threading.Lock()
        self._read: OrderedDict[Id, LinkSignals] = OrderedDict()

    def put(self, signals: LinkSignals) -> Id:
        """Keep what was read; answers the vault's object. Never inside a transaction."""
        return self._vault.put(io.BytesIO(signals.kept().pack()), purpose=PURPOSE)

    def read(self, medium: Medium) -> LinkSignals | None:
        """What was read of a medium; None where there is nothing, or nothing that can be read."""
        points = medium.points
        if points is None:
            return None
        with self._lock:
            known = self._read.get(points)
            if known is not None:
                self._read.move_to_end(points)
                return known
        try:
            with self._vault.open(points) as source:
                found = LinkSignals.parse(source.read())
        except NotFound:
            return None
        except BadSignal:
            _log.error("points_unreadable", medium=medium.number)
            return None
        with self._lock:
            self._read[points] = found
            while len(self._read) > self._most:
                self._read.popitem(last=False)
        return found

    def forget(self, medium: Medium) -> None:
        """Nothing of a medium stays in memory."""
        if medium.points is not None:
            with self._lock:
                self._read.pop(medium.points, None)
