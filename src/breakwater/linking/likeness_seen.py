"""What a likeness model saw, compared: tracks of new media with those of all others, as leads.

In: tracks of one model alone. Out: edges of kind `person`, which join nothing. Used by
`linking.likeness` in the transaction that has asked the gate. Tests:
`tests/contract/test_likeness.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from breakwater import kernel
from breakwater.fingerprint.shots import CUT
from breakwater.model.classifier import Picture
from breakwater.model.likeness import ProviderCard, Track
from breakwater.model.link import Found, LinkKind
from breakwater.records import link_edges
from breakwater.records.database import Tx
from breakwater.scenes.person import alike, compared


class Crowd:
    """Tracks of one model that are known, as one matrix: memory of a turn, never longer."""

    def __init__(
        self, since: datetime, media: Mapping[int, Sequence[Track]], card: ProviderCard
    ) -> None:
        """Stack them.

        Args:
            since: what came later is read from rows.
            media: tracks by number of the medium.
            card: of the one model that made them.
        """
        self.since, self._media, self._card = since, media, card
        self._owners = np.array([n for n, tracks in media.items() for _ in tracks], np.int64)
        rows = [one.vector for tracks in media.values() for one in tracks]
        self._vectors = np.stack(rows) if rows else np.zeros((0, card.dim), np.float32)

    def like(self, found: Sequence[Track]) -> dict[int, Sequence[Track]]:
        """Media of which a track looks like one of these."""
        if not found or not len(self._owners):
            return {}
        mine = np.stack([one.vector for one in found])
        best = compared(mine, self._vectors, self._card.metric).max(axis=0)
        near = np.unique(self._owners[best >= self._card.lead])
        return {int(n): self._media[int(n)] for n in near}


def leads_of(
    tx: Tx, card: ProviderCard, number: int, ours: Sequence[Track],
    there: Mapping[int, Sequence[Track]],
) -> int:  # fmt: skip
    """Add a lead for each medium with a likeness; never more than a lead."""
    leads = 0
    for other, theirs in sorted(there.items()):
        if other == number:
            continue
        pair = (ours, theirs) if number < other else (theirs, ours)
        alikes = alike(*pair, card)
        if alikes:
            evidence = {"likenesses": [one.plain() for one in alikes], "model": card.name, "pairs": [
                {"a_s": one.a_s, "b_s": one.b_s, "inliers": 0, "points": []} for one in alikes
            ]}  # fmt: skip
            link_edges.add(tx, Found(
                min(number, other), max(number, other), LinkKind.PERSON, card.method,
                card.version, alikes[0].score, evidence,
            ))  # fmt: skip
            leads += 1
    return leads


def shots_of(pictures: Sequence[Picture]) -> list[int]:
    """Number of the shot of each picture: a cut is where its hash jumps."""
    shots: list[int] = []
    last = None
    for one in pictures:
        value = np.frombuffer(kernel.pdq(np.ascontiguousarray(one.pixels))[0], np.uint8)
        apart = CUT if last is None else int(np.bitwise_count(last ^ value).sum())
        shots.append((shots[-1] if shots else -1) + int(apart >= CUT))
        last = value
    return shots
