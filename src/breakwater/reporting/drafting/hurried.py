"""The report that cannot wait: everything that is known in words, and no file.

In: a case's material, and what a person said of who broadcasts. Out: drafts without media, so that
nothing is read or sent that takes time; the rest follows as supplementary. Where nobody can say
whether the broadcaster is the child, the report names them in its text and reports nobody for it
(reference: law, "The child is often the broadcaster"). Read by `reporting.danger`; tests:
`tests/contract/test_danger.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from breakwater.model.clock import iso
from breakwater.model.decision import AccountRole
from breakwater.model.report import Report
from breakwater.reporting.drafting.draft import Drafted, Drafter
from breakwater.reporting.drafting.material import Material

REST: Final = "This report is sent at once, without files. They follow in a report of their own."
DANGER: Final = "A child is in danger now:"
UNSAID: Final = "Nobody has said yet whether this account is the child's or another's: {account}."


def hurried(
    drafter: Drafter, found: Material, role: AccountRole, reason: str = ""
) -> tuple[Drafted, ...]:
    """Every report of a case, without files.

    Args:
        drafter: as for any report.
        found: what the case holds.
        role: who broadcasts, as the person at the page says; `unknown` keeps what was said before.
        reason: why it cannot wait, where nobody has said so on the case.
    """
    if role is not AccountRole.UNKNOWN:
        facts = replace(found.decision.facts, role=role)
        found = replace(found, decision=replace(found.decision, facts=facts))
    drafted = drafter.draft(found, media=False)
    return tuple(
        replace(one, urgent=True, report=_said(_escalated(one.report, reason), found, role))
        if one.report
        else one
        for one in drafted
    )


def _escalated(report: Report, reason: str) -> Report:
    """A reason is what escalates: there is always one."""
    if report.summary.escalate.startswith(DANGER):
        return report
    words = f"{DANGER} {reason} {report.summary.escalate}".strip()
    return replace(report, summary=replace(report.summary, escalate=words))


def _said(report: Report, found: Material, role: AccountRole) -> Report:
    said = found.decision.facts.role or AccountRole.UNKNOWN
    unsaid = role is AccountRole.UNKNOWN and said is AccountRole.UNKNOWN
    mine = [one for one in report.reported if one.account == found.case.account]
    if not (unsaid and mine):
        return replace(report, additional=f"{REST}\n{report.additional}")
    seen = [
        f"{one.address} port {one.port or 'unknown'}{f' at {iso(one.at)}' if one.at else ''}"
        for one in mine[0].captures
    ]
    lines = [REST, UNSAID.format(account=found.case.account), *seen, report.additional]
    others = tuple(one for one in report.reported if one not in mine)
    return replace(report, reported=others, additional="\n".join(lines))
