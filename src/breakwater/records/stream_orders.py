"""Orders as rows: the wish to stop a broadcast, where it stands, and every answer to it.

`want` writes the wish, the denials that keep it stopped, the job that obeys it and the event
that tells the service, all in the transaction of whoever decided. An order's number in its
stream (`epoch`) fences: who obeys an older one finds it overtaken. Fed by `live.policy`,
`review.deciding` and people; obeyed by `enforcement.streams`. Contract:
`tests/contract/test_records_streams.py`.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.broadcast import Preserved
from breakwater.model.clock import iso
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import (
    Ack,
    Broadcaster,
    Control,
    Order,
    OrderState,
    Stream,
)
from breakwater.records import jobs, stream_people, stream_roles, streams
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import (
    stream_acks,
    stream_denial_ends,
    stream_denials,
    stream_order_states,
    stream_orders,
    stream_preserved,
)
from breakwater.records.texts import storable

OBEY_JOB: Final = "enforcement.obey"
"""Kind of the job that carries an order out."""

KEEP_JOB: Final = "enforcement.keep"
"""Kind of the job that preserves what a stopped broadcast showed, and remembers its prints."""

SELF: Final = "policy"
"""Who orders where no person did."""

_o, _n, _k = stream_orders.c, stream_order_states.c, stream_acks.c
_d, _e, _r = stream_denials.c, stream_denial_ends.c, stream_preserved.c
SANCTION: Final = frozenset({"account", "ban", "show_help"})
"""What is told of the account: once, with the order and not again when it is confirmed."""

LONGEST: Final = 200
"""Letters that are kept of a media server's own words."""


def want(
    tx: Tx,
    stream: Stream,
    to: Control,
    *,
    by: str,
    why: str,
    publisher: Id | None = None,
    broadcaster: Broadcaster = Broadcaster.UNKNOWN,
    anew: bool = False,
) -> Order:
    """Write down that a broadcast shall be stopped, or let go; the same wish again is one.

    Args:
        tx: the transaction of whoever decided.
        stream: as read in it.
        to: what it shall be.
        by: id of a person or key, or `policy`.
        why: one word.
        publisher: one of several senders; None: all of it.
        broadcaster: who sends; an apparent child is never kept from publishing again.
        anew: also where it says less than what stands: a decision is taken back.
    """
    tx.lock_changes()
    stands = standing(tx, stream.id, publisher)
    if stands is not None and not anew and _enough(stands, to, by, broadcaster):
        return stands
    made, change = new_id(), tx.change()
    last = sa.select(sa.func.max(_o.epoch)).where(_o.stream_id == stream.id)
    epoch = int(tx.execute(last).scalar() or 0) + 1
    tx.execute(
        sa.insert(stream_orders),
        {
            "id": made, "stream_id": stream.id, "publisher_id": publisher, "to": to.value,
            "by": by, "why": why, "broadcaster": broadcaster.value, "at": tx.now,
            "epoch": epoch, "change": change,
        },
    )  # fmt: skip
    _overtake(tx, stream.id, made, publisher)
    _note(tx, made, OrderState.WANTED)
    if publisher is None:
        streams.set_control(tx, stream.id, to, order=made, state=OrderState.WANTED)
    else:
        stream_people.set_publisher(tx, publisher, control=to)
    order = get(tx, made)
    _keep_out(tx, stream, order)
    stream_roles.settle(tx, order)
    jobs.enqueue(tx, OBEY_JOB, {"order": made})
    if to.rank >= Control.FROZEN.rank:
        jobs.enqueue(tx, KEEP_JOB, {"order": made})
    tx.audit(by, "stream.order", stream.id, to=to.value, why=why, epoch=epoch)
    tx.emit(
        EventType.STREAM_ORDERED, stream.id, order=made, to=to.value, why=why,
        service=stream.service, told=told(tx, stream, order),
    )  # fmt: skip
    return order


def told(tx: Tx, stream: Stream, order: Order) -> dict[str, Any]:
    """What the service is told of an order: ids and words; its own name of the stream with them.

    The account is sanctioned only where somebody said `suspect`: an apparent child gets help,
    and until it is known who it is, `pending_role` asks for patience. `reported_as` goes with
    every cut: an apparent child is the `victim`; what is not cut reports nobody (`none`).
    """
    account = order.broadcaster.account if order.to is Control.CUT else "none"
    return {
        "stream": stream.id,
        "label": stream.label,
        "service": stream.service,
        "server": stream.server,
        "order": order.id,
        "epoch": order.epoch,
        "to": order.to.value,
        "why": order.why,
        "automated": order.by == SELF,
        "publisher": order.publisher,
        "client": _client(tx, order),
        "account": account,
        "show_help": account == "help",
        "ban": account == "ban",
        "reported_as": order.broadcaster.reported_as if order.to is Control.CUT else "none",
        "ordered_at": iso(order.at),
        "state": _state(tx, order.id).value,
    }


