"""A new algorithm reaches old items: their files are hashed again, as a job.

When a kind of hash is installed, what was graded before it has no value of it, and lists that
give only this kind would never find it (reference: classification, "old items are re-hashed when
an algorithm is added"). The job walks items by number in the jail, a few to a transaction; one
that was cut short does only what is missing. What cannot be read is counted and stays as it is.
Begun by `web.api.quality`. Tests: `tests/integration/test_rehash.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from breakwater.errors import NotAllowed, UnknownKind
from breakwater.model.access import Permission, Principal
from breakwater.model.grading import GradeItem
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.signal import SignalKind, View, kind_named
from breakwater.model.work import Beat, JobKind
from breakwater.observe import logger
from breakwater.recognition.screen import Screener
from breakwater.records import jobs, quality
from breakwater.records.database import Database
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
        after = done = failed = 0
        while True:
            with self._db.read() as tx:
                items = quality.unhashed(tx, kind.name, after=after, limit=AT_ONCE)
            if not items:
                break
            made = {item.number: self._value(item, kind) for item in items}
            with self._db.transaction() as tx:
                quality.put_hashes(tx, kind.name, {n: v for n, v in made.items() if v})
            after, done = items[-1].number, done + len(items)
            failed += sum(not value for value in made.values())
            beat(min(1.0, done / max(1, missing)))
        logger("rehash").info("rehashed", kind=kind.name, items=done, without=failed)

    def job_kinds(self) -> tuple[JobKind, ...]:
        """What takes longer than a request."""
        return (JobKind(JOB, self.run, lease_s=900.0),)

    def _value(self, item: GradeItem, kind: SignalKind) -> bytes:
        """The item's values of a kind, one after another in order of frames; empty for none."""
        if item.blob is None:
            return b""
        with self._vault.open(item.blob) as source:
            outcome = self._screener.fingerprint(
                source, declared=item.type, limits=self._limits, lane=LANE
            )
        if isinstance(outcome, Undecodable):
            return b""
        own = (one for one in outcome.of(kind.name) if one.view is View.ORIGINAL)
        return b"".join(one.signal.value for one in own if not one.compatible)
