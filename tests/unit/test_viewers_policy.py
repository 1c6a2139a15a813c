"""What is illegal of a broadcast, and who belongs together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from breakwater.model.case import Priority
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert, Control, Evidence, Order, Stream, StreamState
from breakwater.model.watch import ActKind, ActSeen, AddressKind, Flag, Place, Span, Tier, tier_of
from breakwater.model.watch_illegal import illegal
from breakwater.viewers import policy
from breakwater.viewers.clusters import CROWD, clusters

AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
HOME = Place(AT, AddressKind.PUBLIC, "81.2.69.142", country="GB")
NOBODY: dict[str, set[str]] = {}


def second(number: float) -> datetime:
    return AT + timedelta(seconds=number)


STREAM = Stream(
    id=new_id(), label="stream-001", server="", name="x", service="clips", account="",
    state=StreamState.ENDED, control=Control.CUT, risk=1.0, priority=Priority.NOW, viewers=0,
    started_at=AT, change=1, ended_at=second(600),
)  # fmt: skip


def alert(at: float, kind: str = "copy", span: float = 0.0) -> Evidence:
    told = Alert(STREAM.id, second(at), at, kind, "why", span_s=span)
    return Evidence(new_id(), told, None, Control.OPEN, 1)


def order(at: float, to: Control = Control.CUT, **facts) -> Order:
    return Order(new_id(), STREAM.id, to, "sam", "person", second(at), 1, **facts)


def test_from_the_first_alert_until_it_was_stopped() -> None:
    found = illegal(
        STREAM, [alert(400), alert(200, span=30), alert(10, "lost")], [order(500)], second(900)
    )
    assert found == ((Span(second(170), second(500)),), "alerts")


def test_a_broadcast_that_only_people_stopped_counts_from_its_start() -> None:
    assert illegal(STREAM, [], [order(100)], second(900)) == (
        (Span(AT, second(100)),),
        "whole",
    )
    hidden = [order(50, Control.HIDDEN), order(60, publisher=new_id())]
    assert illegal(STREAM, [], hidden, second(900))[0] == (Span(AT, second(600)),)
    running = replace(STREAM, ended_at=None)
    assert illegal(running, [], [], second(900))[0] == (Span(AT, second(900)),)


def test_who_paid_an_hour_before_and_saw_nothing_is_not_named() -> None:
    spans = (Span(second(170), second(500)),)
    early = ActSeen(ActKind.PAID, "a", second(10))
    inside = ActSeen(ActKind.PAID, "a", second(200))
    assert tier_of(policy.watching([], spans, [early], {})) is Tier.PASSED
    assert tier_of(policy.watching([], spans, [inside], {})) is Tier.PAID
    met = [Span(second(160), second(175))]
    assert tier_of(policy.watching(met, spans, [early], {})) is Tier.PAID


def test_who_shares_a_device_a_payment_or_a_home_belongs_together() -> None:
    people = {
        "a": ({"device": {"d"}}, [HOME]),
        "b": ({"device": {"d"}, "payment": {"p"}}, [HOME]),
        "c": ({"payment": {"p"}}, [HOME]),
        "d": ({"address": {"x"}}, [HOME]),
        "e": ({"address": {"x"}}, [HOME]),
        "f": ({"device": {"own"}}, [HOME]),
    }
    first, second_ = clusters(people)
    assert (first.people, first.kinds) == (("a", "b", "c"), ("device", "payment"))
    assert (second_.people, second_.kinds) == (("d", "e"), ("address",))


def test_what_many_stand_behind_joins_nobody() -> None:
    shared = {"address": {"x"}}
    for place in (
        replace(HOME, kind=AddressKind.CARRIER), replace(HOME, flags=frozenset({Flag.VPN})), None,
    ):  # fmt: skip
        assert clusters({"a": (shared, [place]), "b": (shared, [place])}) == ()
    crowd = {f"p{n}": (shared, [HOME]) for n in range(CROWD + 1)}
    assert clusters(crowd) == ()
    assert len(clusters(dict(list(crowd.items())[:CROWD]))) == 1