def _client(tx: Tx, order: Order) -> str:
    """The connection of the one sender who is meant, as the media server calls it."""
    return "" if order.publisher is None else stream_people.publisher(tx, order.publisher).key


def get(tx: Tx, order: Id) -> Order:
    """One order by id.

    Raises:
        NotFound: no such order.
    """
    row = tx.execute(sa.select(stream_orders).where(_o.id == order)).one_or_none()
    if row is None:
        raise NotFound(f"order {order}")
    return _noun(tx, row)


def standing(tx: Tx, stream: Id, publisher: Id | None = None) -> Order | None:
    """The order in force: for all of a stream, or for one of its senders; None: there is none.

    An order to all of it also stands over those to one sender that came before.
    """
    whole = _o.publisher_id.is_(None)
    whose = whole if publisher is None else sa.or_(_o.publisher_id == publisher, whole)
    wanted = sa.select(stream_orders).where(_o.stream_id == stream, whose)
    row = tx.execute(wanted.order_by(_o.epoch.desc()).limit(1)).one_or_none()
    return None if row is None else _noun(tx, row)


def in_force(tx: Tx, order: Order) -> bool:
    """Whether no newer order to the same, or to all of it, came after: the fence of who obeys."""
    newest = standing(tx, order.stream, order.publisher)
    return newest is None or newest.epoch <= order.epoch


def of_stream(tx: Tx, stream: Id) -> list[Order]:
    """Every order of a stream, the first first."""
    rows = tx.execute(
        sa.select(stream_orders).where(_o.stream_id == stream).order_by(_o.epoch)
    ).all()
    return [_noun(tx, row) for row in rows]


def set_state(tx: Tx, order: Order, state: OrderState) -> Order:
    """Write down where an order stands; told when it is confirmed, or not."""
    if _state(tx, order.id) is state:
        return order
    _note(tx, order.id, state)
    if order.publisher is None:
        streams.set_order_state(tx, order.stream, order.id, state)
    tx.emit(EventType.STREAM_CHANGED, order.stream, order=order.id, order_state=state.value)
    if state is OrderState.CONFIRMED and order.to.rank >= Control.FROZEN.rank:
        stream = streams.get(tx, order.stream)
        facts = told(tx, stream, get(tx, order.id))
        once = {name: said for name, said in facts.items() if name not in SANCTION}
        tx.emit(
            EventType.STREAM_STOPPED, order.stream, order=order.id, to=order.to.value,
            service=stream.service, told=once,
        )  # fmt: skip
    return get(tx, order.id)


def ack(tx: Tx, order: Id, step: str, *, done: bool, detail: str, ms: int) -> None:
    """Keep one answer of a media server."""
    kept = detail[:LONGEST]
    storable(kept)
    row = {"order_id": order, "step": step, "done": done, "detail": kept, "ms": ms}
    tx.execute(sa.insert(stream_acks), row | {"change": tx.change(), "at": tx.now})


def acks(tx: Tx, order: Id) -> list[Ack]:
    """Every answer to an order, the first first."""
    rows = tx.execute(sa.select(stream_acks).where(_k.order_id == order).order_by(_k.change))
    return [Ack(Id(r.order_id), r.at, r.step, bool(r.done), r.detail, r.ms) for r in rows]


def denied(tx: Tx, scopes: dict[str, list[bytes]]) -> str:
    """By what somebody is kept from publishing: `key`, `account`, `device`, or empty."""
    for scope, values in scopes.items():
        if not values:
            continue
        stands = sa.select(_d.id).where(_d.scope == scope, _d.value_key.in_(values))
        ended = sa.select(_e.denial_id).where(_e.denial_id == _d.id).exists()
        if tx.execute(stands.where(sa.not_(ended)).limit(1)).first() is not None:
            return scope
    return ""


def denials(tx: Tx, stream: Id) -> list[str]:
    """Scopes by which the sender of a stream is kept from publishing again."""
    rows = tx.execute(_standing_denials(stream).order_by(_d.scope))
    return list(dict.fromkeys(row.scope for row in rows))


def lift(tx: Tx, stream: Id, *, by: str) -> int:
    """Let the senders of a stream publish again; answers how many denials ended."""
    return _lift(tx, _standing_denials(stream), by)


def _lift(tx: Tx, stand: sa.Select[Any], by: str) -> int:
    ids = list(tx.execute(stand).scalars())
    for one in ids:
        tx.execute(sa.insert(stream_denial_ends), {"denial_id": one, "by": by, "at": tx.now})
    return len(ids)


def _standing_denials(stream: Id) -> sa.Select[Any]:
    """Denials of a stream that were not ended: their id, then their scope."""
    ended = sa.select(_e.denial_id).where(_e.denial_id == _d.id).exists()
    return sa.select(_d.id, _d.scope).where(_d.stream_id == stream, sa.not_(ended))


