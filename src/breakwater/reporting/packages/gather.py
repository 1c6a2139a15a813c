"""What a case holds for a package, read in one transaction before any byte of media is.

In: a package two people agreed to. Out: `Gathered`: sources with their comparisons, decisions,
reports with what was sent and answered, the subjects whose audit entries go along, and what is
missing, in sentences. What a person released is no part of it; who watched goes by packs of its
own (`viewers.packs`). Read by `making`; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from breakwater.errors import BreakwaterError, NotFound
from breakwater.model.approval import ApprovalState
from breakwater.model.case import Case, CaseKind
from breakwater.model.chat import KeptState
from breakwater.model.clock import iso
from breakwater.model.decision import Decision, DecisionKind, Outcome
from breakwater.model.filing import Filing, Phase
from breakwater.model.ids import Id
from breakwater.model.package import (
    ItemRole,
    Package,
    PackageDecision,
    PackagePerson,
    PackageReport,
)
from breakwater.model.sending import DataClass
from breakwater.records import (
    accounts,
    approvals,
    cases,
    danger_calls,
    decisions,
    filing_steps,
    filings,
    kept_comments,
    packages,
    people,
    received,
    stream_alerts,
    streams,
    uploads,
    views,
)
from breakwater.records.database import Tx
from breakwater.reporting.packages import sources
from breakwater.reporting.packages.sources import Source

MOST_COMMENTS: Final = 20_000
HELD: Final = frozenset({Outcome.KEPT, Outcome.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Paper:
    """What was sent to an authority or answered, exactly; `path` in the package."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a case holds.

    Attributes:
        subjects: whose audit entries go along.
        classes: kinds of data that would leave.
    """

    case: Case
    sources: tuple[Source, ...]
    decisions: tuple[PackageDecision, ...]
    reports: tuple[PackageReport, ...]
    papers: tuple[Paper, ...]
    subjects: tuple[str, ...]
    gaps: tuple[str, ...]
    classes: frozenset[DataClass]


def gather(tx: Tx, package: Package) -> Gathered:
    """Read a case.

    Raises:
        NotFound: no such case.
    """
    case = cases.get(tx, package.case)
    said = decisions.of_case(tx, case.id)
    found = _numbered([*_media(tx, case, said), *_documents(tx, case)])
    made = filings.of_case(tx, case.id)
    papers = [_papers(tx, one) for one in made]
    subjects = [package.id, case.id, *(one.item.id for one in found), *(one.id for one in made)]
    subjects += [one.id for one in views.of_case(tx, case.id, 5_000)]
    if case.kind in {CaseKind.STREAM, CaseKind.RECEIVED}:
        subjects.append(case.subject)
    return Gathered(
        case=case, sources=found,
        decisions=tuple(_decided(tx, one) for one in said),
        reports=tuple(
            _report(one, [paper.path for paper in kept])
            for one, kept in zip(made, papers, strict=True)
        ),
        papers=tuple(paper for kept in papers for paper in kept),
        subjects=tuple(dict.fromkeys(subjects)), gaps=tuple(_gaps(case, said, found, made)),
        classes=_classes(case, found, made),
    )  # fmt: skip


def classes_of(tx: Tx, case: Id) -> frozenset[DataClass]:
    """Kinds of data that a package of this case would hold."""
    found = cases.get(tx, case)
    said = decisions.of_case(tx, case)
    kept = [*_media(tx, found, said), *_documents(tx, found)]
    return _classes(found, kept, filings.of_case(tx, case))


def media_of(tx: Tx, case: Case) -> tuple[Source, ...]:
    """The media of a case alone, with the numbers that a package gives them."""
    return _numbered(_media(tx, case, decisions.of_case(tx, case.id)))


def person(tx: Tx, who: Id, at: Any) -> PackagePerson:
    """A person by name; who is not known any more keeps their id."""
    try:
        name = people.get(tx, who).name
    except NotFound:
        name = str(who)
    return PackagePerson(who, name, at)


def _media(tx: Tx, case: Case, said: list[Decision]) -> Iterator[Source]:
    """Uploads, files of a received report and what was kept of a broadcast."""
    wanted = [*packages.uploads_of_case(tx, case.id), case.subject]
    touched = [one for row in said if row.stands for one in decisions.effects(tx, row.id)]
    wanted += [one.upload for one in touched if one.outcome in HELD]
    gone = {one.upload for one in touched if one.outcome is Outcome.RELEASED}
    facts = next((one.facts.item for one in reversed(said) if one.stands and one.facts.item), None)
    known = uploads.many(tx, [one for one in wanted if one not in gone])
    mine = [
        one
        for one in known.values()
        if one.service == case.service
        and (one.case == case.id or one.origin.account == case.account)
    ]
    for upload in sorted(mine, key=lambda one: (one.received_at, one.id)):
        yield sources.of_upload(tx, upload, facts)
    report = received.of_case(tx, case.id) if case.kind is CaseKind.RECEIVED else None
    for file in received.files_of(tx, report.id) if report else ():
        yield sources.of_received(file)
    stream = streams.find(tx, case.subject) if case.kind is CaseKind.STREAM else None
    if stream is not None:
        yield from sources.of_broadcast(tx, stream)


def _documents(tx: Tx, case: Case) -> Iterator[Source]:
    """What is written down here: what was said, told and seen."""
    kept = kept_comments.of_case(tx, case.id, MOST_COMMENTS)
    said = [
        {"id": one.id, "at": iso(one.at), "author": one.author, "text": one.text}
        for one in kept
        if one.state not in {KeptState.REMOVED, KeptState.WAITING}
    ]
    if said:
        yield sources.document(case, "comments.json", said)
    names = dict.fromkeys([case.account, *(one["author"] for one in said)])
    told = [
        {"account": one.account, "taken_at": iso(one.taken_at), "source": one.source,
         "facts": dict(one.facts), "gap": one.gap}
        for name in names if name
        for one in accounts.snapshots(tx, case.service, name)
    ]  # fmt: skip
    if told:
        yield sources.document(case, "accounts.json", told)
    calls = [
        {"at": iso(one.at), "contact": one.contact, "outcome": one.outcome.value,
         "words": one.words, "by": person(tx, Id(one.by), one.at).name}
        for one in danger_calls.of_case(tx, case.id)
    ]  # fmt: skip
    if calls:
        yield sources.document(case, "calls.json", calls)
    if case.kind is CaseKind.STREAM:
        seen = stream_alerts.of_stream(tx, case.subject)
        if seen:
            yield sources.of_alerts(case, seen)
    report = received.of_case(tx, case.id) if case.kind is CaseKind.RECEIVED else None
    if report is not None and (xml := received.xml_of(tx, report.id)):
        yield sources.document(case, "received-report.xml", xml)


def _numbered(found: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(
        replace(one, item=replace(one.item, number=number)) for number, one in enumerate(found, 1)
    )


def _decided(tx: Tx, one: Decision) -> PackageDecision:
    second = None if one.second is None else person(tx, one.second, one.at)
    if one.kind is DecisionKind.DANGER_NOW:
        second = _stands_behind(tx, one) or second
    stands = one.stands and one.undoes is None
    role = one.facts.role.value if one.facts.role else ""
    return PackageDecision(
        one.kind.value, person(tx, one.by, one.at), second, one.reason, stands, role
    )


def _stands_behind(tx: Tx, said: Decision) -> PackagePerson | None:
    """Who agreed later that a child is in danger now: that report does not wait for it."""
    for one in approvals.of_subject(tx, said.case):
        agreed = one.decided_by if one.outcome == ApprovalState.CONFIRMED else None
        if agreed is not None and one.facts.get("decision") == said.id:
            return person(tx, agreed, one.decided_at)
    return None


def _papers(tx: Tx, filing: Filing) -> list[Paper]:
    """Every document that was sent or came back, in order; a gap where one has gone."""
    found = []
    for number, step in enumerate(filing_steps.of_filing(tx, filing.id), 1):
        try:
            body = filing_steps.paper(tx, step.id)
        except BreakwaterError:
            continue
        way = "sent" if step.phase is Phase.INTENT else "answered"
        suffix = "xml" if body.lstrip()[:1] == b"<" else "txt"
        name = f"{number:04d}-{step.call.value}-{way}.{suffix}"
        found.append(Paper(f"reports/{filing.number}/{name}", body))
    return found


def _report(one: Filing, papers: list[str]) -> PackageReport:
    return PackageReport(
        number=one.number, destination=one.destination, state=one.state.value,
        report_id=one.report_id, knowledge_at=one.knowledge_at, due_at=one.due_at,
        finished_at=one.finished_at, papers=tuple(papers),
    )  # fmt: skip


def _gaps(
    case: Case, said: list[Decision], found: Sequence[Source], made: Iterable[Filing]
) -> Iterator[str]:
    roles = {one.item.role for one in found}
    if not roles & {ItemRole.UPLOAD, ItemRole.BROADCAST}:
        yield "The case holds no media."
    if not case.account:
        yield "Nobody is known who sent it."
    sent = [one.item for one in found if one.item.role is ItemRole.UPLOAD]
    if sent and not any(one.address for one in sent):
        yield "The service told no address that it was sent from."
    if not any(one.stands for one in said):
        yield "No person's decision stands."
    if not any(one.report_id for one in made):
        yield "No authority has given a number for a report of this case."
    if case.kind is CaseKind.STREAM:
        yield "Who watched is not in this package: viewers are handed over in packs of their own."


def _classes(case: Case, found: Sequence[Source], made: Iterable[Filing]) -> frozenset[DataClass]:
    held = {DataClass.FACTS, DataClass.HASHES}
    told = any(one.item.address for one in found)
    if case.account or told or any(one.report_id for one in made):
        held.add(DataClass.IDENTITY)
    for one in found:
        if one.item.role is not ItemRole.CONTEXT and one.blob is not None:
            held.add(DataClass.MEDIA)
        if one.item.name in {"comments.json", sources.TALK}:
            held.add(DataClass.MESSAGES)
    return frozenset(held)
