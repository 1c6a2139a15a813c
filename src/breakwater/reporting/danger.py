"""A child is in danger now: who broadcasts from where, whom to call, and the report that goes at once.

In: a case, and what people do on its page. Out: addresses with their country at that time, the
operator's emergency contacts, calls as rows that are only ever added, and escalated reports that
wait for no media; the rest follows as supplementary (reference: law; DSA Art. 18). One person
files; where the policy says so, a second one agrees first on a real recipient, otherwise within
24 hours. Called by `web.pages.danger`; tests: `tests/contract/test_danger.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import BadInput, Conflict, SendingRefused
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.case import Case, CaseKind
from breakwater.model.clock import iso
from breakwater.model.decision import AccountRole
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.recipient import Contact, DangerCall, Reached
from breakwater.model.watch import Certainty, Place
from breakwater.records import (
    approvals,
    cases,
    danger_calls,
    decisions,
    filings,
    stream_people,
    streams,
    uploads,
)
from breakwater.records.database import Database, Tx
from breakwater.reporting import following
from breakwater.reporting.drafting.draft import Drafted, Drafter
from breakwater.reporting.drafting.hurried import hurried
from breakwater.reporting.drafting.material import gather
from breakwater.reporting.filing import SEND
from breakwater.reporting.permits import Destination, Permits, write_down

FILED: Final = "danger.file"
"""The step in the history of a case, and the verb in the audit log."""
KIND: Final = "danger_now"
"""Kind of the approval that a decision "child in danger now" asks of a second person."""
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class SeenFrom:
    """Where the account was seen.

    Attributes:
        address: empty where whoever looks may not see it; place: what was known of it then.
    """

    address: str
    port: int | None
    at: datetime
    place: Place


@dataclass(frozen=True, slots=True)
class InDanger:
    """Everything the page shows.

    Attributes:
        said: somebody has said that a child is in danger, and it stands.
        waits: what a second person confirms; None: nothing waits.
        countries: where the account may be, the surest first.
        contacts: whom to call there, then those for anywhere.
        filings: reports of the case, with those that went at once.
    """

    case: Case
    account: str
    said: bool
    waits: Approval | None
    seen: tuple[SeenFrom, ...]
    countries: tuple[str, ...]
    contacts: tuple[Contact, ...]
    calls: tuple[DangerCall, ...]
    filings: tuple[Filing, ...]


class Danger:
    """What a person does while a child is in danger."""

    def __init__(
        self, *, db: Database, drafter: Drafter, destinations: Mapping[str, Destination],
        permits: Permits, resolve: Callable[[str, datetime], Place],
        contacts: Sequence[Contact] = (), waits: bool = False,
    ) -> None:  # fmt: skip
        """Take what it needs; `waits`: a second person agrees before a real recipient is sent it."""
        self._db = db
        self._drafter = drafter
        self._destinations = destinations
        self._permits = permits
        self._resolve = resolve
        self._contacts = tuple(contacts)
        self._waits = waits

    def look(self, by: Principal, case: Id) -> InDanger:
        """What the page shows; written down before it is shown.

        Raises:
            NotFound: no such case.
        """
        clear = by.may(Permission.IDENTITY_READ)
        with self._db.transaction() as tx:
            found = cases.get(tx, case)
            tx.audit(by.id, "danger.read", case, identities=clear)
            told = _addresses(tx, found)
            said = decisions.in_danger(tx, case)
            waits = [one for one in approvals.waiting(tx, kind=KIND) if one.subject == case]
            calls = tuple(danger_calls.of_case(tx, case))
            sent = tuple(filings.of_case(tx, case))
        seen = tuple(
            SeenFrom(
                (place.address or address) if clear else "", port if clear else None, at, place
            )
            for address, port, at in told
            for place in (self._resolve(address, at),)
        )
        countries = _countries(one.place for one in seen)
        return InDanger(
            case=found, account=found.account if by.may(Permission.ACCOUNT_READ) else "",
            said=said, waits=waits[0] if waits else None, seen=seen, countries=countries,
            contacts=self._to_call(countries), calls=calls, filings=sent,
        )  # fmt: skip

    def call(
        self, by: Principal, case: Id, *, contact: str, outcome: Reached, words: str
    ) -> DangerCall:
        """Write down a call that was made.

        Raises:
            NotFound: no such case.
            BadInput: it says not whom, or too much.
        """
        if not contact.strip() or len(contact) > 200 or len(words) > LONGEST:
            raise BadInput(f"Say whom you called, in 200 letters, and what was said, in {LONGEST}.")
        with self._db.transaction() as tx:
            cases.get(tx, case)
            who = str(by.person or by.id)
            tx.audit(by.id, "danger.call", case, outcome=outcome.value)
            cases.note(tx, case, by=who, what="danger.call", outcome=outcome.value)
            return danger_calls.add(
                tx, case, contact=contact.strip(), outcome=outcome, words=words.strip(), by=who
            )

    def file(
        self, by: Principal, case: Id, *, role: AccountRole = AccountRole.UNKNOWN, reason: str = ""
    ) -> tuple[Filing, ...]:
        """File the escalated report with everybody who is always told; wait for no media.

        Pressed twice it is one report. What one recipient may not have is noted in the case and
        goes to the others.

        Returns:
            Reports that are on their way, or filed.

        Raises:
            Conflict: nobody has said that a child is in danger; nobody reports, or to nobody.
            SendingRefused: the table lets it go to nobody at all.
        """
        with self._db.read() as tx:
            kind = cases.get(tx, case).kind
            if kind is CaseKind.RECEIVED:
                raise Conflict("Others reported this: call, and refer it on the case's page.")
            if kind is CaseKind.LEAD:
                raise Conflict("A lead is not reported: call, and report the cases of its media.")
            if not (decisions.in_danger(tx, case) or decisions.known_since(tx, case)):
                raise Conflict("Say first that a child is in danger now.")
            found = gather(tx, case)
        drafted = hurried(self._drafter, found, role, reason.strip()[:LONGEST])
        if any(one.report is None for one in drafted):
            raise Conflict("Nobody is set up who reports: set BREAKWATER_REPORTS_EMAIL.")
        to = [one for one in self._destinations.values() if one.drafts and one.set_up]
        if not to:
            raise Conflict("No recipient is set up: call, and write the call down.")
        sent: list[Filing] = []
        refused: SendingRefused | None = None
        with self._db.transaction() as tx:
            tx.lock_changes()
            for destination in to:
                for one in drafted:
                    due = found.known_at + destination.time_for(urgent=True)
                    about = filings.About(
                        case, destination.name, found.known_at, due, _group(tx, case, destination),
                        one.person, urgent=True,
                    )  # fmt: skip
                    filing = self._draft(tx, about, one)
                    try:
                        self._permits.check(tx, filing)
                    except SendingRefused as fault:
                        refused = fault
                        write_down(tx, filing, by.id, fault)
                        continue
                    sent.append(self._send(tx, by, filing, destination))
            whom = [one.destination for one in sent]
            tx.audit(by.id, FILED, case, recipients=whom, reports=len(sent))
            cases.note(tx, case, by=str(by.person or by.id), what=FILED, recipients=whom)
        if refused is not None and not sent:
            raise refused
        return tuple(sent)

    def _draft(self, tx: Tx, about: filings.About, one: Drafted) -> Filing:
        """The report that goes; one that was urgent already stays as it is.

        One that takes its time, or that stopped, is not waited for: this one goes beside it.
        """
        assert one.report is not None  # noqa: S101 - the caller refused those
        gone = following.earlier(tx, about.case, about.destination, one.report)
        if gone and not following.adds(one.report, [said for _, said in gone]):
            return gone[0][0]
        fresh = following.adding_to(one.report, [before for before, _ in gone]).plain()
        filing = filings.draft(tx, about, fresh)
        slow = filing.state.under_way or filing.state is FilingState.DEAD
        if slow and (filing.files or not filing.urgent):
            return filings.draft(tx, about, fresh, beside=True)
        if filing.state is FilingState.DEAD:
            return filings.begin_anew(tx, filing)
        if filing.state is FilingState.SECOND and (filing.files or not filing.urgent):
            filing = filings.move(tx, filing, FilingState.DRAFT)
        if filing.state is FilingState.DRAFT:
            filing = filings.redraft(tx, filing, fresh, ())
            filing = filings.note(tx, filing, urgent=True, due_at=about.due_at)
        return filing

    def _send(self, tx: Tx, by: Principal, filing: Filing, to: Destination) -> Filing:
        person = by.person or by.id
        if filing.state is FilingState.SECOND:
            asked = [one for one in approvals.of_subject(tx, filing.id) if not one.outcome]
            if not asked or asked[0].lapses_at <= tx.now:
                self._ask(tx, person, filing)
                return filing
            if asked[0].by == person:
                return filing
            approvals.confirm(tx, kind=SEND, subject=filing.id, by=person)
        elif filing.state is FilingState.NEW:
            filings.carry_on(tx, filing.id)
            return filing
        elif filing.state is not FilingState.DRAFT:
            return filing
        elif self._waits and to.two_people:
            self._ask(tx, person, filing)
            return filings.move(tx, filing, FilingState.SECOND, wanted_by=by.id)
        wanted = filing.wanted_by or by.id
        done = filings.move(tx, filing, FilingState.NEW, wanted_by=wanted)
        filings.carry_on(tx, filing.id)
        return done

    def _ask(self, tx: Tx, person: Id, filing: Filing) -> None:
        """Ask for a second person; anybody else who presses the same button is one."""
        facts = {"case": filing.case, "destination": filing.destination}
        approvals.propose(tx, kind=SEND, subject=filing.id, by=person, reason=KIND, facts=facts)

    def _to_call(self, countries: Sequence[str]) -> tuple[Contact, ...]:
        """Those of the countries in their order, then those for anywhere, then all others."""
        order = {code: n for n, code in enumerate((*countries, ""))}
        return tuple(sorted(self._contacts, key=lambda one: order.get(one.country, len(order))))


def script(found: InDanger, platform: str) -> tuple[str, ...]:
    """What to say on the telephone, one sentence a line; only what is known."""
    said = [
        f"I am calling from {platform or 'a live-streaming service'}. A child is in danger now."
    ]
    if found.case.kind is CaseKind.STREAM:
        said.append("We saw it in a live broadcast, and we can tell you where it came from.")
    for one in found.seen[:2]:
        if one.address:
            port = f", source port {one.port}" if one.port else ", source port unknown"
            said.append(f"The address is {one.address}{port}, at {iso(one.at)}.")
    if found.countries:
        sure = all(one.place.certainty is Certainty.CERTAIN for one in found.seen)
        unsure = "" if sure else "; that is not certain"
        said.append(f"The address is registered in {', '.join(found.countries[:3])}{unsure}.")
    said += [
        f"Our reference is case {found.case.number}. A report goes to the authority at once.",
        "Please give me your name and a reference number.",
    ]
    return tuple(said)


def _group(tx: Tx, case: Id, to: Destination) -> Id | None:
    known = [one for one in filings.of_case(tx, case) if one.destination == to.name]
    return known[0].group if known else None


def _addresses(tx: Tx, case: Case) -> list[tuple[str, int | None, datetime]]:
    """Where the case's account was seen, the last first."""
    if case.kind is CaseKind.STREAM:
        stream = streams.find(tx, case.subject)
        if stream is None:
            return []
        told = stream_people.addresses(tx, stream.id)
        return [(one.address, one.port, stream.started_at) for one in told if one.address][::-1]
    found = uploads.many(tx, [case.subject]).values()
    return [
        (one.origin.address, one.origin.port, one.origin.posted_at or one.received_at)
        for one in found
        if one.origin.address
    ]


def _countries(places: Iterable[Place]) -> tuple[str, ...]:
    """Countries, those that are certain before the others."""
    every = sorted(places, key=lambda one: one.certainty is not Certainty.CERTAIN)
    codes = [code for one in every for code in (one.country, *one.candidates) if code]
    return tuple(dict.fromkeys(codes))
