"""Who sends into a broadcast, each with own risk, state and acts; who is asked for.

Numbers stand for people: whose account it is stands on the case page and nowhere else. Read by
`read_wall` and `read_stream`.
"""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.enforcement.wishes import freezes_one
from breakwater.model.access import Permission, Principal
from breakwater.model.broadcast import RoleAsked
from breakwater.model.ids import Id
from breakwater.model.stream import ROLE_DUE, Broadcaster, Control, Publisher, Stream, StreamState
from breakwater.records import stream_people, stream_roles
from breakwater.records.database import Tx
from breakwater.web.pages import stream_words, words
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.models_stream import SenderRow
from breakwater.web.pages.speech import figure, say

C = Control


def rows(tx: Tx, who: Principal, stream: Stream) -> tuple[SenderRow, ...]:
    """Everybody who sends or sent, the first first."""
    every = stream_people.publishers(tx, stream.id, left=True)
    asked = {one.publisher for one in stream_roles.of_stream(tx, stream.id)}
    may = who.may(Permission.STREAM_CONTROL) and who.person is not None
    stops = may and len(every) > 1 and stream.state is not StreamState.ENDED
    mutes = stops and freezes_one(tx, stream)
    return tuple(
        SenderRow(
            id=one.id,
            name=say("Sender %(n)s", n=n),
            mark=_mark(one),
            risk=_risk(stream, one, every),
            acts=_acts(one, mutes=mutes) if stops and one.left_at is None else (),
            roles=roles() if may and one.id in asked else (),
            asked=one.id in asked,
        )
        for n, one in enumerate(every, start=1)
    )


def name_of(tx: Tx, stream: Stream, publisher: Id) -> str:
    """What one of several is called here."""
    every = stream_people.publishers(tx, stream.id, left=True)
    return next(
        (say("Sender %(n)s", n=n) for n, one in enumerate(every, 1) if one.id == publisher), ""
    )


def roles() -> tuple[tuple[str, str], ...]:
    """Who somebody may be; that it is not known needs no button."""
    known = (Broadcaster.SUSPECT, Broadcaster.APPARENT_CHILD)
    return tuple((one.value, stream_words.BROADCASTER[one]) for one in known)


def asked(tx: Tx, stream: Id) -> When | None:
    """Until when somebody is to say whose broadcast it was; None where nobody is asked."""
    mine = [one for one in stream_roles.of_stream(tx, stream) if one.publisher is None]
    return due(mine[0], tx) if mine else None


def due(one: RoleAsked, tx: Tx) -> When:
    """The clock of one question."""
    return words.due(one.at + ROLE_DUE, tx.now)


def _mark(one: Publisher) -> Mark:
    if one.control is C.CUT:
        return Mark("bad", say("Cut"))
    if one.left_at is not None:
        return Mark("none", say("Has left"))
    return Mark("held", say("Frozen")) if one.control is C.FROZEN else Mark("with", say("Sends"))


def _risk(stream: Stream, one: Publisher, every: Sequence[Publisher]) -> str:
    """Their own; who sends alone has the broadcast's."""
    risk = stream.risk if len(every) == 1 else one.risk
    return say("Risk %(n)s of 100", n=figure(round(risk * 100)))


def _acts(one: Publisher, *, mutes: bool) -> tuple[tuple[str, str], ...]:
    if one.control is C.CUT:
        return (("open", say("Let them send again")),)
    if one.control is C.FROZEN:
        return (("open", say("Thaw")), ("cut", say("Cut")))
    return ((("frozen", say("Freeze")),) if mutes else ()) + (("cut", say("Cut")),)
