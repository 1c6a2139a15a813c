"""Curators settle what is open; what was withdrawn or flooded comes in only by two people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders_hub import HubHouse, value

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Permission
from breakwater.model.bank import EntryStatus as S
from breakwater.model.hub import FeedbackKind
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.records import banks, entries, hub_clusters, hub_feedback, hub_given, hub_queue

pytestmark = pytest.mark.usefixtures("keyring")
O = Outcome  # noqa: E741 - read a hundred times below


@pytest.fixture
def house(database, tmp_path):
    made = HubHouse(database, tmp_path)
    made.list()
    made.allow()
    yield made
    made.close()


@pytest.fixture
def given(house):
    """A member that gives `a` and `b`, and its key."""
    member, key = house.member("Harbour Watch", trusted=True)
    house.give(key, "a", "b", category="A")
    return member, key


def asked(house, number, why=QueueWhy.CONFLICT, **facts):
    with house.db.transaction() as tx:
        return hub_queue.ask(tx, number, why, **facts)


def test_one_question_an_entry_and_reason_and_settled_once(house, given) -> None:
    number, person = house.number("a"), house.person()
    first = asked(house, number, members=2)
    again = asked(house, number, members=3)
    assert (again.id, again.facts) == (first.id, {"members": 3})
    house.curate.settle(person, first.id, O.KEEP, note="looked")
    assert house.open() == []
    with pytest.raises(Conflict):
        house.curate.settle(person, first.id, O.WITHDRAW)
    assert house.at(number).status is S.ACTIVE
    (done,) = house.curate.queue(person, settled=True)
    assert (done.question.outcome, done.question.note, done.bank) == (O.KEEP, "looked", "KNOWN")


def test_keys_and_those_who_only_read_settle_nothing(house, given) -> None:
    _, key = given
    one = asked(house, house.number("a"))
    reader = replace(house.person(), permissions=frozenset({Permission.HUB_READ}))
    machine = replace(house.person(), person=None)
    for who in (key, reader, machine):
        with pytest.raises(NotAllowed):
            house.curate.settle(who, one.id, O.WITHDRAW)
    with pytest.raises(NotAllowed):
        house.curate.look(key, house.number("a"))


def test_withdrawn_by_a_curator_it_matches_no_more_whoever_gives_it(house, given) -> None:
    number, person = house.number("a"), house.person()
    traffic = asked(house, number, QueueWhy.TRAFFIC)
    one = asked(house, number)
    house.curate.settle(person, one.id, O.WITHDRAW, note="a meme")
    assert house.at(number).status is S.WITHDRAWN
    assert house.index.search_one("md5", bytes.fromhex(value("md5", "a")), 0) == []
    assert house.open() == [], f"{traffic.id} is over too"


def test_a_returned_value_is_let_in_by_two_people_and_never_by_one(house, given) -> None:
    _, key = given
    one, other = house.person(), house.person()
    house.curate.withdraw(one, house.number("a"), reason="a meme")
    assert house.give(key, "a").returned == 1
    again = house.number("a")
    (question,) = house.open()
    assert house.curate.settle(one, question.id, O.KEEP, note="it is not").waits is not None
    assert house.at(again).status is S.PROPOSED
    with pytest.raises(NeedsSecondPerson):
        house.curate.settle(one, question.id, O.KEEP)
    assert house.curate.settle(other, question.id, O.KEEP).waits is None
    assert house.at(again).status is S.ACTIVE
    assert house.index.search_one("md5", bytes.fromhex(value("md5", "a")), 0) == [(again, 0)]


def test_a_flood_is_let_in_by_two_people_or_withdrawn_whole(house) -> None:
    _, key = house.member()
    house.give(key, *range(60))
    one, other = house.person(), house.person()
    (question,) = house.open()
    number = house.number(30)
    house.curate.settle(one, question.id, O.KEEP)
    assert house.at(number).status is S.QUARANTINED
    house.curate.settle(other, question.id, O.KEEP)
    assert {house.at(house.number(n)).status for n in range(60)} == {S.ACTIVE}
    with house.db.read() as tx:
        assert hub_given.page(tx)[0].published_at is not None
    house.give(key, *range(100, 160))
    (question,) = house.open()
    held = house.number(130)
    house.curate.settle(one, question.id, O.WITHDRAW)
    assert house.at(held).status is S.WITHDRAWN
    assert house.entry(159) is None
    assert house.entry(59) is not None
    with house.db.read() as tx:
        assert entries.counts(tx) == {("md5", S.ACTIVE): 60, ("md5", S.WITHDRAWN): 60}


def test_classified_anew_the_curators_word_stands_first(house, given) -> None:
    member, _ = given
    number, person = house.number("a"), house.person()
    one = asked(house, number)
    with pytest.raises(BadInput):
        house.curate.settle(person, one.id, O.RECLASSIFY)
    before = house.at(number).change
    house.curate.settle(person, one.id, O.RECLASSIFY, category="c")
    assert house.at(number).labels == ("C",)
    assert house.at(number).change > before
    assert house.givers(number)[member.id].category == "A", "a contributor's word is its own"


def test_graders_are_not_asked_where_there_is_nothing_to_see(house, given) -> None:
    one = asked(house, house.number("a"))
    with pytest.raises(Conflict):
        house.curate.settle(house.person(), one.id, O.GRADERS)
    assert [question.id for question in house.open()] == [one.id]


def test_two_people_reinstate_a_new_entry_that_names_the_old_one(house, given) -> None:
    member, key = given
    second, joins = house.member(trusted=True)
    house.give(joins, "a", category="C")
    former, one, other = house.number("a"), house.person(), house.person()
    with pytest.raises(Conflict):
        house.curate.reinstate(one, former, reason="not withdrawn")
    house.curate.withdraw(one, former, reason="a meme")
    house.curate.reinstate(one, former, reason="it was not")
    with pytest.raises(NeedsSecondPerson):
        house.curate.reinstate(one, former, reason="it was not")
    assert house.entry("a") is None
    made = house.curate.reinstate(other, former, reason="agreed")
    assert made.number > former
    assert made.status is S.ACTIVE
    assert f"entry {former}" in made.note
    assert {giver.category for giver in house.givers(made.number).values()} == {"A", "C"}
    assert house.at(former).status is S.WITHDRAWN
    house.contribute.take_back(key, "KNOWN", [made.number])
    assert set(house.givers(made.number)) == {second.id}
    with pytest.raises(Conflict):
        house.curate.reinstate(one, former, reason="again")
    assert member.id != second.id


def test_the_history_tells_everything_in_one_order(house, given, clock) -> None:
    member, key = given
    other, joins = house.member(trusted=True)
    person, number = house.person(), house.number("a")
    clock.advance(60)
    house.give(joins, "a", category="A")
    clock.advance(60)
    house.feedback.give(other, number, "md5", FeedbackKind.AFFIRMATIVE)
    clock.advance(60)
    house.contribute.take_back(key, "KNOWN", [number], reason="not ours")
    clock.advance(60)
    house.curate.withdraw(person, number, reason="a meme")
    look = house.curate.look(person, number)
    told = [(one.what, one.by) for one in look.history]
    assert told[:4] == [
        ("came", member.id), ("given", other.id), ("feedback", other.id), ("taken_back", member.id)
    ]  # fmt: skip
    assert sorted(told[4:]) == [("asked", "hub"), ("moved", person.id), ("settled", person.id)]
    assert look.history[0].facts["category"] == "A"
    assert [one.member for one in look.givers] == [other.id]


def test_what_a_second_contributor_says_beside_its_category_is_in_the_history(house, given) -> None:
    other, joins = house.member(trusted=True)
    number = house.number("a")
    said = {"md5": value("md5", "a"), "category": "A"}
    house.give(joins, said | {"self_generated": True})
    house.give(joins, said | {"ai_generated": True})
    assert house.give(joins, said | {"ai_generated": True}).known == 1, "said before"
    assert house.give(joins, said).known == 1, "it says no less by saying less"
    told = [one for one in house.curate.look(house.person(), number).history if one.what == "given"]
    assert [(one.by, one.facts["labels"]) for one in told] == [
        (other.id, ["self_generated"]), (other.id, ["ai_generated"])
    ]  # fmt: skip
    assert set(house.givers(number)) == {given[0].id, other.id}


def test_what_is_in_no_shared_list_is_none_of_the_hubs(house) -> None:
    with house.db.transaction() as tx:
        own = banks.create(tx, name="OWN")
        made = entries.add(tx, own, [("md5", bytes(16), 100)])[0]
    with pytest.raises(NotFound):
        house.curate.look(house.person(), made.number)
    with pytest.raises(NotFound):
        house.curate.withdraw(house.person(), made.number, reason="no")


def test_conflicts_are_named(house, given) -> None:
    person, number = house.person(), house.number("a")
    assert house.curate.look(person, number).conflicts == ()
    other, joins = house.member(trusted=True)
    house.give(joins, "a", category="B")
    third, _ = house.member()
    with house.db.transaction() as tx:
        own = banks.create(tx, name="HARMLESS")
        same = ("md5", bytes.fromhex(value("md5", "a")), 100)
        entries.add(tx, own, [same], negative=True)
        hub_feedback.say(tx, other.id, number, "md5", FeedbackKind.AFFIRMATIVE)
        hub_feedback.say(tx, third.id, number, "md5", FeedbackKind.NEGATIVE)
    look = house.curate.look(person, number)
    assert set(look.conflicts) == {"harmless", "categories", "opinions"}
    with house.db.transaction() as tx:
        near = house.number("b")
        hub_clusters.join(tx, {number: (number, 4), near: (number, 4)}, {})
    assert "cluster" in house.curate.look(person, number).conflicts
    assert house.curate.look(person, near).conflicts == ("cluster",)
