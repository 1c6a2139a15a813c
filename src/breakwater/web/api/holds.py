"""`/v1/holds`: what is preserved, until when and why; extended, ordered, ended by two people.

For report officers. Every look at what is kept of a case is written down before it is answered.
Nothing here deletes: an end lets what is due be destroyed, and the databases refuse one that comes
too early or from one person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, Field

from breakwater.app import App
from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.hold import Hold, HoldItem, HoldKind, HoldState, Preservation
from breakwater.model.ids import Id
from breakwater.records import cases
from breakwater.reporting.preserving.holding import Listed, Manifest
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import CHANGE, READ, IdText
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["holds"])
SHA256 = "6d1ea7f1c1ad1a3fba0f6dfdd4b8f3c3d8a2f3f6a7e0ad4e6a7d7a0d6b0f1c22"
SignedBy = Annotated[
    str,
    Query(max_length=200, description="The person behind a command on the server's host; nobody else may use it."),
]  # fmt: skip
Reason = Annotated[
    str, Field(min_length=1, max_length=2000, examples=["A linked case is investigated."])
]


class HoldReasonIn(Body):
    """Why."""

    reason: Reason


class HoldExtendIn(HoldReasonIn):
    """Until when it is kept longer."""

    until: AwareDatetime = Field(examples=["2028-03-01T12:00:00Z"])


class HoldOrderIn(HoldReasonIn):
    """An order of a court, or an authority's request."""

    reference: str = Field(min_length=1, max_length=2000, examples=["12 Cr 34/26"])
    kind: Literal["legal", "request"] = Field(default="legal", description="`legal`: a court orders it; `request`: an authority asks for it.")  # fmt: skip
    until: AwareDatetime | None = Field(default=None, description="None: until two people release it.")  # fmt: skip


