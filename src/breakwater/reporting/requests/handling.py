"""What people do about legal requests: take in, approve by two, answer with a package, refuse; ask.

In comes who does what; out goes the request, in one transaction. A request that comes in is answered by
a sealed package of its case, which asks the table of what may leave by itself; one that only asks
to keep puts a legal hold on its case. What goes out is sent outside the system. Every look is
written to the audit log. Used by `web.api.legal_requests` and `web.pages.legal_requests`; tests:
`tests/contract/test_legal_requests.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.country import country_code
from breakwater.model.hold import HoldKind, SeatRule
from breakwater.model.ids import Id
from breakwater.model.package import PackageState
from breakwater.model.request import (
    Direction,
    LegalRequest,
    Move,
    RequestCount,
    RequestState,
    RequestStep,
    due_of,
)
from breakwater.records import cases, holds, legal_requests, packages
from breakwater.records.database import Database, Tx
from breakwater.records.legal_requests import NewRequest
from breakwater.reporting.preserving.keep import Keeper

LONGEST: Final = 10_000
"""Characters of a scope or of words."""

SHORT: Final = 300
"""Characters of a party, a reference or a legal basis."""

AHEAD: Final = timedelta(days=1)
"""A request cannot have come later than this from now: clocks and time zones differ by less."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A request with all that was done about it."""

    request: LegalRequest
    steps: tuple[RequestStep, ...]


