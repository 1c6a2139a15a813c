"""Numbers, moments and kinds as people read them (console specification §8).

Values in, short plain words out; no content is ever described. Relative times stand beside
absolute ones, because "in 4 min" is for the eye and "14:02:07" for the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from breakwater.model.bank import BankAction, EntryStatus
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.clock import iso
from breakwater.model.match import Action
from breakwater.web.pages.models import Mark, When

PRIORITY: Final[Mapping[Priority, Mark]] = {
    p: Mark(p.value, p.value.capitalize()) for p in Priority
}

ACTION: Final[Mapping[Action, Mark]] = {
    Action.ALLOW: Mark("none", "Passed"),
    Action.HOLD: Mark("held", "Held"),
    Action.BLOCK: Mark("bad", "Blocked"),
}

BANK_ACTION: Final[Mapping[BankAction, Mark]] = {
    BankAction.BLOCK: Mark("bad", "Block"),
    BankAction.HOLD: Mark("held", "Hold for review"),
    BankAction.LOG: Mark("none", "Only note"),
}

ENTRY: Final[Mapping[EntryStatus, Mark]] = {
    EntryStatus.ACTIVE: Mark("ok", "Active"),
    EntryStatus.QUARANTINED: Mark("held", "Quarantined"),
    EntryStatus.WITHDRAWN: Mark("none", "Withdrawn"),
    EntryStatus.PROPOSED: Mark("wait", "Waits for a second person"),
}

STATE: Final[Mapping[CaseState, Mark]] = {
    CaseState.OPEN: Mark("wait", "Waiting"),
    CaseState.HELD: Mark("held", "Held by a person"),
    CaseState.CLOSED: Mark("ok", "Closed"),
}

KIND: Final[Mapping[CaseKind, str]] = {
    CaseKind.UPLOAD: "An upload matched",
    CaseKind.UNDECODABLE: "A file cannot be read",
    CaseKind.RETROACTIVE: "An earlier upload matched a new entry",
    CaseKind.QUARANTINE: "A flood of matches or entries",
    CaseKind.STREAM: "A live stream",
    CaseKind.CONVERSATION: "A conversation",
    CaseKind.REPORT: "A report by a person",
}

WHY_NOT: Final = {
    "quarantined": "The entry is in quarantine, so this match does not act.",
    "not_enabled": "The bank is enabled for a share of uploads only, and this one is outside it.",
    "low_quality": "The picture is too plain for a match by looks alone.",
    "expired": "The bank or entry has expired, so this match does not act.",
    "harmless": "A nearer entry says that this picture is known to be harmless.",
}


def count(number: int) -> str:
    """Group the digits: 1234567 → "1,234,567"."""
    return f"{number:,}"


def amount(number: float) -> str:
    """A large number in short: 1.4 M, 12.3 k.

    >>> amount(950), amount(12_340), amount(3_500_000)
    ('950', '12.3 k', '3.50 M')
    """
    if number >= 1_000_000:
        return f"{number / 1_000_000:.2f} M"
    if number >= 10_000:
        return f"{number / 1_000:.1f} k"
    return count(int(number))


def size(octets: int) -> str:
    """Bytes in short: "1.4 MB"."""
    value = float(octets)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError  # the loop returns at GB


def span(length: timedelta) -> str:
    """A length of time with its one useful unit: "40 s", "4 min", "3 h 20", "5 days"."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"
    days = seconds // 86400
    return f"{days} day" if days == 1 else f"{days} days"


def full(moment: datetime) -> str:
    """An absolute moment: "21 Nov 2026, 14:02:07 UTC"."""
    return moment.astimezone(UTC).strftime("%-d %b %Y, %H:%M:%S UTC")


def due(moment: datetime, now: datetime) -> When:
    """A due time: "in 4 min", or "4 min ago" and late."""
    late = moment < now
    words = f"{span(now - moment)} ago" if late else f"in {span(moment - now)}"
    if abs(moment - now) < timedelta(seconds=1):
        words = "now"
    return When(words, full(moment), iso(moment), late=late)


def ago(moment: datetime, now: datetime) -> When:
    """A past moment: "4 min ago"."""
    return When(f"{span(now - moment)} ago", full(moment), iso(moment))


def since(moment: datetime, now: datetime) -> When:
    """How long something has lasted: "4 min"."""
    return When(span(now - moment), full(moment), iso(moment))


def at(moment: datetime) -> When:
    """A moment in a list: "14:02:07", with its day on focus."""
    moment = moment.astimezone(UTC)
    return When(moment.strftime("%H:%M:%S"), full(moment), iso(moment))


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


UNKNOWN: Final = When("Unknown", "Unknown", "")
"""A moment that was not kept."""
