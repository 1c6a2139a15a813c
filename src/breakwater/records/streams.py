"""Broadcasts as rows: begun, joined, judged, ended; names and accounts sealed.

A stream's row is what is true now. It is found by the pseudonym of its name on its server, so
that no stream key stands in clear. Fed by `live.streams`; orders stand in
`records.stream_orders`, alerts in `records.stream_alerts`. Read by watchers, enforcement and the
live wall. Contract: `tests/contract/test_records_streams.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.broadcast import CourseKind, History, Sender
from breakwater.model.case import Priority
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control, OrderState, Stream, StreamState
from breakwater.model.upload import narrower
from breakwater.records import chats, dropped, identities, numbers, stream_course
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import cases
from breakwater.records.tables.nouns_stream import (
    stream_alerts,
    stream_orders,
    stream_preserved,
    stream_publishers,
    stream_viewers,
    streams,
)
from breakwater.records.texts import storable

_s = streams.c
_RUNS: Final = _s.state != sa.literal_column("'ended'")
"""As a literal: only then do both databases use the partial index."""
_STOPS: Final = tuple(one.value for one in Control if one.rank >= Control.FROZEN.rank)
_UNSURE: Final = (_s.order_state == OrderState.UNCONFIRMED.value) & _s.control.in_(_STOPS)
"""A stop that is not confirmed stays on the wall after the end; nothing else does."""
_MINE: Final = _s.id == sa.bindparam("which")  # built once: in a flood, building costs most
_BY_ID: Final = sa.select(streams).where(_MINE)
_CHANGE: Final = sa.update(streams).where(_MINE).values(version=_s.version + 1)
WALL: Final = 1_000
SIGHT_S: Final = 1.0
"""Figures nearer to one another than this say nothing of what was seen between them."""
SIGHT_SHARE: Final = 0.5
"""Of the seconds between two figures: less than this was looked at is a stretch not seen."""


def name_key(tx: Tx, server: str, name: str) -> bytes:
    """What stands for a name, or a stream key, on one server."""
    storable(server, name)
    said = b"\0".join((b"stream", server.encode(), name.encode()))
    return tx.keys.mac(identities.PURPOSE, said)


def start(tx: Tx, *, server: str, name: str, sender: Sender) -> Stream:
    """Write down that a broadcast began; one of this name that runs is answered as it stands.

    Args:
        tx: the transaction.
        server: name of the media server; empty: the service's own.
        name: what the server calls it; sealed.
        sender: who publishes first.
    """
    tx.lock_changes()
    known = running(tx, server, name)
    if known is not None:
        return known
    stream, number, change = new_id(), numbers.take(tx, "streams"), tx.change()
    tx.execute(
        sa.insert(streams),
        {
            "id": stream, "label": f"stream-{number:03}", "server": server,
            "service": sender.service, "name_key": name_key(tx, server, name),
            "account_key": identities.pseudonym(tx, sender.service, sender.account),
            "device_key": _device(tx, sender),
            "sealed": identities.seal(tx, stream, _sealed(name, sender)),
            "state": StreamState.LIVE.value, "control": Control.OPEN.value, "order_id": None,
            "order_state": "", "risk": 0.0, "risks": {}, "priority": Priority.LOW.value,
            "viewers": 0, "surface": sender.surface, "jurisdiction": sender.jurisdiction,
            "seen_share": 0.0, "seen_at": None, "started_at": tx.now, "ended_at": None,
            "case_id": None, "change": change, "version": 1,
        },
    )  # fmt: skip
    tx.emit(EventType.STREAM_STARTED, stream, server=server, service=sender.service)
    return get(tx, stream)


def _sealed(name: str, sender: Sender) -> dict[str, Any]:
    return {
        "name": name,
        "key": sender.key,
        "account": sender.account,
        "device": sender.device,
        "pull_url": sender.pull_url,
    }


def _device(tx: Tx, sender: Sender) -> bytes | None:
    return identities.pseudonym(tx, f"device {sender.service}", sender.device)


def get(tx: Tx, stream: Id) -> Stream:
    """One stream by id.

    Raises:
        NotFound: no such stream.
    """
    found = find(tx, stream)
    if found is None:
        raise NotFound(f"stream {stream}")
    return found


def find(tx: Tx, stream: Id) -> Stream | None:
    """One stream by id; None when there is none."""
    row = tx.execute(_BY_ID, {"which": stream}).one_or_none()
    return None if row is None else _noun(tx, row)


def labelled(tx: Tx, label: str) -> Stream:
    """One stream by its label.

    Raises:
        NotFound: no such stream.
    """
    row = tx.execute(sa.select(streams).where(_s.label == label)).one_or_none()
    if row is None:
        raise NotFound("There is no stream of this label.")
    return _noun(tx, row)


def running(tx: Tx, server: str, name: str) -> Stream | None:
    """The stream that runs under a name; None when none does."""
    wanted = sa.select(streams).where(_s.name_key == name_key(tx, server, name), _RUNS)
    row = tx.execute(wanted.order_by(_s.started_at.desc()).limit(1)).one_or_none()
    return None if row is None else _noun(tx, row)


def last(tx: Tx, server: str, name: str) -> Stream | None:
    """The newest stream of a name, whether or not it runs."""
    wanted = sa.select(streams).where(_s.name_key == name_key(tx, server, name))
    row = tx.execute(wanted.order_by(_s.id.desc()).limit(1)).one_or_none()
    return None if row is None else _noun(tx, row)


def on_server(tx: Tx, server: str) -> list[Stream]:
    """Every stream that runs on one server, the riskiest first."""
    wanted = sa.select(streams).where(_s.server == server, _RUNS).order_by(_s.risk.desc(), _s.id)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def page(
    tx: Tx, *, running_only: bool = True, service: str = "", before: Id | None = None,
    limit: int = 50,
) -> list[Stream]:  # fmt: skip
    """Streams, the newest first.

    Args:
        tx: a snapshot.
        running_only: leave out those that ended.
        service: only its own.
        before: older than this one.
        limit: at most so many.
    """
    wanted = sa.select(streams).order_by(_s.id.desc()).limit(limit)
    if running_only:
        wanted = wanted.where(_RUNS)
    if service:
        wanted = wanted.where(_s.service == service)
    if before is not None:
        wanted = wanted.where(_s.id < before)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def wall(tx: Tx, limit: int = WALL) -> list[Stream]:
    """What the live wall shows: those that run, the riskiest first, and stops not confirmed yet."""
    rank = sa.case(
        {priority.value: priority.rank for priority in Priority}, value=_s.priority, else_=9
    )
    wanted = sa.select(streams).where(sa.or_(_RUNS, _UNSURE))
    rows = tx.execute(wanted.order_by(rank, _s.risk.desc(), _s.id).limit(limit))
    return [_noun(tx, row) for row in rows]


def on_wall(tx: Tx) -> int:
    """How many `wall` would show without a limit."""
    counted = sa.select(sa.func.count()).select_from(streams)
    return int(tx.execute(counted.where(sa.or_(_RUNS, _UNSURE))).scalar() or 0)


def tell(tx: Tx, stream: Stream, sender: Sender) -> Stream:
    """Add what was told later of who sends; what is known already stays unless told anew."""
    row = tx.execute(sa.select(_s.sealed).where(_s.id == stream.id)).one()
    known = identities.unseal(tx, stream.id, row.sealed)
    told = _sealed(stream.name, sender)
    sealed = {name: told[name] or known.get(name, "") for name in told}
    service = sender.service or stream.service
    whole = Sender(service=service, account=sealed["account"], device=sealed["device"])
    _update(
        tx, stream.id, service=service, sealed=identities.seal(tx, stream.id, sealed),
        account_key=identities.pseudonym(tx, service, whole.account),
        device_key=_device(tx, whole),
        jurisdiction=sender.jurisdiction or stream.jurisdiction,
        surface=narrower(stream.surface, sender.surface),
    )  # fmt: skip
    return get(tx, stream.id)


def sender_of(tx: Tx, stream: Id) -> Sender:
    """Who sends, in clear: for denials and for what is preserved."""
    row = tx.execute(sa.select(streams).where(_s.id == stream)).one()
    said = identities.unseal(tx, stream, row.sealed)
    return Sender(
        key=said.get("key", ""), service=row.service, account=said["account"],
        device=said.get("device", ""), pull_url=said["pull_url"], surface=row.surface,
        jurisdiction=row.jurisdiction,
    )  # fmt: skip


def denial_keys(tx: Tx, server: str, name: str, sender: Sender) -> dict[str, list[bytes]]:
    """What a re-publisher would be known by, as pseudonyms, by scope."""
    account = identities.pseudonym(tx, sender.service, sender.account)
    device = _device(tx, sender)
    keys = [name_key(tx, server, one) for one in dict.fromkeys((name, sender.key)) if one]
    found = {"key": keys}
    if account is not None:
        found["account"] = [account]
    if device is not None:
        found["device"] = [device]
    return found


def set_risk(
    tx: Tx, stream: Stream, risk: float, risks: Mapping[str, float], priority: Priority
) -> Stream:
    """Keep how risky it is; told to the wall when the number or the word changed."""
    if risk == stream.risk and priority is stream.priority:
        return stream
    tx.lock_changes()
    stream_course.note(tx, stream.id, CourseKind.RISK, risk, _raised(stream.risks, risks))
    _update(tx, stream.id, risk=risk, risks=dict(risks), priority=priority.value)
    tx.emit(EventType.STREAM_CHANGED, stream.id, priority=priority.value)
    return get(tx, stream.id)


def _raised(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """The source that changed most; empty where all were let go of."""
    return max(after, key=lambda name: abs(after[name] - before.get(name, 0.0)), default="")


def set_case(tx: Tx, stream: Id, case: Id) -> None:
    """The case that is about it now."""
    _update(tx, stream, case_id=case)


def set_viewers(tx: Tx, stream: Id, count: int) -> None:
    """Keep how many watch, as last told."""
    tx.lock_changes()
    stream_course.note(tx, stream, CourseKind.VIEWERS, float(count))
    _update(tx, stream, viewers=count)
    tx.emit(EventType.STREAM_CHANGED, stream, viewers=count)


def set_control(tx: Tx, stream: Id, to: Control, *, order: Id, state: OrderState) -> None:
    """How far it is stopped by the order in force."""
    _update(tx, stream, control=to.value, order_id=order, order_state=state.value)


def set_order_state(tx: Tx, stream: Id, order: Id, state: OrderState) -> None:
    """Where the order in force stands; an order that was overtaken changes nothing."""
    mine = sa.update(streams).where(_s.id == stream, _s.order_id == order)
    tx.execute(mine.values(order_state=state.value, change=tx.change(), version=_s.version + 1))


def set_state(tx: Tx, stream: Id, state: StreamState) -> None:
    """It runs, is lost, or ended; an end closes what is open about its senders and viewers."""
    if state is not StreamState.ENDED:
        _update(tx, stream, state=state.value)
        tx.emit(EventType.STREAM_CHANGED, stream, state=state.value)
        return
    _update(tx, stream, state=state.value, ended_at=tx.now)
    for table in (stream_publishers, stream_viewers):
        mine = sa.update(table).where(table.c.stream_id == stream, table.c.left_at.is_(None))
        tx.execute(mine.values(left_at=tx.now))
    tx.emit(EventType.STREAM_ENDED, stream)


def seen(tx: Tx, shares: Mapping[Id, float]) -> None:
    """Keep the share of each stream's length whose frames were looked at; by watchers.

    Where it began or ceased to be looked at, that is a row of its course.
    """
    _note_sight(tx, shares)
    mine = sa.update(streams).where(_s.id == sa.bindparam("which"))
    told = [{"which": one, "share": min(max(shares[one], 0.0), 1.0)} for one in sorted(shares)]
    tx.execute(mine.values(seen_share=sa.bindparam("share"), seen_at=tx.now), told)


def _note_sight(tx: Tx, shares: Mapping[Id, float]) -> None:
    """Whether the seconds since the last figure were looked at, by how the share went on."""
    rows = tx.execute(
        sa.select(_s.id, _s.seen_share, _s.seen_at, _s.started_at).where(_s.id.in_(list(shares)))
    ).all()
    saw = {}
    for row in rows:
        length = (tx.now - row.started_at).total_seconds()
        since = row.seen_at or row.started_at
        passed = (tx.now - since).total_seconds()
        before = row.seen_share * (since - row.started_at).total_seconds()
        if passed >= SIGHT_S:
            grown = shares[Id(row.id)] * length - before
            saw[Id(row.id)] = grown >= passed * SIGHT_SHARE
    known = stream_course.latest(tx, saw, CourseKind.SIGHT)
    turned = {one: sees for one, sees in saw.items() if known.get(one) != float(sees)}
    if turned:
        tx.lock_changes()
    for stream, sees in sorted(turned.items()):
        stream_course.note(tx, stream, CourseKind.SIGHT, float(sees))


def frozen_before(tx: Tx, server: str, name: str, sender: Sender) -> Stream | None:
    """A stream of this name or account that ended frozen and waits for a decision yet."""
    whose = [_s.name_key == name_key(tx, server, name)]
    account = identities.pseudonym(tx, sender.service, sender.account)
    if account is not None:
        whose.append(_s.account_key == account)
    waits = sa.select(cases.c.id).where(cases.c.id == _s.case_id, cases.c.state != "closed")
    wanted = sa.select(streams).where(
        sa.or_(*whose), sa.not_(_RUNS), _s.control == Control.FROZEN.value, waits.exists()
    )
    row = tx.execute(wanted.order_by(_s.id.desc()).limit(1)).one_or_none()
    return None if row is None else _noun(tx, row)


def history(tx: Tx, service: str, account: str, *, but: Id | None = None) -> History:
    """What is known of an account's earlier broadcasts."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return History()
    bad = sa.case((_s.control.in_([Control.FROZEN.value, Control.CUT.value]), 1), else_=0)
    counted = (sa.func.count().label("n"), sa.func.sum(bad).label("stopped"))
    wanted = sa.select(*counted).where(_s.account_key == key)
    if but is not None:
        wanted = wanted.where(_s.id != but)
    row = tx.execute(wanted).one()
    return History(int(row.n), int(row.stopped or 0))


