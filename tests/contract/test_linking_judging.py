"""People's words on links: with a reason, written down for good, at once in the series, and taken back."""

from __future__ import annotations

import pytest

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.linking.judging import Judging
from breakwater.linking.keeping import Keeping
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from breakwater.model.link import EdgeState, Found, LinkKind, Origin
from breakwater.records import audit, link_edges, link_media, link_series

pytestmark = pytest.mark.usefixtures("keyring")


def person(*permissions: Permission) -> Principal:
    who = new_id()
    return Principal(who, "somebody", frozenset(permissions), person=who)


class Desk:
    def __init__(self, db) -> None:
        self.db = db
        self.keeping = Keeping(db=db)
        self.judging = Judging(db=db, keeping=self.keeping)
        self.who = person(Permission.LINK_READ, Permission.LINK_WRITE)

    def media(self, count: int) -> list[int]:
        with self.db.transaction() as tx:
            return [
                link_media.want(tx, Origin.EXHIBIT, new_id(), sha256=f"{n:064x}").number
                for n in range(count)
            ]

    def link(self, a: int, b: int, kind=LinkKind.PLACE, score=0.9) -> int:
        with self.db.transaction() as tx:
            found = link_edges.add(tx, Found(a, b, kind, "test", "1", score))
            self.keeping.changed(tx, [found])
            return found.edge.number

    def series(self) -> dict[int, list[int]]:
        with self.db.read() as tx:
            return {one.number: link_series.members(tx, one.number) for one in link_series.page(tx)}


@pytest.fixture
def desk(database):
    return Desk(database)


def test_a_rejected_link_splits_and_taking_it_back_joins_again(desk) -> None:
    a, b = desk.media(2)
    edge = desk.link(a, b)
    rejected = desk.judging.reject(desk.who, edge, "another window")
    assert (rejected.link.edge.state, rejected.changed) == (EdgeState.REJECTED, (1,))
    assert desk.series() == {}
    assert desk.judging.take_back(desk.who, edge, "a slip").changed == (1,)
    assert desk.series() == {1: [a, b]}
    with desk.db.read() as tx:
        said = [(one.verdict, one.reason, one.by) for one in link_edges.verdicts(tx, edge)]
        told = [one for one in audit.page(tx, limit=50) if one.action == "link.judge"]
    assert said == [
        (EdgeState.REJECTED, "another window", desk.who.person),
        (EdgeState.MACHINE, "a slip", desk.who.person),
    ]
    assert sorted(one.facts["verdict"] for one in told) == ["machine", "rejected"]


def test_a_lead_joins_when_a_person_says_so(desk) -> None:
    a, b = desk.media(2)
    edge = desk.link(a, b, LinkKind.PERSON, 1.0)
    assert desk.series() == {}
    desk.judging.confirm(desk.who, edge, "seen beside one another")
    assert desk.series() == {1: [a, b]}


def test_a_link_drawn_by_hand_joins_and_taken_back_says_nothing(desk) -> None:
    a, b = desk.media(2)
    made = desk.judging.join_by_hand(desk.who, b, a, LinkKind.PLACE, "the same lamp")
    assert desk.series() == {1: [a, b]}
    with pytest.raises(Conflict):
        desk.judging.join_by_hand(desk.who, a, b, LinkKind.PLACE, "again")
    desk.judging.take_back(desk.who, made.link.edge.number, "it was another")
    assert desk.series() == {}


def test_two_people_who_disagree_are_told_so_and_nothing_joins(desk) -> None:
    a, b = desk.media(2)
    place, sound = desk.link(a, b), desk.link(a, b, LinkKind.SOUND)
    assert not desk.judging.confirm(desk.who, place, "the same room").conflict
    desk.judging.reject(desk.who, sound, "another voice")
    assert desk.series() == {}
    again = desk.judging.take_back(desk.who, place, "unsure")
    assert not again.conflict
    assert desk.judging.confirm(desk.who, place, "no, the same room").conflict


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2_001, "a\0b"])
def test_no_verdict_without_a_reason(desk, reason) -> None:
    a, b = desk.media(2)
    edge = desk.link(a, b)
    with pytest.raises(BadInput):
        desk.judging.reject(desk.who, edge, reason)
    assert desk.series() == {1: [a, b]}


def test_who_may_not_judges_nothing(desk) -> None:
    a, b = desk.media(2)
    edge = desk.link(a, b)
    key = Principal(new_id(), "key", frozenset({Permission.LINK_WRITE}))
    for who in (person(Permission.LINK_READ), key):
        with pytest.raises(NotAllowed):
            desk.judging.reject(who, edge, "no")
        with pytest.raises(NotAllowed):
            desk.judging.join_by_hand(who, a, b, LinkKind.PLACE, "no")
    assert desk.series() == {1: [a, b]}


def test_what_is_not_there_and_what_was_said_already_is_refused(desk) -> None:
    a, b = desk.media(2)
    edge = desk.link(a, b)
    with pytest.raises(NotFound):
        desk.judging.confirm(desk.who, edge + 1, "seen")
    with pytest.raises(NotFound):
        desk.judging.join_by_hand(desk.who, a, b + 9, LinkKind.PLACE, "seen")
    with pytest.raises(BadInput):
        desk.judging.join_by_hand(desk.who, a, a, LinkKind.PLACE, "seen")
    desk.judging.confirm(desk.who, edge, "seen")
    with pytest.raises(Conflict):
        desk.judging.confirm(desk.who, edge, "seen")
