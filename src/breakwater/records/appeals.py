"""Appeals as rows: filed, found, answered once; and what locks media while one is open.

The user's words and account are sealed. Who decided before is written down when it is filed, so
that rates by bank, rule and reviewer never change afterwards. Fed by `review.deciding.appeals`; `holds`
is asked by whoever would delete media. Contract: `tests/contract/test_records_appeals.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.appeal import (
    ANSWER_IN,
    Answer,
    Appeal,
    AppealOutcome,
    Claim,
    Ground,
    OverturnRate,
)
from breakwater.model.ids import Id, new_id
from breakwater.model.upload import Upload
from breakwater.records import identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_appeal import appeal_answers, appeals
from breakwater.records.texts import storable

_a, _w = appeals.c, appeal_answers.c
_JOINED: Final = sa.select(
    appeals,
    _w.outcome,
    _w.ground,
    _w.by.label("answered_by"),
    _w.reason,
    _w.at.label("answered_at"),
).join_from(appeals, appeal_answers, _w.appeal_id == _a.id, isouter=True)
_WAITS: Final = _w.appeal_id.is_(None)

SYSTEM: Final = "system"
"""Who answers an appeal when the measure fell by itself."""


def file(
    tx: Tx,
    upload: Upload,
    *,
    claim: Claim,
    words: str = "",
    account: str = "",
    language: str = "",
    reference: str = "",
    first: Collection[Id] = (),
) -> Appeal:
    """Keep an appeal; one with a reference that was filed already is answered as it stands.

    Args:
        tx: the transaction.
        upload: with the verdict that is appealed against.
        claim: why it is said to be wrong.
        words: the user's own; sealed.
        account: the service's own name of the user; sealed.
        language: in which the user wants to be answered.
        reference: the service's own id of the appeal.
        first: people who decided until now.

    Raises:
        Conflict: an appeal about this upload waits already.
    """
    storable(words, account, language, reference)
    tx.lock_changes()
    before = by_reference(tx, upload.service, reference) if reference else None
    if before is not None:
        return before
    if holds(tx, upload.id):
        raise Conflict("An appeal about this upload waits already. Wait for its answer.")
    made = _new(tx, upload, claim, words, account, language, reference, first)
    tx.execute(
        sa.insert(appeals),
        {
            "id": made.id,
            "number": made.number,
            "upload_id": made.upload,
            "case_id": made.case,
            "service": made.service,
            "reference": made.reference or made.id,
            "claim": made.claim.value,
            "sealed": identities.seal(tx, made.id, {"words": words, "account": account}),
            "language": made.language,
            "action": made.action,
            "rule": made.rule,
            "banks": list(made.banks),
            "first": list(made.first),
            "at": made.at,
            "due_at": made.due_at,
            "change": tx.change(),
        },
    )
    return made


def _new(  # noqa: PLR0917 - `file` above names each argument
    tx: Tx,
    upload: Upload,
    claim: Claim,
    words: str,
    account: str,
    language: str,
    reference: str,
    first: Collection[Id],
) -> Appeal:
    verdict = upload.verdict
    acting = [match.bank for match in verdict.matches if match.acting] if verdict else []
    return Appeal(
        id=new_id(),
        number=numbers.take(tx, "appeals"),
        upload=upload.id,
        case=upload.case,
        service=upload.service,
        account=account,
        claim=claim,
        words=words,
        language=language,
        reference=reference,
        action=verdict.action.value if verdict else "",
        rule=verdict.rule if verdict else "",
        banks=tuple(dict.fromkeys(acting)),
        first=tuple(dict.fromkeys(first)),
        at=tx.now,
        due_at=tx.now + ANSWER_IN,
    )


def answer(
    tx: Tx,
    appeal: Id,
    outcome: AppealOutcome,
    *,
    by: str,
    reason: str,
    ground: Ground | None = None,
) -> Appeal:
    """Answer an appeal, once and for all.

    Args:
        tx: the transaction that does what is answered.
        appeal: its id.
        outcome: how it ends.
        by: id of the person, or the name of a part.
        reason: in words, for the record.
        ground: of an overturned one.

    Raises:
        NotFound: no such appeal.
        Conflict: somebody answered it already.
    """
    storable(reason)
    tx.lock_changes()
    found = get(tx, appeal)
    if not found.waits:
        raise Conflict(f"Appeal {found.number} is answered already.")
    row = {
        "appeal_id": appeal,
        "outcome": outcome.value,
        "ground": None if ground is None else ground.value,
        "by": by,
        "reason": reason,
        "at": tx.now,
        "change": tx.change(),
    }
    tx.execute(sa.insert(appeal_answers), row)
    return get(tx, appeal)


def holds(tx: Tx, upload: Id) -> bool:
    """Whether an open appeal locks what is kept of an upload: then nobody deletes it."""
    wanted = _JOINED.where(_a.upload_id == upload, _WAITS).limit(1)
    return tx.execute(wanted).first() is not None


def held(tx: Tx, uploads: Iterable[Id]) -> frozenset[Id]:
    """Those of many uploads that an open appeal locks."""
    wanted = (
        sa.select(_a.upload_id)
        .join_from(appeals, appeal_answers, _w.appeal_id == _a.id, isouter=True)
        .where(_a.upload_id.in_(list(uploads)), _WAITS)
    )
    return frozenset(Id(found) for found in tx.execute(wanted).scalars())


def get(tx: Tx, appeal: Id) -> Appeal:
    """One appeal by id.

    Raises:
        NotFound: no such appeal.
    """
    return _one(tx, _a.id == appeal, f"appeal {appeal}")


def by_number(tx: Tx, number: int) -> Appeal:
    """One appeal by number.

    Raises:
        NotFound: no such appeal.
    """
    return _one(tx, _a.number == number, f"appeal {number}")


def by_reference(tx: Tx, service: str, reference: str) -> Appeal | None:
    """One appeal by the service's own id of it."""
    wanted = _JOINED.where(_a.service == service, _a.reference == reference)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _noun(tx, row)


