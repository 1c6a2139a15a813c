"""Numbers, moments and kinds as people read them, in their language (console specification §8).

Values in, short plain words out; no content is ever described. Relative times stand beside
absolute ones, because "in 4 min" is for the eye and "14:02:07" for the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from babel.dates import format_datetime

from breakwater.model.bank import BankAction, EntryStatus
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.clock import iso
from breakwater.model.match import Action
from breakwater.web.languages import speaking
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

PRIORITY: Final[Mapping[Priority, Mark]] = Spoken({
    Priority.NOW: Mark("now", later("Now")),
    Priority.HIGH: Mark("high", later("High")),
    Priority.MEDIUM: Mark("medium", later("Medium")),
    Priority.LOW: Mark("low", later("Low")),
})  # fmt: skip

ACTION: Final[Mapping[Action, Mark]] = Spoken({
    Action.ALLOW: Mark("none", later("Passed")),
    Action.HOLD: Mark("held", later("Held")),
    Action.BLOCK: Mark("bad", later("Blocked")),
})  # fmt: skip

BANK_ACTION: Final[Mapping[BankAction, Mark]] = Spoken({
    BankAction.BLOCK: Mark("bad", later("Block")),
    BankAction.HOLD: Mark("held", later("Hold for review")),
    BankAction.LOG: Mark("none", later("Only note")),
})  # fmt: skip

ENTRY: Final[Mapping[EntryStatus, Mark]] = Spoken({
    EntryStatus.ACTIVE: Mark("ok", later("Active")),
    EntryStatus.QUARANTINED: Mark("held", later("Quarantined")),
    EntryStatus.WITHDRAWN: Mark("none", later("Withdrawn")),
    EntryStatus.PROPOSED: Mark("wait", later("Waits for a second person")),
})  # fmt: skip

STATE: Final[Mapping[CaseState, Mark]] = Spoken({
    CaseState.OPEN: Mark("wait", later("Waiting")),
    CaseState.HELD: Mark("with", later("With a person")),
    CaseState.CLOSED: Mark("ok", later("Closed")),
})  # fmt: skip

KIND: Final[Mapping[CaseKind, str]] = Spoken({
    CaseKind.UPLOAD: later("An upload matched"),
    CaseKind.UNDECODABLE: later("A file cannot be read"),
    CaseKind.RETROACTIVE: later("An earlier upload matched a new entry"),
    CaseKind.QUARANTINE: later("A flood of matches or entries"),
    CaseKind.STREAM: later("A live stream"),
    CaseKind.CONVERSATION: later("A conversation"),
    CaseKind.REPORT: later("A report by a person"),
    CaseKind.RECEIVED: later("A report that another service sent"),
    CaseKind.LEAD: later("A lead: links or exhibits"),
})  # fmt: skip

WHY_NOT: Final[Mapping[str, str]] = Spoken({
    "quarantined": later("The entry is in quarantine, so this match does not act."),
    "not_enabled": later(
        "The bank is enabled for a share of uploads only, and this one is outside it."
    ),
    "low_quality": later("The picture is too plain for a match by looks alone."),
    "expired": later("The bank or entry has expired, so this match does not act."),
    "harmless": later("A nearer entry says that this picture is known to be harmless."),
    "decided": later("A person decided that this match does not count."),
    "apart": later("A closer look found that it is another video."),
})  # fmt: skip


def count(number: int) -> str:
    """Group the digits: 1234567 → "1,234,567"."""
    return figure(number)


def amount(number: float) -> str:
    """A large number in short: 1.4 M, 12.3 k.

    >>> amount(950), amount(12_340), amount(3_500_000)
    ('950', '12.3 k', '3.50 M')
    """
    if number >= 1_000_000:
        return say("%(n)s M", n=figure(number / 1_000_000, "#,##0.00"))
    if number >= 10_000:
        return say("%(n)s k", n=figure(number / 1_000, "#,##0.0"))
    return count(int(number))


def size(octets: int) -> str:
    """Bytes in short: "1.4 MB"."""
    if octets < 1000:
        return say_n("%(n)s byte", "%(n)s bytes", octets)
    power = min(len(str(octets)) - 1, 9) // 3
    return f"{figure(octets / 1000**power, '#,##0.0')} {('kB', 'MB', 'GB')[power - 1]}"


def span(length: timedelta) -> str:
    """A length of time with its one useful unit: "40 s", "4 min", "3 h 20", "5 days"."""
    days = _days(length)
    return say_n("%(n)s day", "%(n)s days", days) if days else _hours(length)


def _days(length: timedelta) -> int:
    return int(abs(length.total_seconds())) // 86400


def _hours(length: timedelta) -> str:
    """Less than a day."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return say("%(n)s s", n=seconds)
    if seconds < 3600:
        return say("%(n)s min", n=seconds // 60)
    return say(
        "%(hours)s h %(minutes)s", hours=seconds // 3600, minutes=f"{seconds % 3600 // 60:02d}"
    )


def full(moment: datetime) -> str:
    """An absolute moment: "21 Nov 2026, 14:02:07 UTC"."""
    return _dated(moment, "%(day)s MMM y, HH:mm:ss 'UTC'")


def due(moment: datetime, now: datetime) -> When:
    """A due time: "in 4 min", or "4 min ago" and late."""
    if abs(moment - now) < timedelta(seconds=1):
        return When(say("now"), full(moment), iso(moment), late=moment < now)
    if moment < now:
        return replace(ago(moment, now), late=True)
    days = _days(moment - now) and round((moment - now) / timedelta(days=1))
    said = (
        say_n("in %(n)s day", "in %(n)s days", days)
        if days
        else say("in %(span)s", span=_hours(moment - now))
    )
    return When(said, full(moment), iso(moment))


def ago(moment: datetime, now: datetime) -> When:
    """A past moment: "4 min ago"."""
    days = _days(now - moment)
    said = (
        say_n("%(n)s day ago", "%(n)s days ago", days)
        if days
        else say("%(span)s ago", span=_hours(now - moment))
    )
    return When(said, full(moment), iso(moment))


def since(moment: datetime, now: datetime) -> When:
    """How long something has lasted: "4 min"."""
    return When(span(now - moment), full(moment), iso(moment))


def at(moment: datetime) -> When:
    """A moment in a list: "14:02:07", with its day on focus."""
    moment = moment.astimezone(UTC)
    return When(moment.strftime("%H:%M:%S"), full(moment), iso(moment))


def moment(moment: datetime) -> When:
    """A moment in a list that covers days: "21 Nov, 14:02:07"."""
    return When(_dated(moment, "%(day)s MMM, HH:mm:ss"), full(moment), iso(moment))


def _dated(moment: datetime, pattern: str) -> str:
    """A moment by a CLDR pattern; the day of the month as the language writes it."""
    locale = speaking().locale
    day = "d." if locale.language == "de" else "d"
    return format_datetime(moment, pattern % {"day": day}, tzinfo=UTC, locale=locale)


def before(now: datetime, seconds: float) -> datetime:
    """A moment so many seconds earlier."""
    return now - timedelta(seconds=seconds)


def timecode(seconds: float) -> str:
    """A place in a video: "0:07", "1:02:07"."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def short(value: str) -> str:
    """A hash as its first eight and last four characters."""
    return value if len(value) <= 14 else f"{value[:8]}…{value[-4:]}"


def unknown() -> When:
    """A moment that was not kept."""
    return When(say("Unknown"), say("Unknown"), "")
