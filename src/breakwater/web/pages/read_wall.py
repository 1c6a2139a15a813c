"""The live wall from records: broadcasts by risk, and the one that keys act on.

At most 60 tiles, the rest counted (console specification §7). Words only: a still is a view of
its own, fetched for what is in view and written down (`review.looking.live_stills`). Read by
`pages.wall`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from breakwater.enforcement.wishes import CUT
from breakwater.live.hearing.measures import WHY as CHAT_WHY
from breakwater.model.access import Permission, Principal
from breakwater.model.broadcast import RoleAsked
from breakwater.model.case import Priority
from breakwater.model.stream import Broadcaster, Control, Evidence, Stream, StreamState
from breakwater.records import (
    approvals,
    cases,
    duty_calls,
    media_servers,
    outbox,
    people,
    stream_alerts,
    stream_orders,
    stream_people,
    stream_roles,
    streams,
)
from breakwater.records.database import Tx
from breakwater.review.duty.calling import EVERYBODY
from breakwater.web.pages import (
    read_held,
    read_senders,
    read_spots,
    read_timeline,
    read_wall_chat,
    stream_words,
    words,
)
from breakwater.web.pages.models_sign import SignForm
from breakwater.web.pages.models_wall import (
    Act,
    Agreement,
    Asked,
    RoleChoice,
    Target,
    Tile,
    TileChat,
    WallView,
)
from breakwater.web.pages.read_case import name_of
from breakwater.web.pages.read_duty import first_on_duty
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.speech import say, say_n

if TYPE_CHECKING:
    from breakwater.app.oncall import OnCall

TILES: Final = 60
LINE: Final = 8
"""Points of the line of time in the panel; the case has all of it."""
ASKED: Final = 6
"""Questions who broadcasts on one wall; the queue of cases has them all."""
FIRST: Final = 26
"""Tiles of the first document, which has at most 40,000 bytes; the others follow."""
URGENT: Final = frozenset({Priority.NOW, Priority.HIGH})
C = Control


def view(
    tx: Tx, who: Principal, on_call: OnCall, *, at: str, two: bool, after: int = 0,
    method: str = "", sign: SignForm | None = None,
) -> WallView:  # fmt: skip
    """The wall for one viewer.

    Args:
        tx: a snapshot.
        who: the viewer.
        on_call: who is called.
        at: label of the target; empty: none is chosen.
        two: a cut takes two people.
        after: how many tiles to leave out at the top.
        method: what the viewer signs with.
        sign: what the target waits to be signed for.
    """
    shown = streams.wall(tx, TILES)
    first = 0 if 0 <= after < FIRST else FIRST
    names = {str(one.id): one.name for one in people.every(tx)}
    return WallView(
        tiles=tiles(tx, shown[first : first + FIRST]),
        next=FIRST if not first and len(shown) > FIRST else 0,
        counted=max(0, streams.on_wall(tx) - len(shown)),
        change=outbox.newest(tx),
        on_duty=first_on_duty(on_call.caller.on_duty(tx), names),
        alarm=bool(duty_calls.about(tx, EVERYBODY)),
        servers=bool(media_servers.every(tx)),
        asked=tuple(_asked(tx, one) for one in stream_roles.waiting(tx, ASKED)),
        strips=read_spots.waiting(tx, who),
        held=read_held.count(tx) if who.may(Permission.CASE_READ) else 0,
        target=target(tx, who, streams.labelled(tx, at), two=two, method=method, sign=sign)
        if at else None,
    )  # fmt: skip


def _asked(tx: Tx, one: RoleAsked) -> Asked:
    url = f"/live?at={one.label}" if one.case is None else f"/cases/{one.case}#who"
    return Asked(one.label, url, read_senders.due(one, tx))


def further(tx: Tx) -> tuple[Tile, ...]:
    """The tiles that the first document leaves out."""
    return tiles(tx, streams.wall(tx, TILES)[FIRST:])


def tiles(tx: Tx, shown: Sequence[Stream]) -> tuple[Tile, ...]:
    """Tiles of broadcasts, in their order."""
    newest = stream_alerts.newest(tx, [one.id for one in shown])
    heard = read_wall_chat.lines(tx, shown)
    return tuple(_tile(tx, one, newest.get(one.id), heard.get(one.id)) for one in shown)


def _tile(tx: Tx, stream: Stream, newest: Evidence | None, chat: TileChat | None) -> Tile:
    stopped = stream.control is not C.OPEN or stream.order is not None
    lost = None
    if stream.state is StreamState.LOST:
        last = newest.alert.at if newest and newest.alert.kind == "lost" else stream.seen_at
        lost = words.at(last or stream.started_at)
    return Tile(
        id=stream.id,
        label=stream.label,
        mark=words.PRIORITY[stream.priority],
        why=_why(tx, stream, newest, chat.why if chat else ""),
        viewers=say_n("%(n)s viewer", "%(n)s viewers", stream.viewers),
        age=words.since(stream.started_at, stream.ended_at or tx.now),
        control=stream_words.control(stream) if stopped else None,
        lost=lost,
        picture=stream.case is not None,
        urgent=stream.priority in URGENT,
        stopped=stream.stopped,
        cut=stream.control is C.CUT,
        chat=chat,
    )


def _why(tx: Tx, stream: Stream, newest: Evidence | None, chat: str) -> str:
    """In one sentence; that of its chat where nothing else is the reason."""
    told = ""
    if newest is None and stream.case is not None:
        told = cases.get(tx, stream.case).why
        if chat and told in CHAT_WHY.values():
            return chat
    return stream_words.why(stream, newest, told)


def target(
    tx: Tx, who: Principal, stream: Stream, *, two: bool, method: str = "",
    sign: SignForm | None = None,
) -> Target:  # fmt: skip
    """The panel about one broadcast."""
    senders = read_senders.rows(tx, who, stream)
    newest = stream_alerts.newest(tx, [stream.id]).get(stream.id)
    order = stream_orders.get(tx, stream.order) if stream.order is not None else None
    told = ""
    if order is not None:
        by = name_of(tx, order.by)
        ago = words.ago(order.at, tx.now).words
        told = say(
            "%(what)s, ordered by %(name)s %(ago)s.",
            what=stream_words.ORDERED[order.to], name=by, ago=ago,
        )  # fmt: skip
    may = who.may(Permission.STREAM_CONTROL) and who.person is not None
    cut = stream.control is C.CUT
    chat = read_wall_chat.panel(tx, stream, may=may)
    return Target(
        id=stream.id,
        label=stream.label,
        mark=words.PRIORITY[stream.priority],
        why=_why(tx, stream, newest, chat.why if chat else ""),
        control=stream_words.control(stream),
        facts=_facts(tx, stream),
        order=stream.order or "",
        told=told,
        case=stream.case or "",
        acts=_acts(stream) if may else (),
        roles=_roles(order.broadcaster if order else Broadcaster.UNKNOWN) if may and cut else (),
        waits=waiting(tx, who, stream, method),
        two=two,
        sign=sign,
        senders=senders if len(senders) > 1 else (),
        asked=read_senders.asked(tx, stream.id),
        chat=chat,
        line=_line(tx, who, stream),
    )


def _line(tx: Tx, who: Principal, stream: Stream) -> tuple[tuple[str, str], ...]:
    """What its case's line of time says lastly: frames, comments, viewers, reports, orders."""
    if stream.case is None or not who.may(Permission.CASE_READ):
        return ()
    rows = read_timeline.of_case(Look(tx, tx.now, who), cases.get(tx, stream.case), None).rows
    return tuple(
        (row.at.words, f"{row.word}: {row.words}" if row.words else row.word) for row in rows[:LINE]
    )


