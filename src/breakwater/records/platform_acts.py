"""Acts on services as rows: the wish with its epoch, where it stands, and every word about it.

`want` writes the act and the job that has it sent, in the transaction of whoever wants it; the
same wish again is one. What is newer in a fence overtakes what was not done, and marks as reversed
what was. An acknowledgement counts only for the newest act of its fence; a later one of an older
act is kept as `late` and changes nothing. Fed by `enforcement.platform`. Contract:
`tests/contract/test_records_platform_acts.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.act import (
    POLICY,
    TRIED_FOR,
    Acknowledged,
    AckOutcome,
    Act,
    ActKind,
    ActState,
    ActStep,
    ActWhy,
    Ask,
    Lane,
    Subject,
)
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import identities, jobs
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_act import act_fences, platform_act_steps, platform_acts
from breakwater.records.tables.nouns_intake import uploads
from breakwater.records.texts import storable

SEND_JOB: Final = "enforcement.act"
"""Kind of the job that has an act carried out."""

LONGEST: Final = 500
"""Letters that are kept of a service's own words."""

LATE: Final = "late"
ACKNOWLEDGED: Final = "acknowledged"
AGAIN: Final = "again"

_f, _a, _s = act_fences.c, platform_acts.c, platform_act_steps.c
_FAILING: Final = sa.text("platform_acts.state IN ('unconfirmed', 'impossible')")
"""In words, because a partial index is not used for what is only bound."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an act follows from.

    Attributes:
        by: id of a person, or `policy`.
        reason: a person's words.
    """

    why: ActWhy
    by: str = POLICY
    case: Id | None = None
    upload: Id | None = None
    decision: Id | None = None
    reason: str = ""


