"""The exposure clock: how long people look, enforced by the server before each picture.

In comes who wants to look at what; out goes leave, or a refusal with the time pictures are
back. Limits are tightened alone and at once, loosened only when a second person agrees
(reference: law, "Reviewer wellbeing"; two-person rules compare people). Over the cap only a
live case opens, in words and small stills, with a reason, and the time is given back. Asked by
`review.looking.views` and `review.looking.cover`; shown by `web.pages.wellbeing`. Tests:
`tests/integration/test_exposure.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict, ExposureLimit, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.case import CaseKind, CaseState
from breakwater.model.clock import Clock, iso
from breakwater.model.event import Event
from breakwater.model.exposure import (
    Limits,
    Overtime,
    Rest,
    Unit,
    Why,
    loosened,
    named,
    tightened,
)
from breakwater.model.facts import ItemFacts
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import approvals, cases, decisions, exposure, queue
from breakwater.records.database import Database, Tx
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Closed, Exposure, Severity
from breakwater.review.looking.standing import stands

LOOSEN: Final = "exposure.loosen"
"""Kind of the proposals that wait for a second person."""

EVERYBODY: Final = Id("00000000-0000-7000-8000-00000000e0c0")
"""Subject of a proposal about everybody's limits."""

OVERTIME: Final = timedelta(minutes=10)
"""How long a live case stays open beyond a limit; then it is asked for anew."""

LONGEST_BREAK: Final = timedelta(hours=4)
"""A longer one is the end of a shift: sign out."""

_REFUSED: Final = {
    Closed.CAP: "Pictures are closed until you have rested; you saw as much as one shift may.",
    Closed.SHIFT: "Pictures are closed for the end of your shift.",
    Closed.BREAK: "Pictures are closed for the break.",
    Closed.COOL_DOWN: "Pictures are closed for a while after severe items.",
}


