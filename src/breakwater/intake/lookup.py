"""Hash queries: signals in, matches out, nothing kept unless the caller names the object.

The hot path of the API: one index search a kind, and SQL only for signals that hit. With
`remember` the matches become an upload row without media, so that a case opens and a later
withdrawal reaches the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from breakwater.errors import BadInput
from breakwater.intake.submit import Intake, Submission
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.match import Match
from breakwater.model.signal import Fingerprint, Fingerprints, Signal, SignalKind
from breakwater.model.upload import Origin, Surface, Upload
from breakwater.observe import Metrics
from breakwater.recognition.screen import Hit, Screener, join
from breakwater.records import banks
from breakwater.records.database import Database

MOST = 1_000
"""Signals in one request: 32 kB of hashes, and a bounded turn for everybody else."""


@dataclass(frozen=True, slots=True)
class Named:
    """The object that hashes are remembered for."""

    service: str
    surface: Surface
    reference: str
    account: str = ""
    jurisdiction: str = ""

    def submission(self) -> Submission:
        """As intake takes it."""
        origin = Origin(
            account=self.account, jurisdiction=self.jurisdiction, reference=self.reference
        )
        return Submission(self.service, self.surface, origin)


class Lookups:
    """Answers hash queries."""

    def __init__(
        self,
        *,
        db: Database,
        screener: Screener,
        intake: Intake,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._db = db
        self._intake = intake
        self._screener = screener
        self._clock = clock
        self._metrics = metrics

    def lookup(
        self, signals: Sequence[Signal], *, chosen: Sequence[str] = ()
    ) -> list[tuple[Match, ...]]:
        """Matches of each signal, in the order asked, nearest first.

        Args:
            signals: at most 1,000.
            chosen: names of banks to look in; empty: all.

        Raises:
            BadInput: more than 1,000 signals.
        """
        if len(signals) > MOST:
            raise BadInput(f"Send at most {MOST} signals in one request.", limit=MOST)
        items = [Fingerprint(signal) for signal in signals]
        self._metrics.lookups.inc(len(items))
        hits = self._screener.hits(items)
        if not hits:
            return [()] * len(items)
        return self._joined(items, hits, chosen)

    def misses(self, signals: Sequence[Signal]) -> list[tuple[Match, ...]] | None:
        """The answer when no signal hits, without touching SQL; None when one does.

        For callers that must not wait: an index search takes microseconds, a database may not.
        """
        if self._screener.hits([Fingerprint(signal) for signal in signals]):
            return None
        self._metrics.lookups.inc(len(signals))
        return [()] * len(signals)

    def all_miss(self, kind: SignalKind, packed: bytes) -> bool:
        """Whether none of many values of one kind hits: the commonest answer, at its cheapest.

        Args:
            kind: of all of them.
            packed: the values, one after another.
        """
        if self._screener.any_hit(kind, packed):
            return False
        self._metrics.lookups.inc(len(packed) // kind.size)
        return True

    def remember(
        self,
        signals: Sequence[Signal],
        named: Named,
        *,
        chosen: Sequence[str] = (),
        principal: Principal,
    ) -> tuple[list[tuple[Match, ...]], Upload]:
        """Look up, and keep the object's hashes as those of an upload without bytes.

        What it matches opens a case; what it does not match today is found when a list grows.

        Args:
            signals: of one object.
            named: which object.
            chosen: names of banks to look in; empty: all.
            principal: who asks.

        Returns:
            The matches of each signal, and the upload that was recorded.

        Raises:
            ScanningNotPermitted: private content without a legal basis; nothing is kept.
        """
        self._intake.permit(named.surface, named.jurisdiction)
        found = self.lookup(signals, chosen=chosen)
        prints = Fingerprints("", 0, 0, 0, 0.0, tuple(Fingerprint(signal) for signal in signals))
        return found, self._intake.note(prints, named.submission(), principal)

    def _joined(
        self, items: Sequence[Fingerprint], hits: Sequence[Hit], chosen: Sequence[str]
    ) -> list[tuple[Match, ...]]:
        by_item: dict[int, list[Hit]] = defaultdict(list)
        for hit in hits:
            by_item[id(hit.fingerprint)].append(hit)
        now = self._clock.now()
        out: list[tuple[Match, ...]] = []
        with self._db.read() as tx:
            for name in chosen:
                banks.get(tx, name)
            for item in items:
                own = by_item.get(id(item))
                unit = item.signal.value.hex()
                found = join(tx, own, unit=unit, now=now) if own else ()
                out.append(tuple(m for m in found if not chosen or m.bank in chosen))
        self._metrics.lookup_hits.inc(sum(1 for found in out if found))
        return out