class Requests:
    """Legal requests as people move them."""

    def __init__(self, *, db: Database, keeper: Keeper, seat: SeatRule) -> None:
        """`keeper` keeps what a request asks to keep; `seat` says what may be kept."""
        self._db = db
        self._keeper = keeper
        self._seat = seat

    def open_request(
        self, who: Principal, new: NewRequest, *, due_at: datetime | None = None
    ) -> LegalRequest:
        """Take in what came, or draft what shall go out.

        Args:
            who: the person.
            new: what is known; its own `due_at` is worked out here.
            due_at: the date that the request names; None: the law's, or a look after 30 days.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such case.
            BadInput: something is missing, too long, or a date cannot be.
        """
        person = _may(who)
        country = _checked(new)
        with self._db.transaction() as tx:
            if new.case is not None:
                cases.get(tx, new.case)
            if new.received_at > tx.now + AHEAD:
                raise BadInput("It cannot have come in the future.")
            due = due_of(new.basis, new.received_at, due_at)
            made = NewRequest(
                new.direction, new.party.strip(), country, new.basis, new.law.strip(),
                new.reference.strip(), new.scope.strip(), new.received_at, due, new.case,
            )  # fmt: skip
            opened = legal_requests.open_request(tx, made, by=person)
            self._keep(tx, opened, person)
            return opened

    def move(
        self,
        who: Principal,
        request: Id,
        what: Move,
        *,
        words: str = "",
        package: Id | None = None,
        due_at: datetime | None = None,
        version: int | None = None,
    ) -> LegalRequest:
        """Do something about a request.

        Args:
            who: the person.
            request: its id.
            what: the move.
            words: why it is refused, how it was sent, what came.
            package: the sealed package that answers what came in.
            due_at: the provider's date, when it is sent.
            version: the row version they saw.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such request or package.
            NeedsSecondPerson: the same person approved it first.
            Conflict: not possible as it stands, or the package is of another case or not sealed.
            BadInput: words, or the package, are missing.
        """
        person = _may(who)
        if len(words) > LONGEST:
            raise BadInput(f"At most {LONGEST:,} characters.")
        if what.says and not words.strip():
            raise BadInput("Say why, how it was sent, or what came.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = legal_requests.get(tx, request)
            if what is Move.CONFIRM and found.wanted_by == person:
                raise NeedsSecondPerson("You approved it first; another person agrees.")
            if due_at is not None and (what is not Move.SEND or due_at < tx.now):
                raise BadInput("A new date goes with sending, and is not over yet.")
            out = _package(tx, found, what, package)
            if what is Move.SEND and due_at is None:
                due_at = max(found.due_at, due_of(found.basis, tx.now, None))
            return legal_requests.move(
                tx, request, what, by=person, words=words.strip(), package=out, due_at=due_at,
                version=version,
            )  # fmt: skip

    def _keep(self, tx: Tx, request: LegalRequest, person: str) -> None:
        """What an authority asks to keep is kept from now on, until two people end it."""
        asks = request.direction is Direction.INCOMING and request.basis.preserves
        if not asks or request.case is None:
            return
        holds.legal(
            tx, request.case, reference=request.reference, reason=request.law, by=person,
            seat=self._seat, kind=HoldKind.REQUEST,
        )  # fmt: skip
        self._keeper.want(tx, request.case)

    def look(self, who: Principal, request: Id) -> Looked:
        """One request, whole; the look is written down first.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such request.
        """
        person = _may(who)
        with self._db.transaction() as tx:
            found = legal_requests.get(tx, request)
            tx.audit(person, "request.read", found.id)
            return Looked(found, tuple(legal_requests.steps(tx, found.id)))

    def numbered(self, number: int) -> Id:
        """Id of the request of a number.

        Raises:
            NotFound: no such request.
        """
        with self._db.read() as tx:
            return legal_requests.by_number(tx, number).id

    def waiting(self, who: Principal) -> list[LegalRequest]:
        """Those that nothing has ended, the first due first. Raises `NotAllowed`."""
        _may(who)
        with self._db.read() as tx:
            return legal_requests.waiting(tx)

    def ended(self, who: Principal, *, before: int = 0, limit: int = 50) -> list[LegalRequest]:
        """Those that ended, the newest first. Raises `NotAllowed`."""
        _may(who)
        with self._db.read() as tx:
            return legal_requests.ended(tx, before=before, limit=limit)

    def counts(self, since: datetime, until: datetime) -> list[RequestCount]:
        """How many came or were drafted in a period, and how they stand."""
        with self._db.read() as tx:
            return legal_requests.counts(tx, since, until)

    def remind(self) -> int:
        """Tell of what became overdue, each once; answers how many."""
        with self._db.transaction() as tx:
            return len(legal_requests.warn_overdue(tx))


def _package(tx: Tx, found: LegalRequest, what: Move, package: Id | None) -> Id | None:
    """What goes out with an answer: sealed, and of the request's own case.

    Raises:
        NotFound: no such package.
        BadInput: none is named where one must be, or one where none can.
        Conflict: it is of another case, or not sealed.
    """
    answers = what is Move.ANSWER and found.direction is Direction.INCOMING
    if package is None:
        if answers and not found.basis.preserves and found.state is RequestState.APPROVED:
            raise BadInput("Name the sealed package that answers it.")
        return None
    if not answers:
        raise BadInput("A package goes with the answer to what came in, and with nothing else.")
    out = packages.get(tx, package)
    if found.case is None or out.case != found.case:
        raise Conflict("This package is of another case.")
    if out.state is not PackageState.SEALED:
        raise Conflict("This package is not sealed yet.")
    return out.id


def _may(who: Principal) -> str:
    if who.person is None or not who.may(Permission.REQUEST_WRITE):
        raise NotAllowed("Legal requests are handled by people whose role allows it.")
    return who.person


def _checked(new: NewRequest) -> str:
    """Refuse what lacks something; answers the country's code.

    Raises:
        BadInput: the detail says what.
    """
    for name, text in (("party", new.party), ("law", new.law), ("reference", new.reference)):
        if not text.strip() or len(text) > SHORT:
            raise BadInput(f"{name} has 1 to {SHORT} characters.")
    if not new.scope.strip() or len(new.scope) > LONGEST:
        raise BadInput(f"Say what is asked for, in at most {LONGEST:,} characters.")
    code = country_code(new.country)
    if not code:
        raise BadInput("country is a code of two letters, such as GB.")
    return code