def of_upload(tx: Tx, upload: Id) -> list[Appeal]:
    """Appeals about one upload, the newest first."""
    wanted = _JOINED.where(_a.upload_id == upload).order_by(_a.number.desc())
    return [_noun(tx, row) for row in tx.execute(wanted)]


def waiting(tx: Tx, *, after: int = 0, limit: int = 50) -> list[Appeal]:
    """Appeals that wait for an answer, the first due first.

    All have the same time to be answered in, so the order of numbers is the order of dues.

    Args:
        tx: a snapshot.
        after: number of the last one of the page before.
        limit: at most so many.
    """
    wanted = _JOINED.where(_WAITS, _a.number > after).order_by(_a.number).limit(limit)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def answered(tx: Tx, *, before: int = 0, limit: int = 50) -> list[Appeal]:
    """Appeals that were answered, the newest first."""
    wanted = _JOINED.where(sa.not_(_WAITS)).order_by(_a.number.desc()).limit(limit)
    if before:
        wanted = wanted.where(_a.number < before)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def counts(tx: Tx, due_before: datetime) -> tuple[int, int]:
    """How many wait, and how many of them are due before a moment."""
    due = sa.func.sum(sa.case((_a.due_at < due_before, 1), else_=0))
    wanted = (
        sa.select(sa.func.count().label("n"), due.label("due"))
        .join_from(appeals, appeal_answers, _w.appeal_id == _a.id, isouter=True)
        .where(_WAITS)
    )
    row = tx.execute(wanted).one()
    return int(row.n), int(row.due or 0)


def rates(tx: Tx, since: datetime) -> dict[str, list[OverturnRate]]:
    """Overturned of decided since a moment, under `bank`, `rule` and `reviewer`, most first.

    Only answers of people count: a measure that fell by itself says nothing of its reviewer.
    """
    wanted = (
        sa.select(_a.banks, _a.rule, _a.first, _w.outcome)
        .join_from(appeals, appeal_answers, _w.appeal_id == _a.id)
        .where(_w.at >= since, _w.by != SYSTEM)
    )
    counted: dict[str, dict[str, list[int]]] = {"bank": {}, "rule": {}, "reviewer": {}}
    for row in tx.execute(wanted):
        right = int(row.outcome == AppealOutcome.OVERTURNED.value)
        named = {"bank": row.banks, "rule": [row.rule], "reviewer": row.first}
        for kind, names in named.items():
            for name in names:
                tally = counted[kind].setdefault(str(name), [0, 0])
                tally[0] += 1
                tally[1] += right
    return {
        kind: sorted(
            (OverturnRate(name, *tally) for name, tally in tallies.items()),
            key=lambda rate: (-rate.share, -rate.decided, rate.name),
        )
        for kind, tallies in counted.items()
    }


def _one(tx: Tx, which: sa.ColumnElement[bool], words: str) -> Appeal:
    row = tx.execute(_JOINED.where(which)).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(tx, row)


def _noun(tx: Tx, row: sa.Row[Any]) -> Appeal:
    sealed = identities.unseal(tx, Id(row.id), row.sealed)
    given = None
    if row.outcome is not None:
        given = Answer(
            outcome=AppealOutcome(row.outcome),
            by=row.answered_by,
            at=row.answered_at,
            reason=row.reason,
            ground=None if row.ground is None else Ground(row.ground),
        )
    return Appeal(
        id=Id(row.id),
        number=row.number,
        upload=Id(row.upload_id),
        case=None if row.case_id is None else Id(row.case_id),
        service=row.service,
        account=str(sealed["account"]),
        claim=Claim(row.claim),
        words=str(sealed["words"]),
        language=row.language,
        reference="" if row.reference == row.id else row.reference,
        action=row.action,
        rule=row.rule,
        banks=tuple(row.banks),
        first=tuple(Id(person) for person in row.first),
        at=row.at,
        due_at=row.due_at,
        answer=given,
    )
