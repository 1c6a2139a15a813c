"""User reports as they are read: with a case that exists because of them, and on their own page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from breakwater.model.user_report import Concern, Reliability, ReporterKind, UserReport
from breakwater.records import user_reports
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.models import When
from breakwater.web.pages.speech import Spoken, figure, later, say

CONCERNS: Final[Mapping[Concern, str]] = Spoken({
    Concern.SEXUAL_MATERIAL: later("Sexual material of a child"),
    Concern.GROOMING: later("An approach to a child"),
    Concern.EXTORTION: later("Extortion of a child"),
    Concern.ABUSE_LIVE: later("Abuse shown live"),
    Concern.OTHER: later("Something else"),
})  # fmt: skip

REPORTERS: Final[Mapping[ReporterKind, str]] = Spoken({
    ReporterKind.USER: later("A user"),
    ReporterKind.TRUSTED_FLAGGER: later("A trusted flagger"),
    ReporterKind.PARTNER: later("A partner"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report."""

    concern: str
    who: str
    at: When
    words: str
    danger: bool
    facts: tuple[tuple[str, str], ...]


def row(tx: Tx, one: UserReport) -> ReportRow:
    """One report as it is read: the words as they were written, the reporter as a pseudonym."""
    trust = user_reports.reliability(tx, {one.reporter: one.reporter_kind})[one.reporter]
    return ReportRow(
        concern=CONCERNS[one.concern],
        who=REPORTERS[one.reporter_kind],
        at=words.ago(one.at, tx.now),
        words=one.words,
        danger=one.danger,
        facts=(
            (say("Reporter"), say("Pseudonym %(key)s", key=one.reporter[:10])),
            (say("Their record"), _record(trust)),
        ),
    )


def _record(trust: Reliability) -> str:
    if not trust.known:
        return say("No outcome yet")
    return say(
        "%(right)s right, %(wrong)s wrong", right=figure(trust.right), wrong=figure(trust.wrong)
    )
