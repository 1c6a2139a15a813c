"""A new algorithm reaches old items: their files are hashed again, as a job.

When a kind of hash is installed, what was graded before it has no value of it, and lists that
give only this kind would never find it (reference: classification, "old items are re-hashed when
an algorithm is added"). Each new hash is matched at once: the same file as a known one is taken
from the graders, anything less sure becomes a case. The job walks items by number in the jail, a few to a transaction; one
that was cut short does only what is missing. What cannot be read is counted and stays as it is.
Begun by `web.api.quality`. Tests: `tests/integration/test_rehash.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from breakwater.errors import NotAllowed, UnknownKind
from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.grading import GradeItem, ItemState
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.signal import Fingerprint, SignalKind, View, kind_named
from breakwater.model.work import Beat, JobKind
from breakwater.observe import logger
from breakwater.recognition.screen import Screener
from breakwater.records import cases, gradesets, jobs, quality, uploads
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault

JOB: Final = "grading.rehash"
AT_ONCE: Final = 32
LANE: Final = "rehash"


class Rehash:
    """Hashes old items by a new algorithm."""

    def __init__(
        self, *, db: Database, vault: Vault, screener: Screener, kinds: tuple[SignalKind, ...],
        limits: MediaLimits | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._screener = screener
        self._kinds = frozenset(kind.name for kind in kinds)
        self._limits = limits or MediaLimits(max_wall_s=600.0)

    def begin(self, who: Principal, kind: str) -> int:
        """Hash every old item by this kind, in the background; answers how many lack it.

        Raises:
            NotAllowed: not by this role.
            UnknownKind: it is not installed here.
        """
        if not who.may(Permission.SYSTEM_WRITE):
            raise NotAllowed("Hashing everything again is for whoever runs the system.")
        if kind not in self._kinds:
            raise UnknownKind(kind)
        with self._db.transaction() as tx:
            jobs.enqueue(tx, JOB, {"kind": kind}, dedup_key=f"{JOB}:{kind}")
            missing = quality.unhashed_count(tx, kind)
            tx.audit(who.id, "grade.rehash", kind, items=missing)
            return missing

    def run(self, payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        """Do the job: what has no value of the kind gets one, in order of number."""
        kind = kind_named(payload["kind"])
        with self._db.read() as tx:
            missing = quality.unhashed_count(tx, kind.name)
        after = done = failed = found = 0
        while True:
            with self._db.read() as tx:
                items = quality.unhashed(tx, kind.name, after=after, limit=AT_ONCE)
            if not items:
                break
            prints = {item.number: self._prints(item, kind) for item in items}
            matches = {item.number: self._matched(item, prints[item.number]) for item in items}
            made = {n: b"".join(p.signal.value for p in own) for n, own in prints.items()}
            with self._db.transaction() as tx:
                tx.lock_changes()
                quality.put_hashes(tx, kind.name, {n: v for n, v in made.items() if v})
                found += sum(_act(tx, item, matches[item.number]) for item in items)
            after, done = items[-1].number, done + len(items)
            failed += sum(not value for value in made.values())
            beat(min(1.0, done / max(1, missing)))
        logger("rehash").info(
            "rehashed", kind=kind.name, items=done, without=failed, matched=found
        )  # fmt: skip

    def job_kinds(self) -> tuple[JobKind, ...]:
        """What takes longer than a request."""
        return (JobKind(JOB, self.run, lease_s=900.0),)

    def _matched(self, item: GradeItem, prints: Sequence[Fingerprint]) -> tuple[Match, ...]:
        """What banks say of an item by the new kind, the nearest first."""
        if not prints:
            return ()
        with self._db.read() as tx:
            now = tx.now
        found = self._screener.match(prints, unit=item.sha256, now=now)
        return tuple(match for match in found if match.acting and not match.negative)

    def _prints(self, item: GradeItem, kind: SignalKind) -> tuple[Fingerprint, ...]:
        """The item's hashes of a kind, in order of frames; none when it cannot be read."""
        if item.blob is None:
            return ()
        with self._vault.open(item.blob) as source:
            outcome = self._screener.fingerprint(
                source, declared=item.type, limits=self._limits, lane=LANE
            )
        if isinstance(outcome, Undecodable):
            return ()
        own = (one for one in outcome.of(kind.name) if one.view is View.ORIGINAL)
        return tuple(one for one in own if not one.compatible)


def _act(tx: Tx, item: GradeItem, matches: Sequence[Match]) -> bool:
    """Take a known file from the graders, or have a person look: answers whether it matched.

    The same file as a known one is never viewed; anything nearer to doubt becomes a case, of its
    upload where it came from one that no open case speaks of.
    """
    if not matches:
        return False
    first, now = matches[0], gradesets.item(tx, item.number)
    words = f"Bank {first.bank}, entry {first.number}. {first.words}."
    if first.limit == 0 and now.state is ItemState.OPEN and not now.graded:
        gradesets.change(tx, now, state=ItemState.KNOWN, why=words)
        return True
    upload = uploads.find(tx, now.upload) if now.upload else None
    if upload is not None and upload.case is not None and _waits(tx, upload.case):
        return True  # people know of it by its own case
    cases.open(
        tx, kind=CaseKind.RETROACTIVE, subject=upload.id if upload else now.id,
        why=f"Item {now.number} of set {now.set} matches by a new algorithm. {words}",
        priority=Priority.HIGH, by="rehash",
        service=upload.service if upload else "",
        account=upload.origin.account if upload else "",
    )  # fmt: skip
    return True


def _waits(tx: Tx, case: Id) -> bool:
    return cases.get(tx, case).state is not CaseState.CLOSED
