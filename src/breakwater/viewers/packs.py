"""Packs for the authorities of a jurisdiction: suspects named, the rest counted.

In come the viewers of a case and the countries of an agency; out goes one value as JSON or CSV.
Who paid, directed or returned is named, certain apart from uncertain; who stayed or passed by is
counted (reference law). A pack is proposed by one person and made by another, and the table of
what may leave is asked both times. Tests: `tests/contract/test_viewers.py`, `test_viewer_packs.py`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NotAllowed, SendingRefused
from breakwater.geo.address import read as read_address
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.clock import iso
from breakwater.model.country import country_code
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.sending import DataClass, Occasion, Permit, RecipientKind, Sendings
from breakwater.model.watch import AddressKind, Certainty, Doubt, Tier
from breakwater.records import approvals, cases
from breakwater.records.database import Database
from breakwater.viewers.seeing import CaseViewers, Seen, gather
from breakwater.viewers.sight import Sight

KIND: Final = "viewers_pack"
LEAVES: Final = (DataClass.FACTS, DataClass.VIEWERS)
"""What a pack is made of, as the table of sendings names it."""
LONGEST: Final = 2_000
"""Characters of a reference."""
FORM: Final = "breakwater viewers pack 1"
EXPLAINED: Final = (
    "An address is a lead, not a place: it names who held it at that moment, in UTC, with that port.",
    "Carriers share one address among many subscribers (carrier-grade NAT).",
    "Without the source port and the exact time a carrier cannot say whose it was.",
    "An address of 100.64.0.0/10 is a carrier's own and says nothing outside its network.",
    "Countries are what the named databases said at the time of the event.",
    "Half of all addresses lie within the radius. Uncertain ones have reasons beside them.",
    "Stayed and passed by are counted only. Naming them needs a lawful request.",
)
DOUBTS: Final[dict[Doubt, str]] = {
    Doubt.DISAGREE: "databases name different countries",
    Doubt.HIDDEN: "a VPN, Tor, a proxy or a hosting company stands in between",
    Doubt.WIDE: "the radius is wider than 500 km",
    Doubt.OLD: "the database is more than 400 days from the event",
    Doubt.FAULT: "a database could not be read",
    Doubt.CARRIER: "a carrier's own address, shared by many",
    Doubt.NOT_PUBLIC: "not a public address",
    Doubt.NOBODY_KNOWS: "no database knows the address",
}
COLUMNS: Final = (
    "certainty", "tier", "account", "address", "port", "seen_at_utc", "country", "candidates",
    "radius_km", "asn", "network", "hides", "doubts", "seconds", "other_streams", "agent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was made.

    Attributes:
        body: all of it.
        sha256: of its canonical JSON.
    """

    body: dict[str, Any]
    text: str
    sha256: str

    def csv(self) -> str:
        """Those who are named, an address a row."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        for how in ("certain", "uncertain"):
            for one in self.body[how]:
                rows.writerows(_rows(how, one))
        return out.getvalue()


class Packs:
    """Makes packs by two people."""

    def __init__(self, *, db: Database, sendings: Sendings) -> None:
        self._db = db
        self._sendings = sendings

    @property
    def seat(self) -> str:
        """Country of the service; empty: nobody has said."""
        return self._sendings.seat

    def answers(self, country: str) -> dict[Occasion, Permit]:
        """Whether a pack may leave for police of a country, by occasion, before it is proposed.

        Raises:
            BadInput: no country.
        """
        code = country_code(country)
        if not code:
            raise BadInput("Name the authority's country by its two letters.")
        return {when: self._answer(code, when) for when in Occasion}

    def propose(
        self, by: Principal, case: Id, *, countries: Sequence[str], agency: str, reason: str,
        country: str = "", reference: str = "", danger: bool = False,
    ) -> Approval:  # fmt: skip
        """Propose a pack; another person makes it.

        Args:
            by: who proposes it.
            case: whose viewers.
            countries: where the viewers were.
            agency: the authority's name.
            reason: why.
            country: the authority's; empty: police of each of `countries`.
            reference: the authority's own, such as of a warrant; with one it leaves on request.
            danger: somebody's life is in danger.

        Raises:
            NotAllowed: not by a person who may see identities.
            NotFound: no such case.
            BadInput: no country, or no reason.
            SendingRefused: the table of sendings does not let it go there.
            Conflict: another pack of this case waits for a second person.
        """
        person = _person(by)
        codes = sorted({country_code(one) for one in countries})
        if not codes or "" in codes or not reason.strip() or len(reference) > LONGEST:
            raise BadInput("Name countries by their two letters, and a reason.")
        if country.strip() and not country_code(country):
            raise BadInput("Name the authority's country by its two letters.")
        facts = {
            "countries": codes, "agency": agency.strip(), "country": country_code(country),
            "reference": reference.strip(), "occasion": Occasion.of(reference, danger=danger).value,
        }  # fmt: skip
        self._may_leave(person, case, facts)
        with self._db.transaction() as tx:
            cases.get(tx, case)
            made = approvals.propose(
                tx, kind=KIND, subject=case, by=person, reason=reason.strip(), facts=facts
            )
            if dict(made.facts) != facts or made.by != person:
                raise Conflict("Another pack of this case waits: agree to it, or refuse it.")
            tx.audit(person, "viewers.propose_pack", case, **_noted(facts))
            tx.emit(EventType.VIEWERS_CHANGED, case)
            return made

    def make(self, by: Principal, case: Id) -> Pack:
        """Agree to what was proposed, and make it.

        Raises:
            NotAllowed: not by a person who may see identities.
            NotFound: nothing waits.
            NeedsSecondPerson: the person who proposed it.
            SendingRefused: the table of sendings does not let it go there any more.
        """
        person = _person(by)
        with self._db.read() as tx:
            waits = [one for one in approvals.of_subject(tx, case) if one.kind == KIND]
        bases: list[str] = []
        if waits and not waits[0].outcome:
            bases = self._may_leave(person, case, waits[0].facts)
        with self._db.transaction() as tx:
            agreed = approvals.confirm(tx, kind=KIND, subject=case, by=person)
            codes = frozenset(agreed.facts["countries"])
            found = gather(tx, case, Sight.IDENTITY)
            head = {
                "form": FORM, "case": case, "made_at": iso(tx.now), "agency": agreed.facts["agency"],
                "agency_country": agreed.facts.get("country", ""), "countries": sorted(codes),
                "reason": agreed.reason, "reference": agreed.facts.get("reference", ""),
                "occasion": _occasion(agreed.facts).value, "basis": bases,
            }  # fmt: skip
            made = pack_of(found, codes, head)
            named = len(made.body["certain"]) + len(made.body["uncertain"])
            tx.audit(
                person, "viewers.export", case, first=agreed.by, named=named, sha256=made.sha256,
                **_noted(agreed.facts),
            )  # fmt: skip
            tx.emit(EventType.VIEWERS_CHANGED, case)
            return made

    def _may_leave(self, person: Id, case: Id, facts: Mapping[str, Any]) -> list[str]:
        """Ask the table on what it may leave; a refusal is written down and then raised."""
        there = facts.get("country", "")
        found: list[str] = []
        try:
            for one in [there] if there else facts["countries"]:
                name = f"{facts['agency']} ({one})" if facts["agency"] else ""
                bases = self._sendings.must(
                    one, RecipientKind.POLICE, LEAVES, when=_occasion(facts), name=name
                )
                found += bases.values()
        except SendingRefused as fault:
            with self._db.transaction() as tx:
                cases.get(tx, case)
                cases.note(tx, case, by=person, what="sending.refused", words=fault.detail)
                tx.audit(person, "sending.refused", case, **_noted(facts))
            raise
        return list(dict.fromkeys(found))

    def _answer(self, country: str, when: Occasion) -> Permit:
        """The first refusal, or that it may."""
        said = [self._sendings.may(country, RecipientKind.POLICE, one, when=when) for one in LEAVES]
        return next((one for one in said if not one.allowed), said[-1])

    def refuse(self, by: Principal, case: Id) -> None:
        """Disagree, or take one's own proposal back.

        Raises:
            NotAllowed: not by a person who may see identities.
            NotFound: nothing waits.
        """
        person = _person(by)
        with self._db.transaction() as tx:
            approvals.refuse(tx, kind=KIND, subject=case, by=person)
            tx.audit(person, "viewers.refuse_pack", case)
            tx.emit(EventType.VIEWERS_CHANGED, case)


def _occasion(facts: Mapping[str, Any]) -> Occasion:
    """On what occasion it leaves; proposals of before said none."""
    return Occasion(facts.get("occasion", Occasion.ALWAYS.value))


def _noted(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log keeps of a proposal."""
    return {
        "countries": list(facts["countries"]), "agency": facts["agency"][:200],
        "country": facts.get("country", ""), "occasion": _occasion(facts).value,
        "reference": facts.get("reference", "")[:200],
    }  # fmt: skip


