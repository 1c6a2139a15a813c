"""What a decision on a broadcast does: illegal cuts it, not illegal lets it go and shows it again.

In comes a decision on a case of a stream; out go the order that `enforcement` carries out, the
denials that go with it or none for an apparent child, and the word on entries that matched
wrongly. Where a cut takes two people the first one freezes. Undo restores what was ordered
before. Used by `review.deciding.decide`; tests: `tests/integration/test_decisions_streams.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.bank import Opinion
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.decision import AccountRole, Decision, DecisionFacts, DecisionKind
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control, Order, Stream
from breakwater.records import cases, entries, stream_alerts, stream_orders, stream_stills, streams
from breakwater.records.database import Tx
from breakwater.review.deciding.effects import settle_later

DECIDED: Final = "decision"
PROPOSED: Final = "proposed"
UNDONE: Final = "undone"


def of(tx: Tx, case: Case) -> Stream | None:
    """The broadcast a case is about; None for every other kind."""
    return streams.find(tx, case.subject) if case.kind is CaseKind.STREAM else None


def uncut(tx: Tx, case: Case) -> Stream | None:
    """The broadcast that a decision would cut; None where there is none, or it is cut already."""
    stream = of(tx, case)
    return None if stream is None or stream.control is Control.CUT else stream


def role_of(kind: DecisionKind, facts: DecisionFacts) -> Broadcaster:
    """Who broadcasts, by what was decided: a child's own image is a child's."""
    if kind is DecisionKind.OWN_IMAGE:
        return Broadcaster.APPARENT_CHILD
    return Broadcaster((facts.role or AccountRole.UNKNOWN).value)


def act(tx: Tx, case: Case, said: Decision) -> Order | None:
    """Order what follows from a decision; None where nothing does."""
    stream = of(tx, case)
    if stream is None:
        return None
    if said.kind.keeps:
        role = role_of(said.kind, said.facts)
        return stream_orders.want(
            tx, stream, Control.CUT, by=said.by, why=DECIDED, broadcaster=role
        )
    if not said.kind.releases:
        return None
    if said.kind is DecisionKind.WRONG_MATCH:
        _speak(tx, stream, said)
    settle_later(tx, said.id)
    streams.set_risk(tx, stream, 0.0, {}, Priority.LOW)
    if stream.control is Control.OPEN:
        return None
    return stream_orders.want(tx, stream, Control.OPEN, by=said.by, why=DECIDED)


def stills(tx: Tx, said: Decision) -> list[Id]:
    """Stills of a broadcast that a decision let go: nothing stands for keeping them."""
    case = cases.get(tx, said.case)
    stream = of(tx, case)
    if stream is None or not said.kind.releases or stream.case != case.id or stream.stopped:
        return []
    return [one.blob for one in stream_stills.of_stream(tx, stream.id) if one.blob is not None]


def freeze(tx: Tx, case: Case, *, by: Id) -> Order | None:
    """The first of two people wants it cut: nobody sees it while the second one looks."""
    stream = of(tx, case)
    if stream is None or stream.stopped:
        return None
    return stream_orders.want(tx, stream, Control.FROZEN, by=by, why=PROPOSED)


def take_back(tx: Tx, case: Case, said: Decision, *, by: Id) -> Order | None:
    """Order again what was in force before a decision; what was purged does not come back."""
    stream = of(tx, case)
    if stream is None:
        return None
    orders = stream_orders.of_stream(tx, stream.id)
    mine = [one for one in orders if one.by == said.by and one.at == said.at]
    if not mine or not stream_orders.in_force(tx, mine[-1]):
        return None  # nothing was ordered, or somebody ordered anew since
    whole = [o for o in orders if o.epoch < mine[0].epoch and o.publisher is None]
    if not whole:
        return stream_orders.want(tx, stream, Control.OPEN, by=by, why=UNDONE)
    return stream_orders.want(
        tx, stream, whole[-1].to, by=by, why=UNDONE, broadcaster=whole[-1].broadcaster, anew=True
    )


def _speak(tx: Tx, stream: Stream, said: Decision) -> None:
    """Say of each entry that single frames were near to that it was wrong here."""
    seen = stream_alerts.of_stream(tx, stream.id)
    numbers = {int(match["entry"]) for one in seen for match in one.matches}
    note = f"wrong match in {stream.label}, case decided {said.at:%Y-%m-%d}"
    for number in sorted(numbers):
        entries.add_opinion(tx, number, Opinion.FALSE_POSITIVE, by=said.by, note=note)
