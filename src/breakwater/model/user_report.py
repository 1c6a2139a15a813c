"""User reports: somebody outside says that something is wrong, and how often they were right.

Sent by services for their users, and by partners. The reporter is known by a keyed pseudonym
only. How much a report weighs follows from what became of earlier ones: a Beta-Bernoulli
model with a stated prior, whose mean after n outcomes is (a + right) / (a + b + n). Kept by
`records.user_reports`, joined to cases by `review.queueing.reports`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.case import Priority
from breakwater.model.ids import Id


class ReporterKind(StrEnum):
    """Who reports."""

    USER = "user"
    TRUSTED_FLAGGER = "trusted_flagger"
    PARTNER = "partner"


class Concern(StrEnum):
    """What they say is wrong; no more is asked of them."""

    SEXUAL_MATERIAL = "sexual_material"
    GROOMING = "grooming"
    EXTORTION = "extortion"
    ABUSE_LIVE = "abuse_live"
    OTHER = "other"


class ReportOutcome(StrEnum):
    """What became of it, by the decision that stands on its case."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class UserReport:
    """One report.

    Attributes:
        reference: the service's own id of the report; the same one is not taken twice.
        reporter: keyed pseudonym of who reported, as hexadecimal; never their name.
        upload: what it is about, where it is known here.
        item: the service's own id of what it is about.
        account: the service's own name of the account it is about; sealed at rest.
        danger: the reporter says that a child is in danger now.
        words: the reporter's own; sealed at rest.
        case: that it opened or joined.
        weight: how reliable the reporter was when it came, 0..1.
    """

    id: Id
    service: str
    reference: str
    reporter: str
    reporter_kind: ReporterKind
    concern: Concern
    danger: bool
    case: Id
    at: datetime
    upload: Id | None = None
    item: str = ""
    account: str = ""
    words: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a reporter before anything is known: Beta(a, b)."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The share of right reports that it stands for."""
        return self.a / (self.a + self.b)


PRIORS: Final[Mapping[ReporterKind, Prior]] = {
    ReporterKind.USER: Prior(1.0, 3.0),
    ReporterKind.PARTNER: Prior(4.0, 2.0),
    ReporterKind.TRUSTED_FLAGGER: Prior(9.0, 1.0),
}
"""Ours, until outcomes outweigh them: a stranger is right once in four times and has changed
our mind after about four outcomes; a trusted flagger (DSA Art. 22) was examined before."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a reporter is believed.

    Attributes:
        right, wrong: outcomes that stand.
    """

    kind: ReporterKind
    right: int = 0
    wrong: int = 0

    @property
    def known(self) -> bool:
        """They have a record here."""
        return self.right + self.wrong > 0

    @property
    def mean(self) -> float:
        """Posterior mean: the chance that their next report is right."""
        prior = PRIORS[self.kind]
        return (prior.a + self.right) / (prior.a + prior.b + self.right + self.wrong)


STRANGERS: Final = 3
"""So many reporters without a record count, and no more: new accounts cost nothing to make."""


def voices(reporters: Iterable[Reliability]) -> list[Reliability]:
    """Those who count: everybody with a record, and a few strangers, whoever they are many of."""
    counted: list[Reliability] = []
    strangers = 0
    for reporter in reporters:
        if reporter.kind is ReporterKind.USER and not reporter.known:
            strangers += 1
            if strangers > STRANGERS:
                continue
        counted.append(reporter)
    return counted


def belief(reporters: Iterable[Reliability]) -> float:
    """The chance that at least one of several different reporters is right.

    They are taken as independent, which a crowd of new accounts is not: only `voices` count.
    """
    return 1.0 - math.prod(1.0 - reporter.mean for reporter in voices(reporters))


def urgency_of(believed: float, *, danger: bool) -> Priority:
    """How soon a person looks at what was reported.

    A child said to be in danger is looked at now, on the word of anybody who was not wrong so
    often that believing them is slower than not: below one in ten it is still looked at next.
    """
    if danger:
        return Priority.NOW if believed >= 0.1 else Priority.HIGH
    if believed >= 0.75:
        return Priority.HIGH
    return Priority.MEDIUM if believed >= 0.2 else Priority.LOW
