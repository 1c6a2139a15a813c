"""User reports as rows: who said what about which item, and what became of it.

A reporter is a keyed pseudonym, told apart by service and kind; their words and the account
they name are sealed. Outcomes are rows of their own, the newest counts, so that a decision that
is taken back is unlearned. Fed by `review.queueing.reports`. Contract:
`tests/contract/test_records_user_reports.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.case import Case, CaseState
from breakwater.model.ids import Id
from breakwater.model.user_report import (
    Concern,
    Reliability,
    ReporterKind,
    ReportOutcome,
    UserReport,
)
from breakwater.records import cases, identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_appeal import user_report_outcomes, user_reports
from breakwater.records.tables.nouns_intake import cases as case_table
from breakwater.records.tables.nouns_intake import uploads
from breakwater.records.texts import storable

_r, _o = user_reports.c, user_report_outcomes.c


def reporter_key(tx: Tx, service: str, kind: ReporterKind, reporter: str) -> str:
    """The pseudonym of a reporter, as hexadecimal; it cannot be turned back into a name."""
    storable(service, reporter)
    said = b"\0".join((b"reporter", service.encode(), kind.value.encode(), reporter.encode()))
    return tx.keys.mac(identities.PURPOSE, said).hex()


def add(
    tx: Tx,
    *,
    report: Id,
    service: str,
    reference: str,
    reporter: str,
    reporter_kind: ReporterKind,
    concern: Concern,
    danger: bool,
    case: Id,
    upload: Id | None = None,
    item: str = "",
    account: str = "",
    words: str = "",
    weight: float = 0.0,
) -> UserReport:
    """Keep a report.

    Args:
        tx: the transaction.
        report: its id, which may stand as the subject of its case already.
        service: whose user reports.
        reference: the service's own id of the report; empty where it gave none.
        reporter: their pseudonym, by `reporter_key`.
        reporter_kind: who they are.
        concern: what they say is wrong.
        danger: they say that a child is in danger now.
        case: that it opened or joined.
        upload: what it is about, where it is known here.
        item: the service's own id of it.
        account: the service's own name of the account it is about; sealed.
        words: the reporter's own; sealed.
        weight: how reliable they were when it came.
    """
    storable(service, reference, item, account, words)
    tx.run(
        _ADD, report, service, reference or report, bytes.fromhex(reporter), reporter_kind.value,
        concern.value, danger, case, upload, item, identities.pseudonym(tx, service, account),
        identities.seal(tx, report, {"words": words, "account": account}), weight, tx.now,
        tx.change(),
    )  # fmt: skip
    return UserReport(
        id=report, service=service, reference=reference, reporter=reporter,
        reporter_kind=reporter_kind, concern=concern, danger=danger, case=case, at=tx.now,
        upload=upload, item=item, account=account, words=words, weight=weight,
    )  # fmt: skip


_ADD: Final = (
    "INSERT INTO user_reports (id, service, reference, reporter_key, reporter_kind, concern, "
    "danger, case_id, upload_id, item, account_key, sealed, weight, at, change) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def by_reference(tx: Tx, service: str, reference: str) -> UserReport | None:
    """One report by the service's own id of it."""
    wanted = sa.select(user_reports).where(_r.service == service, _r.reference == reference)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _noun(tx, row)


def of_case(tx: Tx, case: Id, limit: int = 100) -> list[UserReport]:
    """Reports on one case, the newest first."""
    wanted = sa.select(user_reports).where(_r.case_id == case)
    rows = tx.execute(wanted.order_by(_r.change.desc()).limit(limit))
    return [_noun(tx, row) for row in rows]


def counts(tx: Tx, wanted: Collection[Id]) -> dict[Id, int]:
    """Different reporters by case; cases without any are left out."""
    n = sa.func.count(sa.distinct(_r.reporter_key)).label("n")
    rows = tx.execute(
        sa.select(_r.case_id, n).where(_r.case_id.in_(list(wanted))).group_by(_r.case_id)
    )
    return {Id(row.case_id): int(row.n) for row in rows}