def want(tx: Tx, about: Subject, kind: ActKind, ground: Ground) -> Act:
    """Write down that a service shall do something; the same wish again is one.

    Args:
        tx: the transaction of whoever wants it.
        about: what it is done to; of the lane of `kind`.
        kind: what is done.
        ground: what it follows from.
    """
    storable(about.service, about.name, ground.reason)
    tx.lock_changes()
    fence = _fence(tx, about)
    stands = newest(tx, fence)
    if stands is not None and _enough(stands, kind, ground):
        return stands
    epoch = int(
        tx.execute(
            sa.update(act_fences)
            .where(_f.id == fence)
            .values(epoch=_f.epoch + 1)
            .returning(_f.epoch)
        ).scalar_one()
    )
    reverses = stands if stands is not None and kind.rank == 0 and stands.kind.rank else None
    made = new_id()
    row = {
        "id": made, "fence_id": fence, "epoch": epoch, "kind": kind.value,
        "service": about.service, "why": ground.why.value, "by": ground.by,
        "reason": ground.reason, "case_id": ground.case, "upload_id": ground.upload,
        "decision_id": ground.decision, "reverses": reverses.id if reverses else None,
        "at": tx.now, "until": tx.now + TRIED_FOR, "state": ActState.WANTED.value,
        "attempts": 0, "fault": "", "confirmed_at": None, "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.insert(platform_acts), row)
    _note(tx, made, ActState.WANTED.value, by=ground.by)
    if stands is not None:
        _overtake(tx, stands, reversed_=reverses is not None)
    jobs.enqueue(tx, SEND_JOB, {"act": made}, dedup_key=f"act:{made}")
    tx.audit(ground.by, "act.want", made, kind=kind.value, epoch=epoch, why=ground.why.value)
    return get(tx, made)


def get(tx: Tx, act: Id) -> Act:
    """One act by id.

    Raises:
        NotFound: no such act.
    """
    row = tx.execute(sa.select(platform_acts).where(_a.id == act)).one_or_none()
    if row is None:
        raise NotFound(f"act {act}")
    return _noun(row)


def newest(tx: Tx, fence: Id) -> Act | None:
    """The act in force of a fence; None before the first."""
    wanted = sa.select(platform_acts).where(_a.fence_id == fence).order_by(_a.epoch.desc())
    row = tx.execute(wanted.limit(1)).one_or_none()
    return None if row is None else _noun(row)


def standing(tx: Tx, about: Subject) -> Act | None:
    """The act in force on something; None where nothing was ever asked."""
    found = tx.execute(sa.select(_f.id).where(_same(tx, about))).scalar()
    return None if found is None else newest(tx, Id(found))


def subject(tx: Tx, act: Act) -> Subject:
    """What an act is about, its name unsealed; for the service and for who may see accounts."""
    row = tx.execute(sa.select(act_fences).where(_f.id == act.fence)).one()
    name = identities.unseal(tx, act.fence, row.sealed)["name"]
    return Subject(Lane(row.lane), row.service, str(name))


def ask(tx: Tx, act: Act) -> Ask:
    """What the service is told of an act."""
    about = subject(tx, act)
    lasting: tuple[ActKind, ...] = ()
    if act.kind is ActKind.THAW_ACCOUNT:
        lasting = tuple(
            one.kind
            for lane in (Lane.SESSIONS, Lane.STREAM_KEY)
            if (one := standing(tx, Subject(lane, about.service, about.name))) is not None
            and one.state in {ActState.CONFIRMED, ActState.SENT}
        )
    return Ask(act, about, lasting)


def begin(tx: Tx, act: Id) -> Act | None:
    """Another attempt of an act is sent now; None when there is nothing left to send."""
    tx.lock_changes()
    found = get(tx, act)
    if not found.state.waits:
        return None
    if found.state is ActState.WANTED:
        _note(tx, act, ActState.SENT.value)
    _set(tx, act, state=ActState.SENT.value, attempts=found.attempts + 1)
    return get(tx, act)


def acknowledge(tx: Tx, act: Id, said: Acknowledged, *, epoch: int, by: str) -> Act:
    """Keep what a service says of an act; it counts only while the act is its fence's newest.

    Args:
        tx: the transaction.
        act: its id.
        said: done, later, failed or impossible.
        epoch: as the service names it.
        by: id of the key that said it, or how it came.

    Raises:
        NotFound: no such act.
        Conflict: the epoch is another act's.
    """
    storable(said.detail)
    tx.lock_changes()
    found = get(tx, act)
    if epoch != found.epoch:
        raise Conflict(f"This act has epoch {found.epoch}.")
    stands = newest(tx, found.fence)
    settled = found.state in {ActState.CONFIRMED, ActState.REVERSED}
    late = stands is None or stands.id != found.id or found.state is ActState.REVERSED
    what = LATE if late else ACKNOWLEDGED
    detail = said.detail[:LONGEST]
    if settled and not late and said.outcome is AckOutcome.DONE:
        return found  # a service says it twice
    _note(tx, act, what, by=by, outcome=said.outcome.value, detail=detail)
    if late or settled:
        return found
    if said.outcome is AckOutcome.DONE:
        _end(tx, found, ActState.CONFIRMED, fault="")
    elif said.outcome is AckOutcome.IMPOSSIBLE:
        _end(tx, found, ActState.IMPOSSIBLE, fault=detail or "The service says it cannot.")
    else:
        _set(tx, act, fault=detail if said.outcome is AckOutcome.FAILED else "")
    return get(tx, act)


def trouble(tx: Tx, act: Id, fault: str) -> None:
    """Keep why the last attempt did not get through."""
    _set(tx, act, fault=fault[:LONGEST])


def give_up(tx: Tx, act: Id) -> Act:
    """Nobody acknowledged it in time: `unconfirmed`, told to everybody who watches for alarms."""
    tx.lock_changes()
    found = get(tx, act)
    if found.state.waits:
        _end(tx, found, ActState.UNCONFIRMED, fault=found.fault)
    return get(tx, act)


def again(tx: Tx, act: Id, *, by: str) -> Act:
    """Try an act again that nobody acknowledged, or that the service could not do.

    Raises:
        NotFound: no such act.
        Conflict: it is on its way, done, or not in force any more.
    """
    tx.lock_changes()
    found = get(tx, act)
    stands = newest(tx, found.fence)
    if stands is None or stands.id != found.id:
        raise Conflict("A newer act stands. This one is never sent again.")
    if not found.state.failed:
        raise Conflict("Only what was not confirmed is tried again.")
    _set(tx, act, state=ActState.WANTED.value, until=tx.now + TRIED_FOR)
    _note(tx, act, AGAIN, by=by)
    jobs.enqueue(tx, SEND_JOB, {"act": act}, dedup_key=f"act:{act}")
    tx.audit(by, "act.retry", act, kind=found.kind.value, epoch=found.epoch)
    return get(tx, act)


def page(
    tx: Tx,
    *,
    case: Id | None = None,
    failing: bool = False,
    service: str = "",
    before: Id | None = None,
    limit: int = 50,
) -> list[Act]:
    """Acts, the newest first; of one case or service, or those a person must look at."""
    wanted = sa.select(platform_acts).order_by(_a.id.desc()).limit(limit)
    if case is not None:
        wanted = wanted.where(_a.case_id == case)
    if failing:
        wanted = wanted.where(_FAILING)
    if service:
        wanted = wanted.where(_a.service == service)
    if before is not None:
        wanted = wanted.where(_a.id < before)
    return [_noun(row) for row in tx.execute(wanted)]


def failed(tx: Tx) -> int:
    """How many acts wait for a person: not confirmed, or impossible."""
    wanted = sa.select(sa.func.count()).where(_FAILING)
    return int(tx.execute(wanted.select_from(platform_acts)).scalar_one())


def steps(tx: Tx, act: Id) -> list[ActStep]:
    """All that happened to an act, the first first."""
    wanted = sa.select(platform_act_steps).where(_s.act_id == act).order_by(_s.change)
    return [ActStep(r.at, r.what, r.by, r.outcome, r.detail) for r in tx.execute(wanted)]


def same_reference(tx: Tx, service: str, reference: str, limit: int = 200) -> Sequence[Id]:
    """Uploads of one object of a service, the newest first."""
    u = uploads.c
    wanted = sa.select(u.id).where(u.service == service, u.reference == reference)
    rows = tx.execute(wanted.order_by(u.received_at.desc()).limit(limit))
    return [Id(found) for found in rows.scalars()]


def _enough(stands: Act, kind: ActKind, ground: Ground) -> bool:
    """Whether the act in force says it already.

    What lasts is done once for each decision; what failed is wanted anew only by a person's retry.
    """
    if stands.kind is not kind:
        return False
    if kind.lasts:
        return ground.decision is not None and stands.decision == ground.decision
    return True


def _overtake(tx: Tx, stands: Act, *, reversed_: bool) -> None:
    if stands.state.waits or stands.state is ActState.UNCONFIRMED:
        _set(tx, stands.id, state=ActState.OVERTAKEN.value)
        _note(tx, stands.id, ActState.OVERTAKEN.value)
    elif reversed_ and stands.state is ActState.CONFIRMED:
        _set(tx, stands.id, state=ActState.REVERSED.value)
        _note(tx, stands.id, ActState.REVERSED.value)


def _end(tx: Tx, act: Act, state: ActState, *, fault: str) -> None:
    done = state is ActState.CONFIRMED
    _set(tx, act.id, state=state.value, fault=fault, confirmed_at=tx.now if done else None)
    if state is not ActState.IMPOSSIBLE or act.state is not ActState.IMPOSSIBLE:
        _note(tx, act.id, state.value)
    if state.failed:
        tx.emit(
            EventType.ACT_UNCONFIRMED, act.id, case=act.case, kind=act.kind.value,
            state=state.value,
        )  # fmt: skip
    if act.case is not None:
        tx.emit(EventType.CASE_CHANGED, act.case, act=act.id, act_state=state.value)


def _set(tx: Tx, act: Id, **values: Any) -> None:
    tx.execute(sa.update(platform_acts).where(_a.id == act).values(**values, change=tx.change()))


def _note(tx: Tx, act: Id, what: str, *, by: str = "", outcome: str = "", detail: str = "") -> None:
    row = {"act_id": act, "at": tx.now, "what": what, "by": by, "outcome": outcome}
    tx.execute(sa.insert(platform_act_steps), row | {"detail": detail, "change": tx.change()})


def _key(tx: Tx, about: Subject) -> bytes:
    said = b"\0".join((b"act", about.lane.encode(), about.service.encode(), about.name.encode()))
    return tx.keys.mac(identities.PURPOSE, said)


def _same(tx: Tx, about: Subject) -> sa.ColumnElement[bool]:
    return sa.and_(_f.lane == about.lane.value, _f.name_key == _key(tx, about))


def _fence(tx: Tx, about: Subject) -> Id:
    found = tx.execute(sa.select(_f.id).where(_same(tx, about))).scalar()
    if found is not None:
        return Id(found)
    made = new_id()
    row = {
        "id": made, "service": about.service, "lane": about.lane.value,
        "name_key": _key(tx, about), "epoch": 0,
        "sealed": identities.seal(tx, made, {"name": about.name}),
    }  # fmt: skip
    tx.execute(sa.insert(act_fences), row)
    return made


def _noun(row: sa.Row[Any]) -> Act:
    return Act(
        id=Id(row.id), fence=Id(row.fence_id), kind=ActKind(row.kind), epoch=row.epoch,
        service=row.service, why=ActWhy(row.why), by=row.by, at=row.at, until=row.until,
        state=ActState(row.state), attempts=row.attempts, fault=row.fault, reason=row.reason,
        case=_id(row.case_id), upload=_id(row.upload_id), decision=_id(row.decision_id),
        reverses=_id(row.reverses), confirmed_at=row.confirmed_at, change=row.change,
    )  # fmt: skip


def _id(value: str | None) -> Id | None:
    return None if value is None else Id(value)
