"""Sanctions as rows: opened by a decision, ended once, and what registrations they were found in.

A sanction is in force while the decision it rests on is (`ground`): who takes that back, or says
that the holder is an apparent child, releases the account in the same transaction, before
anybody hears of it. Ends fence: a decision older than the last release sanctions nobody again,
however late word of it comes. Fed by `enforcement.registrations`; contract:
`tests/contract/test_sanctions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.case import Case, CaseKind
from breakwater.model.decision import AccountRole, Decision, DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.sanction import (
    Answer,
    Clue,
    EndKind,
    Hit,
    Judgement,
    Sanction,
    SanctionEnd,
)
from breakwater.model.stream import Broadcaster
from breakwater.records import (
    cases,
    decisions,
    identifiers,
    identities,
    numbers,
    stream_orders,
    stream_people,
)
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_sanction import (
    registration_hits,
    sanction_ends,
    sanction_key_ends,
    sanctions,
)
from breakwater.records.texts import storable

_s, _e, _h, _x = sanctions.c, sanction_ends.c, registration_hits.c, sanction_key_ends.c
_JOINED: Final = sa.select(
    sanctions, _e.kind.label("end_kind"), _e.reason, _e.by, _e.second_by,
    _e.at.label("ended_at"),
).join_from(sanctions, sanction_ends, _e.sanction_id == _s.id, isouter=True)  # fmt: skip
_OPEN: Final = _e.sanction_id.is_(None)
_BARE: Final = (
    sa.select(_s.until, _s.case_id, _s.decision_id, _e.sanction_id.label("ended"))
    .join_from(sanctions, sanction_ends, _e.sanction_id == _s.id, isouter=True)
    .where(_s.id == sa.bindparam("which"))
)
"""Built once: a registration that is found waits for it."""


def ground(tx: Tx, case: Case) -> Decision | None:
    """The decision that makes the holder of a case's account a suspect; None where none does.

    It is the last that stands and ends the case, says "illegal" and "suspect", and was taken on
    this account. Whoever was once said to be an apparent child of this broadcast is none.
    """
    if not case.account:
        return None
    said = [one for one in decisions.of_case(tx, case.id) if one.stands and one.kind.ends]
    last = said[-1] if said else None
    if last is None or last.kind is not DecisionKind.ILLEGAL:
        return None
    if last.facts.role is not AccountRole.SUSPECT or _a_child(tx, case):
        return None
    if last.lead is not None:
        lead = cases.get(tx, decisions.get(tx, last.lead).case)
        if (lead.service, lead.account) != (case.service, case.account):
            return None  # nobody looked at who holds this account
    return last


def role_unknown(tx: Tx, case: Case) -> bool:
    """Whether the case is still decided as illegal: then the role changed, not the decision."""
    said = [one for one in decisions.of_case(tx, case.id) if one.stands and one.kind.ends]
    return bool(said) and said[-1].kind.keeps


def _a_child(tx: Tx, case: Case) -> bool:
    if case.kind is not CaseKind.STREAM:
        return False
    orders = stream_orders.of_stream(tx, case.subject)
    said = [one for one in orders if one.broadcaster is Broadcaster.APPARENT_CHILD]
    return any(
        one.publisher is None or stream_people.publisher(tx, one.publisher).account == case.account
        for one in said
    )


def open(tx: Tx, case: Case, decision: Decision, *, until: datetime) -> Sanction | None:  # noqa: A001 - a sanction is opened; the built-in is not used here
    """Sanction the account of a case; one of this decision is answered as it stands.

    Returns:
        None where the account was released since the decision was taken.
    """
    tx.lock_changes()
    key = identities.pseudonym(tx, case.service, case.account)
    mine = _JOINED.where(_s.decision_id == decision.id, _s.account_key == key)
    row = tx.execute(mine.order_by(_s.round.desc()).limit(1)).one_or_none()
    known = None if row is None else _noun(tx, row)
    if known is not None and known.end is None:
        return known
    if known is not None and known.end is not None and not known.end.kind.by_decision:
        return None
    if _released(tx, key) > decision.change:
        return None
    made, number = new_id(), numbers.take(tx, "sanctions")
    tx.execute(
        sa.insert(sanctions),
        {
            "id": made, "number": number, "service": case.service, "account_key": key,
            "case_id": case.id, "decision_id": decision.id, "at": tx.now, "until": until,
            "round": 1 if row is None else row.round + 1, "change": tx.change(),
        },
    )  # fmt: skip
    return get(tx, made)


def _released(tx: Tx, key: bytes | None) -> int:
    """The change by which a person last let go of an account; 0: nobody did."""
    ended = (
        sa.select(sa.func.max(_e.change))
        .join_from(sanction_ends, sanctions, _s.id == _e.sanction_id)
        .where(_s.account_key == key, _e.kind == EndKind.RELEASED.value)
    )
    return int(tx.execute(ended).scalar() or 0)


def end(
    tx: Tx, sanction: Id, kind: EndKind, *, by: str, reason: str = "", second: Id | None = None
) -> Sanction:
    """End a sanction, and forget what it was known by, in the same moment.

    Raises:
        NotFound: no such sanction.
        Conflict: it has ended.
    """
    storable(reason)
    tx.lock_changes()
    if get(tx, sanction).end is not None:
        raise Conflict("This sanction has ended already.")
    row = {
        "sanction_id": sanction, "kind": kind.value, "reason": reason, "by": by,
        "second_by": second, "at": tx.now, "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.insert(sanction_ends), row)
    identifiers.forget(tx, sanction)
    return get(tx, sanction)


def stands(tx: Tx, sanction: Id) -> bool:
    """Whether it is in force this moment, by its rows and by the decision it rests on."""
    row = tx.execute(_BARE, {"which": sanction}).one_or_none()
    if row is None or row.ended is not None or row.until <= tx.now:
        return False
    said = ground(tx, cases.get(tx, Id(row.case_id)))
    return said is not None and said.id == row.decision_id


def get(tx: Tx, sanction: Id) -> Sanction:
    """One sanction by id.

    Raises:
        NotFound: no such sanction.
    """
    row = tx.execute(_JOINED.where(_s.id == sanction)).one_or_none()
    if row is None:
        raise NotFound(f"sanction {sanction}")
    return _noun(tx, row)


def of_case(tx: Tx, case: Id) -> list[Sanction]:
    """Sanctions that rest on a case, the first first."""
    return _nouns(tx, _JOINED.where(_s.case_id == case).order_by(_s.number))


def of_account(tx: Tx, service: str, account: str) -> list[Sanction]:
    """Sanctions of one account, the first first."""
    key = identities.pseudonym(tx, service, account)
    return _nouns(tx, _JOINED.where(_s.account_key == key).order_by(_s.number))


def page(
    tx: Tx, *, ended: bool = False, service: str = "", before: int = 0, limit: int = 50
) -> list[Sanction]:
    """Sanctions that are in force, or those that are over; the newest first."""
    over = sa.or_(sa.not_(_OPEN), _s.until <= tx.now)
    wanted = _JOINED.where(over if ended else sa.not_(over))
    if service:
        wanted = wanted.where(_s.service == service)
    if before:
        wanted = wanted.where(_s.number < before)
    return _nouns(tx, wanted.order_by(_s.number.desc()).limit(limit))


def standing(tx: Tx) -> int:
    """How many are in force."""
    n = sa.select(sa.func.count()).select_from(sanctions)
    n = n.where(_s.until > tx.now, ~sa.exists().where(_e.sanction_id == _s.id))
    return int(tx.execute(n).scalar_one())


def run_out(tx: Tx, limit: int = 100) -> list[Id]:
    """Sanctions whose time is over and that nobody ended."""
    wanted = sa.select(_s.id).where(_s.until <= tx.now)
    wanted = wanted.where(~sa.exists().where(_e.sanction_id == _s.id))
    return [Id(one) for one in tx.execute(wanted.order_by(_s.until).limit(limit)).scalars()]


def hit(tx: Tx, sanction: Id, said: Judgement, *, service: str, by: str, keys: Sequence[str]) -> Id:
    """Write down that a registration was refused or is watched; nothing of who it was."""
    made = new_id()
    tx.execute(
        sa.insert(registration_hits),
        {
            "id": made, "service": service, "answer": said.answer.value,
            "confidence": said.confidence, "clues": [one.value for one in said.clues],
            "sanction_id": sanction, "keys": sorted(keys), "by": by, "at": tx.now,
            "change": tx.change(),
        },
    )  # fmt: skip
    return made


def get_hit(tx: Tx, wanted: Id) -> Hit:
    """One registration that was found.

    Raises:
        NotFound: no such registration.
    """
    row = tx.execute(sa.select(registration_hits).where(_h.id == wanted)).one_or_none()
    if row is None:
        raise NotFound(f"registration {wanted}")
    return _hits(tx, [row])[0]


def hits(tx: Tx, *, sanction: Id | None = None, limit: int = 50) -> list[Hit]:
    """Registrations that were found, the newest first."""
    wanted = sa.select(registration_hits).order_by(_h.at.desc(), _h.id.desc()).limit(limit)
    if sanction is not None:
        wanted = wanted.where(_h.sanction_id == sanction)
    return _hits(tx, tx.execute(wanted).all())


def tallies(tx: Tx, since: datetime) -> dict[Answer, int]:
    """Registrations that were found since a moment, by what became of them."""
    n = sa.select(_h.answer, sa.func.count().label("n")).where(_h.at >= since).group_by(_h.answer)
    return {Answer(row.answer): int(row.n) for row in tx.execute(n)}


def _hits(tx: Tx, rows: Sequence[sa.Row[Any]]) -> list[Hit]:
    wrong = sa.select(_x.hit_id, _x.by).where(_x.hit_id.in_([row.id for row in rows]))
    said = {row.hit_id: row.by for row in tx.execute(wrong)}
    return [
        Hit(
            id=Id(row.id), service=row.service, sanction=Id(row.sanction_id), by=row.by, at=row.at,
            judgement=Judgement(
                Answer(row.answer), row.confidence, tuple(Clue(one) for one in row.clues)
            ),
            wrong_by=said.get(row.id, ""),
        )
        for row in rows
    ]  # fmt: skip


def _nouns(tx: Tx, wanted: sa.Select[Any]) -> list[Sanction]:
    rows = tx.execute(wanted).all()
    known = identifiers.counts(tx, [Id(row.id) for row in rows])
    return [_noun(tx, row, known.get(Id(row.id), {})) for row in rows]


def _noun(tx: Tx, row: sa.Row[Any], kinds: dict[Any, int] | None = None) -> Sanction:
    ended = None
    if row.end_kind is not None:
        second = None if row.second_by is None else Id(row.second_by)
        ended = SanctionEnd(EndKind(row.end_kind), row.by, row.ended_at, row.reason, second)
    return Sanction(
        id=Id(row.id), number=row.number, service=row.service,
        account=cases.get(tx, Id(row.case_id)).account, case=Id(row.case_id),
        decision=Id(row.decision_id), at=row.at, until=row.until, end=ended,
        kinds=identifiers.counts(tx, [Id(row.id)]).get(Id(row.id), {}) if kinds is None else kinds,
    )  # fmt: skip
