"""De-confliction: members of the hub and this installation learn who else works on the same file.

A member's key enters hashes for its member; an investigator enters those of a series or of a set of
exhibits for this installation. Whoever enters learns who else has the same, and the others learn it
when they look: a lead here says so. Nothing is told of files that only one works on. Each question is
written down. Source: decision 0045. Tests: `tests/contract/test_deconfliction.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind, Priority
from breakwater.model.deconfliction import (
    HERE,
    MOST,
    MOST_STANDING,
    Answer,
    Entered,
    Overlap,
    Question,
)
from breakwater.model.hub import Member, MemberState
from breakwater.records import cases, deconfliction, exhibits, hub_members, link_media, link_series
from breakwater.records.database import Database, Tx

PAGE: Final = 1_000
LONGEST: Final = 200
LONGEST_CONTACT: Final = 500
HEX: Final = frozenset("0123456789abcdef")


class Deconflicting:
    """The register of who works on what."""

    def __init__(self, *, db: Database, organisation: str) -> None:
        """Take the rows, and what this installation is called where others are told of it."""
        self._db = db
        self._here = organisation or "this installation"

    def ask(self, who: Principal, asked: Question) -> Answer:
        """A member enters what it works on, and learns who else does.

        Raises:
            NotAllowed: the key is no member's, or the member does not take part now.
            BadInput: no reference or contact, too many hashes, or one that is none.
        """
        asked = checked(asked)
        with self._db.transaction() as tx:
            member = _member(tx, who)
            return self._ask(tx, who, member.number, asked)

    def ask_here(
        self, who: Principal, asked: Question, *, series: int = 0, exhibit_set: int = 0
    ) -> Answer:
        """An investigator enters what is worked on here.

        Args:
            who: a person who may judge links.
            asked: hashes by hand; those of the series and the set are added.
            series: number of a series; 0: none.
            exhibit_set: number of a set of exhibits, its unknown files; 0: none.

        Raises:
            NotAllowed: not by this role, or not by a person.
            NotFound: no such series or set.
            BadInput: as in `ask`, or nothing to ask about.
        """
        if who.person is None or not who.may(Permission.LINK_WRITE):
            raise NotAllowed("What is worked on here is entered by a person who judges links.")
        with self._db.transaction() as tx:
            more = [*_of_series(tx, series), *_of_set(tx, exhibit_set)]
            whole = checked(Question(asked.reference, asked.contact, (*asked.sha256s, *more)))
            return self._ask(tx, who, HERE, whole)

    def overlaps(self, who: Principal) -> tuple[list[Entered], list[Overlap]]:
        """What the asker entered, and who else works on the same; raises `NotAllowed`."""
        with self._db.transaction() as tx:
            number = _number(tx, who)
            tx.audit(who.id, "deconfliction.read", "deconfliction", member=number)
            return deconfliction.entered(tx, number), deconfliction.overlaps(tx, number, self._here)

    def end(self, who: Principal, reference: str) -> int:
        """Take back what was entered under a reference; answers how many files it had.

        Raises:
            NotAllowed: not by a member's key or a person who judges links.
        """
        with self._db.transaction() as tx:
            number = _number(tx, who)
            gone = deconfliction.end(tx, number, reference)
            tx.audit(who.id, "deconfliction.end", "deconfliction", member=number, files=gone)
            return gone

    def _ask(self, tx: Tx, who: Principal, member: int, asked: Question) -> Answer:
        tx.lock_changes()
        before = _pairs(deconfliction.overlaps(tx, HERE, self._here))
        new = deconfliction.enter(tx, member, asked)
        if deconfliction.standing(tx, member) > MOST_STANDING:
            raise BadInput(
                f"More than {MOST_STANDING:,} files would stand. Take back what is over first."
            )
        found = deconfliction.with_the_same(tx, member, asked, self._here)
        tx.audit(
            who.id, "deconfliction.ask", "deconfliction", member=member, reference=asked.reference,
            files=len(asked.sha256s), new=new, found=len(found),
        )  # fmt: skip
        for one in deconfliction.overlaps(tx, HERE, self._here):
            if (one.reference, one.other_number, one.other_reference) not in before:
                _lead(tx, one)
        return Answer(new, tuple(found))


def checked(asked: Question) -> Question:
    """The question with each hash once and in lower case; raises `BadInput`."""
    reference, contact = asked.reference.strip(), asked.contact.strip()
    if not reference or len(reference) > LONGEST:
        raise BadInput(f"Give your reference, up to {LONGEST} letters: others are told it.")
    if not contact or len(contact) > LONGEST_CONTACT:
        raise BadInput(f"Say whom to call, up to {LONGEST_CONTACT} letters: others are told it.")
    sha256s = tuple(dict.fromkeys(one.strip().lower() for one in asked.sha256s))
    if not sha256s:
        raise BadInput("There is no SHA-256 to ask about.")
    if len(sha256s) > MOST:
        raise BadInput(f"At most {MOST:,} files in one question: ask for a case, not for a list.")
    for at, one in enumerate(sha256s, start=1):
        if len(one) != 64 or not HEX.issuperset(one):
            raise BadInput(f"Hash {at} is no SHA-256 of 64 hexadecimal digits.")
    return Question(reference, contact, sha256s)


def _number(tx: Tx, who: Principal) -> int:
    """Whose entries these are: this installation's, or a member's."""
    if who.person is not None and who.may(Permission.LINK_WRITE):
        return HERE
    return _member(tx, who).number


def _member(tx: Tx, who: Principal) -> Member:
    member = hub_members.by_key(tx, who.id) if who.may(Permission.LINK_DECONFLICT) else None
    if member is None:
        raise NotAllowed(
            "Who else works on a file is told to members of the hub and to people here."
        )
    if member.state is not MemberState.ACTIVE:
        raise NotAllowed(f"The member {member.name} is {member.state.value}: it is told nothing.")
    return member


def _of_series(tx: Tx, number: int) -> list[str]:
    if not number:
        return []
    media = link_media.many(tx, link_series.members(tx, number)).values()
    return [one.sha256 for one in media if one.sha256]


def _of_set(tx: Tx, number: int) -> list[str]:
    if not number:
        return []
    exhibits.get(tx, number)
    found: list[str] = []
    after = 0
    while page := exhibits.page(tx, number, after=after, limit=PAGE):
        found += [one.sha256 for one in page if one.sha256 and not one.known_entry]
        after = page[-1].number
        if len(found) > MOST:
            break
    return found


def _pairs(found: Iterable[Overlap]) -> set[tuple[str, int, str]]:
    return {(one.reference, one.other_number, one.other_reference) for one in found}


def _lead(tx: Tx, one: Overlap) -> None:
    """Somebody else works on what is worked on here: a person should call them."""
    member = hub_members.by_number(tx, one.other_number)
    files = "1 file" if one.files == 1 else f"{one.files:,} files"
    cases.open(
        tx, kind=CaseKind.LEAD, subject=member.id, priority=Priority.HIGH,
        why=f"{one.other} works on {files} of {one.reference} too, as {one.other_reference}.",
    )  # fmt: skip
