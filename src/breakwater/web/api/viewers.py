"""`/v1/cases/{id}/viewers` and `/v1/viewers`: who watched, access logs, packs, figures.

What is shown follows from the caller's role, and every look is an audit row. Services and the
command line send what they read of access logs; a pack for an authority is made by two people.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.approval import Approval
from breakwater.model.clock import iso
from breakwater.model.watch import SessionSource, Span, Watched
from breakwater.records.watch_imports import WatchImport
from breakwater.viewers.importing import Named, Stretch
from breakwater.viewers.packs import DOUBTS, Pack
from breakwater.viewers.seeing import CaseViewers, Seen
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.streams import SERVER, IdText, Sighted
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["viewers"])
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
SESSIONS_BODY = 4 << 20
"""Bytes: 1,000 sessions."""
Text = Annotated[str, Field(max_length=512)]
HEX = r"^[0-9a-f]{64}$"


class ReasonIn(Body):
    """Why identities are looked at."""

    reason: str = Field(min_length=1, max_length=200, description="Why, or the legal reference.", examples=["Case file 12-3"])  # fmt: skip


class SpansIn(Body):
    """What of a broadcast is illegal."""

    stream: str = Field(max_length=64, examples=[ID])
    spans: list[tuple[Sighted, Sighted]] = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=2000)

    def read(self) -> list[Span]:
        """As the verb takes them."""
        try:
            return [Span(*one) for one in self.spans]
        except ValueError as error:
            raise BadInput(str(error)) from None


class DirectedIn(Body):
    """That a viewer told the broadcaster what to do."""

    viewer: str = Field(pattern=HEX, description="The viewer's pseudonym.")
    words: str = Field(min_length=1, max_length=2000, description="In what; sealed.")


class PackIn(Body):
    """For whom a pack is wanted, and why."""

    countries: list[Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]] = Field(min_length=1, max_length=250, examples=[["GB"]])  # fmt: skip
    agency: str = Field(default="", max_length=200, examples=["National Crime Agency"])
    country: str = Field(default="", pattern=r"^([A-Za-z]{2})?$", description="The authority's; empty: police of each of `countries`.", examples=["GB"])  # fmt: skip
    reason: str = Field(min_length=1, max_length=2000, examples=["Case file 12-3"])
    reference: str = Field(default="", max_length=2000, description="Their own, such as the number of a warrant: then it leaves on request.", examples=["K-2026-0815"])  # fmt: skip
    danger: bool = Field(default=False, description="Somebody's life is in danger.")


class ImportIn(Body):
    """An access log that shall be read."""

    mark: str = Field(pattern=HEX, description="SHA-256 of the log's opening: a known one goes on.")
    name: str = Field(default="", max_length=200, examples=["edge-1.log"])
    form: str = Field(default="nginx", max_length=32, examples=["nginx"])


class SessionIn(Body):
    """A session that was found in a log."""

    names: list[Text] = Field(min_length=1, max_length=8, description="What the broadcast may be called, the surest first.", examples=[["live/014", "014"]])  # fmt: skip
    joined_at: Sighted
    left_at: Sighted
    account: Text = ""
    address: str = Field(max_length=128, examples=["81.2.69.142"])
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=list, max_length=64)
    agent: Text = ""
    token: Text = ""
    requests: int = Field(default=1, ge=1, le=(1 << 31) - 1)

    def named(self) -> Named:
        """As the verb takes it."""
        watched = Watched(
            self.joined_at, max(self.joined_at, self.left_at), self.account, self.address,
            tuple(self.ports), self.agent, self.token, source=SessionSource.LOG,
            requests=self.requests,
        )  # fmt: skip
        return Named(tuple(self.names), watched)


class StretchIn(Body):
    """A piece of a log: its sessions, and how far the log is read with it."""

    server: str = Field(default="", pattern=SERVER, description="Name of the media server as entered here; empty: your own.")  # fmt: skip
    before: int = Field(ge=0, le=1 << 60, description="Bytes that were done before.")
    to: int = Field(ge=0, le=1 << 60, description="Bytes that are done with this.")
    counts: dict[Annotated[str, Field(max_length=32)], Annotated[int, Field(ge=0)]] = Field(default_factory=dict, max_length=32)  # fmt: skip
    finished: bool = False
    sessions: list[SessionIn] = Field(default_factory=list, max_length=1000)

    def stretch(self) -> Stretch:
        """As the verb takes it."""
        return Stretch(self.before, self.to, self.counts, self.finished)


class ImportOut(Answer):
    """A log, and how far it is read."""

    id: str = Field(examples=[ID])
    name: str
    form: str
    offset: int = Field(description="Bytes, unpacked, that are done.")
    counts: dict[str, int] = Field(description="Lines by what became of them, and sessions.")
    began_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def of(cls, one: WatchImport) -> ImportOut:
        """From the noun."""
        return cls(
            id=one.id, name=one.name, form=one.form, offset=one.offset, counts=dict(one.counts),
            began_at=one.began_at, finished_at=one.finished_at,
        )  # fmt: skip


class ImportsOut(Answer):
    """Logs that were read, the newest first."""

    imports: list[ImportOut]


class ViewerOut(Answer):
    """One viewer of a case, as far as the caller may see them."""

    viewer: str = Field(description="A pseudonym.")
    tier: str = Field(description="`paid`, `directed`, `returned`, `stayed` or `passed`.")
    seconds: float = Field(description="Of what is illegal that they watched.")
    visits: list[tuple[datetime, datetime]]
    streams: list[str] = Field(description="Labels of the broadcasts of this case.")
    other_streams: int = Field(description="Other stopped broadcasts that they watched.")
    country: str = Field(description="The best guess; empty: unknown.", examples=["GB"])
    certainty: str = Field(examples=["certain"])
    doubts: list[str] = Field(description="Why the country is not certain, in words.")
    cluster: int = Field(description="Number of those with whom something is shared; 0: nobody.")
    account: str = ""
    addresses: list[dict[str, Any]] = Field(default_factory=list)
    agents: list[str] = Field(default_factory=list)
    place: dict[str, Any] | None = Field(default=None, description="What the databases said, with their names and dates.")  # fmt: skip

    @classmethod
    def of(cls, one: Seen) -> ViewerOut:
        """From the noun."""
        doubts = () if one.place is None else one.place.doubts
        return cls(
            viewer=one.person, tier=one.tier.value, seconds=round(one.watching.overlap, 1),
            visits=[(span.start, span.end) for span in one.visits], streams=list(one.streams),
            other_streams=one.watching.streams, country=one.country,
            certainty=one.certainty.value, doubts=[DOUBTS[doubt] for doubt in doubts],
            cluster=one.cluster, account=one.account, agents=list(one.agents),
            addresses=[
                {"address": text, "ports": list(ports), "seen_at": iso(at)}
                for text, ports, at in one.addresses
            ],
            place=None if one.place is None else one.place.as_json(),
        )  # fmt: skip


class BroadcastOut(Answer):
    """A broadcast of the case and what of it is illegal."""

    stream: str = Field(examples=[ID])
    label: str = Field(examples=["stream-014"])
    basis: str = Field(description="Who says so: `person`, `alerts`, or `whole` as nobody did.")
    illegal: list[tuple[datetime, datetime]]


class ClusterOut(Answer):
    """Viewers who share something."""

    number: int
    kinds: list[str] = Field(examples=[["device"]])
    viewers: list[str]


class CaseViewersOut(Answer):
    """Everybody who watched a case; who watched other stopped broadcasts too comes first."""

    sight: str = Field(description="`pseudonym`, `account` or `identity`: how much you see.")
    broadcasts: list[BroadcastOut]
    tiers: dict[str, int]
    countries: dict[str, tuple[int, int]] = Field(description="How many for certain, how many perhaps.")  # fmt: skip
    clusters: list[ClusterOut]
    viewers: list[ViewerOut]

    @classmethod
    def of(cls, found: CaseViewers) -> CaseViewersOut:
        """From the noun."""
        return cls(
            sight=found.sight.value, countries=found.countries(),
            tiers={tier.value: count for tier, count in found.tiers().items()},
            broadcasts=[
                BroadcastOut(
                    stream=one.stream.id, label=one.stream.label, basis=one.basis,
                    illegal=[(span.start, span.end) for span in one.spans],
                )
                for one in found.broadcasts
            ],
            clusters=[
                ClusterOut(number=one.number, kinds=list(one.kinds), viewers=list(one.people))
                for one in found.clusters
            ],
            viewers=[ViewerOut.of(one) for one in found.viewers],
        )  # fmt: skip


class PackWaitsOut(Answer):
    """A pack that waits for a second person."""

    approval: str = Field(examples=[ID])
    proposed_by: str = Field(examples=[ID])
    lapses_at: datetime
    countries: list[str]
    agency: str
    country: str = Field(description="The authority's; empty: none was named.", examples=["GB"])
    reference: str
    occasion: str = Field(description="`always`, `danger` or `request`.", examples=["request"])

    @classmethod
    def of(cls, one: Approval) -> PackWaitsOut:
        """From the noun."""
        return cls(approval=one.id, proposed_by=one.by, lapses_at=one.lapses_at, **one.facts)


class PackOut(Answer):
    """A pack: suspects named, the rest counted."""

    sha256: str = Field(description="Of the canonical JSON of `pack`.")
    pack: dict[str, Any]
    csv: str = Field(description="Those who are named, an address a row.")

    @classmethod
    def of(cls, made: Pack) -> PackOut:
        """From the noun."""
        return cls(sha256=made.sha256, pack=made.body, csv=made.csv())


class CountryOut(Answer):
    """Viewers of cases in one country; null: too few to be told."""

    country: str = Field(description="Empty: unknown.", examples=["GB"])
    certain: int | None
    uncertain: int | None


class CountriesOut(Answer):
    """Viewers of cases by country."""

    since: datetime
    until: datetime
    countries: list[CountryOut]


@router.get("/v1/cases/{id}/viewers", summary="Who watched a case", responses=READ)
@needs(P.CASE_READ)
def of_case(id: IdText, app: Parts, who: Who) -> CaseViewersOut:  # noqa: A002 - the path's own word
    """By tier, the repeated first; no whole address without a reason. Every look is audited."""
    return CaseViewersOut.of(app.viewers.seeing.of_case(who, known_id(id)))


@router.post("/v1/cases/{id}/viewers/looks", summary="Who watched a case, with identities", responses=CHANGE)  # fmt: skip
@needs(P.IDENTITY_READ)
def look(id: IdText, body: ReasonIn, app: Parts, who: Who) -> CaseViewersOut:  # noqa: A002 - the path's own word
    """Accounts, addresses and ports, with the reason in the audit log."""
    found = app.viewers.seeing.of_case(who, known_id(id), reason=body.reason)
    return CaseViewersOut.of(found)


@router.post("/v1/cases/{id}/viewers/spans", status_code=204, summary="Say what is illegal", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def spans(id: IdText, body: SpansIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Tiers follow from it. Without it: from the first alert until it was stopped."""
    stream = known_id(body.stream)
    app.viewers.seeing.set_spans(who, known_id(id), stream, body.read(), reason=body.reason)


