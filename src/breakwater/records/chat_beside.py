"""What stood beside the models that weigh comments, as rows: a challenger's counts, an encoder's.

One sealed row for each process, replaced every minute; kept where sums across chats are, under
numbers below zero. Numbers, names of models and what is wrong with them; no text. Fed by
`recognition.hearing`, read by `GET /v1/comments/shadow`. Contract:
`tests/integration/test_comment_beside.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.chat_form import unpack
from breakwater.records.chat_sums import PURPOSE
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_across

_x: Final = chat_across.c


@dataclass(frozen=True, slots=True)
class Standing:
    """What a challenger would have done, and what an encoder did.

    Attributes:
        champion, challenger: ids of the models; empty: none.
        tally: counts as `comments.promote.Shadow` has them, over all processes.
        asked: messages the encoder was asked about since the processes started.
        missed: of them, those that it gave no number for.
        wrong: what cannot be used or gives no numbers, with why.
        at: when it was last written.
    """

    champion: str
    challenger: str
    tally: Mapping[str, int]
    asked: int
    missed: int
    wrong: Mapping[str, str]
    at: datetime

    @property
    def hours(self) -> float:
        """Stream-hours that were seen: ten minutes of a chat in which somebody wrote."""
        return self.tally.get("tens", 0) / 6

    @property
    def disagreed(self) -> int:
        """Ten minutes of a chat in which one of them alarmed and the other did not."""
        return self.tally.get("tens_champion", 0) + self.tally.get("tens_challenger", 0)


def put(tx: Tx, lane: int, lanes: int, packed: bytes) -> None:
    """Replace the row of one process of several; those of processes that are no more go."""
    gone = sa.or_(_x.lane == _number(lane), _x.lane < _number(lanes - 1))
    tx.execute(sa.delete(chat_across).where(gone))
    sealed = tx.keys.seal(PURPOSE, packed, b"beside/%d" % lane)
    row = {"lane": _number(lane), "lanes": lanes, "sealed": sealed, "at": tx.now}
    tx.execute(sa.insert(chat_across), row)


def get(tx: Tx, lane: int) -> bytes | None:
    """The row of one process, packed; None when there is none."""
    sealed = tx.execute(sa.select(_x.sealed).where(_x.lane == _number(lane))).scalar()
    return None if sealed is None else tx.keys.unseal(PURPOSE, sealed, b"beside/%d" % lane)


def standing(tx: Tx) -> Standing | None:
    """Over all processes; those that weigh with other models than the latest are left out."""
    rows = tx.execute(sa.select(_x.lane, _x.sealed, _x.at).where(_x.lane < 0).order_by(_x.at))
    held = [
        (unpack(tx.keys.unseal(PURPOSE, row.sealed, b"beside/%d" % (-1 - row.lane))), row.at)
        for row in rows
    ]
    if not held:
        return None
    last, at = held[-1]
    same = [
        one
        for one, _ in held
        if (one["champion"], one["challenger"]) == (last["champion"], last["challenger"])
    ]
    tally: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for one in same:
        tally.update(one["tally"])
        wrong |= one["faults"]
        if one["trouble"]:
            wrong["encoder"] = one["trouble"]
    asked, missed = (sum(int(one[name]) for one in same) for name in ("asked", "missed"))
    champion, challenger = last["names"]
    return Standing(champion, challenger, dict(tally), asked, missed, wrong, at)


def _number(lane: int) -> int:
    return -1 - lane
