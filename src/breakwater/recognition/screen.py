"""Fingerprints in, matches out: the one place where signals meet the banks.

`intake` feeds uploads and look-ups, `banks` feeds stored hashes when a list grows, `live`
will feed key frames. The index answers candidates (entry number, distance); this joins them
with entry, import and bank, and says for each whether it counts and, if not, why not. What
follows from the matches is the caller's policy.

Rules kept here (matching-and-hashing reference; issue "The wall"): a bank's own limit; low
quality is never a match on its own; quarantined and expired entries are shown but do not
act; a bank acts for a stable share of items; a harmless entry counts only at SHA-256 or
within its kind's harmless limit and never beats a nearer or equal match in a verified bank.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

import numpy as np

from breakwater.matching.index import Index
from breakwater.model.bank import Bank, Entry, EntryStatus
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.ports import Pool
from breakwater.model.signal import (
    Fingerprint,
    Fingerprints,
    Measure,
    SignalKind,
    kind_named,
)
from breakwater.recognition.align import Aligner
from breakwater.records import banks, entries
from breakwater.records.database import Database, Tx

MOMENTS = 100
"""Times kept per entry in one video: enough to show, bounded for an hour of black frames."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One candidate before its bank is asked: which fingerprint, which entry, how far."""

    fingerprint: Fingerprint
    number: int
    distance: int


class Screener:
    """Decodes in the jail, searches the index, joins with SQL."""

    def __init__(
        self, *, pool: Pool, index: Index, db: Database, aligner: Aligner | None = None
    ) -> None:
        self._pool = pool
        self._index = index
        self._db = db
        self._aligner = aligner

    def fingerprint(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        lane: str,
        views: bool = False,
    ) -> Fingerprints | Undecodable:
        """Take the signals of one file, in the jail.

        Args:
            source: the file.
            declared: content type; empty when unknown.
            limits: of the decode.
            lane: keeps senders apart.
            views: of a video the prints too by which known videos are found, where there are
                any known videos: they cost as much as key frames do to decode.
        """
        wanted = views and self._aligner is not None and self._aligner.any
        return self._pool.fingerprint(
            source, declared=declared, limits=limits, lane=lane, views=wanted
        )

    def hits(self, items: Sequence[Fingerprint]) -> list[Hit]:
        """Ask the index, one batch for each kind. Kinds without an index answer nothing."""
        found: list[Hit] = []
        by_kind: dict[str, list[Fingerprint]] = defaultdict(list)
        for item in items:
            if self._index.serves(item.signal.kind):
                by_kind[item.signal.kind].append(item)
        for name, group in by_kind.items():
            kind = kind_named(name)
            if len(group) == 1:
                pairs = self._index.search_one(name, group[0].signal.value, kind.limit)
                found += [Hit(group[0], number, distance) for number, distance in pairs]
                continue
            values = np.frombuffer(b"".join(i.signal.value for i in group), np.uint8)
            answer = self._index.search(name, values.reshape(len(group), kind.size), kind.limit)
            found += [
                Hit(group[query], number, distance)
                for query, number, distance in zip(
                    answer.query.tolist(),
                    answer.number.tolist(),
                    answer.distance.tolist(),
                    strict=True,
                )
            ]
        return found

    def any_hit(self, kind: SignalKind, packed: bytes) -> bool:
        """Whether any of many values of one kind, written one after another, hits; no SQL."""
        if not self._index.serves(kind.name):
            return False
        values = np.frombuffer(packed, np.uint8).reshape(-1, kind.size)
        return bool(len(self._index.search(kind.name, values, kind.limit).query))

    def match(self, items: Sequence[Fingerprint], *, unit: str, now: datetime) -> tuple[Match, ...]:
        """Every match of one item, nearest first.

        Args:
            items: its fingerprints.
            unit: what the enabled share is chosen by, stable for the item (its SHA-256).
            now: for expiry.
        """
        found = self.hits(items)
        if not found:
            return ()
        with self._db.read() as tx:
            return join(tx, found, unit=unit, now=now)


