"""VICS of a case as investigators take it: alone for a few files, with a second person for more.

In: a case, a lead for its series, whose categories, a legal reference and the country it goes to. Out: the export, begun
only when its audit row is kept. Who may (reference law, "Who may see what"): investigators, with a
legal reference; releasing more than ten items needs two people, judged by person. The table of
what may leave is asked each time. Hashes, facts and names of files leave, never media, addresses or accounts.
Called by `web.api.vics` and `web.pages.vics`; tests: `tests/contract/test_vics_exports.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import LAPSE, Approval, ApprovalState
from breakwater.model.country import country_code
from breakwater.model.ids import Id
from breakwater.model.package import PackageItem
from breakwater.model.scheme import Scheme
from breakwater.model.sending import DataClass, Occasion, RecipientKind, Sendings
from breakwater.records import approvals, cases, people, schemes
from breakwater.records.database import Database, Tx
from breakwater.reporting.vics.case import Context, VicsCase, left_out, media_in, written
from breakwater.reporting.vics.series import items_of, names_of

KIND: Final = "vics"
"""Kind of the approval that a second person gives."""

ALONE: Final = 10
"""Items that one person may release (reference law)."""

LONGEST: Final = 2_000
CLASSES: Final = frozenset({DataClass.HASHES, DataClass.FACTS})


@dataclass(frozen=True, slots=True)
class VicsWish:
    """An export as somebody asks for it.

    Attributes:
        context: whose categories, `US` or `UK`.
        reference: the legal reference, such as of an investigation.
        country: where it goes, ISO 3166-1 alpha-2.
    """

    context: str
    reference: str
    country: str


@dataclass(frozen=True, slots=True)
class VicsState:
    """How a case stands.

    Attributes:
        media: files that an export names; left_out: those it cannot, without an MD5.
        waiting: an export that waits for a second person.
        agreed: one that two people agreed to and that may still be taken.
    """

    media: int
    left_out: int
    waiting: Approval | None
    agreed: Approval | None

    @property
    def alone(self) -> bool:
        """One person may take it."""
        return self.media <= ALONE


class VicsExports:
    """Writes cases for investigators."""

    def __init__(
        self, *, db: Database, sendings: Sendings, organisation: str,
        shipped: Callable[[], Mapping[str, Scheme]],
    ) -> None:  # fmt: skip
        """Take what it needs.

        Args:
            db: the records.
            sendings: what may leave.
            organisation: who holds the records.
            shipped: schemes for an installation that adopted none of its own.
        """
        self._db = db
        self._sendings = sendings
        self._organisation = organisation
        self._shipped = shipped

    def state(self, by: Principal, case: Id) -> VicsState:
        """How a case stands; nothing of its content is told.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such case.
        """
        investigator(by)
        with self._db.read() as tx:
            items = items_of(tx, case)
            return VicsState(
                media_in(items), left_out(items), _waiting(tx, case), _agreed(tx, case)
            )

    def propose(self, by: Principal, case: Id, wish: VicsWish) -> Approval:
        """Ask for a second person.

        Raises:
            NotAllowed: not by this role.
            BadInput: no legal reference, country, or such context.
            SendingRefused: it may not go there.
            NotFound: no such case.
            Conflict: another export of this case waits.
        """
        person = investigator(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            items = items_of(tx, case)
            facts = _plain(wish)
            self._may(facts)
            made = approvals.propose(
                tx, kind=KIND, subject=case, by=person, reason=facts["reference"], facts=facts
            )
            if dict(made.facts) != facts or made.by != person:
                raise Conflict("Another export of this case waits: agree to it, or refuse it.")
            tx.audit(person, "vics.propose", case, **facts, media=media_in(items))
            return made

    def confirm(self, by: Principal, case: Id) -> Approval:
        """Agree, as the second person; either of the two takes it within 24 hours.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing waits.
            NeedsSecondPerson: the person who proposed it.
            SendingRefused: it may not go there any more.
        """
        person = investigator(by)
        with self._db.transaction() as tx:
            made = approvals.confirm(tx, kind=KIND, subject=case, by=person)
            self._may(made.facts)
            tx.audit(person, "vics.confirm", case, first=made.by, **made.facts)
            return made

    def refuse(self, by: Principal, case: Id) -> None:
        """Disagree, or take one's own proposal back.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing waits.
        """
        person = investigator(by)
        with self._db.transaction() as tx:
            approvals.refuse(tx, kind=KIND, subject=case, by=person)
            tx.audit(person, "vics.refuse", case)

    def take(self, by: Principal, case: Id, wish: VicsWish) -> Iterator[bytes]:
        """The export; that it is taken stands in the log before its first byte.

        Raises:
            NotAllowed: not by this role.
            BadInput: no legal reference, country, or such context; no file that can be named.
            SendingRefused: it may not go there.
            NotFound: no such case.
            NeedsSecondPerson: more than ten items, and nobody agreed to exactly this.
        """
        person = investigator(by)
        with self._db.transaction() as tx:
            found = cases.get(tx, case)
            items = _named(items_of(tx, case))
            series = names_of(tx, case, items)
            facts = _plain(wish)
            context = Context.named(facts["context"])
            self._may(facts)
            second = _second(tx, case, facts, person, media_in(items))
            scheme = schemes.current(tx).get(context.scheme) or self._shipped()[context.scheme]
            name = people.get(tx, person).name
            tx.audit(
                person, "vics.export", case, **facts, scheme=f"{scheme.id} {scheme.version}",
                media=media_in(items), left_out=left_out(items), second=second,
            )  # fmt: skip
        head = VicsCase(
            case, found.number, self._organisation, name, facts["reference"], series=series
        )  # fmt: skip
        return written(head, items, context, scheme)

    def _may(self, facts: Mapping[str, Any]) -> None:
        """Refuse what may not leave, by seat, recipient and class of data."""
        self._sendings.must(
            str(facts["country"]), RecipientKind.POLICE, CLASSES, when=Occasion.REQUEST
        )


def investigator(by: Principal) -> Id:
    """The person behind it.

    Raises:
        NotAllowed: no person, or one who is no investigator.
    """
    if by.person is None or not by.may(Permission.VICS_EXPORT):
        raise NotAllowed("Investigators take cases as VICS; a key cannot.")
    return by.person


def _named(items: tuple[PackageItem, ...]) -> tuple[PackageItem, ...]:
    """Items of which at least one can be named: an empty file is taken for an answer."""
    if not media_in(items):
        raise BadInput(
            "Nothing of this case can be named: VICS names files by their MD5. Make an evidence package."
        )
    return items


def _plain(wish: VicsWish) -> dict[str, str]:
    """A wish that can be met, as values."""
    reference, country = wish.reference.strip(), country_code(wish.country)
    if not reference or len(reference) > LONGEST:
        raise BadInput("Give the legal reference, in 2,000 characters at most.")
    if not country:
        raise BadInput("Give the country it goes to by two letters.")
    context = Context.named(wish.context).name
    return {"context": context, "reference": reference, "country": country}


def _waiting(tx: Tx, case: Id) -> Approval | None:
    return next((one for one in _of(tx, case) if one.state(tx.now) is ApprovalState.WAITING), None)


def _agreed(tx: Tx, case: Id) -> Approval | None:
    """What two people agreed to within the last 24 hours."""
    for one in _of(tx, case):
        at = one.decided_at if one.state(tx.now) is ApprovalState.CONFIRMED else None
        if at is not None and tx.now < at + LAPSE:
            return one
    return None


def _of(tx: Tx, case: Id) -> list[Approval]:
    return [one for one in approvals.of_subject(tx, case) if one.kind == KIND]


def _second(tx: Tx, case: Id, facts: Mapping[str, str], person: Id, media: int) -> str:
    """The other person; empty where one is enough.

    Raises:
        NeedsSecondPerson: more than ten items, and nobody agreed to exactly this.
    """
    agreed = _agreed(tx, case)
    pair = () if agreed is None else (agreed.by, agreed.decided_by)
    if agreed is not None and person in pair and dict(agreed.facts) == dict(facts):
        return str(next(one for one in pair if one != person))
    if media > ALONE:
        raise NeedsSecondPerson(
            f"It names {media} files; a second investigator agrees to more than {ALONE}."
        )
    return ""