def forget_before(tx: Tx, moment: datetime, limit: int = 500) -> int:
    """Forget broadcasts that ended before a moment and led to nothing; answers how many."""
    named = [
        sa.select(table.c.stream_id).where(table.c.stream_id == _s.id).exists()
        for table in (stream_alerts, stream_orders, stream_preserved, stream_publishers, stream_viewers)
    ]  # fmt: skip
    named.append(chats.heard(_s.id))
    calm = sa.select(_s.id).where(_s.ended_at < moment, _s.case_id.is_(None), ~sa.or_(*named))
    some = [Id(found) for found in tx.execute(calm.limit(limit)).scalars()]
    stream_course.forget(tx, some)
    chats.forget_streams(tx, some)
    return dropped.delete(tx, streams, "broadcast", _s.started_at, some)


def _update(tx: Tx, stream: Id, **values: Any) -> None:
    if not tx.execute(_CHANGE, {**values, "change": tx.change(), "which": stream}).rowcount:
        raise NotFound(f"stream {stream}")


def _noun(tx: Tx, row: sa.Row[Any]) -> Stream:
    said = identities.unseal(tx, Id(row.id), row.sealed)
    return Stream(
        id=Id(row.id),
        label=row.label,
        server=row.server,
        name=said["name"],
        service=row.service,
        account=said["account"],
        state=StreamState(row.state),
        control=Control(row.control),
        risk=row.risk,
        priority=Priority(row.priority),
        viewers=row.viewers,
        started_at=row.started_at,
        change=row.change,
        version=row.version,
        pull_url=said["pull_url"],
        surface=row.surface,
        jurisdiction=row.jurisdiction,
        seen_share=row.seen_share,
        seen_at=row.seen_at,
        ended_at=row.ended_at,
        case=None if row.case_id is None else Id(row.case_id),
        order=None if row.order_id is None else Id(row.order_id),
        order_state=OrderState(row.order_state) if row.order_state else None,
        risks=row.risks,
    )
