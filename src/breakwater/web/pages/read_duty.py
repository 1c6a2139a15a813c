"""The page "On call" from records: what waits for an answer, who is on duty, the rota.

Words only: this page is for telephones too, and no picture is ever sent to one. A case's one
sentence is shown to those who may open the case. Read by `pages.duty`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from babel.dates import format_datetime

from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind
from breakwater.model.clock import iso
from breakwater.model.duty import Call, CallKind, OnDuty, Outcome, Shift
from breakwater.model.ids import Id
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.records import cases, duty, duty_calls, people, streams
from breakwater.records.database import Tx
from breakwater.review.duty.calling import EVERYBODY, shift_of
from breakwater.review.duty.things import case_of
from breakwater.web.languages import speaking
from breakwater.web.pages import stream_words, words
from breakwater.web.pages.models import Mark, Number, Option, When
from breakwater.web.pages.models_duty import CallCard, DutyView, EndedRow, OnDutyRow, ShiftRow
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

if TYPE_CHECKING:
    from breakwater.app.oncall import OnCall

AHEAD: Final = timedelta(days=8)
PLANNED: Final = timedelta(days=3660)
"""How far ahead a shift is looked for, to say when the next one is."""
ENDED: Final = 8
WINDOW: Final = timedelta(days=30)
LIKELY: Final = timedelta(hours=8)
"""What the form offers as the length of a shift."""

KIND: Final[Mapping[CallKind, Mark]] = Spoken({
    CallKind.CASE: Mark("now", later("A case needs somebody now")),
    CallKind.DANGER: Mark("now", later("A child is in danger now")),
    CallKind.OVERDUE: Mark("high", later("A case is past its due time")),
    CallKind.ACT: Mark("high", later("An act is not confirmed")),
    CallKind.FILING: Mark("high", later("A report is due")),
    CallKind.REQUEST: Mark("high", later("A legal request is overdue")),
    CallKind.TEST: Mark("low", later("Test page")),
    CallKind.HANDOVER: Mark("medium", later("A colleague offers their shift")),
    CallKind.NOBODY: Mark("now", later("Nobody is on duty")),
})  # fmt: skip

ABOUT: Final[Mapping[CallKind, str]] = Spoken({
    CallKind.ACT: later("A service did not confirm what was decided. Look at it, and try again."),
    CallKind.FILING: later("It was not filed, and its time is over within two hours or already."),
    CallKind.REQUEST: later("An authority waits for an answer, and its time is over."),
})  # fmt: skip
"""What calls that are about no case are about; where they belong to one, it is named beside."""

SHAPE: Final[Mapping[str, Mark]] = Spoken({
    "now": Mark("now", later("Now")),
    "high": Mark("high", later("High")),
    "medium": Mark("medium", later("Medium")),
    "low": Mark("low", later("Low")),
})  # fmt: skip

OUTCOME: Final[Mapping[Outcome, Mark]] = Spoken({
    Outcome.ACKNOWLEDGED: Mark("ok", later("Acknowledged")),
    Outcome.TAKEN: Mark("ok", later("Case taken")),
    Outcome.ORDERED: Mark("ok", later("Acted on the stream")),
    Outcome.SETTLED: Mark("none", later("No longer needed")),
    Outcome.COVERED: Mark("ok", later("Somebody is on duty again")),
    Outcome.MISSED: Mark("bad", later("Not answered")),
    Outcome.WITHDRAWN: Mark("none", later("The shift is over")),
})  # fmt: skip

REACHED: Final[Mapping[str, Mark]] = Spoken({
    "ready": Mark("ok", later("Can be called")),
    "resting": Mark("held", later("On a break, called after others")),
    "asked": Mark("wait", later("Test page sent, no answer yet")),
    "missed": Mark("bad", later("Test page not answered")),
})  # fmt: skip


def view(tx: Tx, who: Principal, on_call: OnCall) -> DutyView:
    """The page "On call" for one viewer."""
    now = tx.now
    names = {str(one.id): one.name for one in people.every(tx)}
    on_duty = on_call.caller.on_duty(tx)
    waiting = duty_calls.waiting(tx)
    own = next((one for one in on_duty if one.person == who.person), None)
    able = duty.able(tx)
    alarm = any(call.kind is CallKind.NOBODY for call in waiting)
    asked = {call.only for call in waiting if call.kind is CallKind.TEST}
    shown = sorted((call for call in waiting if call.only in {None, who.person}), key=_personal)
    pager, pager_words = _pager(tx, on_call)
    shifts = duty.shifts(tx, now, now + AHEAD)
    later_on = [] if shifts else duty.shifts(tx, now + AHEAD, now + PLANNED, 1)
    return DutyView(
        headline=_headline(who, on_duty, names),
        hint=_hint(who, on_duty),
        alarm=alarm,
        numbers=_numbers(tx, on_duty, shown),
        calls=tuple(_card(tx, who, call, names) for call in shown),
        on_duty=tuple(_on_duty(n, one, who, names, asked) for n, one in enumerate(on_duty, 1)),
        shifts=tuple(_shift(one, who, names, now) for one in shifts),
        ended=tuple(_ended(call, names, now) for call in duty_calls.recent(tx, ENDED)),
        colleagues=tuple(Option(one.id, one.name) for one in able if one.id != who.person),
        people=tuple(Option(one.id, one.name, chosen=one.id == who.person) for one in able),
        pager=pager,
        pager_words=pager_words,
        until=clock_time(own.until) if own else None,
        begins=now.strftime("%Y-%m-%dT%H:%M"),
        ends=(now + LIKELY).strftime("%Y-%m-%dT%H:%M"),
        next_shift=_far_day(later_on[0].starts_at) if later_on else "",
    )


def clock_time(moment: datetime) -> When:
    """A moment of today or soon: "16:00", its day on focus."""
    return When(moment.strftime("%H:%M"), words.full(moment), iso(moment))


def ring(tx: Tx, who: Principal) -> Mark | None:
    """Why somebody is asked to open this page, wherever they are; None when they are not."""
    if who.may(Permission.DUTY_WRITE) and duty_calls.about(tx, EVERYBODY):
        return KIND[CallKind.NOBODY]
    called = duty_calls.ringing(tx, who.person) if who.person else []
    if any(call.kind.about_case for call in called):
        return Mark("now", say("You are called."))
    return KIND[called[0].kind] if called else None


def standing(tx: Tx) -> tuple[Mark, str]:
    """Whether urgent cases reach a person, for the overview; names are for those on the page."""
    people_on = len({one.person for one in duty.on_now(tx)})
    if people_on:
        return Mark("ok", say("Ready")), say_n("%(n)s on duty", "%(n)s on duty", people_on)
    alarm = bool(duty_calls.about(tx, EVERYBODY))
    return Mark("bad", say("Nobody is on duty")) if alarm else Mark("none", say("No rota")), say(
        "urgent cases call nobody"
    )


def first_on_duty(on_duty: Sequence[OnDuty], names: Mapping[str, str]) -> str:
    """Who is called first, and who after, in words."""
    if not on_duty:
        return say("Nobody is on duty.")
    listed = [names.get(one.person, "") for one in on_duty]
    if len(listed) == 1:
        return say("%(name)s is called.", name=listed[0])
    return say("%(name)s is called first, then %(next)s.", name=listed[0], next=listed[1])


def _headline(who: Principal, on_duty: Sequence[OnDuty], names: Mapping[str, str]) -> str:
    if not on_duty:
        return say("Nobody is on duty")
    first = on_duty[0]
    until = clock_time(first.until).words
    if first.person == who.person:
        return say("You are called first, until %(until)s UTC", until=until)
    name = names.get(first.person, "")
    return say("%(name)s is called first, until %(until)s UTC", name=name, until=until)


def _hint(who: Principal, on_duty: Sequence[OnDuty]) -> str:
    """What happens to a call, as things stand."""
    if len(on_duty) > 1:
        return say("A call that nobody acknowledges within 60 seconds goes to the next person.")
    if on_duty:
        return say("There is nobody after them. A call is repeated every 60 seconds.")
    if who.may(Permission.DUTY_WRITE):
        return say("Put somebody on the rota, so that urgent cases reach a person.")
    return say("Urgent cases reach nobody now. Tell whoever plans the rota.")


def _numbers(tx: Tx, on_duty: Sequence[OnDuty], waiting: Sequence[Call]) -> tuple[Number, ...]:
    people_on = len({one.person for one in on_duty})
    took = duty_calls.answer_seconds(tx, tx.now - WINDOW)
    half = words.span(timedelta(seconds=took[len(took) // 2])) if took else "–"
    return (
        Number(figure(people_on), say("on duty"), late=not people_on),
        Number(figure(len(waiting)), say("calls wait"), late=bool(waiting)),
        Number(half, say("half are answered within")),
    )


def _personal(call: Call) -> bool:
    """Whether a call is for one person: those about cases stand above, the oldest first."""
    return call.only is not None


def _card(tx: Tx, who: Principal, call: Call, names: Mapping[str, str]) -> CallCard:
    rings = duty_calls.rings(tx, call.id)
    decides = who.may(Permission.CASE_DECIDE) and who.person is not None
    answerable = decides and call.only in {None, who.person} and call.kind is not CallKind.NOBODY
    case = cases.get(tx, call.case) if call.case else None
    wanted = case_of(tx, call) if call.kind.about_thing else None
    beside = cases.get(tx, wanted) if wanted else case
    rung = [names.get(str(ring.person), "") for ring in rings if ring.person]
    stream = streams.find(tx, case.subject) if case and case.kind is CaseKind.STREAM else None
    runs = stream is not None and stream.state is not StreamState.ENDED
    stoppable = runs and stream is not None and not stream.stopped
    return CallCard(
        id=call.id,
        mark=SHAPE[KIND[call.kind].style],
        title=KIND[call.kind].word,
        about=retold(case.why) if case else _about(tx, who, call, names),
        since=words.ago(call.opened_at, tx.now),
        rung=say("Called: %(names)s", names=", ".join(dict.fromkeys(rung))) if rung else "",
        next_at=words.at(rings[-1].answer_by) if rings and call.only is None else None,
        mine=who.person is not None and who.person in {ring.person for ring in rings},
        answerable=answerable,
        case=beside.id if beside else "",
        case_number=beside.number if beside else 0,
        stream=case.id if case and stoppable and decides else "",
        stands=_stands(tx, case.id, stream) if case and stream else None,
    )


def _stands(tx: Tx, case: Id, stream: Stream) -> Mark:
    """How far the stream of a case is stopped, in the words of its page, or that it is over."""
    if stream.control.rank >= Control.HIDDEN.rank:
        return stream_words.control(stream)
    if stream.state is StreamState.ENDED:
        return Mark("none", say("Ended"))
    wanted = duty_calls.frozen(tx, case) and stream.order is None
    return Mark("wait", say("To be frozen")) if wanted else stream_words.control(stream)


def _about(tx: Tx, who: Principal, call: Call, names: Mapping[str, str]) -> str:
    """What a call that is about no case is about."""
    only = names.get(str(call.only), "")
    if call.kind is CallKind.NOBODY:
        if who.may(Permission.DUTY_WRITE):
            return say("Put somebody on the rota. The alarm ends when their shift begins.")
        return say("Whoever plans the rota is told. The alarm ends when a shift begins.")
    if call.kind in ABOUT:
        return ABOUT[call.kind]
    if call.kind is CallKind.TEST:
        return say("%(name)s is asked to acknowledge, to see that they can be reached.", name=only)
    shift = shift_of(tx, call)
    by = names.get(call.by, "")
    until = clock_time(shift.ends_at).words if shift else ""
    return say(
        "%(by)s asks %(name)s to take their shift until %(until)s UTC.",
        by=by, name=only, until=until,
    )  # fmt: skip


def _on_duty(
    order: int, one: OnDuty, who: Principal, names: Mapping[str, str], asked: Set[Id | None]
) -> OnDutyRow:
    state = "resting" if one.resting else "ready"
    if one.person in asked:
        state = "asked"
    elif not one.reachable:
        state = "missed"
    return OnDutyRow(
        order=order,
        name=names.get(one.person, ""),
        until=clock_time(one.until),
        state=REACHED[state],
        you=one.person == who.person,
    )


def _shift(shift: Shift, who: Principal, names: Mapping[str, str], now: datetime) -> ShiftRow:
    return ShiftRow(
        id=shift.id,
        name=names.get(shift.person, ""),
        order=shift.rank,
        day=_day(shift.starts_at),
        starts=clock_time(shift.starts_at),
        ends=clock_time(shift.ends_at),
        now=shift.covers(now),
        you=shift.person == who.person,
    )


def _day(moment: datetime) -> str:
    """A day on the rota: "Sat 21 Nov"."""
    return format_datetime(moment, "EEE d MMM", tzinfo=UTC, locale=speaking().locale)


def _far_day(moment: datetime) -> str:
    """A day beyond the rota that is shown: "Sat 21 Nov 2026"."""
    return format_datetime(moment, "EEE d MMM yyyy", tzinfo=UTC, locale=speaking().locale)


def _ended(call: Call, names: Mapping[str, str], now: datetime) -> EndedRow:
    ended = call.answered_at or now
    return EndedRow(
        id=call.id,
        title=KIND[call.kind].word,
        at=words.ago(call.opened_at, now),
        outcome=OUTCOME[call.outcome or Outcome.SETTLED],
        who=names.get(call.answered_by, ""),
        after=say("after %(span)s", span=words.span(ended - call.opened_at)),
    )


def _pager(tx: Tx, on_call: OnCall) -> tuple[Mark, str]:
    """Whether a pager service takes what it is sent."""
    if on_call.pager is None:
        return Mark("none", say("On screen only")), say(
            "No pager service is set. People are called on this screen only."
        )
    last = duty_calls.last_delivery(tx)
    if last is None:
        return Mark("wait", say("Not tried yet")), say("Send a test page to see that it works.")
    if last.delivered and last.done_at is not None:
        at = words.ago(last.done_at, tx.now).words
        return Mark("ok", say("Works")), say("The last page was taken %(ago)s.", ago=at)
    tries = say_n("%(n)s try", "%(n)s tries", last.attempts)
    return Mark("bad", say("Does not answer")), say(
        "The last page was not taken after %(tries)s. Tell the person who runs this.", tries=tries
    )
