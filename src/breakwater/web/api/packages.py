"""`/v1/packages`: evidence packages, made by two people, sealed to named recipients' keys.

Everything that is looked at, made or taken is written down first. A package is a file that
anyone with the recipient's key opens with `age`; what it holds checks itself (`verify.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

from fastapi import Query
from pydantic import Field
from starlette.responses import StreamingResponse

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.ids import Id
from breakwater.model.package import Package, PackageKey, Receipt
from breakwater.model.sending import RecipientKind
from breakwater.records import cases
from breakwater.reporting.packages.notes import LONGEST
from breakwater.reporting.packages.packages import CasePackages, NewKey, Wish
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(tags=["packages"])
BLOCK: Final = 1 << 20
KEY: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SignedBy = Annotated[
    str,
    Query(
        max_length=200, pattern=r"^[^\x00]*$",
        description="For commands on the server's own host: the person in whose name they run.",
    ),
]  # fmt: skip


class PackageKeyIn(Body):
    """A recipient's public keys. Compare their fingerprint by telephone first."""

    name: str = Field(min_length=1, max_length=200, examples=["Police of Lund, forensic desk"])
    country: str = Field(min_length=2, max_length=2, examples=["SE"])
    kind: RecipientKind = Field(default=RecipientKind.POLICE, examples=["police"])
    key: str = Field(max_length=4000, description="An age recipient.", examples=[KEY])
    receipt_key: str = Field(default="", max_length=500, description="What they sign receipts with, as `breakwater receipt key` prints it.", examples=[""])  # fmt: skip


class PackageWishIn(Body):
    """A package that is proposed."""

    keys: list[str] = Field(min_length=1, max_length=20, description="Ids of recipients' keys.", examples=[[ID]])  # fmt: skip
    reason: str = Field(min_length=1, max_length=2000, examples=["Asked for by the police of Lund."])  # fmt: skip
    reference: str = Field(default="", max_length=2000, description="Their own, such as the number of a warrant: then it leaves on request.", examples=["K-2026-0815"])  # fmt: skip
    danger: bool = Field(default=False, description="Somebody's life is in danger.")
    media: bool = Field(default=True, description="False: hashes and facts only, no picture of any size.")  # fmt: skip

    def wish(self) -> Wish:
        """As a noun."""
        keys = tuple(known_id(one) for one in self.keys)
        return Wish(keys, self.reason, self.reference, danger=self.danger, media=self.media)


class ReceiptIn(Body):
    """What a receiving officer signed."""

    receipt: str = Field(min_length=1, max_length=LONGEST, description="The receipt's text, whole.")


class PackageKeyOut(Answer):
    """A recipient's public key."""

    id: str = Field(examples=[ID])
    name: str
    country: str = Field(examples=["SE"])
    kind: str = Field(examples=["police"])
    key: str = Field(examples=[KEY])
    fingerprint: str = Field(description="SHA-256 of the key as it is written.", examples=[SHA256])
    receipts: bool = Field(description="Their receipts can be checked.")
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, one: PackageKey) -> PackageKeyOut:
        """From the noun."""
        return cls(
            id=one.id, name=one.name, country=one.country, kind=one.kind.value, key=one.key,
            fingerprint=one.fingerprint, receipts=bool(one.receipt_key),
            withdrawn_at=one.withdrawn_at,
        )  # fmt: skip


class PackageKeysOut(Answer):
    """Recipients' keys."""

    keys: list[PackageKeyOut]