def pack_of(found: CaseViewers, countries: frozenset[str], head: dict[str, Any]) -> Pack:
    """Make a pack of viewers that are in clear."""
    certain = [one for one in found.viewers if _certain(one, countries)]
    perhaps = [one for one in found.viewers if _perhaps(one, countries)]
    unknown = sum(not one.country for one in found.viewers)
    body = {
        **head,
        "explained": list(EXPLAINED),
        "broadcasts": [
            {
                "stream": one.stream.label, "basis": one.basis,
                "illegal": [[iso(span.start), iso(span.end)] for span in one.spans],
            }
            for one in found.broadcasts
        ],
        "certain": [_named(one) for one in certain if one.tier.named],
        "uncertain": [_named(one) for one in perhaps if one.tier.named],
        "counted": {"certain": _counted(certain), "uncertain": _counted(perhaps)},
        "country_unknown": unknown,
    }  # fmt: skip
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Pack(body, text, hashlib.sha256(text.encode()).hexdigest())


def _certain(one: Seen, countries: frozenset[str]) -> bool:
    return one.certainty is Certainty.CERTAIN and one.country in countries


def _perhaps(one: Seen, countries: frozenset[str]) -> bool:
    if one.place is None or one.certainty is Certainty.CERTAIN:
        return False
    return bool(countries & set(one.place.candidates))


