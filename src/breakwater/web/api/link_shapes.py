"""Shapes of `/v1/links`: series, media, links and what people said of them. No content, no traits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from breakwater.linking.desk import EdgeLook, MediumLook, SeriesLook
from breakwater.linking.judging import Judged
from breakwater.linking.keeping import Rebuilt
from breakwater.linking.outcomes import ChildLook
from breakwater.model.link import Edge, Link, Medium, SeriesRow
from breakwater.records.link_about import Place
from breakwater.records.link_children import Said
from breakwater.records.link_edges import Verdict
from breakwater.records.link_lists import WaitingLink
from breakwater.records.link_series import Step
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer

Kind = Literal["copy", "place", "decor", "person", "sound", "device", "account"]
End = Literal["identified", "safeguarded", "no_action"]
State = Literal["machine", "confirmed", "rejected"]
Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["The same lamp, seen from the door."])]  # fmt: skip
MEDIUM: Any = Field(ge=1, le=(1 << 53) - 1, examples=[41])


class VerdictIn(Body):
    """What is said of a link, and why."""

    verdict: Literal["confirm", "reject", "take_back"] = Field(description="Together, apart, or nothing any more.", examples=["confirm"])  # fmt: skip
    reason: Reason


class HandIn(Body):
    """A link that no method found."""

    a: int = MEDIUM
    b: int = Field(ge=1, le=(1 << 53) - 1, examples=[42])
    kind: Kind = Field(examples=["place"])
    reason: Reason


class SeriesChange(Body):
    """What is to change; the rest stays."""

    name: str | None = Field(default=None, max_length=120, description="No names of children.", examples=["Blue room"])  # fmt: skip
    priority: Literal["now", "high", "medium", "low"] | None = Field(default=None, examples=["high"])  # fmt: skip
    version: int | None = Field(default=None, ge=0, le=1 << 31, description="As you read it.")


class SeriesNoteIn(Body):
    """A note; it stays."""

    words: str = Field(min_length=1, max_length=4000, examples=["The window faces a church."])


class ChildIn(Body):
    """A child of a series, told apart by a label."""

    label: str = Field(min_length=1, max_length=80, description="Never a name.", examples=["Child A"])  # fmt: skip


class OutcomeIn(Body):
    """What became of a child; it stays, and the newest word counts."""

    child: str = Field(max_length=64, examples=[ID])
    outcome: End = Field(examples=["safeguarded"])
    words: str = Field(default="", max_length=2000, description="For colleagues; told to nobody else. No names.", examples=["By the unit of the harbour."])  # fmt: skip


class EdgeOut(Answer):
    """A link between two media."""

    number: int = Field(examples=[12])
    a: int = Field(examples=[41])
    b: int = Field(examples=[42])
    kind: Kind
    score: float = Field(ge=0, le=1, description="Of its method; compared within a kind alone.")
    state: State

    @classmethod
    def of(cls, one: Edge) -> EdgeOut:
        """From the noun."""
        return cls(
            number=one.number, a=one.a, b=one.b, kind=one.kind.value, score=one.score,
            state=one.state.value,
        )  # fmt: skip


class LinkOut(EdgeOut):
    """A link with how it was found."""

    method: str = Field(examples=["rootsift+magsac"])
    version: str = Field(examples=["1"])
    at: datetime
    evidence: dict[str, Any] = Field(description="What its method saw: matched points, an offset line; no content.")  # fmt: skip

    @classmethod
    def of_link(cls, one: Link) -> LinkOut:
        """From the noun."""
        return cls(
            **EdgeOut.of(one.edge).model_dump(), method=one.method, version=one.version, at=one.at,
            evidence=dict(one.evidence),
        )  # fmt: skip


class SaidOut(Answer):
    """What a person said of a link."""

    verdict: State = Field(description="`machine`: it was taken back.")
    reason: str
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, one: Verdict) -> SaidOut:
        """From the row."""
        return cls(verdict=one.verdict.value, reason=one.reason, by=one.by, at=one.at)


class EdgeLookOut(Answer):
    """A link, the series of both ends, and what was said of it."""

    link: LinkOut
    series_a: int | None
    series_b: int | None
    said: list[SaidOut]

    @classmethod
    def of(cls, one: EdgeLook) -> EdgeLookOut:
        """From the noun."""
        return cls(
            link=LinkOut.of_link(one.link), series_a=one.series[0], series_b=one.series[1],
            said=[SaidOut.of(each) for each in one.verdicts],
        )  # fmt: skip


class MediumOut(Answer):
    """One piece that links are sought for."""

    number: int = Field(examples=[41])
    id: str = Field(examples=[ID])
    origin: Literal["case", "stream", "exhibit"]
    case: str | None = Field(examples=[ID])
    state: Literal["waiting", "looked", "abstained", "failed"]
    why: str = Field(description="Why it abstained or failed; empty: neither.", examples=[""])
    source: str = Field(examples=["photos"])
    media_type: str = Field(examples=["video/mp4"])
    added_at: datetime
    made_at: datetime | None
    compared: bool = Field(description="Its links to everything that was known are written.")
    gone: bool = Field(description="Its bytes were destroyed.")

    @classmethod
    def of(cls, one: Medium) -> MediumOut:
        """From the noun."""
        return cls(
            number=one.number, id=one.id, origin=one.origin.value, case=one.case,
            state=one.state.value, why=one.fault or str(one.facts.get("why", "")),
            source=one.source, media_type=one.media_type, added_at=one.added_at,
            made_at=one.made_at, compared=bool(one.facts.get("compared")), gone=one.gone_at is not None,
        )  # fmt: skip


class MediaOut(Answer):
    """Media of cases."""

    media: list[MediumOut]


class SeriesOut(Answer):
    """A series."""

    number: int = Field(examples=[7])
    id: str = Field(examples=[ID])
    name: str = Field(examples=["Blue room"])
    priority: Literal["now", "high", "medium", "low"]
    media: int = Field(description="How many belong to it now.", examples=[3])
    aliases: list[int] = Field(description="Older numbers that mean the same media.", examples=[[9]])  # fmt: skip
    made_at: datetime
    changed_at: datetime
    version: int

    @classmethod
    def of(cls, one: SeriesRow) -> SeriesOut:
        """From the noun."""
        return cls(
            number=one.number, id=one.id, name=one.name, priority=one.priority.value,
            media=one.media, aliases=list(one.aliases), made_at=one.made_at,
            changed_at=one.changed_at, version=one.version,
        )  # fmt: skip


class LeadOut(Answer):
    """The open case about a series."""

    case: str = Field(examples=[ID])
    number: int = Field(description="For people.", examples=[12])


class SeriesListOut(Answer):
    """Series that have media, the newest number first."""

    series: list[SeriesOut]
    after: int | None = Field(description="Ask on with this; null: there is no more.")


class StepOut(Answer):
    """One thing that became of a series."""

    what: str = Field(examples=["joined"])
    words: str
    facts: dict[str, Any]
    by: str
    at: datetime

    @classmethod
    def of(cls, one: Step) -> StepOut:
        """From the row."""
        return cls(what=one.what, words=one.words, facts=dict(one.facts), by=one.by, at=one.at)


class SeriesLookOut(Answer):
    """A series with what is in it; at most 1,000 media."""

    series: SeriesOut
    media: list[MediumOut]
    links: list[EdgeOut]
    history: list[StepOut]

    @classmethod
    def of(cls, one: SeriesLook) -> SeriesLookOut:
        """From the noun."""
        return cls(
            series=SeriesOut.of(one.row), media=[MediumOut.of(each) for each in one.media],
            links=[EdgeOut.of(each) for each in one.edges],
            history=[StepOut.of(each) for each in one.history],
        )  # fmt: skip


class MediumLookOut(Answer):
    """A medium with its series and links."""

    medium: MediumOut
    series: SeriesOut | None
    links: list[EdgeOut]

    @classmethod
    def of(cls, one: MediumLook) -> MediumLookOut:
        """From the noun."""
        return cls(
            medium=MediumOut.of(one.medium),
            series=None if one.series is None else SeriesOut.of(one.series),
            links=[EdgeOut.of(each.edge) for each in one.links],
        )  # fmt: skip


class JudgedOut(Answer):
    """What came of a verdict."""

    link: LinkOut
    changed: list[int] = Field(description="Numbers of series that changed.", examples=[[7]])
    conflict: bool = Field(description="It says together and joins nothing: somebody said apart.")

    @classmethod
    def of(cls, one: Judged) -> JudgedOut:
        """From the noun."""
        return cls(link=LinkOut.of_link(one.link), changed=list(one.changed), conflict=one.conflict)


class WaitingOut(Answer):
    """A link that joins nothing until a person has looked."""

    link: EdgeOut
    series_a: int | None
    series_b: int | None
    conflict: bool

    @classmethod
    def of(cls, one: WaitingLink) -> WaitingOut:
        """From the row."""
        return cls(
            link=EdgeOut.of(one.edge), series_a=one.series_a, series_b=one.series_b,
            conflict=one.conflict,
        )  # fmt: skip


class WaitingListOut(Answer):
    """Links that wait, in the order in which they were found."""

    waiting: list[WaitingOut]


class LinksStatusOut(Answer):
    """How far links are."""

    media: dict[str, int] = Field(description="Media by how far they are.", examples=[{"looked": 3}])  # fmt: skip
    links: dict[str, int] = Field(description="Links by kind.", examples=[{"place": 2}])
    series: int
    waiting: int = Field(description="Links that wait for a person, counted up to 1,000.")


class RebuiltOut(Answer):
    """What computing everything from its links found."""

    media: int
    series: int
    changed: list[int] = Field(description="Numbers that were not as their links say; none is right.")  # fmt: skip

    @classmethod
    def of(cls, one: Rebuilt) -> RebuiltOut:
        """From the noun."""
        return cls(media=one.media, series=one.series, changed=list(one.changed))


class OutcomeOut(Answer):
    """What was said of a child."""

    outcome: End
    words: str
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, one: Said) -> OutcomeOut:
        """From the row."""
        return cls(outcome=one.outcome.value, words=one.words, by=one.by, at=one.at)


class ChildOut(Answer):
    """A child of a series, by a label that is no name."""

    id: str = Field(examples=[ID])
    label: str = Field(examples=["Child A"])
    at: datetime
    outcome: End | None = Field(description="The last word; null: nothing is known yet.")
    said: list[OutcomeOut] = Field(description="Everything that was said, the last first.")

    @classmethod
    def of(cls, one: ChildLook) -> ChildOut:
        """From the noun."""
        return cls(
            id=one.id, label=one.label, at=one.at,
            outcome=None if one.outcome is None else one.outcome.value,
            said=[OutcomeOut.of(each) for each in one.said],
        )  # fmt: skip


class ChildrenOut(Answer):
    """Children of a series, in the order in which they were told apart."""

    children: list[ChildOut]


class PlaceIn(Body):
    """Where a series is thought or known to be."""

    words: str = Field(min_length=1, max_length=1000, description="What speaks for it.", examples=["The sign of the line."])  # fmt: skip
    country: str = Field(min_length=2, max_length=2, examples=["NL"])
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrees; kept to two decimals.", examples=[52.37])  # fmt: skip
    longitude: float | None = Field(default=None, ge=-180, le=180, examples=[4.89])
    certain: bool = Field(default=False, description="It is known, not only thought.")


class PlaceOut(Answer):
    """Where a series is thought or known to be."""

    words: str
    certain: bool
    country: str = Field(description="Empty where the law had it erased.", examples=["NL"])
    latitude: float | None
    longitude: float | None
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, one: Place) -> PlaceOut:
        """From the noun."""
        return cls(
            words=one.words, certain=one.certain, country=one.country, latitude=one.latitude,
            longitude=one.longitude, by=one.by, at=one.at,
        )  # fmt: skip


class PlacesOut(Answer):
    """Places of a series, the newest word first."""

    places: list[PlaceOut]
