"""The page of a child in danger from records: what to say, whom to call, what went.

In comes what `reporting.danger` looked up and wrote down; out goes the page. Used by
`pages.danger`; tests: `tests/integration/test_danger_page.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from breakwater.model.decision import AccountRole
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.recipient import Contact, DangerCall, Reached
from breakwater.model.watch import Certainty
from breakwater.records import people
from breakwater.records.database import Tx
from breakwater.reporting.danger import InDanger, SeenFrom, script
from breakwater.reporting.permits import Destination
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_danger import CallRow, ContactRow, DangerView, SeenRow, SentRow
from breakwater.web.pages.read_filing import mark
from breakwater.web.pages.read_names import called
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

R = AccountRole
ROLES: Final[Mapping[str, str]] = Spoken({
    R.SUSPECT: later("An adult broadcasts, suspected"),
    R.APPARENT_CHILD: later("Apparently a child broadcasts"),
    R.UNKNOWN: later("Not known who broadcasts"),
})  # fmt: skip
OF_UPLOAD: Final[Mapping[str, str]] = Spoken({
    R.SUSPECT: later("An adult, suspected"),
    R.APPARENT_CHILD: later("Apparently a child"),
    R.UNKNOWN: later("Not known whose it is"),
})  # fmt: skip
OUTCOMES: Final[Mapping[str, str]] = Spoken({
    Reached.TAKEN: later("They took it"),
    Reached.CALL_BACK: later("They call back"),
    Reached.NO_ANSWER: later("Nobody answered"),
})  # fmt: skip
STYLES: Final = {Reached.TAKEN: "ok", Reached.CALL_BACK: "wait", Reached.NO_ANSWER: "bad"}
SURE: Final[Mapping[str, str]] = Spoken({
    Certainty.CERTAIN: later("all sources agree"),
    Certainty.UNCERTAIN: later("not certain"),
    Certainty.UNKNOWN: later("not known"),
})  # fmt: skip


def view(
    tx: Tx, found: InDanger, to: Mapping[str, Destination], *,
    platform: str, live: str, may: bool, role: AccountRole | None, now: datetime,
) -> DangerView:  # fmt: skip
    """The page."""
    waits = people.get(tx, found.waits.by).name if found.waits else ""
    near = {*found.countries, ""}
    return DangerView(
        case=found.case.id, number=found.case.number, why=retold(found.case.why), account=found.account,
        live=live, said=found.said, waits=waits, gone=_gone(found),
        second=any(one.urgent and one.state is FilingState.SECOND for one in found.filings),
        hidden=bool(found.seen) and not any(one.address for one in found.seen),
        seen=tuple(_seen(one, now) for one in found.seen),
        contacts=tuple(_contact(one, near=one.country in near) for one in found.contacts),
        script=tuple(retold(line) for line in script(found, platform)), calls=tuple(_call(tx, one, now) for one in found.calls),
        sent=tuple(_sent(one, to, now) for one in found.filings),
        roles=tuple((one.value, (ROLES if live else OF_UPLOAD)[one], one is role) for one in R),
        outcomes=tuple((one.value, OUTCOMES[one]) for one in Reached), may=may,
    )  # fmt: skip


def _gone(found: InDanger) -> bool:
    waits = {FilingState.DRAFT, FilingState.SECOND, FilingState.DROPPED}
    return any(one.urgent and one.state not in waits for one in found.filings)


def _seen(one: SeenFrom, now: datetime) -> SeenRow:
    place = one.place
    network = " ".join(filter(None, (f"AS{place.asn}" if place.asn else "", place.network)))
    return SeenRow(
        one.address, str(one.port or ""), words.ago(one.at, now),
        ", ".join(place.candidates) or place.country, SURE[place.certainty], network,
    )  # fmt: skip


def _contact(one: Contact, *, near: bool) -> ContactRow:
    dial = "".join(c for c in one.phone if c.isascii() and (c.isdigit() or c == "+"))
    return ContactRow(one.name, one.phone, dial, one.country, one.hours, one.note, near)


def _call(tx: Tx, one: DangerCall, now: datetime) -> CallRow:
    return CallRow(
        words.ago(one.at, now), one.contact, Mark(STYLES[one.outcome], OUTCOMES[one.outcome]),
        one.words, called(tx, Id(one.by)),
    )  # fmt: skip


def _sent(one: Filing, to: Mapping[str, Destination], now: datetime) -> SentRow:
    where = to.get(one.destination)
    title = say(
        "Report %(n)s to %(whom)s", n=one.number,
        whom=(where.title if where else "") or one.destination,
    )  # fmt: skip
    done = words.ago(one.finished_at, now) if one.finished_at else None
    return SentRow(title, mark(one.state), one.report_id, done)
