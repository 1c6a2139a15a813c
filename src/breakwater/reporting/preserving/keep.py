"""Evidence of decided cases is put under its hold: at once, again when more comes, until it is done.

In come decisions, receipts and what people ask for; out go holds, their manifest and papers in
the vault. Rows are locked in the transaction that hears of the decision; bytes are digested and
papers written by `turn`, which goes on after a kill, tries again with growing waits what fails,
and says so until it is done. What the law of the seat does not let be kept goes when it must
(reference: law, "some countries let only police hold media"). Called by `app.preserving`; tests:
`tests/contract/test_preserving.py`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BreakwaterError, NotFound
from breakwater.model.event import Event, EventType
from breakwater.model.hold import (
    TERM,
    Hold,
    HoldItem,
    HoldKind,
    Preservation,
    SeatRule,
    Why,
)
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.observe import Metrics, logger
from breakwater.records import (
    cases,
    decisions,
    filings,
    hold_items,
    holds,
    preservations,
)
from breakwater.records.database import Database, Tx
from breakwater.records.hold_items import Thing
from breakwater.reporting.preserving import ending, evidence
from breakwater.reporting.preserving.evidence import Media, Paper
from breakwater.reporting.preserving.seat import by_seat

SELF: Final = "reporting"
EVIDENCE: Final = "evidence"
BLOCK: Final = 1 << 20
AGAIN: Final = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=24))
"""After a case was first wanted: recordings, account data and viewers come late."""

AT_ONCE: Final = 50
"""Cases of one turn."""

DESTROYED: Final = "It was destroyed before it could be held."
ONLY_HASH: Final = "Only its hash is kept: the law of the service's seat."
_log = logger("reporting")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator set.

    Attributes:
        seat: what the law of the service's seat lets be kept of media.
        term: for how long evidence is kept from the receipt.
    """

    seat: SeatRule = SeatRule.MEDIA
    term: timedelta = TERM