class PackageOut(Answer):
    """A package."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[3])
    case: str = Field(examples=[ID])
    state: str = Field(description="`making`, `sealed` or `failed`.", examples=["sealed"])
    keys: list[str] = Field(description="Ids of the keys it is sealed to.")
    reason: str
    reference: str
    made_at: datetime
    sealed_at: datetime | None
    size: int
    sha256: str = Field(description="Of the sealed file; empty: not sealed yet.", examples=[SHA256])
    fault: str = Field(description="Why it could not be made; empty: nothing.", examples=[""])

    @classmethod
    def of(cls, one: Package) -> PackageOut:
        """From the noun."""
        return cls(
            id=one.id, number=one.number, case=one.case, state=one.state.value,
            keys=list(one.keys), reason=one.reason, reference=one.reference, made_at=one.made_at,
            sealed_at=one.sealed_at, size=one.size, sha256=one.sha256, fault=one.fault,
        )  # fmt: skip


class PackageReceiptOut(Answer):
    """A receiving officer's signed receipt."""

    package: str = Field(examples=[ID])
    key: str = Field(examples=[ID])
    officer: str = Field(examples=["Sgt. Maja Lind"])
    received_at: datetime
    receipt: str = Field(description="The signed note, whole.")

    @classmethod
    def of(cls, one: Receipt) -> PackageReceiptOut:
        """From the noun."""
        return cls(
            package=one.package, key=one.key, officer=one.officer, received_at=one.received_at,
            receipt=one.text,
        )  # fmt: skip


class PackageWaitsOut(Answer):
    """A package that waits for a second person."""

    approval: str = Field(examples=[ID])
    proposed_by: str = Field(examples=[ID])
    lapses_at: datetime
    keys: list[str]
    reason: str

    @classmethod
    def of(cls, one: Approval) -> PackageWaitsOut:
        """From the noun."""
        return cls(
            approval=one.id, proposed_by=one.by, lapses_at=one.lapses_at,
            keys=[str(key) for key in one.facts["keys"]], reason=one.reason,
        )  # fmt: skip


class CasePackagesOut(Answer):
    """Packages of a case, the newest first, and the one that waits for a second person."""

    packages: list[PackageOut]
    receipts: list[PackageReceiptOut]
    waiting: PackageWaitsOut | None

    @classmethod
    def of(cls, found: CasePackages) -> CasePackagesOut:
        """From the noun."""
        receipts = [one for rows in found.receipts.values() for one in rows]
        return cls(
            packages=[PackageOut.of(one) for one in found.packages],
            receipts=[PackageReceiptOut.of(one) for one in receipts],
            waiting=None if found.waiting is None else PackageWaitsOut.of(found.waiting),
        )  # fmt: skip


@router.get("/v1/packages/keys", summary="Recipients' keys", responses=READ)
@needs(P.PACKAGE_EXPORT)
def keys(app: Parts, who: Who, signed_by: SignedBy = "") -> PackageKeysOut:
    """By name; withdrawn ones too."""
    found = app.packages.desk.keys(signer(app, who, signed_by))
    return PackageKeysOut(keys=[PackageKeyOut.of(one) for one in found])


