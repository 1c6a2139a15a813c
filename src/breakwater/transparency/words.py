"""The English of figures in papers; the console has its own words for its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[str, str]] = {
    "items": "Items that came",
    "verdicts": "First verdicts on uploads",
    "messages": "Messages in chats",
    "matches": "Items that drew attention",
    "decisions": "Decisions of people",
    "overturned": "Overturned",
    "filings": "Reports to authorities",
    "requests": "Legal requests",
    "refusals": "Refusals",
    "countries": "Viewers of cases, by country",
    "outcomes": "Children of series, by what became of them",
}

OFF: Final[Mapping[str, str]] = {
    "never_on": "Prevalence is not told: no spot checks were drawn for it (prevalence_enabled, "
    "prevalence_basis).",
    "no_rounds": "Prevalence is not told: no spot checks were drawn for it in this period.",
}

_KEYS: Final[Mapping[str, str]] = {
    "list": "Known images and files",
    "video": "Known videos",
    "classifier": "Classifiers",
    "comments": "Comments",
    "spot_check": "Spot checks",
    "user_report": "Reports of users",
    "ncmec": "NCMEC",
    "incoming": "Asked of us",
    "outgoing": "Asked by us",
    "all": "All",
    "live": "Live",
    "scan": "Scanning",
    "sending": "Sending",
    "scanning_not_permitted": "no legal basis",
    "not_allowed": "not allowed from this seat",
    "second_person": "By a second person",
    "undo": "Here",
    "taken_back": "taken back",
    "appeal": "On appeal",
    "children": "All children",
}


def named(key: str) -> str:
    """A key of a table in words."""
    return _KEYS.get(key) or (key if len(key) == 2 else key.replace("_", " ").capitalize())


def seconds(value: float | None) -> str:
    """How long, in the largest unit that leaves a figure before the point.

    >>> seconds(95), seconds(4), seconds(None)
    ('1.6 min', '4 s', 'none')
    """
    if value is None:
        return "none"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value:.0f} s"


def share(value: float) -> str:
    """A share in per cent, with as many figures as a small one needs.

    >>> share(0.25), share(0.000123)
    ('25 %', '0.0123 %')
    """
    return f"{float(f'{100 * value:.3g}'):.10f}".rstrip("0").rstrip(".") + " %"