class Keeper:
    """Keeps."""

    def __init__(self, *, db: Database, vault: Blob, rules: Rules, metrics: Metrics) -> None:
        """Take what it stands on."""
        self._db = db
        self._vault = vault
        self._rules = rules
        self._metrics = metrics

    def on_decided(self, event: Event) -> None:
        """A decision was taken or taken back: its evidence is locked, or let go. Idempotent."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            case = event.subject
            if decisions.known_since(tx, case) or decisions.in_danger(tx, case):
                self._open(tx, case)
            elif self._taken_back(tx, case):
                preservations.want(tx, case)

    def on_finished(self, event: Event) -> None:
        """A report's receipt stands: the time counts from it. Idempotent."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            filing = filings.get(tx, event.subject)
            if filing.finished_at is None:
                return
            hold = self._open(tx, filing.case)
            holds.receipt(
                tx, hold.id, at=filing.finished_at, ends=filing.finished_at + self._rules.term,
                filing=filing.id,
            )  # fmt: skip

    def want(self, tx: Tx, case: Id) -> None:
        """Have a case kept whose hold somebody else opened; its rows are locked at once."""
        hold_items.add(tx, case, evidence.locked(tx, cases.get(tx, case)))
        preservations.want(tx, case)

    def turn(self) -> int:
        """Take up what is due; answers how many cases."""
        for done in range(AT_ONCE):
            with self._db.read() as tx:
                if not preservations.due(tx):
                    return done
            with self._db.transaction() as tx:
                claimed = preservations.claim(tx)
            for one in claimed:
                self._take_up(one)
        return AT_ONCE

    def _take_up(self, one: Preservation) -> None:
        try:
            again = self.keep(one.case)
        except BreakwaterError as error:
            self._failed(one, error.code)
        except Exception as error:  # noqa: BLE001 - evidence is tried again, whatever failed
            _log.exception("not_preserved", case=one.case)
            self._failed(one, type(error).__name__)
        else:
            with self._db.transaction() as tx:
                preservations.done(tx, one.case, again=again or self._later(tx, one))

    def keep(self, case: Id) -> datetime | None:
        """Keep what there is of a case now, or end what nothing holds; when to look again.

        Raises:
            Tampered: bytes in the vault are not those that were kept; the rest is kept.
            Unavailable, DiskFull: not everything was kept.
        """
        with self._db.read() as tx:
            standing = holds.standing(tx, case)
            found = evidence.look(tx, case) if standing else None
            known = hold_items.of_case(tx, case)
        if found is None:
            return ending.end(self._db, self._vault, case)
        seat = _seat(standing, self._rules.seat)
        things, faults = self._digested(found.media, known, seat)
        papers = self._written(found.papers, known)
        with self._db.transaction() as tx:
            made = hold_items.add(tx, case, [*found.rows, *things, *papers])
            if made:
                gaps = sum(bool(one.gap) for one in made)
                tx.audit(SELF, "hold.keep", case, things=len(made) - gaps, gaps=gaps)
        if faults:
            raise faults[0]
        return by_seat(self._db, self._vault, found, seat)

    def _open(self, tx: Tx, case: Id) -> Hold:
        """The report's hold, with every row of the case locked."""
        hold = holds.open(
            tx, case, kind=HoldKind.REPORT, seat=self._rules.seat, by=SELF,
            reason="A decision says that it is illegal.", ends=tx.now + self._rules.term,
        )  # fmt: skip
        self.want(tx, case)
        return hold

    def _taken_back(self, tx: Tx, case: Id) -> bool:
        """Nothing was found after all, and nothing was reported: the hold ends by itself."""
        mine = [one for one in holds.standing(tx, case) if one.kind is HoldKind.REPORT]
        gone = [one for one in mine if not holds.receipted(tx, one.id)]
        for one in gone:
            holds.end(
                tx, one.id, why=Why.TAKEN_BACK, by=SELF, reason="The decision was taken back."
            )
        return bool(gone)

    def _digested(
        self, media: Iterable[Media], known: list[HoldItem], seat: SeatRule
    ) -> tuple[list[Thing], list[BreakwaterError]]:
        there = {one.blob for one in known if one.blob is not None}
        named = {one.name for one in known if one.gap in {ONLY_HASH, DESTROYED}}
        things: list[Thing] = []
        faults: list[BreakwaterError] = []
        for one in media:
            if one.blob in there or one.name in named:
                continue
            try:
                things.append(_thing(one, *self._digest(one.blob), seat))
            except NotFound:
                things.append(
                    Thing(one.what, one.name, one.since, sha256=one.sha256, gap=DESTROYED)
                )
            except BreakwaterError as error:
                _log.error("evidence_unreadable", blob=one.blob, code=error.code)
                faults.append(error)
        return things, faults

    def _written(self, papers: Iterable[Paper], known: list[HoldItem]) -> list[Thing]:
        there = {(one.what, one.name, one.sha256) for one in known}
        things: list[Thing] = []
        for one in papers:
            sha256 = hashlib.sha256(one.text).hexdigest()
            if (one.what, one.name, sha256) in there:
                continue
            blob = self._vault.put(io.BytesIO(one.text), purpose=EVIDENCE)
            things.append(
                Thing(
                    one.what, one.name, one.since, blob=blob, table=evidence.PAPER, sha256=sha256,
                    size=len(one.text),
                )
            )  # fmt: skip
        return things

    def _digest(self, blob: Id) -> tuple[str, int]:
        """SHA-256 and size of bytes, read whole: what is held can be read."""
        size, sha256 = 0, hashlib.sha256()
        with self._vault.open(blob) as source:
            while block := source.read(BLOCK):
                size += len(block)
                sha256.update(block)
        return sha256.hexdigest(), size

    def _later(self, tx: Tx, one: Preservation) -> datetime | None:
        """The next look at a case that was decided not long ago."""
        if not holds.standing(tx, one.case):
            return None
        return next(
            (one.wanted_at + after for after in AGAIN if one.wanted_at + after > tx.now), None
        )

    def _failed(self, one: Preservation, fault: str) -> None:
        with self._db.transaction() as tx:
            now = preservations.failed(tx, one.case, fault)
            if now.alarmed_at == tx.now:
                tx.emit(
                    EventType.PRESERVATION_FAILED, one.case, case=one.case, fault=fault,
                    attempts=now.attempts,
                )  # fmt: skip
                self._metrics.alarms.labels("preservation").inc()
        _log.error("not_preserved", case=one.case, attempts=now.attempts, code=fault)


def _seat(standing: Iterable[Hold], rule: SeatRule) -> SeatRule:
    """What may be kept of media: all of it while a court or an authority orders it."""
    mine = list(standing)
    if any(one.kind.ordered for one in mine):
        return SeatRule.MEDIA
    return mine[0].seat if mine else rule


def _thing(one: Media, sha256: str, size: int, seat: SeatRule) -> Thing:
    if one.what.pictures and seat is SeatRule.HASHES:
        return Thing(one.what, one.name, one.since, sha256=sha256, size=size, gap=ONLY_HASH)
    return Thing(
        one.what, one.name, one.since, blob=one.blob, sha256=sha256, size=size,
        until_receipt=one.what.pictures and seat is SeatRule.UNTIL_RECEIPT,
    )  # fmt: skip