class HoldOut(Answer):
    """One reason why a case's evidence is kept."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[4])
    case: str = Field(examples=[ID])
    kind: str = Field(description="`report`, `legal` or `request`.", examples=["report"])
    state: str = Field(description="`stands`, `due` (its time is over and nothing is destroyed yet) or `ended`.", examples=["stands"])  # fmt: skip
    seat: str = Field(description="What may be kept of media: `media`, `hashes` or `until_receipt`.", examples=["media"])  # fmt: skip
    reason: str
    reference: str
    starts: datetime
    ends: datetime | None = Field(description="None: until it is released.")
    counted: str = Field(description="From what its time counts: `decided`, `receipt`, `extended` or `ordered`.", examples=["receipt"])  # fmt: skip
    ended_at: datetime | None
    ended_why: str = Field(description="`released`, `expired` or `taken_back`; empty: it stands.", examples=[""])  # fmt: skip

    @classmethod
    def of(cls, one: Hold) -> HoldOut:
        """From the noun."""
        return cls(
            id=one.id, number=one.number, case=one.case, kind=one.kind.value,
            state=one.state.value, seat=one.seat.value, reason=one.reason,
            reference=one.reference, starts=one.starts, ends=one.ends, counted=one.counted.value,
            ended_at=one.ended_at, ended_why=one.ended_why.value if one.ended_why else "",
        )  # fmt: skip


class KeepingOut(Answer):
    """How far the keeping of a case is."""

    case: str = Field(examples=[ID])
    done: bool
    attempts: int = Field(description="Failures in a row.")
    fault: str = Field(description="What stands in its way; empty: nothing.", examples=["disk_full"])  # fmt: skip
    next_at: datetime | None

    @classmethod
    def of(cls, one: Preservation) -> KeepingOut:
        """From the noun."""
        return cls(
            case=one.case, done=one.done, attempts=one.attempts, fault=one.fault,
            next_at=one.next_at,
        )  # fmt: skip


class ListedHoldOut(HoldOut):
    """A hold in a list."""

    case_number: int = Field(description="The case's number, for people.", examples=[12])
    kept: int = Field(description="Things that are kept of the case.", examples=[7])
    gaps: int
    destroyed: int
    waits: bool = Field(description="Somebody proposed that it ends; another person agrees.")


class FailingOut(KeepingOut):
    """A case that is not kept yet, in a list."""

    case_number: int = Field(description="The case's number, for people.", examples=[12])


class HoldsOut(Answer):
    """Holds, what comes due first."""

    holds: list[ListedHoldOut]
    failing: list[FailingOut] = Field(description="Cases that are not kept yet, tried again.")
    stands: int
    due: int
    ended: int

    @classmethod
    def of(cls, found: Listed) -> HoldsOut:
        """From the noun."""
        rows = []
        for one in found.holds:
            kept, gaps, gone = found.figures.get(one.case, (0, 0, 0))
            rows.append(
                ListedHoldOut(
                    **HoldOut.of(one).model_dump(), case_number=found.numbers[one.case],
                    kept=kept, gaps=gaps, destroyed=gone, waits=one.id in found.waiting,
                )
            )  # fmt: skip
        failing = [
            FailingOut(**KeepingOut.of(one).model_dump(), case_number=found.numbers[one.case])
            for one in found.failing
        ]
        return cls(
            holds=rows, failing=failing,
            stands=found.counts[HoldState.STANDS], due=found.counts[HoldState.DUE],
            ended=found.counts[HoldState.ENDED],
        )  # fmt: skip


class HoldItemOut(Answer):
    """One thing that is kept, or a gap."""

    what: str = Field(examples=["media"])
    name: str = Field(examples=[f"upload {ID}"])
    sha256: str = Field(description="Of its bytes; empty: it is a row or a gap.", examples=[SHA256])
    size: int
    row: str = Field(description="Table and id of the row that is kept; empty: it is none.", examples=[f"uploads {ID}"])  # fmt: skip
    since: datetime
    kept_at: datetime
    gap: str = Field(description="Why it is not kept; empty: it is.", examples=[""])
    until_receipt: bool
    destroyed_at: datetime | None

    @classmethod
    def of(cls, one: HoldItem) -> HoldItemOut:
        """From the noun."""
        return cls(
            what=one.what.value, name=one.name, sha256=one.sha256, size=one.size,
            row=f"{one.table} {one.row}" if one.row else "", since=one.since,
            kept_at=one.kept_at, gap=one.gap, until_receipt=one.until_receipt,
            destroyed_at=one.destroyed_at,
        )  # fmt: skip


class ManifestOut(Answer):
    """What is held of a case."""

    holds: list[HoldOut]
    items: list[HoldItemOut]
    keeping: KeepingOut

    @classmethod
    def of(cls, found: Manifest) -> ManifestOut:
        """From the noun."""
        return cls(
            holds=[HoldOut.of(one) for one in found.holds],
            items=[HoldItemOut.of(one) for one in found.items],
            keeping=KeepingOut.of(found.keeping),
        )  # fmt: skip


@router.get("/v1/holds", summary="What is preserved", responses=READ)
@needs(P.HOLD_READ)
def every(
    app: Parts, state: HoldState | None = None, kind: HoldKind | None = None, *,
    soon: Annotated[bool, Query(description="Only what comes due within 30 days.")] = False,
    before: Annotated[int | None, Query(ge=1, lt=1 << 62, description="Smaller numbers, the newest first: for paging.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HoldsOut:  # fmt: skip
    """What comes due first; it names nobody."""
    holding = app.preserving.holding
    return HoldsOut.of(holding.listed(state=state, kind=kind, soon=soon, after=before, limit=limit))


@router.get("/v1/cases/{id}/holds", summary="What is held of a case", responses=READ)
@needs(P.HOLD_READ)
def of_case(id: IdText, app: Parts, who: Who) -> ManifestOut:  # noqa: A002 - the path's own word
    """Every thing with its SHA-256 or row, and every gap with its reason."""
    return ManifestOut.of(app.preserving.holding.of_case(who, case_id(app, id)))


@router.post("/v1/cases/{id}/holds", status_code=201, summary="Hold a case by an order", responses=CHANGE)  # fmt: skip
@needs(P.HOLD_WRITE)
def order(
    id: IdText, body: HoldOrderIn, app: Parts, who: Who, signed_by: SignedBy = ""  # noqa: A002 - the path's own word
) -> HoldOut:  # fmt: skip
    """Decided or not; what there is of it is kept until the order is released."""
    made = app.preserving.holding.order(
        signer(app, who, signed_by), case_id(app, id), reference=body.reference,
        reason=body.reason, kind=HoldKind(body.kind), until=body.until,
    )  # fmt: skip
    return HoldOut.of(made)


@router.post("/v1/holds/{id}/extend", summary="Keep longer", responses=CHANGE)
@needs(P.HOLD_WRITE)
def extend(
    id: IdText, body: HoldExtendIn, app: Parts, who: Who, signed_by: SignedBy = ""  # noqa: A002 - the path's own word
) -> HoldOut:  # fmt: skip
    """With a reason; never shorter."""
    by = signer(app, who, signed_by)
    return HoldOut.of(app.preserving.holding.extend(by, known_id(id), body.until, body.reason))


@router.post("/v1/holds/{id}/end", status_code=202, summary="Propose that a hold ends", responses=CHANGE)  # fmt: skip
@needs(P.HOLD_WRITE)
def end(
    id: IdText, body: HoldReasonIn, app: Parts, who: Who, signed_by: SignedBy = ""  # noqa: A002 - the path's own word
) -> HoldOut:  # fmt: skip
    """An order that was lifted, or a report's hold whose time is over; another person agrees."""
    by = signer(app, who, signed_by)
    return HoldOut.of(app.preserving.holding.propose_end(by, known_id(id), body.reason))


@router.post("/v1/holds/{id}/confirm", summary="Agree that a hold ends, as the second person", responses=CHANGE)  # fmt: skip
@needs(P.HOLD_WRITE)
def confirm(id: IdText, app: Parts, who: Who) -> HoldOut:  # noqa: A002 - the path's own word
    """What nothing holds any more is destroyed."""
    return HoldOut.of(app.preserving.holding.confirm_end(who, known_id(id)))


@router.post("/v1/holds/{id}/refuse", summary="Have a hold go on", responses=CHANGE)
@needs(P.HOLD_WRITE)
def refuse(id: IdText, body: HoldReasonIn, app: Parts, who: Who) -> HoldOut:  # noqa: A002 - the path's own word
    """Disagree with its end, or take one's own proposal back."""
    return HoldOut.of(app.preserving.holding.refuse_end(who, known_id(id), body.reason))


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
        NotAllowed: a name that this key may not use, or of somebody who may not act on holds.
    """
    if not name:
        if who.may(P.DESK_SIGN):
            raise NotAllowed("Name the person who does it: --signed-by.")
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return for_person(app, who, name)


def for_person(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the person behind it."""
    return app.access.people.on_behalf(who, name, P.HOLD_WRITE)
