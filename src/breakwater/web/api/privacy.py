"""`/v1/privacy`: what is kept, what of one person, and what of that is erased.

For people who answer data subjects. A command on the server's host acts for the person it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from fastapi import Query
from pydantic import Field

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.privacy import Erased, KeptColumn, KeptRow
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(tags=["privacy"])
SERVICE = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$"
SignedBy = Annotated[str, Query(max_length=200, description="For commands on the server's host: whose act it is.")]  # fmt: skip


class ColumnOut(Answer):
    """One column that is kept."""

    table: str
    column: str
    holds: str = Field(description="`system`, `signal`, `staff`, `account`, `identity`, `evidence` or `secret`.")  # fmt: skip
    purpose: str
    retention: str
    sealed: bool

    @classmethod
    def of(cls, one: KeptColumn) -> ColumnOut:
        """From the noun."""
        return cls(
            table=one.table, column=one.column, holds=one.klass, purpose=one.purpose,
            retention=one.retention, sealed=one.sealed,
        )  # fmt: skip


class InventoryOut(Answer):
    """Every column: the ground of a record of processing (GDPR Art. 30)."""

    columns: list[ColumnOut]


class KeptRowOut(Answer):
    """One row that concerns the person."""

    table: str = Field(examples=["uploads"])
    id: str = Field(examples=[ID])
    case: str | None = None
    exempt: str = Field(description="Why it is not given out: `held`, `case`, `others`; empty: it is.")  # fmt: skip
    stays: str = Field(description="Why it is not erased, `accountable` and `runs` besides; empty: it may be.")  # fmt: skip
    facts: dict[str, Any]

    @classmethod
    def of(cls, one: KeptRow) -> KeptRowOut:
        """From the noun."""
        return cls(
            table=one.table, id=one.id, case=one.case, facts=dict(one.facts),
            exempt="" if one.exempt is None else one.exempt.value,
            stays="" if one.stays is None else one.stays.value,
        )  # fmt: skip


class SubjectOut(Answer):
    """What is kept of a person."""

    given: list[KeptRowOut] = Field(description="May go to the person.")
    exempt: list[KeptRowOut] = Field(description="For whoever answers alone: never send it on.")

    @classmethod
    def of(cls, found: list[KeptRow]) -> SubjectOut:
        """From the nouns."""
        return cls(
            given=[KeptRowOut.of(one) for one in found if one.exempt is None],
            exempt=[KeptRowOut.of(one) for one in found if one.exempt is not None],
        )


class ErasedOut(Answer):
    """What was erased, or would be, by table; and what stays and why."""

    done: bool
    gone: dict[str, int]
    stays: list[KeptRowOut]

    @classmethod
    def of(cls, one: Erased, *, done: bool) -> ErasedOut:
        """From the noun."""
        rows = [KeptRowOut.of(row).model_copy(update={"facts": {}}) for row in one.stays]
        return cls(done=done, gone=dict(one.gone), stays=rows)


class AboutIn(Body):
    """Of whom, and why."""

    service: str = Field(pattern=SERVICE, examples=["photos"])
    account: str = Field(min_length=1, max_length=512, examples=["acct-17"])
    reason: str = Field(min_length=1, max_length=2000, examples=["They asked on 3 March."])


class SubjectIn(AboutIn):
    """Of whom everything is wanted, and why."""

    NEEDED: ClassVar = P.SUBJECT_READ

    def done(self, app: App, by: Principal) -> SubjectOut:
        """What is kept of them."""
        found = app.access.subjects.export(by, self.service, self.account, reason=self.reason)
        return SubjectOut.of(found)


class ErasureIn(AboutIn):
    """Who is erased, why, and whether it is meant."""

    really: bool = Field(default=False, description="Without it only said what would be erased.")

    NEEDED: ClassVar = P.SUBJECT_ERASE

    def done(self, app: App, by: Principal) -> ErasedOut:
        """What was erased, or would be."""
        done = app.access.subjects.erase(
            by, self.service, self.account, reason=self.reason, really=self.really
        )
        return ErasedOut.of(done, done=self.really)


WANTED: Final[dict[str, type[SubjectIn | ErasureIn]]] = {
    "exports": SubjectIn,
    "erasures": ErasureIn,
}
"""What a command asks for, by the last word of its path."""


@router.get("/v1/privacy/inventory", summary="What is kept, what for and how long", responses=problems(401, 403, 429))  # fmt: skip
@needs(P.SYSTEM_READ)
def inventory(app: Parts) -> InventoryOut:
    """From the tags of the columns themselves."""
    return InventoryOut(columns=[ColumnOut.of(one) for one in app.access.subjects.inventory()])


@router.post("/v1/privacy/exports", summary="Everything kept of a person", responses=CHANGE)
@needs(P.SUBJECT_READ)
def export(body: SubjectIn, app: Parts, who: Who, signed_by: SignedBy = "") -> SubjectOut:
    """What an investigation needs is listed and not told. The look is audited."""
    return body.done(app, signer(app, who, signed_by, body.NEEDED))


@router.post("/v1/privacy/erasures", summary="Erase what may be erased of a person", responses=CHANGE)  # fmt: skip
@needs(P.SUBJECT_ERASE)
def erase(body: ErasureIn, app: Parts, who: Who, signed_by: SignedBy = "") -> ErasedOut:
    """What is held, or evidence, stays, and is said with the reason."""
    return body.done(app, signer(app, who, signed_by, body.NEEDED))


def signer(app: App, who: Principal, name: str, needed: Permission) -> Principal:
    """Whoever asks; a command on the server's host acts for the person it names.

    Raises:
        NotAllowed: a name that this key may not use, or of somebody who may not do it.
    """
    if not name:
        if who.may(P.DESK_SIGN):
            raise NotAllowed("Name the person who does it: --signed-by.")
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return app.access.people.on_behalf(who, name, needed)