@router.post("/v1/packages/keys", status_code=201, summary="Enter a recipient's key", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def add_key(body: PackageKeyIn, app: Parts, who: Who) -> PackageKeyOut:
    """What is sealed to it can be opened by whoever holds the secret half."""
    new = NewKey(body.name, body.country, body.kind, body.key, body.receipt_key)
    return PackageKeyOut.of(app.packages.desk.add_key(who, new))


@router.post("/v1/packages/keys/{id}/withdraw", summary="Seal nothing to a key any more", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def withdraw(id: IdText, app: Parts, who: Who) -> PackageKeyOut:  # noqa: A002 - the path's own word
    """What was sealed to it stays so."""
    return PackageKeyOut.of(app.packages.desk.withdraw_key(who, known_id(id)))


@router.get("/v1/cases/{id}/packages", summary="Packages of a case", responses=READ)
@needs(P.PACKAGE_EXPORT)
def of_case(id: IdText, app: Parts, who: Who, signed_by: SignedBy = "") -> CasePackagesOut:  # noqa: A002 - the path's own word
    """With their receipts, and what waits for a second person."""
    by = signer(app, who, signed_by)
    return CasePackagesOut.of(app.packages.desk.of_case(by, case_id(app, id)))


@router.post("/v1/cases/{id}/packages", status_code=202, summary="Propose a package", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def propose(
    id: IdText, body: PackageWishIn, app: Parts, who: Who, signed_by: SignedBy = ""  # noqa: A002 - the path's own word
) -> PackageWaitsOut:  # fmt: skip
    """Another person agrees within 24 hours; refused where it may not leave."""
    by = signer(app, who, signed_by)
    return PackageWaitsOut.of(app.packages.desk.propose(by, case_id(app, id), body.wish()))


@router.post("/v1/cases/{id}/packages/confirm", status_code=202, summary="Agree to a package, as the second person", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def confirm(id: IdText, app: Parts, who: Who) -> PackageOut:  # noqa: A002 - the path's own word
    """It is made in the background."""
    return PackageOut.of(app.packages.desk.confirm(who, case_id(app, id)))


@router.post("/v1/cases/{id}/packages/refuse", status_code=204, summary="Disagree with a package", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def refuse(id: IdText, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Or take one's own proposal back: nothing leaves."""
    app.packages.desk.refuse(who, case_id(app, id))


@router.post("/v1/packages/receipts", status_code=201, summary="Record a receipt", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def record(body: ReceiptIn, app: Parts, who: Who, signed_by: SignedBy = "") -> PackageReceiptOut:
    """It names its package and is checked with the recipient's key."""
    by = signer(app, who, signed_by)
    return PackageReceiptOut.of(app.packages.desk.record(by, body.receipt))


@router.get("/v1/packages/{id}", summary="One package", responses=READ)
@needs(P.PACKAGE_EXPORT)
def one(id: IdText, app: Parts, who: Who, signed_by: SignedBy = "") -> PackageOut:  # noqa: A002 - the path's own word
    """How far it is."""
    return PackageOut.of(app.packages.desk.one(signer(app, who, signed_by), known_id(id)))


@router.post("/v1/packages/{id}/retry", status_code=202, summary="Make a package again", responses=CHANGE)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def retry(id: IdText, app: Parts, who: Who) -> PackageOut:  # noqa: A002 - the path's own word
    """One that could not be made, under the agreement it had."""
    return PackageOut.of(app.packages.desk.again(who, known_id(id)))


@router.get("/v1/packages/{id}/file", summary="The sealed file", responses=READ, response_class=StreamingResponse)  # fmt: skip
@needs(P.PACKAGE_EXPORT)
def file(id: IdText, app: Parts, who: Who, signed_by: SignedBy = "") -> StreamingResponse:  # noqa: A002 - the path's own word
    """Taking it is written down first."""
    return sealed_file(*app.packages.desk.take(signer(app, who, signed_by), known_id(id)))


def sealed_file(package: Package, source: BinaryIO) -> StreamingResponse:
    """A package's file as an answer, in blocks."""
    name = f"package-{package.number}-{package.id}.age"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(package.size), "X-SHA256": package.sha256,
    }  # fmt: skip
    return StreamingResponse(
        _blocks(source), media_type="application/octet-stream", headers=headers
    )


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while block := source.read(BLOCK):
            yield block


def case_id(app: App, text: str) -> Id:
    """A case by number or id.

    Raises:
        NotFound: no such case.
    """
    if not text.isdecimal() or len(text) > 17:
        return known_id(text)
    with app.db.read() as tx:
        return cases.by_number(tx, int(text)).id


def signer(app: App, who: Principal, name: str) -> Principal:
    """Whoever asks; a command on the server's host acts for the person it names.

    Raises:
        NotAllowed: a name that this key may not use, or of somebody who may not hand evidence over.
    """
    if not name:
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return for_person(app, who, name)


def for_person(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the person behind it, who may hand evidence over."""
    by = app.access.people.on_behalf(who, name, P.PACKAGE_EXPORT)
    return replace(by, permissions=by.permissions | {P.PACKAGE_EXPORT})