def _of_same(order: Order) -> sa.Select[Any]:
    """Denials about whom an order is about: one sender, or whose broadcast it is."""
    whose = (
        _o.publisher_id.is_(None) if order.publisher is None else _o.publisher_id == order.publisher
    )
    orders = sa.select(_o.id).where(_o.stream_id == order.stream, whose)
    return _standing_denials(order.stream).where(_d.order_id.in_(orders))


def keep(
    tx: Tx, stream: Id, what: str, *, blob: Id | None = None, detail: str = "", gap: str = ""
) -> Preserved:
    """Write down what was preserved of a stream, or why it could not be."""
    made = Preserved(new_id(), stream, what, tx.now, blob, detail[:LONGEST], gap[:LONGEST])
    tx.execute(
        sa.insert(stream_preserved),
        {
            "id": made.id, "stream_id": stream, "what": what, "blob": blob,
            "detail": made.detail, "gap": made.gap, "at": tx.now,
        },
    )  # fmt: skip
    return made


def preserved(tx: Tx, stream: Id) -> list[Preserved]:
    """What was preserved of a stream, gaps too, the first first."""
    wanted = sa.select(stream_preserved).where(_r.stream_id == stream)
    rows = tx.execute(wanted.order_by(_r.at, _r.id))
    return [
        Preserved(
            Id(r.id), stream, r.what, r.at, None if r.blob is None else Id(r.blob), r.detail, r.gap
        )
        for r in rows
    ]


def _enough(stands: Order, to: Control, by: str, broadcaster: Broadcaster) -> bool:
    """Whether the order in force says it already. Policy stops, it never lets go.

    Who the broadcaster is may be said later, which is an order of its own. A person may order
    anew what no service took.
    """
    if by == SELF and stands.to.rank >= to.rank:
        return True
    if to is Control.HIDDEN and stands.state is OrderState.UNCONFIRMED:
        return False
    known = to is not Control.CUT or broadcaster in {stands.broadcaster, Broadcaster.UNKNOWN}
    return stands.to is to and known


def _keep_out(tx: Tx, stream: Stream, order: Order) -> None:
    """Deny publishing before anything is dropped; let go of it where the order lets go.

    What is said later of the broadcaster counts: of an apparent child nothing is kept.
    """
    if order.to is not Control.CUT or order.broadcaster is Broadcaster.APPARENT_CHILD:
        every = order.publisher is None and order.to.rank < Control.FROZEN.rank
        _lift(tx, _standing_denials(stream.id) if every else _of_same(order), order.by)
        return
    if order.publisher is None:
        sender = streams.sender_of(tx, stream.id)
        keys = streams.denial_keys(tx, stream.server, stream.name, sender)
    else:
        keys = stream_people.denial_keys(tx, stream, order.publisher)
    known = {row.scope for row in tx.execute(_of_same(order))}
    for scope, values in keys.items():
        if scope in known:
            continue
        for value in values:
            tx.execute(
                sa.insert(stream_denials),
                {
                    "id": new_id(), "scope": scope, "value_key": value, "stream_id": stream.id,
                    "order_id": order.id, "at": tx.now,
                },
            )  # fmt: skip


def _overtake(tx: Tx, stream: Id, by: Id, publisher: Id | None) -> None:
    """Older orders that were not done yet are not done any more."""
    ended = {OrderState.CONFIRMED, OrderState.OVERTAKEN}
    for one in of_stream(tx, stream):
        mine = publisher is None or one.publisher == publisher
        if one.id != by and mine and one.state not in ended:
            _note(tx, one.id, OrderState.OVERTAKEN)


def _note(tx: Tx, order: Id, state: OrderState) -> None:
    row = {"change": tx.change(), "order_id": order, "state": state.value, "at": tx.now}
    tx.execute(sa.insert(stream_order_states), row)


def _states(tx: Tx, order: Id) -> list[sa.Row[Any]]:
    wanted = sa.select(stream_order_states).where(_n.order_id == order).order_by(_n.change)
    return list(tx.execute(wanted))


def _state(tx: Tx, order: Id) -> OrderState:
    states = _states(tx, order)
    return OrderState(states[-1].state) if states else OrderState.WANTED


def _noun(tx: Tx, row: sa.Row[Any]) -> Order:
    states = _states(tx, Id(row.id))
    confirmed = [one.at for one in states if one.state == OrderState.CONFIRMED.value]
    return Order(
        id=Id(row.id),
        stream=Id(row.stream_id),
        to=Control(row.to),
        by=row.by,
        why=row.why,
        at=row.at,
        epoch=row.epoch,
        publisher=None if row.publisher_id is None else Id(row.publisher_id),
        broadcaster=Broadcaster(row.broadcaster),
        state=OrderState(states[-1].state) if states else OrderState.WANTED,
        confirmed_at=confirmed[-1] if confirmed else None,
    )
