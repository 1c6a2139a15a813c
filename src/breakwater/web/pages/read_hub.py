"""Builds the pages of the hub: members, how they follow, what waits, lists, rules, the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from breakwater.hub.clients import Lines
from breakwater.hub.members import Looked
from breakwater.hub.publishing import Waiting
from breakwater.hub.rules import END, RuleWish
from breakwater.hub.simulate import Simulated
from breakwater.model.access import ApiKey, Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.hub import (
    Contribution,
    Effect,
    Member,
    MemberKind,
    MemberState,
    Pull,
    ReleasePurpose,
    ReleaseRule,
    SharedList,
)
from breakwater.web.pages import words
from breakwater.web.pages.hub_plot import plots
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_hub import (
    BatchRow,
    Choice,
    HubKey,
    HubView,
    LineRow,
    ListRow,
    MemberRow,
    MemberView,
    PullRow,
    RuleRow,
    RulesView,
)
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

LATE: Final = timedelta(hours=24)
"""A member that asked for nothing for so long is late: lists say that hashes age by the day."""
AT_ONCE: Final = frozenset({"csv", "vics"})
"""Ways that fetch a whole view: nobody follows by them."""
TOKEN: Final = "YOUR_KEY"  # noqa: S105 - stands where a key goes
KINDS: Final[Mapping[MemberKind, str]] = Spoken({
    MemberKind.SERVICE: later("Service"),
    MemberKind.HOTLINE: later("Hotline"),
    MemberKind.POLICE: later("Police"),
    MemberKind.CHARITY: later("Charity"),
    MemberKind.RESEARCH: later("Research body"),
    MemberKind.PERSON: later("People in pictures"),
})  # fmt: skip
PURPOSES: Final[Mapping[ReleasePurpose, str]] = Spoken({
    ReleasePurpose.DETECTION: later("Detection"),
    ReleasePurpose.INVESTIGATION: later("Investigation"),
    ReleasePurpose.RESEARCH: later("Research"),
})  # fmt: skip
STATES: Final[Mapping[MemberState, Mark]] = Spoken({
    MemberState.ACTIVE: Mark("ok", later("Takes part")),
    MemberState.SUSPENDED: Mark("held", later("Suspended")),
    MemberState.LEFT: Mark("none", later("Left")),
})  # fmt: skip
EFFECTS: Final[Mapping[Effect, Mark]] = Spoken({
    Effect.ALLOW: Mark("ok", later("Goes out")),
    Effect.DENY: Mark("bad", later("Stays here")),
})  # fmt: skip
WHY: Final[Mapping[str, str]] = Spoken({
    "allowed": later("A rule allows it"),
    "denied": later("A rule denies it"),
    "no_rule": later("No rule allows it"),
    "person": later("People in pictures receive nothing"),
    "not_active": later("The member does not take part now"),
    "not_asked": later("The member did not ask for this purpose"),
    "not_shared": later("The list is not shared"),
    "use": later("The permitted use does not name this purpose"),
    "expired": later("It has expired"),
    "red": later("A red list needs a rule that names the member"),
    "proposed": later("It waits for publication"),
    "quarantined": later("It is held"),
    "withdrawn": later("It was withdrawn"),
})  # fmt: skip


def hub(  # noqa: PLR0917 - what the page is made of
    who: Principal, members: Sequence[Member], pulls: Sequence[Pull], waits: Sequence[Waiting],
    proposers: Mapping[int, str], newest: int, now: datetime,
) -> HubView:  # fmt: skip
    """The page of the hub; `proposers` are the names of those who proposed a batch, by its number."""
    names = {one.id: one.name for one in members}
    active = sum(1 for one in members if one.state is MemberState.ACTIVE)
    rows = tuple(_pull(one, names, newest, now) for one in pulls)
    return HubView(
        numbers=(
            Number(figure(active), say("members take part")),
            Number(figure(len(waits)), say("batches wait")),
            Number(figure(sum(1 for one in rows if one.state.style != "ok")), say("feeds with trouble")),
        ),
        members=tuple(_member(one) for one in members), pulls=rows,
        batches=tuple(_waiting(who, one, proposers.get(one.given.import_number, ""), now) for one in waits),
        kinds=kinds(), purposes=purposes(), may_write=_may(who),
    )  # fmt: skip


def member(
    who: Principal, looked: Looked, newest: int, now: datetime, *, lines: tuple[Lines, ...],
    token: str = "", said: Iterable[tuple[str, int, datetime]] = (),
) -> MemberView:  # fmt: skip
    """The page of one member."""
    one = looked.member
    return MemberView(
        row=_member(one), contact=one.contact, change=one.change,
        keys=tuple(_key(key, now) for key in looked.keys),
        pulls=tuple(_pull(pull, {one.id: one.name}, newest, now) for pull in looked.pulls),
        batches=tuple(_given(each, one.name, now) for each in looked.given), lines=lines, token=token,
        said=tuple((word, entry, words.ago(at, now)) for word, entry, at in said), may_write=_may(who),
        plots=plots(looked.hours, now),
    )  # fmt: skip


def rules(
    who: Principal, *, lists: Sequence[SharedList], former: Sequence[SharedList],
    banks: Sequence[str], every: Sequence[ReleaseRule], waits: Sequence[Approval],
    members: Sequence[Member], now: datetime, asked: str = "", purpose: str = "",
    found: Simulated | None = None,
) -> RulesView:  # fmt: skip
    """The page of lists and rules; `former` are lists once shared: rules of theirs say their names."""
    names = {one.id: one.name for one in members}
    by_number = {one.bank_number: one.name for one in (*former, *lists)}
    by_id = {one.id: one for one in every}
    shared = {one.name for one in lists if one.ended_at is None}
    return RulesView(
        numbers=(
            Number(figure(len(shared)), say("lists shared")),
            Number(figure(len(every)), say("rules in force")),
            Number(figure(len(waits)), say("wait for a second person")),
        ),
        lists=tuple(
            ListRow(one.name, one.tlp, say("Members give") if one.open else say("Nobody gives"))
            for one in lists if one.ended_at is None
        ),
        banks=tuple(Choice(name, name) for name in banks if name not in shared),
        rules=tuple(_rule(one, names, by_number, now) for one in every),
        waiting=tuple(_wished(who, one, names, by_number, by_id, now) for one in waits),
        members=tuple(Choice(one.id, one.name, one.id == asked) for one in members),
        kinds=kinds(), purposes=purposes(purpose), may_write=_may(who), asked=asked,
        lines=() if found is None else _lines(found), sums=_sums(found),
    )  # fmt: skip


def kinds() -> tuple[Choice, ...]:
    """Kinds of members that receive."""
    return tuple(Choice(k.value, KINDS[k]) for k in MemberKind if k is not MemberKind.PERSON)


def purposes(chosen: str = "") -> tuple[Choice, ...]:
    """What for."""
    return tuple(Choice(p.value, PURPOSES[p], p.value == chosen) for p in ReleasePurpose)


def _may(who: Principal) -> bool:
    return who.may(Permission.HUB_WRITE)


def _member(one: Member) -> MemberRow:
    return MemberRow(
        one.id, one.number, one.name, KINDS[one.kind], one.country,
        ", ".join(PURPOSES[each] for each in one.purposes), STATES[one.state], one.trusted,
    )  # fmt: skip


def _pull(one: Pull, names: Mapping[Any, str], newest: int, now: datetime) -> PullRow:
    late = one.last_at is None or now - one.last_at > LATE
    mark = Mark("held", say("Silent for a day")) if late else Mark("ok", say("Follows"))
    if one.dialect in AT_ONCE:
        mark = Mark("none", say("Fetched as a file"))
    if one.fault and (one.dialect in AT_ONCE or not late):
        mark = Mark("bad", say("Had an error"))
    follows = one.change and one.dialect not in AT_ONCE
    share = min(100, round(100 * one.change / newest)) if newest and follows else 0
    behind = say("%(n)s changes behind", n=figure(max(0, newest - one.change))) if follows else ""
    return PullRow(
        names.get(one.member, ""), one.member, one.dialect,
        None if one.last_at is None else words.ago(one.last_at, now), behind, share,
        figure(one.rows), figure(one.requests), figure(one.errors), one.fault, mark,
    )  # fmt: skip


def _waiting(who: Principal, one: Waiting, by: str, now: datetime) -> BatchRow:
    asked = one.proposal
    said = {"who": one.member.name, "list": one.list}
    gave = say_n("%(who)s gave %(n)s entry to %(list)s", "%(who)s gave %(n)s entries to %(list)s", one.run.rows_kept, **said)  # fmt: skip
    if one.joined and not one.run.rows_kept:
        gave = say_n("%(who)s stands behind %(n)s entry of others in %(list)s", "%(who)s stands behind %(n)s entries of others in %(list)s", one.joined, **said)  # fmt: skip
    return BatchRow(
        one.given.import_number, gave,
        one.given.way.value.upper(), one.given.category,
        None if one.given.at is None else words.ago(one.given.at, now),
        figure(one.run.rows_bad), "" if asked is None else asked.reason,
        own=asked is not None and asked.by == who.person, by=by,
    )  # fmt: skip


def _given(one: Contribution, name: str, now: datetime) -> BatchRow:
    out = say("waits") if one.published_at is None else say("went out")
    at = None if one.at is None else words.ago(one.at, now)
    return BatchRow(one.import_number, name, one.way.value.upper(), one.category, at, "", out)


def _key(key: ApiKey, now: datetime) -> HubKey:
    over = key.expires_at is not None and key.expires_at <= now
    live = key.revoked_at is None and not over
    gives = Permission.HUB_GIVE in key.scopes
    return HubKey(
        key.id, key.name, say("pulls and gives") if gives else say("pulls"),
        ", ".join(key.networks) or say("anywhere"),
        Mark("ok", say("In force")) if live else Mark("none", say("Over")), live,
    )  # fmt: skip


def _rule(
    one: ReleaseRule, names: Mapping[Any, str], lists: Mapping[int, str], now: datetime
) -> RuleRow:
    wish = RuleWish(
        one.effect, one.source, None if one.list is None else lists.get(one.list, str(one.list)),
        one.recipient, one.recipient_kind, one.recipient_country, one.purpose, one.category,
    )  # fmt: skip
    return RuleRow(
        one.id, EFFECTS[one.effect], says(wish, names), one.reason,
        None if one.at is None else words.ago(one.at, now),
        None if one.expires_at is None else words.due(one.expires_at, now),
    )  # fmt: skip


def _wished(  # noqa: PLR0917 - names of all it speaks of
    who: Principal, one: Approval, names: Mapping[Any, str], lists: Mapping[int, str],
    known: Mapping[Any, ReleaseRule], now: datetime,
) -> RuleRow:  # fmt: skip
    own, at = one.by == who.person, words.ago(one.proposed_at, now)
    if one.kind == END:
        ends = known.get(one.subject)
        of = "" if ends is None else _rule(ends, names, lists, now).of
        mark = Mark("held", say("A denial would end"))
        return RuleRow(one.subject, mark, of, one.reason, at, None, own)
    wish = RuleWish.of(one.facts)
    until = None if wish.expires_at is None else words.due(wish.expires_at, now)
    return RuleRow(one.subject, EFFECTS[wish.effect], says(wish, names), one.reason, at, until, own)


def says(wish: RuleWish, names: Mapping[Any, str]) -> str:
    """What a rule speaks of."""
    kind, purpose = wish.recipient_kind, wish.purpose
    pairs = (
        (wish.source and say("given by %(who)s", who=names.get(wish.source, ""))),
        (wish.list and say("list %(name)s", name=wish.list)),
        (wish.category and say("category %(name)s", name=wish.category)),
        (wish.recipient and say("to %(who)s", who=names.get(wish.recipient, ""))),
        (kind and say("to each: %(kind)s", kind=KINDS[kind])),
        (wish.recipient_country and say("to members in %(country)s", country=wish.recipient_country)),
        (purpose and say("for: %(purpose)s", purpose=PURPOSES[purpose])),
    )  # fmt: skip
    return ", ".join(each for each in pairs if each) or say("everything, to every member")


def _lines(found: Simulated) -> tuple[LineRow, ...]:
    return tuple(
        LineRow(
            EFFECTS[Effect.ALLOW if one.ruling.allowed else Effect.DENY], one.list,
            one.source or say("this hub"), one.category, WHY[one.ruling.why], figure(one.entries),
        )
        for one in found.lines
    )  # fmt: skip


def _sums(found: Simulated | None) -> str:
    if found is None:
        return ""
    return say("%(out)s entries would go out, %(rest)s would not.", out=figure(found.released), rest=figure(found.withheld))  # fmt: skip