class ExposureClock:
    """Knows how long everybody looked, and says when it is enough."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def status(self, who: Principal) -> Exposure:
        """Where a person stands."""
        with self._db.read() as tx:
            return self.of(tx, who.person or who.id)

    def of(self, tx: Tx, person: Id) -> Exposure:
        """The same within a transaction."""
        return stands(tx, person)

    def limits(self, who: Principal) -> Limits:
        """What holds for a person."""
        with self._db.read() as tx:
            return exposure.limits_of(tx, who.person)

    def everybodys(self) -> Limits:
        """What holds for whoever has drawn nothing tighter."""
        with self._db.read() as tx:
            return exposure.limits_of(tx, None)

    def resting(self, tx: Tx, person: Id) -> bool:
        """Whether a person is on a break, or done with pictures for today."""
        return self.of(tx, person).closed is not None

    def check(self, tx: Tx, person: Id, subject: Id, level: Level, *, severity: Severity) -> None:
        """Refuse a picture that would be too much; called in the transaction that writes it down.

        Args:
            tx: the transaction.
            person: who wants to look.
            subject: id of the case, or of the item of a set; what is severe counts once by it.
            level: how large.
            severity: as far as it is known. What nobody knows may be severe: it is not opened
                by somebody who has met enough, and counts once somebody has judged it.

        Raises:
            ExposureLimit: pictures are closed; the facts say until when.
        """
        now = self.of(tx, person)
        if now.closed is None:
            if severity is not Severity.LESS and level in policy.COUNTED:
                self._meet(tx, person, subject, now, severity)
            return
        if level not in policy.COUNTED and self._overtime(tx, person, subject) is not None:
            return
        raise ExposureLimit(
            _REFUSED[now.closed],
            closed=now.closed.value,
            until=None if now.until is None else iso(now.until),
        )

    def _meet(
        self, tx: Tx, person: Id, subject: Id, now: Exposure, severity: Severity
    ) -> None:  # fmt: skip
        """Count something severe once a shift, and no more of them than an hour may have."""
        if _met(tx, person, subject, now.began or tx.now):
            return
        if not now.severe:
            raise ExposureLimit(
                "You met enough severe items within the hour, and this one may be severe. "
                "Take another one."
            )
        if severity is Severity.SEVERE:
            exposure.mark(tx, person, subject)

    def on_decided(self, event: Event) -> None:
        """Count what somebody judged as severe and nothing had announced; once a shift."""
        with self._db.transaction() as tx:
            said = decisions.get(tx, Id(event.body["decision"]))
            seen = said.facts.item
            if said.undoes is None and seen is not None:
                judged(tx, said.by, said.case, seen)

    # breaks

    def take_break(self, who: Principal, minutes: int = 0) -> Rest:
        """Begin a break now; pictures close for its length, live cases go back to the queue.

        Args:
            who: for themselves.
            minutes: how long; 0 takes the limit's, which is also the least.

        Raises:
            BadInput: longer than four hours, or a negative time.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            least = exposure.limits_of(tx, person).of("pause")
            length = max(least, timedelta(minutes=minutes))
            if minutes < 0 or length > LONGEST_BREAK:
                raise BadInput("A break is at most four hours. To end the day, sign out.")
            made = exposure.rest(tx, person, begins_at=tx.now, until=tx.now + length, why=Why.TAKEN)
            for case in queue.held_by(tx, person):
                if case.kind is CaseKind.STREAM:
                    queue.give_back(tx, case.id, by=person, what="released", note="break")
            tx.audit(who.id, "break.take", person, minutes=int(length.total_seconds()) // 60)
        return made

    def may_end(self, tx: Tx, who: Principal) -> bool:
        """Whether a break goes on that the person took freely."""
        newest = exposure.newest_rest(tx, who.person or who.id)
        return newest is not None and newest.why is Why.TAKEN and newest.on(tx.now)

    def end_break(self, who: Principal) -> None:
        """Come back from a break one took; one that is due is not ended.

        Raises:
            Conflict: no break that was taken freely is going on.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            if not self.may_end(tx, who):
                raise Conflict("There is no break to end; one that is due lasts its time.")
            exposure.rest(tx, person, begins_at=tx.now, until=tx.now, why=Why.ENDED)
            tx.audit(who.id, "break.end", person)

    # limits

    def change(
        self, who: Principal, values: Mapping[str, int], reason: str, *, everybody: bool = False
    ) -> Approval | None:
        """Change limits: what is tighter holds at once, what is looser waits for a second person.

        Args:
            who: for themselves, or for everybody.
            values: minutes or items by name; those left out stay.
            reason: in their words; needed for what is looser.
            everybody: whose limits; needs `duty:write`.

        Returns:
            The proposal for what is looser; None when nothing is.

        Raises:
            BadInput: a name or value that cannot be, or no reason.
            NotAllowed: somebody else's limits.
            Conflict: another change waits already.
        """
        whose = None if everybody else _person(who)
        if everybody and not who.may(Permission.DUTY_WRITE):
            raise NotAllowed("Everybody's limits are set by those who plan the duty.")
        with self._db.transaction() as tx:
            before = exposure.limits_of(tx, whose)
            after = before.with_(values)
            tight, loose = tightened(before, after), loosened(before, after)
            if tight:
                self._keep(tx, whose, tight, by=_person(who), second=None, reason=reason)
            if not loose:
                return None
            return self._propose(tx, who, whose, before=before, loose=loose, reason=reason)

    def tighten(self, who: Principal, reason: str = "", **values: int) -> Limits:
        """Draw one's own limits tighter, at once and alone.

        Raises:
            BadInput: one of them would be looser.
        """
        with self._db.transaction() as tx:
            before = exposure.limits_of(tx, _person(who))
            if loose := loosened(before, before.with_(values)):
                raise BadInput(f"This is looser, so it needs a second person: {', '.join(loose)}.")
            return self._keep(tx, who.person, values, by=_person(who), second=None, reason=reason)

    def loosen(self, who: Principal, reason: str, **values: int) -> Approval:
        """Ask to let one's own limits out; holds when a second person has agreed.

        Raises:
            BadInput: nothing of it is looser, or no reason.
        """
        waits = self.change(who, values, reason)
        if waits is None:
            raise BadInput("Nothing of this is looser.")
        return waits

    def proposals(self) -> list[Approval]:
        """What waits for a second person, the oldest first."""
        with self._db.read() as tx:
            return approvals.waiting(tx, kind=LOOSEN)

    def confirm(self, who: Principal, subject: Id, note: str = "") -> Limits:
        """Agree, as the second person.

        Args:
            who: with `wellbeing:read`, and not the one who asked.
            subject: id of the person whose limits they are, or `EVERYBODY`.
            note: in their words.

        Raises:
            NotFound: nothing waits; it may have lapsed.
            NeedsSecondPerson: the one who asked, by whatever account.
        """
        second = _second(who)
        with self._db.transaction() as tx:
            agreed = approvals.confirm(tx, kind=LOOSEN, subject=subject, by=second, note=note)
            values = {name: int(pair[1]) for name, pair in agreed.facts.items()}
            whose = None if subject == EVERYBODY else subject
            return self._keep(tx, whose, values, by=agreed.by, second=second, reason=agreed.reason)

    def refuse(self, who: Principal, subject: Id, note: str = "") -> Approval:
        """Disagree, or take one's own proposal back.

        Raises:
            NotFound: nothing waits, or it is somebody else's and this role looks after nobody.
        """
        by = _person(who)
        with self._db.transaction() as tx:
            if by != subject and not who.may(Permission.WELLBEING_READ):
                raise NotFound("Nothing of yours waits for a second person here.")
            refused = approvals.refuse(tx, kind=LOOSEN, subject=subject, by=by, note=note)
            tx.audit(who.id, "limits.refuse", subject)
        return refused

    def _propose(
        self, tx: Tx, who: Principal, whose: Id | None, *, before: Limits,
        loose: Mapping[str, int], reason: str,
    ) -> Approval:  # fmt: skip
        if not reason.strip():
            raise BadInput("Say why, so that the second person can decide.")
        was = before.values()
        facts = {name: [was[name], value] for name, value in loose.items()}
        waits = approvals.propose(
            tx, kind=LOOSEN, subject=whose or EVERYBODY, by=_person(who),
            reason=reason.strip()[:500], facts=facts,
        )  # fmt: skip
        if dict(waits.facts) != facts:
            raise Conflict("Another change waits for a second person. Take it back first.")
        tx.audit(who.id, "limits.propose", whose or EVERYBODY, **_told(facts))
        return waits

    def _keep(
        self, tx: Tx, whose: Id | None, values: Mapping[str, int], *,
        by: Id, second: Id | None, reason: str,
    ) -> Limits:  # fmt: skip
        holds = exposure.change(
            tx, person=whose, values=values, by=by, second=second, reason=reason.strip()[:500]
        )
        tx.audit(second or by, "limits.loosen" if second else "limits.tighten",
                 whose or EVERYBODY, **values)  # fmt: skip
        return holds

    # over the cap

    def open_over_cap(self, who: Principal, case: Id, reason: str) -> Overtime:
        """Open a live case beyond a limit: words and small stills for ten minutes, given back.

        Args:
            who: somebody whose pictures are closed.
            case: a live one that waits, or that they hold.
            reason: in their words.

        Raises:
            NotAllowed: it is not live, or this role decides nothing.
            BadInput: no reason.
            Conflict: pictures are open, or this is a pause and somebody else may look.
        """
        person = _person(who)
        if not who.may(Permission.CASE_DECIDE):
            raise NotAllowed("Your role decides no cases.")
        if not reason.strip():
            raise BadInput("Say why it cannot wait for somebody else.")
        with self._db.transaction() as tx:
            found = cases.get(tx, case)
            now = self.of(tx, person)
            if found.kind is not CaseKind.STREAM or found.state is CaseState.CLOSED:
                raise NotAllowed("Beyond a limit only a live case opens.")
            if now.closed is None:
                raise Conflict("Pictures are open for you; open the case as always.")
            granted = self._overtime(tx, person, case)
            if granted is not None:
                return granted
            granted = exposure.work_overtime(
                tx, person, case, until=tx.now + OVERTIME, reason=reason.strip()[:500]
            )
            tx.audit(who.id, "overtime.open", case, closed=now.closed.value,
                     minutes=int(OVERTIME.total_seconds()) // 60)  # fmt: skip
            return granted

    def _overtime(self, tx: Tx, person: Id, case: Id) -> Overtime | None:
        """The grant by which a live case is open beyond a limit."""
        for one in exposure.overtime_since(tx, person, tx.now - OVERTIME):
            if one.case == case and one.until > tx.now:
                return one
        return None


def judged(tx: Tx, person: Id, subject: Id, facts: ItemFacts) -> None:
    """Count something severe that somebody judged, in the transaction that keeps their answer."""
    severe = facts.activity in policy.SEVERE_ACTS
    if severe and not _met(tx, person, subject, tx.now - policy.WINDOW):
        exposure.mark(tx, person, subject)


def _met(tx: Tx, person: Id, subject: Id, since: datetime) -> bool:
    """Whether something severe was counted already since a moment."""
    return any(mark.subject == subject for mark in exposure.marks_since(tx, person, since))


def _person(who: Principal) -> Id:
    if who.person is None:
        raise NotAllowed("Limits and breaks are of people, not of keys.")
    return who.person


def _second(who: Principal) -> Id:
    if not who.may(Permission.WELLBEING_READ):
        raise NotAllowed("A looser limit is agreed by somebody who looks after the team.")
    return _person(who)


def _told(facts: Mapping[str, list[int]]) -> dict[str, str]:
    """A proposal's facts for the audit log: from what to what."""
    return {name: f"{was} to {wanted} {_unit(name)}" for name, (was, wanted) in facts.items()}


def _unit(name: str) -> Unit:
    return named(name).unit
