"""The queue for people: take the next case, keep it, give it back, skip it, hand it over.

A case is with one person at a time, under a lease that looking and working renew; who falls
silent loses it, and is told who took it. What a person is offered goes by their skills and
opt-outs; what they take by its number goes by skill alone. Every act is an audit row. Fed by
`web.api.cases` and the Queue page; tested in `tests/contract/test_review_queue.py` and, for
"no case with two people and none lost", in `tests/property/test_queue_leases.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from breakwater.errors import BadInput, Conflict, LeaseLost, NotAllowed, NotFound
from breakwater.model.access import Permission, Person, Principal
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.ids import Id, parse_id
from breakwater.model.queue import (
    HANDED,
    LEASE,
    MOST_HELD,
    SKIPPED_FOR,
    WorkTerms,
)
from breakwater.model.routing_form import word
from breakwater.records import cases, people, skips
from breakwater.records import queue as rows
from breakwater.records.database import Database, Tx
from breakwater.records.texts import storable
from breakwater.review.queueing import steering

MOST_WORDS: Final = 50
"""Skills or opt-outs of one person."""


class Queue:
    """Gives cases to people and takes them back."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def next(self, who: Principal, *, queue: str = "") -> Case | None:
        """Take the most urgent case that is for this person; None when nothing waits for them.

        Severe cases pass by whoever has met enough of them (`review.queueing.steering`).

        Raises:
            NotAllowed: this role decides no cases.
            Conflict: too many are held already, and no live case waits.
        """
        person = decider(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            terms = rows.terms(tx, person)
            held = len(rows.held_by(tx, person))
            full = held >= MOST_HELD
            case = steering.next_for(tx, terms, queue=queue, live=full)
            if case is not None:
                return _give(tx, case, person)
            if full:
                raise Conflict(f"You hold {held} cases. Decide or release one first.")
            return None

    def take(self, who: Principal, case: Id, *, expected_version: int | None = None) -> Case:
        """Take one case by name.

        Raises:
            NotAllowed: this role decides no cases, or this person must not judge this one.
            NotFound: no such case.
            Conflict: it is closed, changed since, or somebody else holds it.
        """
        person = decider(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = open_case(tx, case, expected_version)
            _not_anothers(tx, found, person)
            fits(tx, found, person)
            return _give(tx, found, person)

    def extend(self, who: Principal, case: Id) -> Case:
        """Go on with a case: the lease begins anew, also when it ran out and nobody came.

        Raises:
            LeaseLost: somebody else has it, or it is closed.
            Conflict: this person never held it: reading a case takes it from nobody.
        """
        person = decider(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = cases.get(tx, case)
            lost = lost_words(tx, found, person)
            if lost:
                raise LeaseLost(lost)
            if found.held_by != person and not _lapsed_from(tx, found, person):
                raise Conflict("You do not hold this case.")
            return cases.hold(tx, case, by=person, until=tx.now + LEASE)

    def release(self, who: Principal, case: Id, *, reason: str = "") -> Case:
        """Give a case back, so that anybody may take it.

        Raises:
            Conflict: this person does not hold it.
        """
        person, reason = decider(who), reason_of(reason, needed=False)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = open_case(tx, case)
            if not _holds(tx, found, person):
                raise Conflict(_held_words(tx, found) or "You do not hold this case.")
            tx.audit(person, "case.release", case, reason=reason)
            return rows.give_back(tx, case, by=person, what="released", note=reason)

    def skip(self, who: Principal, case: Id, *, reason: str) -> Case:
        """Do not judge this case: it waits for others, and is not offered again for a shift.

        Raises:
            BadInput: no reason.
            Conflict: it is closed, or somebody else holds it.
        """
        person, reason = decider(who), reason_of(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = open_case(tx, case)
            _not_anothers(tx, found, person)
            skips.skip(tx, case, person, reason=reason, until=tx.now + SKIPPED_FOR)
            tx.audit(person, "case.skip", case, reason=reason)
            if _holds(tx, found, person):
                return rows.give_back(tx, case, by=person, what="skipped", note=reason)
            cases.note(tx, case, by=person, what="skipped", words=reason)
            return found

    def hand_over(
        self, who: Principal, case: Id, *, to: Id, reason: str, expected_version: int | None = None
    ) -> Case:
        """Give a case to a colleague, who finds it at the top of theirs.

        Raises:
            BadInput: no reason.
            NotAllowed: the colleague does not take such cases.
            Conflict: it is closed, changed since, or a third person holds it.
        """
        person, reason = decider(who), reason_of(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = open_case(tx, case, expected_version)
            _not_anothers(tx, found, person)
            name = receiver(tx, found, person, to).name
            tx.audit(person, "case.hand_over", case, to=to, reason=reason)
            note = f"To {name}: {reason}"
            return rows.hand_over(tx, case, by=person, to=to, until=tx.now + HANDED, note=note)

    def escalate(self, who: Principal, case: Id, *, reason: str) -> Case:
        """Make a case one step more urgent; it is due at once when it is at the top already.

        Raises:
            BadInput: no reason.
            Conflict: it is closed, or as urgent as can be.
        """
        person, reason = decider(who), reason_of(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = open_case(tx, case)
            if found.priority is Priority.NOW:
                raise Conflict(f"Case {found.number} is as urgent as can be. Hand it over instead.")
            tx.audit(person, "case.escalate", case, reason=reason)
            return raised(tx, found, by=person, note=reason)

    def colleagues(self, who: Principal) -> list[Person]:
        """People a case may be handed to, by name."""
        with self._db.read() as tx:
            return [one for one in people.every(tx) if decides(one) and one.id != who.person]

    def held(self, who: Principal) -> list[Case]:
        """Cases this person holds now, the most urgent first."""
        with self._db.read() as tx:
            return rows.held_by(tx, who.person) if who.person else []

    def lost(self, who: Principal, case: Id) -> str:
        """Why this person's lease is gone, in words; empty while they hold the case."""
        with self._db.read() as tx:
            return lost_words(tx, cases.get(tx, case), decider(who))

    def holds(self, who: Principal, case: Id) -> bool:
        """Whether this person holds the case now."""
        with self._db.read() as tx:
            return who.person is not None and _holds(tx, cases.get(tx, case), who.person)

    def terms(self, who: Principal) -> WorkTerms:
        """On what terms this person works."""
        with self._db.read() as tx:
            return rows.terms(tx, decider(who))

    def opt_out(self, who: Principal, words: frozenset[str]) -> WorkTerms:
        """Choose which content is not offered to oneself; nobody else is told which.

        Raises:
            BadInput: a word that is no content.
        """
        person = decider(who)
        chosen = frozenset(_content(text) for text in words)
        if len(chosen) > MOST_WORDS:
            raise BadInput(f"At most {MOST_WORDS} words.")
        with self._db.transaction() as tx:
            terms = replace(rows.terms(tx, person), opt_outs=chosen)
            rows.set_terms(tx, terms)
            tx.audit(person, "person.opt_outs", person, words=len(chosen))
            return terms

    def set_skills(self, who: Principal, person: Id, skills: frozenset[str]) -> WorkTerms:
        """Say what somebody is trained for.

        Raises:
            NotAllowed: this role does not lead the work.
            NotFound: nobody.
        """
        if not who.may(Permission.ROUTING_WRITE):
            raise NotAllowed("Skills are given by whoever sets the routing rules.")
        known = frozenset(word(skill, "A skill") for skill in skills)
        with self._db.transaction() as tx:
            people.get(tx, person)
            terms = replace(rows.terms(tx, person), skills=known)
            rows.set_terms(tx, terms)
            tx.audit(who.id, "person.skills", person, skills=sorted(known))
            return terms


def decider(who: Principal) -> Id:
    """The person behind a request that moves cases.

    Raises:
        NotAllowed: a key, or a role that decides no cases.
    """
    if who.person is None or not who.may(Permission.CASE_DECIDE):
        raise NotAllowed("Your role reads cases and does not take them.")
    return who.person


def decides(person: Person) -> bool:
    """Whether somebody works on cases."""
    return person.active and any(Permission.CASE_DECIDE in r.permissions for r in person.roles)


def open_case(tx: Tx, case: Id, expected_version: int | None = None) -> Case:
    """A case that waits.

    Raises:
        NotFound: no such case.
        Conflict: it is closed, or was changed since it was seen.
    """
    found = cases.get(tx, case)
    if found.state is CaseState.CLOSED:
        raise Conflict(f"Case {found.number} is closed.", version=found.version)
    if expected_version is not None and found.version != expected_version:
        raise Conflict(_changed_words(tx, found), version=found.version)
    return found


def fits(tx: Tx, case: Case, person: Id) -> None:
    """Refuse a person who must not, or is not trained to, judge a case.

    Raises:
        NotAllowed: in words that say which.
    """
    if skips.kept_from(tx, case.id, person):
        raise NotAllowed("Somebody else must judge this case. You did before.")
    skill = rows.waiting(tx, case.id).skill
    if skill and skill not in rows.terms(tx, person).skills:
        raise NotAllowed(f"This case needs the skill “{skill}”.")


def receiver(tx: Tx, case: Case, giver: Id, to: Id) -> Person:
    """The colleague a case is handed to.

    Raises:
        NotFound: nobody.
        NotAllowed: they do not take such a case; why is not told.
    """
    person = people.get(tx, to)
    if to == giver:
        raise NotAllowed("You are that person. Take the case instead.")
    terms = rows.terms(tx, to)
    fitting = terms.takes(rows.waiting(tx, case.id).skill, rows.content(tx, case.id))
    if not decides(person) or not fitting or skips.kept_from(tx, case.id, to):
        raise NotAllowed(f"{person.name} does not take this case. Choose somebody else.")
    return person


def raised(tx: Tx, case: Case, *, by: str, note: str, to: Priority | None = None) -> Case:
    """Make a case more urgent, one step or up to `to`; its due time stays when it is sooner."""
    higher = to or list(Priority)[max(0, case.priority.rank - 1)]
    if higher.rank >= case.priority.rank:
        return case
    due_at = min(case.due_at, tx.now + higher.due_in)
    return rows.reprioritise(
        tx, case, higher, due_at=due_at, by=by, note=note, what="escalated"
    )  # fmt: skip


def lost_words(tx: Tx, case: Case, person: Id) -> str:
    """Why somebody does not have a case any more; empty when they have it or may go on."""
    if case.state is CaseState.CLOSED:
        at = case.closed_at or tx.now
        return f"Case {case.number} was closed at {at:%H:%M}. Your notes are kept."
    if case.held_by in {None, person} or (case.held_until or tx.now) <= tx.now:
        return ""
    taken = [s for s in cases.history(tx, case.id) if s.what in {"held", "handed_over"}]
    at = taken[-1].at if taken else tx.now
    return f"{_name(tx, case.held_by)} took this case at {at:%H:%M}. Your notes are kept."


def _give(tx: Tx, case: Case, person: Id) -> Case:
    held = cases.hold(tx, case.id, by=person, until=tx.now + LEASE)
    tx.audit(person, "case.take", case.id, live=case.kind is CaseKind.STREAM)
    return held


def _holds(tx: Tx, case: Case, person: Id) -> bool:
    return case.held_by == person and case.held_until is not None and case.held_until > tx.now


def _lapsed_from(tx: Tx, case: Case, person: Id) -> bool:
    """Whether the last thing that happened is that this person's lease ran out."""
    last = cases.history(tx, case.id)[-1]
    return last.what == "lapsed" and last.facts.get("was") == person


def _not_anothers(tx: Tx, case: Case, person: Id) -> None:
    words = _held_words(tx, case)
    if words and case.held_by != person:
        raise Conflict(words, held_by=_name(tx, case.held_by), version=case.version)


def _held_words(tx: Tx, case: Case) -> str:
    if case.held_by is None or case.held_until is None or case.held_until <= tx.now:
        return ""
    return f"This case is not yours. {_name(tx, case.held_by)} holds it."


def _changed_words(tx: Tx, case: Case) -> str:
    """Who changed what since somebody looked."""
    last = cases.history(tx, case.id)[-1]
    return f"{_name(tx, last.by)} changed this case at {last.at:%H:%M}: {last.what}."


def _name(tx: Tx, actor: str | None) -> str:
    """Whoever acted: a person by name, a key or part as the program."""
    known = parse_id(actor or "")
    try:
        return people.get(tx, known).name if known else "breakwater"
    except NotFound:
        return "A key"


def reason_of(text: str, *, needed: bool = True) -> str:
    """A reason in one line.

    Raises:
        BadInput: there is none, it is too long, or no database keeps it.
    """
    reason = " ".join(text.split())
    storable(reason)
    if needed and not reason:
        raise BadInput("Say why, in a few words.")
    if len(reason) > 500:
        raise BadInput("A reason has at most 500 letters.")
    return reason


def _content(text: str) -> str:
    kept = text.strip().casefold()
    storable(kept)
    if not 0 < len(kept) <= 64:
        raise BadInput("A word of content has 1 to 64 letters.")
    return kept
