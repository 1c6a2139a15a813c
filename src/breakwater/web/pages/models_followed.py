"""What the pages of feeds that this installation follows show; built by `read_followed`."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class FollowedRow:
    """A feed and how it does.

    Attributes:
        lag: how far it is behind its peer; empty: nothing was taken yet.
        pulled: when a pull last came to its end.
        due: when it is pulled next; None: it is paused.
        rows, errors: entries read; failed tries in a row.
        fault: words of the last one.
    """

    name: str
    kind: str
    bank: str
    state: Mark
    lag: str
    pulled: When | None
    due: When | None
    rows: str
    errors: str
    fault: str


@dataclass(frozen=True, slots=True)
class FollowedView:
    """The page of all feeds."""

    numbers: tuple[Number, ...]
    rows: tuple[FollowedRow, ...]


@dataclass(frozen=True, slots=True)
class OnePull:
    """One pull of a feed.

    Attributes:
        lag: how far the feed was behind when it ended; empty: nothing was taken before.
        data: the same for the plot, in numbers: end (seconds since 1970), lag in seconds or empty,
            entries sent, and the mark's style.
    """

    at: When
    state: Mark
    pages: str
    offered: str
    added: str
    gone: str
    bad: str
    fault: str
    lag: str
    data: tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class FeedView:
    """The page of one feed.

    Attributes:
        facts: name and value.
        bad: rows that could not be read: when, where, why.
        enabled: it is pulled when due.
    """

    row: FollowedRow
    numbers: tuple[Number, ...]
    facts: tuple[tuple[str, str], ...]
    pulls: tuple[OnePull, ...]
    bad: tuple[tuple[When, str, str], ...]
    enabled: bool
