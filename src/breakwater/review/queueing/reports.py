"""User reports: taken from services and partners, joined to a case, weighed by what came of them.

A report opens a case, or joins the one that waits about the same upload, item or account and
makes it more urgent: never less. How far a reporter is believed follows from the decisions that
stand on the cases of their earlier reports (`model.user_report`). Who reported stays a
pseudonym, here and on every page. Fed by `web.api.reports`; tests:
`tests/integration/test_reports.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from breakwater.errors import BadInput, NotFound
from breakwater.model.access import Principal
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.decision import DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.upload import Upload
from breakwater.model.user_report import (
    Concern,
    Reliability,
    ReporterKind,
    ReportOutcome,
    UserReport,
    belief,
    urgency_of,
    voices,
)
from breakwater.records import cases, decisions, queue, uploads, user_reports
from breakwater.records.database import Database, Tx
from breakwater.review.queueing.routing import Routing

LONGEST: Final = 4_000
"""Characters of what a reporter says."""

CONCERNS: Final[Mapping[Concern, str]] = {
    Concern.SEXUAL_MATERIAL: "sexual material of a child",
    Concern.GROOMING: "an approach to a child",
    Concern.EXTORTION: "extortion of a child",
    Concern.ABUSE_LIVE: "abuse shown live",
    Concern.OTHER: "something else",
}

WHO: Final[Mapping[ReporterKind, str]] = {
    ReporterKind.USER: "A user reported",
    ReporterKind.TRUSTED_FLAGGER: "A trusted flagger reported",
    ReporterKind.PARTNER: "A partner reported",
}

OUTCOMES: Final[Mapping[DecisionKind, ReportOutcome]] = {
    DecisionKind.ILLEGAL: ReportOutcome.RIGHT,
    DecisionKind.OWN_IMAGE: ReportOutcome.RIGHT,
    DecisionKind.DANGER_NOW: ReportOutcome.RIGHT,
    DecisionKind.NOT_ILLEGAL: ReportOutcome.WRONG,
}
"""What a decision says of those who reported. The others say nothing: a careful person cannot
know a lawful context, and never saw the list that matched wrongly."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it comes in.

    Attributes:
        service: whose user reports.
        reporter: the service's own name of who reports; kept as a pseudonym only.
        upload: our id of what it is about, where the service knows it.
        item: the service's own id of it.
        account: the service's own name of the account it is about.
        reference: the service's own id of the report.
        words: the reporter's own, at most 4,000 characters; sealed.
    """

    service: str
    reporter: str
    reporter_kind: ReporterKind
    concern: Concern
    danger: bool = False
    upload: Id | None = None
    item: str = ""
    account: str = ""
    reference: str = ""
    words: str = ""


class Reports:
    """What people outside say is wrong."""

    def __init__(self, *, db: Database, routing: Routing) -> None:
        self._db = db
        self._routing = routing

    def take(self, by: Principal, told: Told) -> UserReport:
        """Keep a report and make sure that somebody looks; the same reference again is the same.

        Raises:
            NotFound: no such upload of this service.
            BadInput: it names nothing, or nobody who reports.
        """
        told = replace(told, service=by.service or told.service)
        if not (told.upload or told.item or told.account):
            raise BadInput("Say what it is about: an upload, an item or an account.")
        if not told.reporter or len(told.words) > LONGEST:
            raise BadInput(f"A report has a reporter, and at most {LONGEST:,} characters.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            before = user_reports.by_reference(tx, told.service, told.reference)
            if told.reference and before is not None:
                return before
            made = self._keep(tx, told)
            tx.audit(
                by.id, "report.take", made.id, case=made.case, concern=told.concern.value,
                danger=told.danger, weight=round(made.weight, 3),
            )  # fmt: skip
            tx.emit(EventType.REPORT_TAKEN, made.id, case=made.case)
        return made

    def on_decided(self, event: Event) -> None:
        """A case was decided, or a decision taken back: what came of its reports follows."""
        with self._db.transaction() as tx:
            said = decisions.standing(tx, event.subject)
            outcome = OUTCOMES.get(said.kind, ReportOutcome.OPEN) if said else ReportOutcome.OPEN
            user_reports.learn(tx, event.subject, outcome)

    def _keep(self, tx: Tx, told: Told) -> UserReport:
        upload = _upload(tx, told)
        key = user_reports.reporter_key(tx, told.service, told.reporter_kind, told.reporter)
        trust = user_reports.reliability(tx, {key: told.reporter_kind})[key]
        found = user_reports.open_case(
            tx, service=told.service, upload=upload.id if upload else None, item=told.item,
            account=told.account,
        )  # fmt: skip
        report = new_id()
        case = found or _open(tx, told, upload, report, trust)
        made = user_reports.add(
            tx, report=report, service=told.service, reference=told.reference, reporter=key,
            reporter_kind=told.reporter_kind, concern=told.concern, danger=told.danger,
            case=case.id, upload=upload.id if upload else None, item=told.item,
            account=told.account, words=told.words.strip(), weight=trust.mean,
        )  # fmt: skip
        if upload is not None and upload.case is None:
            uploads.set_case(tx, upload.id, case.id)
        if found is not None:
            _join(tx, found, made)
            self._press(tx, found.id)
        return made

    def _press(self, tx: Tx, case: Id) -> None:
        """Tell the queue how many count; a case that is not in its place yet is heard of later."""
        if queue.places(tx, [case]):
            self._routing.press(tx, case, reports=len(voices(_trusts(tx, case))))


def believed(tx: Tx, case: Id) -> tuple[int, float]:
    """How many different people reported a case, and the chance that one of them is right."""
    trusts = _trusts(tx, case)
    return len(trusts), belief(trusts)


def _trusts(tx: Tx, case: Id) -> list[Reliability]:
    return list(user_reports.reliability(tx, user_reports.reporters_of(tx, case)).values())


def _upload(tx: Tx, told: Told) -> Upload | None:
    """What the report is about, where it is kept here."""
    if told.upload is None:
        known = user_reports.upload_named(tx, told.service, told.item) if told.item else None
        return uploads.get(tx, known) if known else None
    found = uploads.get(tx, told.upload)
    if found.service != told.service:
        raise NotFound(f"upload {told.upload}")
    return found


def _open(tx: Tx, told: Told, upload: Upload | None, report: Id, trust: Reliability) -> Case:
    return cases.open(
        tx,
        kind=CaseKind.REPORT,
        subject=upload.id if upload else report,
        why=_why(told),
        priority=urgency_of(belief([trust]), danger=told.danger),
        service=told.service,
        account=told.account or (upload.origin.account if upload else ""),
        by="system",
    )


def _why(told: Told) -> str:
    """One sentence for the queue; what the reporter wrote stands on the case, sealed till then."""
    danger = " They say that a child is in danger now." if told.danger else ""
    return f"{WHO[told.reporter_kind]}: {CONCERNS[told.concern]}.{danger}"


def _join(tx: Tx, case: Case, made: UserReport) -> None:
    """Say so in the case's history, and make it more urgent where that follows."""
    people, chance = believed(tx, case.id)
    cases.note(
        tx, case.id, by="system", what="reported", words="", report=made.id, reporters=people
    )
    raised = urgency_of(chance, danger=made.danger)
    if case.state is not CaseState.CLOSED and raised.rank < case.priority.rank:
        cases.set_priority(tx, case.id, raised, by="system", reason=_raised(people, made))
        return
    tx.emit(EventType.CASE_CHANGED, case.id, reporters=people)


def _raised(people: int, made: UserReport) -> str:
    if made.danger:
        return "A report says that a child is in danger now."
    return "Another report came in." if people < 2 else f"{people} people reported it."