def _counted(viewers: Sequence[Seen]) -> dict[str, int]:
    counts = Counter(one.tier for one in viewers)
    return {tier.value: counts[tier] for tier in Tier if not tier.named}


def _named(one: Seen) -> dict[str, Any]:
    place = None if one.place is None else one.place.as_json()
    doubts = [] if one.place is None else [DOUBTS[doubt] for doubt in one.place.doubts]
    return {
        "viewer": one.person[:16], "tier": one.tier.value, "account": one.account,
        "addresses": [
            {"address": text, "ports": list(ports), "seen_at": iso(at), "doubts": _shared(text)}
            for text, ports, at in one.addresses
        ],
        "agents": list(one.agents), "place": place, "doubts": doubts,
        "visits": [[iso(span.start), iso(span.end)] for span in one.visits],
        "seconds": round(one.watching.overlap, 1), "other_streams": one.watching.streams,
        "acts": [
            {
                "kind": act.kind.value, "at": iso(act.at),
                "reference": act.act.reference if act.act else "",
                "amount": act.act.amount if act.act else "",
            }
            for act in one.acts
        ],
    }  # fmt: skip


def _shared(address: str) -> list[str]:
    """What this one address of several cannot say: it is a carrier's own."""
    return [DOUBTS[Doubt.CARRIER]] if read_address(address).kind is AddressKind.CARRIER else []


def _rows(how: str, one: dict[str, Any]) -> list[list[Any]]:
    place = one["place"] or {}
    return [
        [
            how, one["tier"], _plain(one["account"]), each["address"],
            " ".join(str(port) for port in each["ports"]), each["seen_at"],
            place.get("country", ""), " ".join(place.get("candidates", ())),
            place.get("radius_km"), place.get("asn"), _plain(place.get("network", "")),
            " ".join(place.get("flags", ())), "; ".join(dict.fromkeys((*one["doubts"], *each["doubts"]))), one["seconds"],
            one["other_streams"], _plain(" | ".join(one["agents"])),
        ]
        for each in one["addresses"] or [{"address": "", "ports": [], "seen_at": "", "doubts": []}]
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _person(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.IDENTITY_READ):
        raise NotAllowed("Packs are made by two people who may see identities; a key cannot.")
    return by.person
