"""`/v1/hub`: what members give, take back, and say of entries.

For members' keys: a member gives as itself, to open lists alone, and speaks of entries that it may
see. Files in a member's name are for people who run the hub and for commands on the host.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import Header, Path, Query
from pydantic import Field
from starlette.requests import Request

from breakwater.app.curating import Batch
from breakwater.banks.load import Loaded
from breakwater.errors import NotAllowed
from breakwater.hub.contribute import Request as Given_
from breakwater.hub.feedback import Count
from breakwater.model.access import Permission, Principal
from breakwater.model.hub import Contribution, Feedback, FeedbackKind
from breakwater.model.hub_given import Given
from breakwater.web.api.forms import read_raw
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import body_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.model.hub import Member

P = Permission
router = Router(tags=["hub"])
FAULTS = problems(400, 401, 403, 404, 409, 413, 422, 429, 503)
Name = Annotated[str, Path(pattern=r"^[A-Z0-9_]{1,64}$", examples=["HARBOUR"])]
Number = Annotated[int, Path(ge=1, lt=1 << 31, examples=[7])]
EPOCH: Final = date(1970, 1, 1)
EntryNumber = Annotated[int, Field(ge=1, lt=1 << 32, examples=[7])]
Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


class GiveIn(Body):
    """Entries for a list."""

    entries: list[dict[str, Any]] = Field(
        min_length=1, max_length=1_000,
        description="Each with hashes by kind (`md5`, `sha1`, `sha256`, `pdq` with `pdq_quality`, "
        "`photodna`), or `kind` and `value`, or a `url` or `domain`; beside them `category`, "
        "`category_uk`, `industry_class`, `interpol_baseline`, `self_generated`, `ai_generated`, "
        "`status` (`active` or `withdrawn`). A bad one is told of and the rest goes in.",
        examples=[[{"md5": "9e107d9d372bb6826bd81d3542a419d6", "category_uk": "B"}]],
    )  # fmt: skip
    category: str = Field(default="", max_length=40, description="Of those without their own.")


class GivenOut(Answer):
    """What became of a batch."""

    import_number: int = Field(description="Names the batch.")
    rows: int
    kept: int = Field(description="New entries.")
    joined: int = Field(description="Entries of others that you give too now.")
    known: int = Field(description="You gave them already.")
    taken_back: int
    returned: int = Field(description="Withdrawn before by curators: they wait for two people.")
    bad: int
    status: str = Field(description="Of new entries: `active`, `proposed` or `quarantined`.")
    repeated: bool = Field(description="The answer to a request that came before.")
    reasons: list[tuple[int, str]] = Field(description="Bad rows: number and reason.")

    @classmethod
    def of(cls, given: Given) -> GivenOut:
        """From the noun."""
        return cls.model_validate(given, from_attributes=True)

    @classmethod
    def of_file(cls, loaded: Loaded, given: Given) -> GivenOut:
        """From what the loader counted and what became of it."""
        return cls(
            import_number=loaded.import_number, rows=loaded.rows, kept=loaded.kept,
            joined=given.joined, known=given.known, taken_back=given.taken_back,
            returned=given.returned, bad=loaded.bad, status=given.status,
            repeated=loaded.resumed_at > 0, reasons=list(loaded.reasons[:20]),
        )  # fmt: skip


class TakeBackIn(Body):
    """Entries that you give no more."""

    entries: list[EntryNumber] = Field(min_length=1, max_length=1_000)
    reason: str = Field(default="", max_length=2_000)


class BatchOut(Answer):
    """A batch you gave."""

    import_number: int
    list_number: int = Field(description="Number of the bank.")
    way: str = Field(description="`api`, `csv`, `vics`, `case` or `package`.")
    category: str
    at: datetime | None
    published_at: datetime | None = Field(description="Null while it waits for two people.")

    @classmethod
    def of(cls, one: Contribution) -> BatchOut:
        """From the noun."""
        return cls(
            import_number=one.import_number, list_number=one.bank_number, way=one.way.value,
            category=one.category, at=one.at, published_at=one.published_at,
        )  # fmt: skip


class BatchesOut(Answer):
    """Batches, the newest first."""

    batches: list[BatchOut]


class FeedbackIn(Body):
    """What you think of an entry."""

    entry: EntryNumber
    kind: str = Field(max_length=16, description="The fingerprint you speak of.", examples=["pdq"])
    opinion: Literal["affirmative", "negative", "none"] = Field(description="`none` takes back what you said.")  # fmt: skip
    reasons: list[str] = Field(default_factory=list, max_length=10, description="Ids of reasons.")
    note: str = Field(default="", max_length=2_000, description="For curators.")


class FeedbackOut(Answer):
    """One word of a member."""

    id: str = Field(examples=[ID])
    entry: int
    kind: str
    opinion: str
    reasons: list[str]
    at: datetime | None

    @classmethod
    def of(cls, one: Feedback) -> FeedbackOut:
        """From the noun."""
        return cls(
            id=one.id, entry=one.entry, kind=one.kind_of_signal,
            opinion=one.opinion.value if one.opinion else "none", reasons=list(one.reasons),
            at=one.at,
        )  # fmt: skip


class SaidOut(Answer):
    """What you said, the newest first."""

    feedback: list[FeedbackOut]


class CountIn(Body):
    """What you met of one entry on one day: counts alone, nothing of what or whose it was."""

    entry: EntryNumber
    day: date = Field(
        description="In UTC; sending a day again replaces it.", examples=["2026-03-01"]
    )
    matches: int = Field(ge=0, lt=1 << 40)
    wrong: int = Field(default=0, ge=0, lt=1 << 40, description="Of them, said by a person to be wrong.")  # fmt: skip


class CountsIn(Body):
    """A report of counts."""

    counts: list[CountIn] = Field(max_length=1_000)


class CountedOut(Answer):
    """What was counted."""

    counted: int
    passed_over: int = Field(description="Entries that are not there, or not for you.")


def member_of(app: App, who: Principal) -> Member:
    """The member whose key asks."""
    with app.db.read() as tx:
        return app.hub.contribute.member(tx, who)


@router.post("/v1/hub/lists/{name}/entries", status_code=201, summary="Give entries to a list", responses=FAULTS)  # fmt: skip
@needs(P.HUB_GIVE)
def give(
    name: Name, body: GiveIn, app: Parts, who: Who,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> GivenOut:  # fmt: skip
    """At most 1,000. One that others gave has you as one more contributor."""
    request = Given_(body.entries, body.category, idempotency_key)
    return GivenOut.of(app.hub.contribute.give(who, name, request))


@router.post("/v1/hub/lists/{name}/take-back", summary="Give entries no more", responses=FAULTS)
@needs(P.HUB_GIVE)
def take_back(name: Name, body: TakeBackIn, app: Parts, who: Who) -> GivenOut:
    """Each stays while another member gives it."""
    return GivenOut.of(app.hub.contribute.take_back(who, name, body.entries, reason=body.reason))


@router.post("/v1/hub/lists/{name}/imports", response_model=GivenOut, summary="Give a file to a list", responses=FAULTS, openapi_extra=body_of({"type": "string", "format": "binary"}, "text/csv"))  # fmt: skip
@needs(P.HUB_GIVE, body=None)
async def give_file(
    request: Request, name: Name, app: Parts, who: Who, *, category: Text = "", kind: Text = "",
    vics: bool = False,
) -> GivenOut:  # fmt: skip
    """CSV, or VICS with `vics=true`; sent again it goes on where it stopped."""
    return await _loaded(request, app, who, name, Batch(category=category, kind=kind, vics=vics))


@router.post("/v1/hub/lists/{name}/imports/{number}", response_model=GivenOut, summary="Give a file in a member's name", responses=FAULTS, openapi_extra=body_of({"type": "string", "format": "binary"}, "text/csv"))  # fmt: skip
@needs(P.HUB_WRITE, body=None)
async def give_file_for(
    request: Request, name: Name, number: Number, app: Parts, who: Who, *, category: Text = "",
    kind: Text = "", vics: bool = False, signed: bool = False, signed_by: Text = "",
) -> GivenOut:  # fmt: skip
    """By the number of the member. `signed`: you vouch for it, and no flood holds it.

    `signed_by` is for commands on the server's own host: the person in whose name they run.
    """
    who = _signer(app, who, signed=signed, name=signed_by)
    batch = Batch(
        member=app.hub.contribute.name_of(number), category=category, kind=kind, vics=vics,
        signed=signed or bool(signed_by),
    )  # fmt: skip
    return await _loaded(request, app, who, name, batch)


def _signer(app: App, who: Principal, *, signed: bool, name: str) -> Principal:
    """Whoever sends it, with the person who vouches for it behind them."""
    if name:
        if not who.may(P.DESK_SIGN):
            raise NotAllowed("Only a command on the server's host signs in a person's name.")
        return app.access.people.on_behalf(who, name, P.HUB_WRITE)
    if signed and who.person is None:
        raise NotAllowed("A list is signed for by a person, not by a key.")
    return who


async def _loaded(request: Request, app: App, who: Principal, name: str, batch: Batch) -> GivenOut:
    with spool_of(app) as spool:
        await read_raw(request, spool, limit=app.settings.max_upload_bytes)
        spool.seal()
        with spool.reader() as file:
            path = File(f"/proc/self/fd/{file.fileno()}")
            loaded, given = await patiently(
                request, lambda: app.hub.curating.files.load(who, name, path, batch)
            )
    return GivenOut.of_file(loaded, given)


@router.get("/v1/hub/given", summary="Batches you gave", responses=FAULTS)
@needs(P.HUB_GIVE)
def given(
    app: Parts, who: Who,
    before: Annotated[int, Query(ge=0, lt=1 << 31, description="Number of the last one seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> BatchesOut:  # fmt: skip
    """The newest first."""
    found = app.hub.contribute.of_member(who, before=before or None, limit=limit)
    return BatchesOut(batches=[BatchOut.of(one) for one in found])


@router.post("/v1/hub/feedback", status_code=201, summary="Say what you think of an entry", responses=FAULTS)  # fmt: skip
@needs(P.HUB_PULL)
def say(body: FeedbackIn, app: Parts, who: Who) -> FeedbackOut:
    """Your last word on a kind of fingerprint counts; all of them stay."""
    opinion = None if body.opinion == "none" else FeedbackKind(body.opinion)
    made = app.hub.curating.feedback.give(
        member_of(app, who), body.entry, body.kind, opinion, body.reasons, note=body.note
    )
    return FeedbackOut.of(made)


@router.get("/v1/hub/feedback", summary="What you said of entries", responses=FAULTS)
@needs(P.HUB_PULL)
def said(app: Parts, who: Who, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> SaidOut:
    """The newest first."""
    found = app.hub.curating.feedback.of_member(member_of(app, who), limit=limit)
    return SaidOut(feedback=[FeedbackOut.of(one) for one in found])


@router.post("/v1/hub/counts", summary="Report how often entries matched", responses=FAULTS)
@needs(P.HUB_PULL)
def counts(body: CountsIn, app: Parts, who: Who) -> CountedOut:
    """Counts alone. What several members meet too often is held until a person has looked."""
    asked = [Count(c.entry, (c.day - EPOCH).days, c.matches, c.wrong) for c in body.counts]
    counted, passed = app.hub.curating.feedback.counts(member_of(app, who), asked)
    return CountedOut(counted=counted, passed_over=passed)
