"""Shapes of `/v1/hub`: members, keys, lists, rules, publications, what a simulator counts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from breakwater.hub.members import Looked, MemberWish
from breakwater.hub.policy import WHY
from breakwater.hub.publishing import Waiting
from breakwater.hub.rules import Done, RuleWish
from breakwater.hub.simulate import WORDS, Line, One, Simulated
from breakwater.model.approval import Approval
from breakwater.model.hub import (
    Effect,
    Member,
    MemberKind,
    Pull,
    ReleasePurpose,
    ReleaseRule,
    SharedList,
)
from breakwater.model.ids import Id
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body, Moment
from breakwater.web.api.shapes import ID, Answer, KeyOut

Kind = Literal["service", "hotline", "police", "charity", "research", "person"]
Purpose = Literal["detection", "investigation", "research"]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$", examples=["DE"])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Reed Bay"])]
Contact = Annotated[str, Field(max_length=500, description="How its people are reached; never shown to members.")]  # fmt: skip
Purposes = Annotated[list[Purpose], Field(max_length=3, examples=[["detection"]])]
Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["By the agreement of March."])]  # fmt: skip
ListName = Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$", examples=["HARBOUR"])]


class MemberIn(Body):
    """An organisation that takes part."""

    name: Name
    kind: Kind = "service"
    country: Country = ""
    contact: Contact = ""
    purposes: Purposes = Field(default=["detection"])
    trusted: bool = Field(default=False, description="What it gives needs no second person.")


class MemberChange(Body):
    """What is to change; the rest stays."""

    name: Name | None = None
    country: Country | None = None
    contact: Contact | None = None
    purposes: Purposes | None = None
    trusted: bool | None = None
    state: Literal["active", "suspended", "left"] | None = Field(default=None, description="`left`: for good; its keys end.")  # fmt: skip
    change: int | None = Field(default=None, ge=0, le=2**62, description="As you read it.")

    def noun(self) -> MemberWish | None:
        """What is said of it besides its state."""
        said = {self.name, self.country, self.contact, self.trusted}
        if said == {None} and self.purposes is None:
            return None
        purposes = None if self.purposes is None else tuple(map(ReleasePurpose, self.purposes))
        return MemberWish(self.name, self.country, self.contact, purposes, self.trusted)


class MemberOut(Answer):
    """A member."""

    id: str = Field(examples=[ID])
    number: int = Field(description="By which the NCMEC dialect names it.", examples=[3])
    name: str
    kind: Kind
    country: str
    contact: str
    state: Literal["active", "suspended", "left"]
    purposes: list[str]
    trusted: bool
    created_at: datetime | None
    change: int

    @classmethod
    def of(cls, one: Member) -> MemberOut:
        """From the noun."""
        return cls(
            id=one.id, number=one.number, name=one.name, kind=one.kind.value, country=one.country,
            contact=one.contact, state=one.state.value,
            purposes=[each.value for each in one.purposes], trusted=one.trusted,
            created_at=one.created_at, change=one.change,
        )  # fmt: skip


class MembersOut(Answer):
    """All of them, by name."""

    members: list[MemberOut]


class PullOut(Answer):
    """How a member follows in one dialect."""

    member: str = Field(examples=[ID])
    dialect: str = Field(examples=["ncmec"])
    last_at: datetime | None
    change: int = Field(description="How far it read; 0 where it does not say.")
    rows: int
    requests: int
    errors: int
    fault: str

    @classmethod
    def of(cls, one: Pull) -> PullOut:
        """From the noun."""
        return cls.model_validate(one, from_attributes=True)


class GaveOut(Answer):
    """A batch that a member gave."""

    number: int = Field(description="Of its import.")
    way: str
    category: str
    at: datetime | None
    published_at: datetime | None


class LookedOut(Answer):
    """A member with its keys, how it follows, and what it gave last."""

    member: MemberOut
    keys: list[KeyOut]
    pulls: list[PullOut]
    given: list[GaveOut]

    @classmethod
    def of(cls, one: Looked) -> LookedOut:
        """From the noun."""
        return cls(
            member=MemberOut.of(one.member), keys=[KeyOut.of(key) for key in one.keys],
            pulls=[PullOut.of(pull) for pull in one.pulls],
            given=[
                GaveOut(
                    number=each.import_number, way=each.way.value, category=each.category,
                    at=each.at, published_at=each.published_at,
                )
                for each in one.given
            ],
        )  # fmt: skip


class HubKeyIn(Body):
    """A key that speaks for a member."""

    name: str = Field(default="feed", min_length=1, max_length=80, examples=["threatexchange"])
    give: bool = Field(default=False, description="It may give as well as pull.")
    deconflict: bool = Field(default=False, description="It may ask who else works on a file.")
    networks: list[str] = Field(default_factory=list, max_length=100, examples=[["198.51.100.0/24"]])  # fmt: skip
    expires_at: Moment | None = None


class ListIn(Body):
    """How a bank is shared."""

    tlp: Literal["red", "amber", "green", "clear"] = Field(default="amber", description="Traffic Light Protocol 2.0; red goes only to members a rule names.")  # fmt: skip
    open: bool = Field(default=True, description="Members may give to it.")


class ListOut(Answer):
    """A shared list."""

    bank: int = Field(description="Its number, as rules name it.")
    name: str = Field(examples=["HARBOUR"])
    tlp: str
    open: bool
    created_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: SharedList) -> ListOut:
        """From the noun."""
        return cls(bank=one.bank_number, name=one.name, tlp=one.tlp, open=one.open, created_at=one.created_at, ended_at=one.ended_at)  # fmt: skip


class ListsOut(Answer):
    """All of them, by name."""

    lists: list[ListOut]


class RuleSays(Body):
    """What a rule says; what is null says nothing."""

    effect: Literal["allow", "deny"] = "allow"
    source: str | None = Field(default=None, max_length=64, description="Member that gave it.", examples=[ID])  # fmt: skip
    list: ListName | None = None
    recipient: str | None = Field(default=None, max_length=64, description="Member that asks.", examples=[ID])  # fmt: skip
    recipient_kind: Kind | None = None
    recipient_country: Country | None = None
    purpose: Purpose | None = None
    category: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="Of the contribution, or a label of the entry.", examples=["A1"])  # fmt: skip
    expires_at: Moment | None = None

    def noun(self) -> RuleWish:
        """As the verb takes it."""
        return RuleWish(
            Effect(self.effect), _id(self.source), self.list, _id(self.recipient),
            None if self.recipient_kind is None else MemberKind(self.recipient_kind),
            self.recipient_country or None,
            None if self.purpose is None else ReleasePurpose(self.purpose),
            self.category or None, self.expires_at,
        )  # fmt: skip


class RuleIn(RuleSays):
    """A rule, and why."""

    reason: Reason


class WhyIn(Body):
    """Why."""

    reason: Reason


class RuleOut(Answer):
    """A release rule."""

    id: str = Field(examples=[ID])
    effect: str
    source: str | None
    list: int | None = Field(description="Number of the bank.")
    recipient: str | None
    recipient_kind: str | None
    recipient_country: str | None
    purpose: str | None
    category: str | None
    expires_at: datetime | None
    reason: str
    by: str
    second_by: str | None
    at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: ReleaseRule) -> RuleOut:
        """From the noun."""
        return cls.model_validate(one, from_attributes=True)


class WaitsOut(Answer):
    """What waits for a second person."""

    subject: str = Field(examples=[ID])
    kind: str = Field(examples=["hub.rule_add"])
    reason: str
    by: str
    lapses_at: datetime
    facts: dict[str, Any] = Field(description="What would be, for the second person to see.")

    @classmethod
    def of(cls, one: Approval) -> WaitsOut:
        """From the noun."""
        return cls(subject=one.subject, kind=one.kind, reason=one.reason, by=one.by, lapses_at=one.lapses_at, facts=dict(one.facts))  # fmt: skip


class RulesOut(Answer):
    """Rules in force, and what waits."""

    rules: list[RuleOut]
    waiting: list[WaitsOut]


class RuleDone(Answer):
    """What became of it."""

    rule: RuleOut | None = Field(description="As it stands; null while a new one waits.")
    waits: WaitsOut | None = Field(description="For a second person; null where it is done.")

    @classmethod
    def of(cls, done: Done) -> RuleDone:
        """From the noun."""
        return cls(
            rule=None if done.rule is None else RuleOut.of(done.rule),
            waits=None if done.waits is None else WaitsOut.of(done.waits),
        )


class SimulateIn(Body):
    """What would this member see?"""

    member: str = Field(max_length=64, examples=[ID])
    purpose: Purpose = "detection"
    extra: RuleSays | None = Field(default=None, description="A rule that is thought of.")
    entry: int | None = Field(default=None, ge=1, lt=2**32, description="One entry instead of all.")


class LineOut(Answer):
    """Entries on which one thing decided."""

    list: str
    source: str = Field(description="Name of the member; empty: this house.")
    category: str
    allowed: bool
    why: str = Field(examples=["no_rule"])
    words: str = Field(examples=["No rule allows it."])
    rule: str | None
    entries: int

    @classmethod
    def of(cls, one: Line) -> LineOut:
        """From the noun."""
        said = one.ruling
        return cls(
            list=one.list, source=one.source, category=one.category, allowed=said.allowed,
            why=said.why, words=(WHY | WORDS)[said.why], rule=said.rule, entries=one.entries,
        )  # fmt: skip


class SimulatedOut(Answer):
    """What a member would see, and why not the rest."""

    released: int
    withheld: int
    left: int = Field(description="Entries that say something of themselves and were not looked at.")  # fmt: skip
    lines: list[LineOut]

    @classmethod
    def of(cls, found: Simulated) -> SimulatedOut:
        """From the noun."""
        return cls(
            released=found.released, withheld=found.withheld, left=found.left,
            lines=[LineOut.of(one) for one in found.lines],
        )  # fmt: skip

    @classmethod
    def of_one(cls, one: One) -> SimulatedOut:
        """One entry: what it comes to, and below what each contributor's rules say.

        An entry that waits, is held or was withdrawn goes to nobody: its lines say this first.
        """
        lines = [
            LineOut.of(Line(one.list, who, category, said, 1)) for who, category, said in one.each
        ]
        if (rests := one.ruling.why) in WORDS:
            said, words = {"allowed": False, "why": rests}, f"{WORDS[rests]} Otherwise: "
            lines = [each.model_copy(update=said | {"words": words + each.words}) for each in lines]
        out = int(one.ruling.allowed)
        return cls(released=out, withheld=1 - out, left=0, lines=lines)


class PublicationOut(Answer):
    """A batch that waits for publication."""

    number: int = Field(description="Of its import.")
    list: str = Field(description="The list it was given to.")
    member: str
    way: str
    category: str
    at: datetime | None
    rows: int
    kept: int
    bad: int
    waits: WaitsOut | None = Field(description="Proposed by a first person; null: by nobody yet.")

    @classmethod
    def of(cls, one: Waiting) -> PublicationOut:
        """From the noun."""
        return cls(
            number=one.given.import_number, list=one.list, member=one.member.name, way=one.given.way.value,
            category=one.given.category, at=one.given.at, rows=one.run.rows_read,
            kept=one.run.rows_kept, bad=one.run.rows_bad,
            waits=None if one.proposal is None else WaitsOut.of(one.proposal),
        )  # fmt: skip


class PublicationsOut(Answer):
    """All that wait, the newest first."""

    publications: list[PublicationOut]


class PublishedOut(Answer):
    """What went out at once; a job lets out the rest."""

    entries: int


class HubHealthOut(Answer):
    """How members follow."""

    pulls: list[PullOut]


def _id(text: str | None) -> Id | None:
    return known_id(text) if text else None