@router.post("/v1/cases/{id}/viewers/directed", status_code=204, summary="Say that a viewer directed", responses=CHANGE)  # fmt: skip
@needs(P.CASE_DECIDE)
def directed(id: IdText, body: DirectedIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """It puts them among those whom a pack names."""
    app.viewers.seeing.mark_directed(who, known_id(id), body.viewer, words=body.words)


@router.post("/v1/cases/{id}/viewers/packs", status_code=202, summary="Propose a pack for an authority", responses=CHANGE)  # fmt: skip
@needs(P.IDENTITY_READ)
def propose(id: IdText, body: PackIn, app: Parts, who: Who) -> PackWaitsOut:  # noqa: A002 - the path's own word
    """Another person makes it within 24 hours; refused where it may not leave."""
    return PackWaitsOut.of(app.viewers.packs.propose(who, known_id(id), **body.model_dump()))


@router.post("/v1/cases/{id}/viewers/packs/confirm", summary="Make a pack as second person", responses=CHANGE)  # fmt: skip
@needs(P.IDENTITY_READ)
def make(id: IdText, app: Parts, who: Who) -> PackOut:  # noqa: A002 - the path's own word
    """Who paid, directed or returned is named; who stayed or passed by is counted."""
    return PackOut.of(app.viewers.packs.make(who, known_id(id)))


@router.post("/v1/cases/{id}/viewers/packs/refuse", status_code=204, summary="Disagree with a pack", responses=CHANGE)  # fmt: skip
@needs(P.IDENTITY_READ)
def refuse(id: IdText, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Nothing leaves."""
    app.viewers.packs.refuse(who, known_id(id))


@router.get("/v1/viewers/countries", summary="Viewers of cases by country", responses=READ)
@needs(P.CASE_READ)
def countries(
    app: Parts,
    *,
    since: Annotated[
        Sighted | None, Query(description="Without it 30 days before the end.")
    ] = None,
    until: Annotated[Sighted | None, Query(description="Without it now.")] = None,
) -> CountriesOut:
    """Fewer than five are not told."""
    end = until or app.clock.now()
    start = since or end - timedelta(days=30)
    rows = [
        CountryOut(country=code, certain=sure, uncertain=perhaps)
        for code, sure, perhaps in app.viewers.seeing.figures(start, end)
    ]
    return CountriesOut(since=start, until=end, countries=rows)


@router.get("/v1/viewers/imports", summary="Access logs that were read", responses=READ)
@needs(P.STREAM_WRITE)
def imports(app: Parts, who: Who) -> ImportsOut:
    """The newest first; a service sees its own."""
    found = app.viewers.importing.every(who)
    return ImportsOut(imports=[ImportOut.of(one) for one in found])


@router.post("/v1/viewers/imports", status_code=201, summary="Begin an access log", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_WRITE)
def begin(body: ImportIn, app: Parts, who: Who) -> ImportOut:
    """One that is known by its opening goes on at its offset."""
    mark = bytes.fromhex(body.mark)
    made = app.viewers.importing.begin(who, mark=mark, name=body.name, form=body.form)
    return ImportOut.of(made)


@router.post("/v1/viewers/imports/{id}/sessions", summary="Sessions of a piece of an access log", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_WRITE, body=SESSIONS_BODY)
def take(id: IdText, body: StretchIn, app: Parts, who: Who) -> ImportOut:  # noqa: A002 - the path's own word
    """Kept for broadcasts that led to a case; others are counted and forgotten."""
    found = [one.named() for one in body.sessions]
    kept = app.viewers.importing.take(who, known_id(id), body.server, found, body.stretch())
    return ImportOut.of(kept)