def join(tx: Tx, hits: Sequence[Hit], *, unit: str, now: datetime) -> tuple[Match, ...]:
    """Turn candidates into matches with their entry, import and bank."""
    known = entries.many(tx, sorted({hit.number for hit in hits}))
    lists = {bank.id: bank for bank in banks.every(tx)}
    best: dict[int, Match] = {}
    moments: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for hit in hits:
        entry = known.get(hit.number)
        bank = lists.get(entry.bank) if entry else None
        if entry is None or bank is None or entry.status is EntryStatus.WITHDRAWN:
            continue
        match = _match(hit, entry, bank, unit=unit, now=now)
        if match is None:
            continue
        if match.frame is not None:
            moments[hit.number].append((match.distance, match.frame, match.time_s or 0.0))
        held = best.get(hit.number)
        if held is None or _order(match) < _order(held):
            best[hit.number] = match
    joined = [
        replace(match, moments=tuple(dict.fromkeys(m[1:] for m in sorted(moments[number])))[:MOMENTS])
        for number, match in best.items()
    ]  # fmt: skip
    return tuple(sorted(silence(joined), key=_order))


def _order(match: Match) -> tuple[bool, float, int]:
    limit = match.limit or 1
    return (not match.acting, match.distance / limit, match.number)


def _match(hit: Hit, entry: Entry, bank: Bank, *, unit: str, now: datetime) -> Match | None:
    kind = kind_named(entry.kind)
    limit = min(bank.limits.get(kind.name, kind.limit), kind.limit)
    if entry.negative:
        limit = min(limit, kind.harmless_limit)
    if hit.distance > limit or (entry.negative and kind.name in {"md5", "sha1"}):
        return None
    why_not = _why_not(hit, entry, bank, unit=unit, now=now)
    item = hit.fingerprint
    return Match(
        entry=entry.id,
        number=entry.number,
        bank=bank.name,
        kind=kind.name,
        value=kind.print(entry.value),
        distance=hit.distance,
        limit=limit if kind.measure is not Measure.EXACT else 0,
        negative=entry.negative,
        acting=not why_not,
        why_not=why_not,
        view=item.view,
        frame=item.frame,
        time_s=item.time_s,
        quality=item.quality,
        labels=entry.labels,
        permitted_use=entry.permitted_use or bank.permitted_use,
        source=entry.source or bank.source,
        verified=bank.verified,
        own=kind.print(item.signal.value),
    )


def _why_not(hit: Hit, entry: Entry, bank: Bank, *, unit: str, now: datetime) -> str:
    """The first reason for which a match is shown and does not act."""
    expiry = [at for at in (entry.expires_at, bank.expires_at) if at is not None]
    if entry.status is not EntryStatus.ACTIVE:
        return str(entry.status.value)
    if expiry and min(expiry) <= now:
        return "expired"
    if not hit.fingerprint.usable or entry.quality < kind_named(entry.kind).min_quality:
        return "low_quality"
    if not enabled(bank, unit):
        return "not_enabled"
    return ""


def enabled(bank: Bank, unit: str) -> bool:
    """Whether a bank acts for this item: the same answer at every time and on every machine."""
    if bank.enabled_share >= 1.0:
        return True
    digest = hashlib.sha256(f"{bank.id}:{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < bank.enabled_share


def silence(matches: Iterable[Match]) -> list[Match]:
    """Let harmless entries silence what they may, and no more.

    A harmless SHA-256 speaks for the whole file, a harmless picture hash for its own frame.
    A match in a verified bank that is nearer than the harmless entry, or equally near, stands.
    """
    every = list(matches)
    harmless = [match for match in every if match.negative and match.acting]
    if not harmless:
        return every
    out: list[Match] = []
    for match in every:
        silenced = (
            not match.negative
            and match.acting
            and any(
                (calm.frame is None or calm.frame == match.frame)
                and not (match.verified and match.distance <= calm.distance)
                for calm in harmless
            )
        )
        out.append(replace(match, acting=False, why_not="harmless") if silenced else match)
    return out


def entry_ids(matches: Iterable[Match]) -> list[Id]:
    """Ids of the entries that act."""
    return [match.entry for match in matches if match.acting and not match.negative]
