"""Builds the page of a case's viewers: a map, the repeated first, who shares what with whom.

In come the viewers as far as who looks may see them (`viewers.seeing`); out goes a `ViewersView`.
Page by page, so that a case of thousands stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval, ApprovalState
from breakwater.model.case import Case
from breakwater.model.country import country_code
from breakwater.model.sending import Occasion, Permit
from breakwater.model.watch import ActKind, AddressKind, Certainty, Doubt, Span, Tier, merged
from breakwater.records.database import Tx
from breakwater.viewers.seeing import CaseViewers, Seen
from breakwater.viewers.sight import Sight
from breakwater.web.languages import speaking
from breakwater.web.pages import words, world
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.models_viewers import (
    Bar,
    BroadcastRow,
    ClusterRow,
    CountryRow,
    PackAnswer,
    PackForm,
    Tile,
    ViewerRow,
    ViewersView,
)
from breakwater.web.pages.read_filings import OCCASIONS
from breakwater.web.pages.read_names import called
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

ROWS: Final = 15
"""Viewers on one page."""
COUNTRIES: Final = 40
CLUSTERS: Final = 20
MADE: Final = 5
"""Packs that were made, as far as the page lists them."""

TIERS: Final[Mapping[Tier, Mark]] = Spoken({
    Tier.PAID: Mark("now", later("Paid")),
    Tier.DIRECTED: Mark("now", later("Directed")),
    Tier.RETURNED: Mark("high", later("Returned")),
    Tier.STAYED: Mark("medium", later("Stayed")),
    Tier.PASSED: Mark("low", later("Passed by")),
})  # fmt: skip

DOUBTS: Final[Mapping[Doubt, str]] = Spoken({
    Doubt.DISAGREE: later("Databases name different countries"),
    Doubt.HIDDEN: later("A VPN, Tor, a proxy or a hosting company stands in between"),
    Doubt.WIDE: later("The radius is wider than 500 km"),
    Doubt.OLD: later("The database is far from the event in time"),
    Doubt.FAULT: later("A database could not be read"),
    Doubt.CARRIER: later("A carrier's own address, shared by many"),
    Doubt.NOT_PUBLIC: later("Not a public address"),
    Doubt.NOBODY_KNOWS: later("No database knows the address"),
})  # fmt: skip

BASES: Final[Mapping[str, str]] = Spoken({
    "person": later("A person said so"),
    "alerts": later("From the first alert until it was stopped"),
    "whole": later("All of it: nobody said which part"),
})  # fmt: skip

SIGHTS: Final[Mapping[Sight, str]] = Spoken({
    Sight.PSEUDONYM: later("Your role sees pseudonyms"),
    Sight.ACCOUNT: later("Addresses are shortened"),
    Sight.IDENTITY: later("Identities are shown; your reason is in the audit log"),
})  # fmt: skip

SHARED: Final[Mapping[str, str]] = Spoken({
    "device": later("a device"),
    "payment": later("a means of payment"),
    "address": later("an address"),
})  # fmt: skip

ACTS: Final[Mapping[ActKind, str]] = Spoken({
    ActKind.PAID: later("Paid %(amount)s %(at)s"),
    ActKind.DIRECTED: later("Directed %(at)s"),
})  # fmt: skip


def view(
    tx: Tx, who: Principal, case: Case, found: CaseViewers, *, packs: Sequence[Approval], at: int,
    pack: PackForm,
) -> ViewersView:  # fmt: skip
    """The page of a case, from one row on.

    Args:
        tx: for the names of people.
        who: looks.
        case: whose viewers.
        found: as far as they may see.
        packs: proposed of this case, the newest first.
        at: first row.
        pack: what is written of a new one.
    """
    waiting = next((one for one in packs if one.state(tx.now) is ApprovalState.WAITING), None)
    whole = _whole(found)
    shown = found.viewers[at : at + ROWS]
    here = f"/cases/{case.id}/viewers"
    following = at + ROWS < len(found.viewers)
    return ViewersView(
        case=case.id, number=case.number, sight=SIGHTS[found.sight],
        clear=found.sight is Sight.IDENTITY, may_look=who.may(Permission.IDENTITY_READ),
        may_say=who.may(Permission.CASE_DECIDE), numbers=_numbers(found),
        broadcasts=tuple(_broadcasts(found)),
        illegal=tuple(_bars([s for one in found.broadcasts for s in one.spans], whole)),
        first=words.at(whole.start) if whole else None,
        last=words.at(whole.end) if whole else None,
        rows=tuple(_row(one, whole) for one in shown), tiles=tuple(_tiles(found)),
        countries=tuple(_countries(found)), clusters=tuple(_clusters(found)),
        outline=world.outline(),
        box=f"0 0 {world.COLUMNS * world.SIDE} {world.ROWS * world.SIDE}",
        pack=pack, waits=_waits(waiting), whom=_whom(waiting), own=waiting is not None and waiting.by == who.person,
        proposed=_proposed(tx, waiting), made=_made(tx, packs),
        carriers=_carriers(found), next_url=f"{here}?after={at + ROWS}" if following else "",
        first_url=here if at else "",
    )  # fmt: skip


def country_name(code: str) -> str:
    """A country in the reader's language; CLDR's names."""
    if not code:
        return say("Unknown")
    return str(speaking().locale.territories.get(code, code))


def _numbers(found: CaseViewers) -> tuple[tuple[str, str], ...]:
    """The two numbers that matter first, then the tiers."""
    repeated = sum(one.watching.streams > 0 for one in found.viewers)
    tiers = ((TIERS[tier].word, figure(count)) for tier, count in found.tiers().items())
    return (
        (say("Viewers"), figure(len(found.viewers))),
        (say("Also in other stopped broadcasts"), figure(repeated)),
        *tiers,
    )


def _whole(found: CaseViewers) -> Span | None:
    """From the first to the last moment of any of the broadcasts."""
    ends = [one.stream.ended_at for one in found.broadcasts if one.stream.ended_at is not None]
    ends += [span.end for one in found.broadcasts for span in one.spans]
    ends += [span.end for one in found.viewers for span in one.visits]
    starts = [one.stream.started_at for one in found.broadcasts]
    if not starts:
        return None
    start = min(starts)
    return Span(start, max([start, *ends]))


def _bars(spans: Sequence[Span], whole: Span | None) -> list[Bar]:
    if whole is None or whole.seconds <= 0:
        return []
    scale = 100 / whole.seconds
    bars = []
    for one in merged(spans, whole.seconds / 200):
        start = max(0.0, (one.start - whole.start).total_seconds() * scale)
        length = min(max(0.8, one.seconds * scale), 100 - min(start, 99.2))
        bars.append(Bar(round(min(start, 99.2), 1), round(length, 1)))
    return bars


def _broadcasts(found: CaseViewers) -> list[BroadcastRow]:
    return [
        BroadcastRow(
            id=one.stream.id, label=one.stream.label, words=_spans(one.spans),
            basis=BASES[one.basis], start=_typed(one.stream.started_at),
            end=_typed(one.stream.ended_at or one.stream.started_at),
        )
        for one in found.broadcasts
    ]  # fmt: skip


def _typed(at: datetime) -> str:
    """As a field of a form holds a moment."""
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def _spans(spans: Sequence[Span]) -> str:
    shown = [f"{one.start:%H:%M:%S}–{one.end:%H:%M:%S}" for one in spans[:4]]
    if len(spans) > 4:
        shown.append(say_n("and %(n)s more", "and %(n)s more", len(spans) - 4))
    return ", ".join(shown) or say("Nothing")


def _row(one: Seen, whole: Span | None) -> ViewerRow:
    place = one.place
    doubts = () if place is None else tuple(DOUBTS[doubt] for doubt in place.doubts)
    said = ""
    if place is not None and place.sources:
        named = [f"{source.name} ({source.built:%Y-%m-%d})" for source in place.sources]
        said = say("By %(sources)s", sources=", ".join(named))
    where = country_name(one.country)
    if place is not None and place.radius_km is not None:
        where = say("%(country)s, within %(km)s km", country=where, km=figure(place.radius_km))
    return ViewerRow(
        name=one.account or say("Viewer %(key)s", key=one.person[:10]),
        pseudonym=one.person[:10], tier=TIERS[one.tier],
        seconds=words.timecode(one.watching.overlap), where=where, doubts=doubts,
        strip=tuple(_bars(one.visits, whole)), spans=_spans(one.visits),
        others=_others(one.watching.streams), cluster=one.cluster, acts=tuple(_acts(one)),
        addresses=tuple(_address(*found) for found in one.addresses[:4]),
        agents=tuple(agent[:80] for agent in one.agents[:2]), said=said,
    )  # fmt: skip


def _others(streams: int) -> str:
    if not streams:
        return ""
    return say_n(
        "also in %(n)s other stopped broadcast", "also in %(n)s other stopped broadcasts", streams
    )


def _acts(one: Seen) -> list[str]:
    return [
        " ".join(
            (
                ACTS[act.kind] % {
                    "amount": act.act.amount if act.act else "", "at": f"{act.at:%H:%M:%S}",
                }
            ).split()
        )
        for act in one.acts[:4]
    ]  # fmt: skip


def _address(text: str, ports: Sequence[int], first: datetime) -> str:
    shown = ", ".join(str(port) for port in ports[:4])
    moment = f"{first:%Y-%m-%d %H:%M:%S}"
    if not shown:
        return say("%(address)s at %(at)s UTC", address=text, at=moment)
    return say("%(address)s port %(port)s at %(at)s UTC", address=text, port=shown, at=moment)


def _tiles(found: CaseViewers) -> list[Tile]:
    rows = [(code, both) for code, both in found.countries().items() if code in world.PLACES]
    most = max((sum(both) for _, both in rows), default=1)
    tiles = []
    for code, (sure, perhaps) in rows:
        column, row = world.PLACES[code]
        every = sure + perhaps
        strength = 1 + min(3, int(4 * (every - 1) / max(1, most)))
        said = say(
            "%(country)s: %(sure)s certain, %(perhaps)s uncertain", country=country_name(code),
            sure=figure(sure), perhaps=figure(perhaps),
        )  # fmt: skip
        x, y = column * world.SIDE, row * world.SIDE
        tiles.append(Tile(code, said, x, y, strength, doubtful=sure == 0))
    return tiles


def _countries(found: CaseViewers) -> list[CountryRow]:
    rows = sorted(found.countries().items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    return [
        CountryRow(country_name(code), figure(sure), figure(perhaps))
        for code, (sure, perhaps) in rows[:COUNTRIES]
    ]


def _clusters(found: CaseViewers) -> list[ClusterRow]:
    names = {one.person: one.account or one.person[:10] for one in found.viewers}
    return [
        ClusterRow(
            one.number,
            say_n(
                "%(n)s viewer shares %(what)s", "%(n)s viewers share %(what)s", len(one.people),
                what=", ".join(SHARED[kind] for kind in one.kinds),
            ),
            ", ".join(names[person] for person in one.people[:6]),
        )
        for one in found.clusters[:CLUSTERS]
    ]  # fmt: skip


def _waits(waiting: Approval | None) -> str:
    if waiting is None:
        return ""
    return say(
        "A pack of viewers in %(countries)s waits for a second person: %(reason)s",
        countries=", ".join(country_name(code) for code in waiting.facts["countries"]),
        reason=waiting.reason,
    )


def _whom(waiting: Approval | None) -> str:
    if waiting is None:
        return ""
    facts = waiting.facts
    named = [facts["agency"]] if facts["agency"] else []
    if facts.get("country"):
        named.append(country_name(facts["country"]))
    when = OCCASIONS[Occasion(facts.get("occasion", Occasion.ALWAYS.value))]
    parts = [", ".join(named), when, facts.get("reference", "")]
    return " · ".join(one for one in parts if one)


def _proposed(tx: Tx, waiting: Approval | None) -> str:
    if waiting is None:
        return ""
    return say(
        "%(who)s proposed it, and it lapses %(when)s.",
        who=called(tx, waiting.by), when=words.due(waiting.lapses_at, tx.now).words,
    )  # fmt: skip


def _made(tx: Tx, packs: Sequence[Approval]) -> tuple[tuple[When, str, str], ...]:
    return tuple(
        (
            words.ago(one.decided_at, tx.now),
            say("%(first)s proposed it, %(second)s agreed and took it.",
                first=called(tx, one.by), second=called(tx, one.decided_by)),
            _whom(one),
        )
        for one in [one for one in packs if one.outcome == ApprovalState.CONFIRMED.value][:MADE]
        if one.decided_at is not None and one.decided_by is not None
    )  # fmt: skip


def answered(form: PackForm, answers: Mapping[Occasion, Permit]) -> PackForm:
    """A proposal with what the table of sendings says of its authority's country."""
    rows = tuple(
        PackAnswer(OCCASIONS[when], one.allowed, retold(one.basis or one.why_not))
        for when, one in answers.items()
    )
    return replace(form, answers=rows, where=country_name(country_code(form.country)))


def _carriers(found: CaseViewers) -> str:
    shared = sum(
        one.place is not None and one.place.kind is AddressKind.CARRIER for one in found.viewers
    )
    unsure = sum(one.certainty is Certainty.UNCERTAIN for one in found.viewers)
    said = []
    if unsure:
        said.append(say_n("%(n)s country is uncertain.", "%(n)s countries are uncertain.", unsure))
    if shared:
        said.append(
            say_n(
                "%(n)s viewer came from an address that a carrier shares among many.",
                "%(n)s viewers came from addresses that a carrier shares among many.",
                shared,
            )
        )
    return " ".join(said)
