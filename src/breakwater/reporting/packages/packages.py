"""Packages as people move them: keys entered, a package proposed, agreed to, taken, receipted.

In come a case, recipients' keys and two people; out goes a sealed file, and later the officer's
receipt. Everything that is looked at, made or taken is in the audit log first. Before it is
proposed, made and taken, the table of what may leave is asked. Called by `web.api.packages`,
`web.pages.package` and `breakwater export`; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.country import country_code
from breakwater.model.ids import Id, new_id
from breakwater.model.package import Package, PackageKey, PackageState, Receipt
from breakwater.model.ports import Blob
from breakwater.model.sending import Occasion, RecipientKind, Sendings
from breakwater.records import approvals, cases, packages
from breakwater.records.database import Database, Tx
from breakwater.reporting.packages import gather, notes, seal
from breakwater.reporting.packages.making import allowed_classes
from breakwater.reporting.packages.notes import ReceiptText

KIND: Final = "package"
"""Kind of the approval that a second person gives."""

MOST_KEYS: Final = 20
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class NewKey:
    """A recipient's key, as it is entered."""

    name: str
    country: str
    kind: RecipientKind
    key: str
    receipt_key: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A package, as it is proposed.

    Attributes:
        keys: ids of the recipients' keys.
        reference: the recipient's own, such as the number of a warrant; with one it leaves on
            request.
        danger: somebody's life is in danger.
        media: False: hashes and facts only, no picture of any size.
    """

    keys: tuple[Id, ...]
    reason: str
    reference: str = ""
    danger: bool = False
    media: bool = True

    @property
    def occasion(self) -> Occasion:
        """On what occasion it leaves."""
        return Occasion.of(self.reference, danger=self.danger)


@dataclass(frozen=True, slots=True)
class CasePackages:
    """Packages of a case, the newest first, and the one that waits for a second person."""

    packages: tuple[Package, ...]
    receipts: dict[Id, list[Receipt]]
    keys: tuple[PackageKey, ...]
    waiting: Approval | None


class Packages:
    """Moves packages."""

    def __init__(self, *, db: Database, vault: Blob, sendings: Sendings) -> None:
        """Take what it needs."""
        self._db = db
        self._vault = vault
        self._sendings = sendings

    def keys(self, by: Principal) -> list[PackageKey]:
        """Every recipient's key, withdrawn ones too."""
        person_of(by)
        with self._db.read() as tx:
            return packages.keys(tx)

    def add_key(self, by: Principal, new: NewKey) -> PackageKey:
        """Enter a recipient's key.

        Raises:
            BadInput: it is no public key of age, no country, or no key for receipts.
            Conflict: it is entered already.
        """
        person = person_of(by)
        name, country = new.name.strip(), country_code(new.country)
        if not name or len(name) > 200 or not name.isprintable() or not country:
            raise BadInput("Give the recipient's name in one line, and a country by two letters.")
        seal.recipient(new.key)
        receipt = notes.known_key(new.receipt_key) if new.receipt_key.strip() else ""
        with self._db.transaction() as tx:
            made = packages.add_key(
                tx, name=name, country=country, kind=new.kind, key=new.key.strip(),
                receipt_key=receipt, by=person,
            )  # fmt: skip
            tx.audit(
                person, "package_key.add", made.id, country=country, kind=new.kind.value,
                fingerprint=made.fingerprint, receipts=bool(receipt),
            )  # fmt: skip
            return made

    def withdraw_key(self, by: Principal, key: Id) -> PackageKey:
        """Seal nothing to a key any more.

        Raises:
            NotFound: no such key.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            gone = packages.withdraw_key(tx, packages.key_of(tx, key).id, by=person)
            tx.audit(person, "package_key.withdraw", key, fingerprint=gone.fingerprint)
            return gone

    def of_case(self, by: Principal, case: Id) -> CasePackages:
        """Packages of a case; looked at by name, so it is written down.

        Raises:
            NotFound: no such case.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            cases.get(tx, case)
            tx.audit(person, "package.list", case)
            found = packages.of_case(tx, case)
            waits = [one for one in approvals.waiting(tx, kind=KIND) if one.subject == case]
            return CasePackages(
                tuple(found), packages.receipts(tx, [one.id for one in found]),
                tuple(packages.keys(tx)), next(iter(waits), None),
            )  # fmt: skip

    def propose(self, by: Principal, case: Id, wish: Wish) -> Approval:
        """Propose a package; another person makes it within 24 hours.

        Raises:
            NotFound: no such case, or key.
            BadInput: no key, a withdrawn one, or no reason.
            SendingRefused: something of it may not go to one of the recipients.
            Conflict: another package of this case waits for a second person.
        """
        person = person_of(by)
        reason, reference = wish.reason.strip(), wish.reference.strip()
        if not reason or len(reason) > LONGEST or len(reference) > LONGEST:
            raise BadInput("Give a reason, in 2,000 characters at most.")
        chosen = tuple(dict.fromkeys(wish.keys))
        if not chosen or len(chosen) > MOST_KEYS:
            raise BadInput(f"Name one to {MOST_KEYS} recipients.")
        facts = {
            "keys": list(chosen), "reference": reference, "occasion": wish.occasion.value,
            "media": wish.media,
        }  # fmt: skip
        with self._db.transaction() as tx:
            tx.lock_changes()
            cases.get(tx, case)
            self._may(tx, case, facts)
            made = approvals.propose(
                tx, kind=KIND, subject=case, by=person, reason=reason, facts=facts
            )
            if dict(made.facts) != facts or made.by != person:
                raise Conflict("Another package of this case waits: agree to it, or refuse it.")
            prints = [packages.key_of(tx, one).fingerprint[:16] for one in chosen]
            tx.audit(
                person, "package.propose", case, keys=prints, occasion=wish.occasion.value,
                media=wish.media, reference=reference[:200],
            )  # fmt: skip
            return made

    def confirm(self, by: Principal, case: Id) -> Package:
        """Agree, as the second person: it is made.

        Raises:
            NotFound: nothing waits.
            NeedsSecondPerson: the person who proposed it.
            SendingRefused: it may not leave any more.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            agreed = approvals.confirm(tx, kind=KIND, subject=case, by=person)
            self._may(tx, case, dict(agreed.facts))
            made = packages.begin(tx, case, agreed)
            self._audit_make(tx, person, made, first=agreed.by)
            return made

    def again(self, by: Principal, package: Id) -> Package:
        """Make a failed one again, under the agreement it had.

        Raises:
            NotFound: no such package.
            Conflict: it has not failed.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            found = packages.again(tx, packages.get(tx, package))
            self._audit_make(tx, person, found, first=approvals.get(tx, found.approval).by)
            return found

    def refuse(self, by: Principal, case: Id) -> None:
        """Disagree, or take one's own proposal back.

        Raises:
            NotFound: nothing waits.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            approvals.refuse(tx, kind=KIND, subject=case, by=person)
            tx.audit(person, "package.refuse", case)

    def one(self, by: Principal, package: Id) -> Package:
        """One package; its state is no secret of the case, so it is not written down.

        Raises:
            NotFound: no such package.
        """
        person_of(by)
        with self._db.read() as tx:
            return packages.get(tx, package)

    def take(self, by: Principal, package: Id) -> tuple[Package, BinaryIO]:
        """The sealed file; that it is taken stands in the log before its first byte is read.

        Raises:
            NotFound: no such package, or it is not sealed.
            SendingRefused: it may not leave any more.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            found = packages.get(tx, package)
            if found.state is not PackageState.SEALED or found.blob is None:
                raise NotFound("This package is not sealed yet.")
            self._may(tx, found.case, dict(approvals.get(tx, found.approval).facts))
            tx.audit(person, "package.take", package, case=found.case, sha256=found.sha256)
        return found, self._vault.open(found.blob)

    def record(self, by: Principal, text: str) -> Receipt:
        """Keep the receiving officer's signed receipt.

        Raises:
            BadInput: it is none, or is not signed by a recipient of the package it names.
            NotFound: no such package.
            Conflict: this recipient's receipt is recorded already.
        """
        person = person_of(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = packages.get(tx, _package_in(text))
            keys = [packages.key_of(tx, one) for one in found.keys]
            key, said = _signer(text, keys)
            if said.sha256 != found.sha256:
                raise BadInput("This receipt is for a file with another SHA-256.")
            made = packages.add_receipt(
                tx,
                Receipt(
                    id=new_id(), package=found.id, key=key.id, officer=said.officer,
                    received_at=said.received_at, text=text, by=person, at=tx.now,
                ),
            )  # fmt: skip
            tx.audit(person, "package.receipt", found.id, case=found.case, key=key.id)
            return made

    def _may(self, tx: Tx, case: Id, facts: dict[str, object]) -> None:
        """Refuse what may not leave; keys that are withdrawn get nothing new."""
        classes = allowed_classes(gather.classes_of(tx, case), media=bool(facts["media"]))
        wanted: Sequence[Id] = [Id(str(one)) for one in facts["keys"]]  # type: ignore[attr-defined] # as `propose` wrote them
        for key in (packages.key_of(tx, one) for one in wanted):
            if key.withdrawn_at is not None:
                raise BadInput(f"The key of {key.name} was withdrawn.")
            when = Occasion(str(facts["occasion"]))
            self._sendings.must(key.country, key.kind, classes, when=when, name=key.name)

    @staticmethod
    def _audit_make(tx: Tx, person: Id, made: Package, *, first: Id) -> None:
        prints = [packages.key_of(tx, one).fingerprint[:16] for one in made.keys]
        tx.audit(
            person, "package.make", made.id, case=made.case, number=made.number, first=first,
            keys=prints, occasion=made.occasion.value,
        )  # fmt: skip


def person_of(by: Principal) -> Id:
    """The person behind it.

    Raises:
        NotAllowed: no person, or one who may not hand evidence over.
    """
    if by.person is None or not by.may(Permission.PACKAGE_EXPORT):
        raise NotAllowed("Evidence is handed over by two people who may do so; a key cannot.")
    return by.person


def _package_in(text: str) -> Id:
    for line in text[: notes.LONGEST].splitlines():
        if line.startswith("package "):
            return Id(line.removeprefix("package ").strip()[:36])
    raise BadInput("This is no receipt: it names no package.")


def _signer(text: str, keys: Sequence[PackageKey]) -> tuple[PackageKey, ReceiptText]:
    able = [one for one in keys if one.receipt_key]
    if not able:
        raise BadInput(
            "No recipient of this package has a key for receipts. Enter one with their next key."
        )
    for key in able:
        try:
            return key, ReceiptText.parse(text, key.receipt_key)
        except BadInput as error:
            fault = error
    raise fault
