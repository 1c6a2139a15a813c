"""`/v1/cases/{id}/vics`: a case as VICS 2.0 for investigators' programs.

One investigator takes a case of ten files or fewer, with a legal reference; a second one agrees to
more. Hashes and facts leave, never media. Each export is written down before its first byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import StreamingResponse

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.ids import Id
from breakwater.reporting.vics.exports import VicsState, VicsWish
from breakwater.web.api.packages import SignedBy, case_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(tags=["packages"])
Context = Annotated[str, Query(max_length=40, description="Whose categories: `US` or `UK`.", examples=["US"])]  # fmt: skip
Reference = Annotated[str, Query(max_length=2000, description="The legal reference, such as of an investigation.", examples=["K-2026-0815"])]  # fmt: skip
Country = Annotated[str, Query(max_length=2, description="Where it goes.", examples=["SE"])]


class VicsWishIn(Body):
    """An export that needs a second person."""

    context: str = Field(max_length=40, description="Whose categories: `US` or `UK`.", examples=["US"])  # fmt: skip
    reference: str = Field(max_length=2000, description="The legal reference.", examples=["K-2026-0815"])  # fmt: skip
    country: str = Field(max_length=2, description="Where it goes.", examples=["SE"])


class VicsApprovalOut(Answer):
    """An export that two people agree to."""

    approval: str = Field(examples=[ID])
    proposed_by: str = Field(examples=[ID])
    lapses_at: datetime = Field(description="Until when a second person can agree.")
    agreed: bool
    context: str = Field(examples=["US"])
    reference: str
    country: str = Field(examples=["SE"])

    @classmethod
    def of(cls, one: Approval) -> VicsApprovalOut:
        """From the noun."""
        return cls(
            approval=one.id, proposed_by=one.by, lapses_at=one.lapses_at,
            agreed=one.outcome == "confirmed", context=str(one.facts["context"]),
            reference=str(one.facts["reference"]), country=str(one.facts["country"]),
        )  # fmt: skip


class VicsStateOut(Answer):
    """How a case stands."""

    media: int = Field(description="Files that an export names.", examples=[3])
    left_out: int = Field(description="Files without MD5, which VICS cannot name.", examples=[0])
    alone: bool = Field(description="One person may take it.", examples=[True])
    waiting: VicsApprovalOut | None
    agreed: VicsApprovalOut | None

    @classmethod
    def of(cls, one: VicsState) -> VicsStateOut:
        """From the noun."""
        return cls(
            media=one.media, left_out=one.left_out, alone=one.alone,
            waiting=None if one.waiting is None else VicsApprovalOut.of(one.waiting),
            agreed=None if one.agreed is None else VicsApprovalOut.of(one.agreed),
        )  # fmt: skip


@router.get("/v1/cases/{id}/vics", summary="How a case stands for VICS", responses=READ)
@needs(P.VICS_EXPORT)
def state(id: IdText, app: Parts, who: Who) -> VicsStateOut:  # noqa: A002 - the path's own word
    """How many files an export names, and whether a second person is needed."""
    return VicsStateOut.of(app.packages.vics.state(who, case_id(app, id)))


@router.post("/v1/cases/{id}/vics", status_code=202, summary="Propose an export as VICS", responses=CHANGE)  # fmt: skip
@needs(P.VICS_EXPORT)
def propose(
    id: IdText, body: VicsWishIn, app: Parts, who: Who, signed_by: SignedBy = ""  # noqa: A002 - the path's own word
) -> VicsApprovalOut:  # fmt: skip
    """Another investigator agrees within 24 hours."""
    by, wish = signer(app, who, signed_by), VicsWish(body.context, body.reference, body.country)
    return VicsApprovalOut.of(app.packages.vics.propose(by, case_id(app, id), wish))


@router.post("/v1/cases/{id}/vics/confirm", summary="Agree to an export as VICS, as the second person", responses=CHANGE)  # fmt: skip
@needs(P.VICS_EXPORT)
def confirm(id: IdText, app: Parts, who: Who) -> VicsApprovalOut:  # noqa: A002 - the path's own word
    """Either of the two takes it within 24 hours."""
    return VicsApprovalOut.of(app.packages.vics.confirm(who, case_id(app, id)))


@router.post("/v1/cases/{id}/vics/refuse", status_code=204, summary="Disagree with an export as VICS", responses=CHANGE)  # fmt: skip
@needs(P.VICS_EXPORT)
def refuse(id: IdText, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Or take one's own proposal back."""
    app.packages.vics.refuse(who, case_id(app, id))


@router.get("/v1/cases/{id}/vics/file", summary="A case as VICS 2.0", responses=CHANGE, response_class=StreamingResponse)  # fmt: skip
@needs(P.VICS_EXPORT)
def file(
    id: IdText, *, app: Parts, who: Who, context: Context = "US", reference: Reference = "", country: Country = "",  # noqa: A002 - the path's own word
    signed_by: SignedBy = "",
) -> StreamingResponse:  # fmt: skip
    """Taking it is written down first; more than ten files need what two people agreed to."""
    by, case = signer(app, who, signed_by), case_id(app, id)
    return vics_file(case, app.packages.vics.take(by, case, VicsWish(context, reference, country)))


def vics_file(case: Id, pieces: Iterator[bytes]) -> StreamingResponse:
    """An export as an answer, piece by piece."""
    headers = {"Content-Disposition": f'attachment; filename="case-{case}.vics.json"'}
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


def signer(app: App, who: Principal, name: str) -> Principal:
    """Whoever asks; a command on the server's host acts for the person it names.

    Raises:
        NotAllowed: a name that this key may not use, or of somebody who is no investigator.
    """
    if not name:
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return for_person(app, who, name)


def for_person(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the investigator behind it."""
    by = app.access.people.on_behalf(who, name, P.VICS_EXPORT)
    return replace(by, permissions=by.permissions | {P.VICS_EXPORT})