def _facts(tx: Tx, stream: Stream) -> tuple[tuple[str, str], ...]:
    sending = len(stream_people.publishers(tx, stream.id))
    return (
        (say("Viewers"), words.count(stream.viewers)),
        (say("Runs for"), words.since(stream.started_at, stream.ended_at or tx.now).words),
        (say("Seen of it"), stream_words.seen_share(stream)),
        (say("Who sends"), say_n("%(n)s connection", "%(n)s connections", sending)),
        (say("Service"), stream.service or say("None")),
    )


def _acts(stream: Stream) -> tuple[Act, ...]:
    """What can be ordered now: the stronger steps, and the way back."""
    now = stream.control
    if now is C.CUT:
        return (Act("open", say("Let it broadcast again")),)
    acts = []
    if now is not C.FROZEN:
        acts.append(Act("frozen", say("Freeze the stream"), "wall.freeze"))
    acts.append(Act("cut", say("Cut the stream"), "wall.cut"))
    if now.rank < C.WATCHED.rank:
        acts.append(Act("watched", say("Watch it more closely"), "wall.watch"))
    if now.rank < C.HIDDEN.rank:
        acts.append(Act("hidden", say("Hold it from discovery"), "wall.hide"))
    if now is not C.OPEN:
        word = say("Thaw and show it again") if now is C.FROZEN else say("Let it go")
        acts.append(Act("open", word))
    return tuple(acts)


def _roles(said: Broadcaster) -> tuple[RoleChoice, ...]:
    return tuple(
        RoleChoice(
            one.value, stream_words.BROADCASTER[one], stream_words.FOLLOWS[one],
            f"wall.{one.value}", one is said,
        )
        for one in Broadcaster
    )  # fmt: skip


def waiting(tx: Tx, who: Principal, stream: Stream, method: str) -> Agreement | None:
    """A cut that waits for a second person; None when none does."""
    every = approvals.of_subject(tx, stream.id)
    found = [one for one in every if one.kind == CUT and one.state(tx.now).value == "waiting"]
    if not found:
        return None
    one = found[0]
    return Agreement(
        by=people.get(tx, one.by).name,
        reason=one.reason,
        until=words.due(one.lapses_at, tx.now),
        role=stream_words.BROADCASTER[Broadcaster(one.facts["broadcaster"])],
        mine=one.by == who.person,
        sign=_agree(stream, method),
    )


def _agree(stream: Stream, method: str) -> SignForm:
    return SignForm(
        words=say("Sign to cut %(name)s.", name=stream.label),
        button=say("Agree: cut it now"),
        method=method,
        action=f"/live/{stream.label}/agree",
        options=f"/v1/streams/{stream.id}/orders/options",
        back=f"/live?at={stream.label}",
    )
