"""A verdict changes when the lists change: found later, withdrawn, quarantined, released.

Subscribed to `upload.matched`, `entry.withdrawn`, `entry.quarantined` and `entry.released`.
Each change is a new append-only verdict row, `verdict.changed` to the service, and a case
opened or closed with it. What a person decided stands, whatever the lists say of the same
entries later; a new entry is a new question. Suspicion that is not confirmed is deleted at
once (law reference): when nothing acts any more, the preserved media's key is shredded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from breakwater.errors import NotFound
from breakwater.intake import policy
from breakwater.intake.outcome import SHRED_JOB
from breakwater.model.bank import EntryStatus
from breakwater.model.case import CaseKind, Priority
from breakwater.model.clock import Clock
from breakwater.model.copies import CopyMatch, ReelPrints
from breakwater.model.decision import DECIDED, STANDING
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.match import Action, Match, Verdict
from breakwater.model.signal import Fingerprint, Signal
from breakwater.model.upload import Upload
from breakwater.observe import logger
from breakwater.recognition import copies
from breakwater.recognition.screen import Screener, silence
from breakwater.records import (
    appeals,
    banks,
    cases,
    entries,
    holds,
    jobs,
    reels,
    uploads,
    videos,
)
from breakwater.records.copies import touched_by
from breakwater.records.database import Database, Tx

_log = logger("intake")

PAGE = 1_000
"""Uploads of one entry judged in a row before the next are read."""


class Reviser:
    """Judges uploads again."""

    def __init__(self, *, db: Database, screener: Screener, clock: Clock) -> None:
        self._db = db
        self._screener = screener
        self._clock = clock

    def on_matched(self, event: Event) -> None:
        """An upload that passed matches an entry that is new, or shows a new known video."""
        signals = [Signal.parse(text) for text in event.body.get("signals", ())]
        try:
            with self._db.read() as tx:
                upload = uploads.get(tx, event.subject)
        except NotFound:
            return
        before = upload.verdict.matches if upload.verdict else ()
        items = [Fingerprint(signal) for signal in signals]
        now = self._screener.match(items, unit=upload.sha256, now=self._clock.now())
        known = {match.number for match in before}
        both = [*before, *(match for match in now if match.number not in known)]
        shown = self._shown(upload, [int(one) for one in event.body.get("reels", ())])
        self._rejudge(upload, both, why="retroactive", shown=shown)

    def _shown(self, upload: Upload, numbers: Sequence[int]) -> tuple[CopyMatch, ...]:
        """Stretches of reels that are new, in what was kept of a video that passed."""
        with self._db.read() as tx:
            packed = videos.views_of(tx, upload.id) if numbers else None
        if packed is None:
            return ()
        return copies.later(self._db, ReelPrints.parse(packed), numbers, unit=upload.sha256)

    def on_entry(self, event: Event) -> None:
        """An entry was withdrawn, quarantined or released: judge again what it touched."""
        for number in event.body.get("numbers", ()):
            after: Id | None = None
            while True:
                with self._db.read() as tx:
                    page = uploads.touched_by(tx, int(number), after=after, limit=PAGE)
                for upload in page:
                    matches = upload.verdict.matches if upload.verdict else ()
                    self._rejudge(upload, matches, why=event.type.value)
                if len(page) < PAGE:
                    break
                after = page[-1].id

    def on_reel(self, event: Event) -> None:
        """A known video was withdrawn: judge again what it touched."""
        number, after = int(event.body["number"]), None
        while True:
            with self._db.read() as tx:
                page = touched_by(tx, number, after=after, limit=PAGE)
                touched = uploads.many(tx, page)
            for upload in touched.values():
                matches = upload.verdict.matches if upload.verdict else ()
                self._rejudge(upload, matches, why=event.type.value)
            if len(page) < PAGE:
                return
            after = page[-1]

    def _rejudge(
        self,
        upload: Upload,
        matches: Sequence[Match],
        *,
        why: str,
        shown: Sequence[CopyMatch] = (),
    ) -> None:
        with self._db.transaction() as tx:
            current = uploads.get(tx, upload.id)
            if current.verdict is not None and current.verdict.rule.startswith(STANDING):
                return
            fresh = refresh(tx, matches)
            held = current.verdict.copies if current.verdict else ()
            known = {one.number for one in held}
            every = [*held, *(one for one in shown if one.number not in known)]
            told = copies.refresh(every, reels.many(tx, (one.number for one in every)))
            actions = {bank.name: bank.action for bank in banks.every(tx)}
            verdict = policy.decide(fresh, actions, told)
            if current.verdict is not None and _same(current.verdict, verdict):
                return
            self._apply(tx, current, verdict, why=why)

    def _apply(self, tx: Tx, upload: Upload, verdict: Verdict, *, why: str) -> None:
        was = upload.verdict.action if upload.verdict else Action.ALLOW
        uploads.revise(tx, upload.id, verdict)
        if was is Action.ALLOW and verdict.action is not Action.ALLOW:
            case = cases.open(
                tx,
                kind=CaseKind.RETROACTIVE,
                subject=upload.id,
                why=f"It passed on {upload.received_at:%Y-%m-%d}; {verdict.reason}",
                priority=max(
                    policy.priority(verdict, upload.surface), Priority.HIGH, key=lambda p: p.rank
                ),
                service=upload.service,
                account=upload.origin.account,
            )
            uploads.set_case(tx, upload.id, case.id)
        elif was is not Action.ALLOW and verdict.action is Action.ALLOW:
            self._release(tx, upload, why)
        tx.audit("system", "verdict.changed", upload.id, to=verdict.action.value, why=why)
        tx.emit(
            EventType.VERDICT_CHANGED,
            upload.id,
            action=verdict.action.value,
            before=was.value,
            why=why,
            webhook=True,
        )

    def _release(self, tx: Tx, upload: Upload, why: str) -> None:
        """Nothing acts any more: close the case nobody decided, and delete what it kept.

        What an open appeal locks is deleted when the appeal is answered, by `verdict.changed`.
        """
        if why == EventType.ENTRY_QUARANTINED.value:
            return
        if upload.case is not None:
            cases.close(tx, upload.case, by="system", reason=f"no entry matches any more ({why})")
        locked = appeals.holds(tx, upload.id) or holds.held_upload(tx, upload.id, upload.blob)
        if upload.blob is not None and not locked:
            uploads.forget_evidence(tx, upload.id)
            jobs.enqueue(tx, SHRED_JOB, {"blob": upload.blob})


def refresh(tx: Tx, matches: Sequence[Match]) -> list[Match]:
    """Matches with the present state of their entries; withdrawn ones are gone."""
    known = entries.many(tx, sorted({match.number for match in matches}))
    out: list[Match] = []
    for match in matches:
        entry = known.get(match.number)
        if entry is None or entry.status is EntryStatus.WITHDRAWN:
            continue
        if match.why_not == DECIDED:
            out.append(match)
            continue
        if entry.status is not EntryStatus.ACTIVE:
            out.append(replace(match, acting=False, why_not=entry.status.value))
        elif match.why_not in {"quarantined", "proposed", "harmless"}:
            out.append(replace(match, acting=True, why_not=""))
        else:
            out.append(match)
    return silence(out)


def _same(before: Verdict, after: Verdict) -> bool:
    def acting(one: Verdict) -> tuple[set[int], set[int]]:
        return (
            {match.number for match in one.matches if match.acting},
            {copy.number for copy in one.copies if copy.acting},
        )

    return (
        before.action is after.action
        and before.rule == after.rule
        and acting(before) == acting(after)
    )
