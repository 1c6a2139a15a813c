"""Appeals: taken from services, decided by another person than before, answered by webhook.

While one waits, what is kept of the upload is locked (`records.appeals.holds`). Overturning is a
decision like any other: it releases the upload, speaks of a wrong entry, and its media are
destroyed when it can no longer be undone. A measure that falls by itself (a withdrawn entry, a
first decision in the user's favour) answers what waits. Fed by `web.api.appeals` and
`web.pages.appeals`; tests: `tests/integration/test_appeals.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.appeal import Appeal, AppealOutcome, Claim, Ground, OverturnRate
from breakwater.model.case import Case, CaseState
from breakwater.model.clock import iso
from breakwater.model.decision import DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.notice import Notice
from breakwater.model.upload import Upload
from breakwater.records import appeals, cases, decisions, holds, jobs, uploads
from breakwater.records.database import Database, Tx
from breakwater.review.deciding import effects, policy, wrong
from breakwater.review.deciding.telling import tell
from breakwater.review.deciding.undo import SHRED_JOB

LONGEST: Final = 4_000
"""Characters of what a user or a person says."""

RATED: Final = timedelta(days=365)
"""Overturn rates are of the last year."""


class Appeals:
    """Claims that a measure was wrong, and their answers."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def file(
        self,
        by: Principal,
        upload: Id,
        *,
        claim: Claim,
        words: str = "",
        account: str = "",
        language: str = "",
        reference: str = "",
    ) -> Appeal:
        """Take an appeal; the same reference again is answered as it stands.

        Args:
            by: the service's key.
            upload: what the measure was about.
            claim: why it is said to be wrong.
            words: the user's own, at most 4,000 characters; sealed.
            account: the service's own name of the user; sealed.
            language: in which the user wants to be answered.
            reference: the service's own id of the appeal.

        Raises:
            NotFound: no such upload of this service.
            BadInput: nothing was done to it, so there is nothing to appeal against.
            Conflict: an appeal about it waits already.
        """
        if len(words) > LONGEST:
            raise BadInput(f"An appeal has at most {LONGEST:,} characters.")
        with self._db.transaction() as tx:
            found = uploads.get(tx, upload)
            if by.service not in {"", found.service}:
                raise NotFound(f"upload {upload}")
            before = appeals.by_reference(tx, found.service, reference) if reference else None
            if before is not None:
                return before
            if found.verdict is None or found.verdict.action is Action.ALLOW:
                raise BadInput("This upload is shown, so there is nothing to appeal against.")
            made = appeals.file(
                tx, found, claim=claim, words=words.strip(), account=account, language=language,
                reference=reference, first=sorted(_deciders(tx, found.case)),
            )  # fmt: skip
            if made.case is not None:
                cases.note(tx, made.case, by=by.id, what="appealed", appeal=made.id)
                tx.emit(EventType.CASE_CHANGED, made.case, appeal=made.id)
            tx.audit(by.id, "appeal.file", made.id, upload=upload, claim=claim.value)
            tx.emit(EventType.APPEAL_FILED, made.id)
        return made

    def get(self, appeal: Id, by: Principal) -> tuple[Appeal, Notice | None]:
        """One appeal with what its user is told, for the service that filed it.

        Raises:
            NotFound: no such appeal of this service.
        """
        with self._db.read() as tx:
            found = appeals.get(tx, appeal)
            if by.service not in {"", found.service}:
                raise NotFound(f"appeal {appeal}")
            return found, _notice(tx, found)

    def waiting(self, *, after: int = 0, limit: int = 50) -> list[Appeal]:
        """Appeals that wait for an answer, the first due first."""
        with self._db.read() as tx:
            return appeals.waiting(tx, after=after, limit=limit)

    def decide(
        self,
        who: Principal,
        appeal: Id,
        outcome: AppealOutcome,
        *,
        reason: str,
        ground: Ground | None = None,
    ) -> Appeal:
        """Answer an appeal; overturning releases the upload in the same moment.

        Args:
            who: a person who did not take the first decision.
            appeal: its id.
            outcome: the measure stays, or it falls.
            reason: in words, for the record.
            ground: why it falls.

        Raises:
            NotAllowed: not by this role.
            NeedsSecondPerson: the person who took the first decision.
            Conflict: somebody answered it already.
            BadInput: no reason, or no ground where it falls.
        """
        if who.person is None or not who.may(Permission.APPEAL_DECIDE):
            raise NotAllowed("Appeals are decided by people whose role allows it.")
        if not reason.strip() or len(reason) > LONGEST:
            raise BadInput(f"Give the reason, in at most {LONGEST:,} characters.")
        if (outcome is AppealOutcome.OVERTURNED) != (ground is not None):
            raise BadInput("Say why the measure falls; when it stays there is nothing to say.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = appeals.get(tx, appeal)
            if not found.waits:
                raise Conflict(f"Appeal {found.number} is answered already.")
            if who.person in {*found.first, *_deciders(tx, found.case)}:
                raise NeedsSecondPerson("You took the decision that is appealed against.")
            if ground is not None:
                _overturn(tx, found, ground, by=who.person, reason=reason.strip())
            return _answer(tx, found, outcome, by=who.person, reason=reason.strip(), ground=ground)

    def rates(self) -> dict[str, list[OverturnRate]]:
        """How often appeals were right in the last year, by bank, rule and reviewer."""
        with self._db.read() as tx:
            return appeals.rates(tx, tx.now - RATED)

    def on_decided(self, event: Event) -> None:
        """A case was decided: what it released needs no other answer."""
        reached = {one.upload for one in self._reached(event)}
        with self._db.transaction() as tx:
            for upload in sorted(reached):
                _fall(tx, upload, "The case was decided in the user's favour.")

    def on_verdict(self, event: Event) -> None:
        """The lists changed and nothing stands against an upload any more.

        What a person decided is heard by `on_decided`, and keeps its media while it can be undone.
        """
        if event.body.get("action") != Action.ALLOW.value or event.body.get("why") == "decision":
            return
        with self._db.transaction() as tx:
            fallen = _fall(tx, event.subject, "Nothing on the lists stands against it any more.")
            if fallen is not None:
                _let_go(tx, fallen)

    def _reached(self, event: Event) -> list[Any]:
        decision = event.body.get("decision")
        if decision is None or event.body.get("undone"):
            return []
        with self._db.read() as tx:
            said = decisions.get(tx, Id(decision))
            return decisions.effects(tx, said.lead or said.id)


def _fall(tx: Tx, upload: Id, why: str) -> Upload | None:
    """Answer what waits about an upload that passes now; None when nothing waited."""
    found = uploads.find(tx, upload)
    if found is None or found.verdict is None or found.verdict.action is not Action.ALLOW:
        return None
    waiting = [appeal for appeal in appeals.of_upload(tx, upload) if appeal.waits]
    for appeal in waiting:
        _answer(tx, appeal, AppealOutcome.OVERTURNED, by=appeals.SYSTEM, reason=why)
    return found if waiting else None


def _deciders(tx: Tx, case: Id | None) -> set[Id]:
    """Everybody who decided a case, the second ones too, whether or not it still stands."""
    said = decisions.of_case(tx, case) if case else []
    return {d.by for d in said} | {d.second for d in said if d.second}


def _overturn(tx: Tx, appeal: Appeal, ground: Ground, *, by: Id, reason: str) -> None:
    """Release the upload as a decision of this person, on this upload alone.

    An entry that is wrong is spoken of; what else it touched is released from its own case,
    where the effect is shown and more than ten items take a second person.
    """
    if appeal.case is None:
        raise Conflict("No case stands behind this measure; withdraw the entry it rests on.")
    case = cases.get(tx, appeal.case)
    kind = DecisionKind(ground.value)
    planned = effects.plan(tx, case, DecisionKind.NOT_ILLEGAL)
    said = decisions.add(tx, case=case.id, kind=kind, by=by, reason=reason)
    effects.make(tx, planned, said)
    if kind is DecisionKind.WRONG_MATCH and planned.upload is not None:
        wrong.speak(tx, said, planned.upload, policy.entries_of(planned.upload))
    effects.tell(tx, _closed(tx, case, by, reason), said)


def _closed(tx: Tx, case: Case, by: Id, reason: str) -> Case:
    if case.state is CaseState.CLOSED:
        return case
    return cases.close(tx, case.id, by=by, reason=reason)


def _answer(
    tx: Tx,
    appeal: Appeal,
    outcome: AppealOutcome,
    *,
    by: str,
    reason: str,
    ground: Ground | None = None,
) -> Appeal:
    """Write the answer down and tell the service, with what its user may know."""
    done = appeals.answer(tx, appeal.id, outcome, by=by, reason=reason, ground=ground)
    if done.case is not None:
        cases.note(tx, done.case, by=by, what=f"appeal_{outcome.value}", words=reason)
        tx.emit(EventType.CASE_CHANGED, done.case, appeal=done.id)
    tx.audit(by, f"appeal.{outcome.value}", done.id, upload=done.upload, ground=ground or "")
    tx.emit(EventType.APPEAL_DECIDED, done.id, service=done.service, told=_told(tx, done))
    return done


def _told(tx: Tx, appeal: Appeal) -> dict[str, Any]:
    """The data of `appeal.decided`: ids, words of the notice, and never why in person's words."""
    notice = _notice(tx, appeal)
    return {
        "appeal": appeal.id,
        "reference": appeal.reference,
        "id": appeal.upload,
        "service": appeal.service,
        "outcome": appeal.answer.outcome.value if appeal.answer else None,
        "ground": appeal.answer.ground if appeal.answer else None,
        "automated": bool(appeal.answer and appeal.answer.by == appeals.SYSTEM),
        "decided_at": iso(appeal.answer.at) if appeal.answer else None,
        "notice": None if notice is None else notice_json(notice),
    }


def _notice(tx: Tx, appeal: Appeal) -> Notice | None:
    """What the user is told of the answer; None while there is none."""
    upload = uploads.find(tx, appeal.upload)
    if upload is None or appeal.waits:
        return None
    return tell(tx, upload, appeal.language, appeal)


def notice_json(notice: Notice) -> dict[str, Any]:
    """A notice as services get it; a withheld one says only that, and until when."""
    out: dict[str, Any] = {
        "measure": notice.measure.value,
        "decided_by": notice.decided_by.value,
        "language": notice.language,
        "version": notice.version,
        "withheld_until": None,
    }
    if notice.withheld_until is not None:
        return out | {"withheld_until": iso(notice.withheld_until)}
    return out | {
        "what": notice.what,
        "why": notice.why,
        "how": notice.decided_by_words,
        "appeal": notice.appeal,
        "statement": dict(notice.statement),
    }


def _let_go(tx: Tx, upload: Upload) -> None:
    """Suspicion was not confirmed and nothing locks it any more: delete at once."""
    if upload.blob is None or appeals.holds(tx, upload.id):
        return
    if holds.held_upload(tx, upload.id, upload.blob):  # it goes when the hold ends
        return
    uploads.forget_evidence(tx, upload.id)
    jobs.enqueue(tx, SHRED_JOB, {"blob": upload.blob})
    tx.audit("system", "media.shredded", upload.id, why="appeal")
