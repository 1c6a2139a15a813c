"""Builds the pages of holds: what is kept, until when, why, what failed, and what comes due.

In comes what `reporting.preserving.holding` read; out go frozen values. Used by `pages.holds`;
tests: `tests/integration/test_holds_page.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.hold import (
    Extension,
    Hold,
    HoldItem,
    HoldKind,
    HoldState,
    Kept,
    Preservation,
    SeatRule,
    Why,
)
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.reporting.preserving.holding import PAGE, Listed, Manifest
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_holds import (
    Choice,
    FailingRow,
    HoldRow,
    HoldsView,
    HoldView,
    ItemRow,
    LongerRow,
    WaitsEnd,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say

MOST: Final = 200
"""Things of one case that its page shows."""

LONG: Final = 36
"""Letters of an id."""

STATES: Final[Mapping[HoldState, Mark]] = Spoken({
    HoldState.STANDS: Mark("held", later("Held")),
    HoldState.DUE: Mark("wait", later("Due: its time is over")),
    HoldState.ENDED: Mark("none", later("Ended")),
})  # fmt: skip
KEPT: Final[Mapping[Kept, str]] = Spoken({
    Kept.MEDIA: later("Media"),
    Kept.RECORDING: later("Recording"),
    Kept.PREROLL: later("Last minutes of the broadcast"),
    Kept.STILL: later("Still"),
    Kept.VIEWERS: later("Viewers"),
    Kept.COMMENTS: later("Comments"),
    Kept.MESSAGES: later("Messages"),
    Kept.ACCOUNT: later("Account data"),
    Kept.STREAM: later("The broadcast's record"),
    Kept.UPLOAD: later("The upload's record"),
    Kept.CASE: later("The case"),
    Kept.REPORT: later("A report that was filed"),
})  # fmt: skip
COUNTED: Final[Mapping[Why, str]] = Spoken({
    Why.DECIDED: later("Counted from the decision: no report is filed yet"),
    Why.RECEIPT: later("Counted from the report's receipt"),
    Why.EXTENDED: later("Extended by a person"),
    Why.ORDERED: later("As the order says"),
})  # fmt: skip
ENDS: Final[Mapping[Why, str]] = Spoken({
    Why.RELEASED: later("The order was released"),
    Why.EXPIRED: later("Its time was over, and two people agreed"),
    Why.TAKEN_BACK: later("The decision was taken back"),
})  # fmt: skip
SEATS: Final[Mapping[SeatRule, str]] = Spoken({
    SeatRule.MEDIA: later("Media are kept for the whole hold."),
    SeatRule.HASHES: later("Only hashes are kept of media, by the law of the service's seat."),
    SeatRule.UNTIL_RECEIPT: later("Media are kept until the report's receipt, by the law of the service's seat."),
})  # fmt: skip
VOIDS: Final[Mapping[str, tuple[str, str]]] = {
    "": (later("Nothing is held."), later("A decision “illegal” holds what there is around its case for a year from the report's receipt.")),
    "soon": (later("Nothing comes due within a month."), later("What comes due can be extended here, or destroyed by two people.")),
    "due": (later("Nothing is due."), later("What is due waits here until two people destroy it or somebody extends it.")),
    "orders": (later("No order stands."), later("A court's order or an authority's request is entered on the page of its case.")),
    "ended": (later("No hold has ended yet."), later("What ended stays listed, with what was destroyed.")),
}  # fmt: skip
WORDS: Final[Mapping[str, str]] = Spoken({
    "": later("Held"), "soon": later("Due within a month"), "due": later("Due now"),
    "orders": later("Orders"), "ended": later("Ended"),
})  # fmt: skip


def listed(found: Listed, chosen: str, before: int) -> HoldsView:
    """The list."""
    now = found.now
    counts = found.counts
    rows = tuple(_listed(one, found) for one in found.holds)
    here = f"/holds?show={chosen}" if chosen else "/holds?show="
    paged = chosen == "ended" and len(rows) == PAGE
    return HoldsView(
        numbers=(
            Number(figure(counts[HoldState.STANDS]), say("held")),
            Number(figure(counts[HoldState.DUE]), say("due"), late=counts[HoldState.DUE] > 0),
            Number(figure(len(found.failing)), say("not kept yet"), late=bool(found.failing)),
        ),
        choices=tuple(
            Choice(f"/holds?show={key}" if key else "/holds", word, key == chosen)
            for key, word in WORDS.items()
        ),
        rows=rows,
        failing=tuple(_failing(one, found.numbers[one.case], now) for one in found.failing),
        void=(say(VOIDS[chosen][0]), say(VOIDS[chosen][1])),
        next_url=f"{here}&before={found.holds[-1].number}" if paged else "",
        first_url=here if before else "",
    )  # fmt: skip


def manifest(tx: Tx, who: Principal, found: Manifest) -> HoldView:
    """What is held of one case."""
    may = who.may(Permission.HOLD_WRITE)
    beside = any(one.stands and one.kind.ordered for one in found.holds)
    held = any(one.stands for one in found.holds)
    seat = next((o.seat for o in found.holds if not o.kind.ordered), found.rules.seat)
    rows = []
    for one in found.holds:
        waits = found.waiting.get(one.id)
        row = _row(one, found.case.number, found.now)
        end, stays = _ends(one, beside=beside) if may else ("", "")
        least = ""
        if may and one.stands and one.ends is not None:
            least = f"{max(one.ends, found.now) + timedelta(days=1):%Y-%m-%d}"
        rows.append(replace(
            row, end=end, stays=stays, least=least, waits=_waits(tx, who, waits, found.now),
            longer=tuple(_longer(tx, each, found.now) for each in found.extended if each.hold == one.id),
        ))  # fmt: skip
    return HoldView(
        case=found.case.id, number=found.case.number, holds=tuple(rows),
        items=tuple(_item(one, found.now, held=held) for one in found.items[:MOST]),
        keeping=_keeping(found.keeping, held=held, kept=any(_is_kept(one) for one in found.items)),
        late=bool(found.keeping.fault), may=may,
        seat=SEATS[SeatRule.MEDIA if beside else seat],
        more=max(0, len(found.items) - MOST),
    )  # fmt: skip


def _listed(one: Hold, found: Listed) -> HoldRow:
    kept, gaps, gone = found.figures.get(one.case, (0, 0, 0))
    said = [say("things: %(n)s", n=figure(kept - gone))] if kept > gone else []
    said += [say("gaps: %(n)s", n=figure(gaps))] if gaps else []
    said += [say("destroyed: %(n)s", n=figure(gone))] if gone else []
    waits = one.id in found.waiting
    row = _row(one, found.numbers[one.case], found.now)
    return replace(
        row, counts=", ".join(said),
        stays=say("Its end waits for a second person") if waits else "",
    )  # fmt: skip


def _row(one: Hold, number: int, now: datetime) -> HoldRow:
    ended = "" if one.ended_why is None else ENDS[one.ended_why]
    return HoldRow(
        id=one.id, number=one.number, case=one.case, case_number=number, state=STATES[one.state],
        why=_why(one), reason=one.reason if one.kind.ordered else "",
        until=None if one.ends is None else words.due(one.ends, now),
        counted=COUNTED[one.counted], ended=ended,
    )  # fmt: skip


def _why(one: Hold) -> str:
    if one.kind is HoldKind.LEGAL:
        return say("Order of a court: %(reference)s", reference=one.reference)
    if one.kind is HoldKind.REQUEST:
        return say("Request of an authority: %(reference)s", reference=one.reference)
    return say("The duty to preserve what is reported")


def _ends(one: Hold, *, beside: bool) -> tuple[str, str]:
    """The button's word, or why there is none."""
    if not one.stands:
        return "", ""
    if one.kind.ordered:
        return say("Propose to release it"), ""
    if one.state is not HoldState.DUE:
        return "", say("Nothing can be destroyed before its time is over.")
    if beside:
        return "", say("An order stands beside it. Release that first.")
    return say("Propose to destroy what is kept"), ""


