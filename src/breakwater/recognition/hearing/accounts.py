"""Who writes, as far as it is known here: since when, and whether they were cut before.

In come a service's names of accounts; out go their ages and those that a person cut as suspects,
for the engine and for the gate. Remembered in memory for minutes and bounded, because the same
accounts write again and again. Tests: `tests/contract/test_chat_measures.py`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.records import chat_accounts
from breakwater.records.database import Tx

REMEMBERED_S: Final = 300.0
"""A cut, or an age that is told, counts for messages within this."""

MOST: Final = 50_000
"""Accounts remembered; the one that wrote longest ago is forgotten."""

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Writers:
    """What is known of the accounts of one batch.

    Attributes:
        sanctioned: a person cut them as suspects.
        ages: days since each was made; who is not in it was not told of.
    """

    sanctioned: frozenset[str]
    ages: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Known:
    """One account, as remembered."""

    until: float
    created: datetime | None
    sanctioned: bool


class Accounts:
    """Remembers what is known of those who write. For several threads."""

    def __init__(self, most: int = MOST) -> None:
        """Begin with nobody known; `most` are remembered."""
        self._most = most
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, tx: Tx, service: str, names: Collection[str]) -> Writers:
        """What is known of accounts of a service.

        Args:
            tx: a snapshot, or the transaction that takes their messages.
            service: whose accounts.
            names: its own names of them.
        """
        now, some = tx.now.timestamp(), list(dict.fromkeys(name for name in names if name))
        with self._lock:
            fresh = {
                name: one for name in some
                if (one := self._known.get((service, name))) is not None and one.until > now
            }  # fmt: skip
        if asked := [name for name in some if name not in fresh]:
            made = chat_accounts.created(tx, service, asked)
            cut = chat_accounts.sanctioned(tx, service, asked)
            told = {name: _Known(now + REMEMBERED_S, made.get(name), name in cut) for name in asked}
            fresh |= told
            self._remember(service, told)
        return Writers(
            frozenset(name for name, one in fresh.items() if one.sanctioned),
            {
                name: max(0.0, (now - one.created.timestamp()) / DAY_S)
                for name, one in fresh.items() if one.created is not None
            },
        )  # fmt: skip

    def _remember(self, service: str, told: Mapping[str, _Known]) -> None:
        with self._lock:
            for name, one in told.items():
                self._known[service, name] = one
                self._known.move_to_end((service, name))
            while len(self._known) > self._most:
                self._known.popitem(last=False)