def crowd(tx: Tx, case: Id, most: int) -> int:
    """How many reports a case has, counted no further than `most`: cheap in a flood."""
    some = sa.select(_r.id).where(_r.case_id == case).limit(most).subquery()
    return int(tx.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def strangers(tx: Tx, case: Id, most: int, *, but: str) -> int:
    """How many without a record reported to a case, counted no further than `most`.

    Args:
        tx: the transaction.
        case: its id.
        most: where counting ends.
        but: a pseudonym that is left out.
    """
    user = ReporterKind.USER.value
    ((count,),) = tx.run(_STRANGERS, case, user, bytes.fromhex(but), most)
    return int(count)


_STRANGERS: Final = (
    "SELECT COUNT(*) FROM (SELECT DISTINCT r.reporter_key FROM user_reports r "
    "WHERE r.case_id = ? AND r.reporter_kind = ? AND r.reporter_key <> ? AND NOT EXISTS "
    "(SELECT 1 FROM user_reports e JOIN user_report_outcomes o ON o.report_id = e.id "
    "WHERE e.reporter_key = r.reporter_key AND o.outcome <> 'open') LIMIT ?) known"
)


def upload_named(tx: Tx, service: str, item: str) -> Id | None:
    """The newest upload that a service named so; None when none is kept here."""
    wanted = sa.select(uploads.c.id).where(
        uploads.c.service == service, uploads.c.reference == item
    )
    found = tx.execute(wanted.order_by(uploads.c.received_at.desc()).limit(1)).scalar()
    return None if found is None else Id(found)


def open_case(tx: Tx, *, service: str, upload: Id | None, item: str, account: str) -> Case | None:
    """The case that a new report joins: about the same upload, item or account, and waiting.

    An account is asked for only where the report names nothing else: two things that one
    account did are two cases.
    """
    waits = case_table.c.state != CaseState.CLOSED.value
    if upload is not None:
        about = sa.or_(
            case_table.c.subject_id == upload,
            case_table.c.id.in_(sa.select(uploads.c.case_id).where(uploads.c.id == upload)),
        )
    elif item:
        same = sa.and_(_r.service == service, _r.item == item)
        about = case_table.c.id.in_(sa.select(_r.case_id).where(same))
    else:
        key = identities.pseudonym(tx, service, account)
        same = sa.and_(_r.account_key == key, _r.item == "", _r.upload_id.is_(None))
        about = case_table.c.id.in_(sa.select(_r.case_id).where(same))
    order = (case_table.c.urgency, case_table.c.number)
    found = tx.execute(sa.select(case_table.c.id).where(about, waits).order_by(*order).limit(1))
    case = found.scalar()
    return None if case is None else cases.get(tx, Id(case))


_later: Final = user_report_outcomes.alias("later")
_RECORDS: Final = (
    sa.select(_r.reporter_key, _o.outcome, sa.func.count().label("n"))
    .join_from(user_reports, user_report_outcomes, _o.report_id == _r.id)
    .where(_r.reporter_key.in_(sa.bindparam("keys", expanding=True)))
    .where(
        sa.not_(
            sa.select(_later.c.report_id)
            .where(_later.c.report_id == _o.report_id, _later.c.change > _o.change)
            .exists()
        )
    )
    .group_by(_r.reporter_key, _o.outcome)
)
"""By reporter, the outcomes that stand: of each report the newest."""


def reliability(tx: Tx, reporters: Mapping[str, ReporterKind]) -> dict[str, Reliability]:
    """How often each of these reporters was right and wrong, by what stands now."""
    found: dict[str, dict[str, int]] = {}
    for row in tx.execute(_RECORDS, {"keys": [bytes.fromhex(key) for key in reporters]}):
        found.setdefault(bytes(row.reporter_key).hex(), {})[row.outcome] = int(row.n)
    return {
        key: Reliability(
            kind,
            right=found.get(key, {}).get(ReportOutcome.RIGHT.value, 0),
            wrong=found.get(key, {}).get(ReportOutcome.WRONG.value, 0),
        )
        for key, kind in reporters.items()
    }


def reporters_of(tx: Tx, case: Id) -> dict[str, ReporterKind]:
    """Who reported to a case: pseudonym and kind, each once."""
    return {bytes(key).hex(): ReporterKind(kind) for key, kind in tx.run(_WHO, case)}


_WHO: Final = "SELECT DISTINCT reporter_key, reporter_kind FROM user_reports WHERE case_id = ?"


def learn(tx: Tx, case: Id, outcome: ReportOutcome) -> int:
    """Write down what became of every report on a case; answers how many were told anew."""
    newest: Final = (
        sa.select(_o.outcome)
        .where(_o.report_id == _r.id)
        .order_by(_o.change.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = tx.execute(sa.select(_r.id, newest.label("said")).where(_r.case_id == case)).all()
    told = [row.id for row in rows if (row.said or ReportOutcome.OPEN.value) != outcome.value]
    for report in told:
        row = {
            "report_id": report,
            "change": tx.change(),
            "outcome": outcome.value,
            "at": tx.now,
        }
        tx.execute(sa.insert(user_report_outcomes), row)
    return len(told)


def _noun(tx: Tx, row: sa.Row[Any]) -> UserReport:
    sealed = identities.unseal(tx, Id(row.id), row.sealed)
    return UserReport(
        id=Id(row.id),
        service=row.service,
        reference="" if row.reference == row.id else row.reference,
        reporter=bytes(row.reporter_key).hex(),
        reporter_kind=ReporterKind(row.reporter_kind),
        concern=Concern(row.concern),
        danger=row.danger,
        case=Id(row.case_id),
        at=row.at,
        upload=None if row.upload_id is None else Id(row.upload_id),
        item=row.item,
        account=str(sealed["account"]),
        words=str(sealed["words"]),
        weight=row.weight,
    )