def _waits(tx: Tx, who: Principal, one: Approval | None, now: datetime) -> WaitsEnd | None:
    if one is None:
        return None
    return WaitsEnd(
        called(tx, one.by), one.reason, words.ago(one.proposed_at, now),
        words.due(one.lapses_at, now), own=one.by == (who.person or who.id),
    )  # fmt: skip


def _longer(tx: Tx, one: Extension, now: datetime) -> LongerRow:
    until = "" if one.until is None else words.full(one.until)
    return LongerRow(called(tx, Id(one.by)), words.ago(one.at, now), until, one.reason)


def _is_kept(one: HoldItem) -> bool:
    return one.destroyed_at is None and not one.gap


def _item(one: HoldItem, now: datetime, *, held: bool) -> ItemRow:
    mark = Mark("held", say("Held")) if held else Mark("none", say("Still kept"))
    note = ""
    if one.destroyed_at is not None:
        mark = Mark("none", say("Destroyed"))
        note = words.ago(one.destroyed_at, now).words
    elif one.gap:
        mark, note = Mark("bad", say("Not kept")), retold(one.gap)
    elif one.until_receipt:
        note = say("Until the report's receipt")
    return ItemRow(
        KEPT[one.what], _short(one.name), mark, words.moment(one.since), one.sha256,
        words.size(one.size) if one.size else "", note,
    )  # fmt: skip


def _short(name: str) -> str:
    """A name with its ids cut: whole ones stand in the interface for programs."""
    return " ".join(word if len(word) < LONG else f"{word[:13]}…" for word in name.split())


def _failing(one: Preservation, number: int, now: datetime) -> FailingRow:
    return FailingRow(
        one.case, number, words.ago(one.wanted_at, now),
        words.due(one.next_at, now) if one.next_at else words.unknown(), one.fault,
        figure(one.attempts),
    )  # fmt: skip


def _keeping(one: Preservation, *, held: bool, kept: bool) -> str:
    if one.fault:
        return say(
            "Not everything is kept yet: %(fault)s. It was tried %(n)s times and is tried again.",
            fault=one.fault, n=figure(one.attempts),
        )  # fmt: skip
    if not held and kept:
        return say("No hold stands any more. What is still kept is listed below.")
    if not held:
        return say("Nothing of this case is held.")
    if not one.done:
        return say("It is being kept now.")
    return say("Everything that there was is kept.")
