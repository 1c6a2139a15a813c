"""Packs for the authorities of a jurisdiction: suspects named, the rest counted.

In come the viewers of a case and the countries of an agency; out goes one value as JSON or CSV.
Who paid, directed or returned is named, certain apart from uncertain; who stayed or passed by is
counted (reference law). A pack is proposed by one person and made by another. Tests:
`tests/contract/test_viewers.py`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, SendingRefused
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.clock import iso
from breakwater.model.country import country_code
from breakwater.model.ids import Id
from breakwater.model.sending import DataClass, RecipientKind, Sendings
from breakwater.model.watch import Certainty, Doubt, Tier
from breakwater.records import approvals, cases
from breakwater.records.database import Database
from breakwater.viewers.seeing import CaseViewers, Seen, gather
from breakwater.viewers.sight import Sight

KIND: Final = "viewers_pack"
LEAVES: Final = (DataClass.FACTS, DataClass.VIEWERS)
"""What a pack is made of, as the table of sendings names it."""
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

    def propose(
        self, by: Principal, case: Id, *, countries: Sequence[str], agency: str, reason: str
    ) -> Approval:
        """Propose a pack; another person makes it.

        Raises:
            NotAllowed: not by a person who may see identities.
            NotFound: no such case.
            BadInput: no country, or no reason.
            SendingRefused: the table of sendings does not let it go there.
        """
        person = _person(by)
        codes = sorted({country_code(one) for one in countries})
        if not codes or "" in codes or not reason.strip():
            raise BadInput("Name countries by their two letters, and a reason.")
        self._may_leave(person, case, codes)
        with self._db.transaction() as tx:
            cases.get(tx, case)
            made = approvals.propose(
                tx, kind=KIND, subject=case, by=person, reason=reason.strip(),
                facts={"countries": codes, "agency": agency.strip()},
            )  # fmt: skip
            tx.audit(person, "viewers.propose_pack", case, countries=codes)
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
        if waits and not waits[0].outcome:
            self._may_leave(person, case, waits[0].facts["countries"])
        with self._db.transaction() as tx:
            agreed = approvals.confirm(tx, kind=KIND, subject=case, by=person)
            codes = frozenset(agreed.facts["countries"])
            found = gather(tx, case, Sight.IDENTITY)
            head = {
                "form": FORM, "case": case, "made_at": iso(tx.now), "agency": agreed.facts["agency"],
                "countries": sorted(codes), "reason": agreed.reason,
            }  # fmt: skip
            made = pack_of(found, codes, head)
            named = len(made.body["certain"]) + len(made.body["uncertain"])
            tx.audit(
                person, "viewers.export", case, first=agreed.by, countries=sorted(codes),
                named=named, sha256=made.sha256,
            )  # fmt: skip
            return made

    def _may_leave(self, person: Id, case: Id, countries: Sequence[str]) -> None:
        """Ask the table; a refusal is written down and then raised."""
        try:
            for one in countries:
                self._sendings.must(one, RecipientKind.POLICE, LEAVES)
        except SendingRefused as fault:
            with self._db.transaction() as tx:
                cases.get(tx, case)
                cases.note(tx, case, by=person, what="sending.refused", words=fault.detail)
                tx.audit(person, "sending.refused", case, countries=list(countries))
            raise

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
            {"address": text, "ports": list(ports), "seen_at": iso(at)}
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


def _rows(how: str, one: dict[str, Any]) -> list[list[Any]]:
    place = one["place"] or {}
    return [
        [
            how, one["tier"], _plain(one["account"]), each["address"],
            " ".join(str(port) for port in each["ports"]), each["seen_at"],
            place.get("country", ""), " ".join(place.get("candidates", ())),
            place.get("radius_km"), place.get("asn"), _plain(place.get("network", "")),
            " ".join(place.get("flags", ())), "; ".join(one["doubts"]), one["seconds"],
            one["other_streams"], _plain(" | ".join(one["agents"])),
        ]
        for each in one["addresses"] or [{"address": "", "ports": [], "seen_at": ""}]
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _person(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.IDENTITY_READ):
        raise NotAllowed("Packs are made by two people who may see identities; a key cannot.")
    return by.person
