"""What a filed report leaves to do: the rest as a supplementary one, and none where it stands for two.

In: filings that were filed. Out: whether a fresh draft adds to them, the same draft citing what it
adds to, and drafts dropped because a report to another recipient stands for them, with the proof
kept (Online Safety Act 2023 s.66: what was reported to a qualifying foreign body need not be
reported again). Called by `filing`; tests: `tests/contract/test_following.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.report import ChatIm, Party, Report
from breakwater.records import cases, filings, parcels
from breakwater.records.database import Tx
from breakwater.reporting.permits import Destination

WAITS: Final = frozenset({FilingState.DRAFT, FilingState.SECOND})
STANDS: Final = "A report to {title} (number {number}) stands for it."


def report_of(tx: Tx, filing: Filing) -> Report:
    """What a filing says."""
    return Report.read(filings.report_of(tx, filing.id))


def about_of(report: Report) -> tuple[str, ...]:
    """Accounts a report is about: who is reported, else the children."""
    named = report.reported or report.victims
    return tuple(one.account for one in named)


def earlier(tx: Tx, case: Id, destination: str, report: Report) -> list[tuple[Filing, Report]]:
    """Reports about the same account that a recipient has already, the last first."""
    done = [
        (one, report_of(tx, one))
        for one in filings.of_case(tx, case)
        if one.destination == destination and one.state is FilingState.FINISHED
    ]
    mine = [(one, said) for one, said in done if _same(said, report)]
    return sorted(mine, key=lambda pair: -pair[0].version)


def adds(fresh: Report, before: Iterable[Report]) -> bool:
    """Whether a draft says more than what the recipient has: files, words, accounts, addresses."""
    known = list(before)
    for told in (_files, _words, _people):
        if told(fresh) - {each for one in known for each in told(one)}:
            return True
    return False


def adding_to(fresh: Report, before: Sequence[Filing]) -> Report:
    """A draft that names the report it adds to; NCMEC's form takes it as an earlier report."""
    if not before:
        return fresh
    numbers = tuple(int(one.report_id) for one in before if one.report_id.isdigit())

    def citing(told: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*told, *numbers)))

    return replace(
        fresh, supplementary_of=before[0].report_id,
        reported=tuple(replace(o, prior_reports=citing(o.prior_reports)) for o in fresh.reported),
        victims=tuple(replace(o, prior_reports=citing(o.prior_reports)) for o in fresh.victims),
    )  # fmt: skip


def standing_for(
    tx: Tx, case: Id, report: Report, to: Destination, all_: Mapping[str, Destination]
) -> Filing | None:
    """A real report to another recipient that stands for one to this; None: there is none."""
    for name in to.covered_by:
        if name in all_ and all_[name].production:
            done = earlier(tx, case, name, report)
            if done and not adds(report, [said for _, said in done]):
                return done[0][0]
    return None


def drop_covered(tx: Tx, finished: Filing, all_: Mapping[str, Destination]) -> list[Filing]:
    """Drop drafts that a report stands for which was filed just now; the proof is kept.

    Returns:
        Those that were dropped.
    """
    dropped = []
    for one in filings.of_case(tx, finished.case):
        to = all_.get(one.destination)
        if to is None or one.state not in WAITS or finished.destination not in to.covered_by:
            continue
        stands = standing_for(tx, one.case, report_of(tx, one), to, all_)
        if stands is None:
            continue
        basis = STANDS.format(
            title=all_[stands.destination].title or stands.destination, number=stands.report_id
        )
        parcels.prove(tx, one, stands, basis)
        cases.note(tx, one.case, by="reporting", what="filing.covered", words=basis)
        tx.audit("reporting", "filing.covered", one.id, by=stands.id, number=stands.report_id)
        dropped.append(filings.move(tx, one, FilingState.DROPPED))
    return dropped


def _same(one: Report, other: Report) -> bool:
    """About the same account; a report that named nobody yet is added to by each."""
    mine, theirs = set(about_of(one)), set(about_of(other))
    return mine == theirs or not mine or bool(mine & theirs)


def _files(report: Report) -> set[str]:
    return {one.sha256 for one in report.files if one.sha256}


def _words(report: Report) -> set[str]:
    """Lines of what was written."""
    logs = (one.content for one in report.places if isinstance(one, ChatIm))
    return {line for log in logs for line in log.splitlines()}


def _people(report: Report) -> set[str]:
    """Accounts and addresses."""
    parties: tuple[Party, ...] = (*report.reported, *report.recipients, *report.victims)
    seen = {f"{capture.address} {capture.port}" for one in parties for capture in one.captures}
    linked = {one.account for o in (*report.reported, *report.victims) for one in o.linked}
    return seen | linked | {one.account for one in parties}
