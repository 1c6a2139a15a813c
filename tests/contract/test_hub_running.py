"""Running a hub: who takes part, what is shared, what may go to whom, and by how many people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders

from breakwater.access.keys import Keys
from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NotAllowed,
    NotAuthenticated,
    NotFound,
)
from breakwater.hub.lists import Lists
from breakwater.hub.members import Members, MemberWish
from breakwater.hub.publishing import JOB, Publishing
from breakwater.hub.rules import Rules, RuleWish
from breakwater.hub.simulate import Simulator
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import Effect, GivenBy, MemberKind, MemberState, ReleasePurpose
from breakwater.model.ids import Id, new_id
from breakwater.records import audit, entries, hub_given, hub_members, imports, jobs

pytestmark = pytest.mark.usefixtures("keyring")
RUNS = frozenset({Permission.HUB_READ, Permission.HUB_WRITE})
D, R = ReleasePurpose.DETECTION, ReleasePurpose.RESEARCH
ALLOW, DENY = Effect.ALLOW, Effect.DENY


def person(permissions=RUNS) -> Principal:
    made = new_id()
    return Principal(new_id(), "somebody", frozenset(permissions), person=made)


ONE, TWO, NOBODY = person(), person(), person(())
COMMANDS = Principal(new_id(), "local commands", RUNS)


class House:
    """A hub with a list, two members, and its parts."""

    def __init__(self, database, clock) -> None:
        self.db = database
        self.keys = Keys(db=database, keyring=database.keys, clock=clock)
        self.members = Members(db=database, keys=self.keys)
        self.lists = Lists(db=database)
        self.rules = Rules(db=database)
        self.simulator = Simulator(db=database)
        self.publishing = Publishing(db=database, publish=hub_given.publish, caught_up=lambda: None)
        with database.transaction() as tx:
            self.bank = builders.bank(tx, "HARBOUR")
        self.giver = self.members.take_in(ONE, name="Reed", kind=MemberKind.HOTLINE)
        self.taker = self.members.take_in(ONE, name="Cove", kind=MemberKind.SERVICE, country="DE")
        self.lists.share(ONE, "HARBOUR")

    def gives(self, count, *, category="A1", status=EntryStatus.PROPOSED) -> int:
        with self.db.transaction() as tx:
            run = imports.start(tx, self.bank, source="Reed", digest=f"hub:{new_id()}")
            out = None if status is EntryStatus.PROPOSED else "trusted"
            hub_given.begin(
                tx, run, self.bank, self.giver, GivenBy.API, category=category, published_by=out
            )  # fmt: skip
            rows = [builders.signal() for _ in range(count)]
            entries.add(tx, self.bank, rows, import_number=run.number, status=status)
            imports.finish(tx, run.number)
        return run.number

    def allow(self, **said):
        waits = self.rules.add(ONE, RuleWish(ALLOW, **said), reason="agreed").waits
        return self.rules.confirm(TWO, Id(waits.subject))

    def sees(self, **how) -> tuple[int, int]:
        found = self.simulator.simulate(ONE, self.taker.id, D, **how)
        return found.released, found.withheld

    def active(self, run) -> int:
        with self.db.read() as tx:
            found = [one for one in entries.page(tx, self.bank) if one.status is EntryStatus.ACTIVE]
        return len(found)


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


def test_only_those_who_run_the_hub_see_and_change_it(house) -> None:
    taker, wish = house.taker, RuleWish(ALLOW)
    for ask in (
        lambda: house.members.every(NOBODY),
        lambda: house.members.look(NOBODY, taker.id),
        lambda: house.members.take_in(NOBODY, name="X", kind=MemberKind.SERVICE),
        lambda: house.members.change(NOBODY, taker.id, MemberWish(), expected=taker.change),
        lambda: house.members.set_state(NOBODY, taker.id, MemberState.SUSPENDED),
        lambda: house.members.give_key(NOBODY, taker.id, name="feed"),
        lambda: house.lists.share(NOBODY, "HARBOUR"),
        lambda: house.lists.end(NOBODY, "HARBOUR"),
        lambda: house.lists.every(NOBODY),
        lambda: house.rules.add(NOBODY, wish, reason="because"),
        lambda: house.rules.confirm(NOBODY, new_id()),
        lambda: house.rules.every(NOBODY),
        lambda: house.publishing.propose(NOBODY, 1, reason="because"),
        lambda: house.publishing.confirm(NOBODY, 1),
        lambda: house.publishing.waiting(NOBODY),
        lambda: house.simulator.simulate(NOBODY, taker.id, D),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_what_lets_out_takes_two_people_and_what_holds_back_one(house) -> None:
    said = house.rules.add(ONE, RuleWish(ALLOW, list="HARBOUR"), reason="agreed")
    assert said.rule is None
    subject = Id(said.waits.subject)
    assert house.rules.every(ONE) == []
    with pytest.raises(NeedsSecondPerson):
        house.rules.confirm(ONE, subject)
    with pytest.raises(NotAllowed):
        house.rules.confirm(COMMANDS, subject)
    rule = house.rules.confirm(TWO, subject)
    assert (rule.id, rule.by, rule.second_by) == (subject, ONE.person, TWO.person)
    assert rule.list == house.bank.number
    deny = house.rules.add(ONE, RuleWish(DENY, category="B1"), reason="wrong").rule
    assert house.rules.every(ONE) == [rule, deny]
    assert house.rules.end(ONE, rule.id, reason="over").rule.ended_at is not None
    still = house.rules.end(ONE, deny.id, reason="over")
    assert still.rule.ended_at is None
    assert house.rules.every(ONE) == [deny]
    with pytest.raises(NeedsSecondPerson):
        house.rules.confirm(ONE, deny.id)
    assert house.rules.confirm(TWO, deny.id).ended_at is not None
    assert house.rules.every(ONE) == []
    assert len(house.rules.every(ONE, over=True)) == 2
    with pytest.raises(Conflict):
        house.rules.end(ONE, deny.id, reason="over")
    with house.db.read() as tx:
        acts = audit.actions(tx)
    for act in ("hub.rule_propose", "hub.rule_add", "hub.rule_end", "hub.rule_propose_end"):
        assert act in acts


def test_two_wishes_that_wait_are_two(house) -> None:
    wishes = [RuleWish(ALLOW), RuleWish(ALLOW, category="A1")]
    made = [house.rules.add(ONE, wish, reason="because").waits for wish in wishes]
    assert [one.subject for one in house.rules.waiting(ONE)] == [one.subject for one in made]
    house.rules.refuse(TWO, Id(made[0].subject))
    with pytest.raises(NotFound):
        house.rules.confirm(TWO, Id(made[0].subject))
    assert house.rules.confirm(TWO, Id(made[1].subject)).category == "A1"


def test_a_rule_that_names_what_is_not_there_is_refused(house, clock) -> None:
    for wish, error in (
        (RuleWish(ALLOW, source=new_id()), NotFound),
        (RuleWish(DENY, recipient=new_id()), NotFound),
        (RuleWish(DENY, list="NOWHERE"), NotFound),
        (RuleWish(DENY, recipient_country="Germany"), BadInput),
        (RuleWish(ALLOW, expires_at=clock.now()), BadInput),
    ):
        with pytest.raises(error):
            house.rules.add(ONE, wish, reason="because")
    with pytest.raises(BadInput):
        house.rules.add(ONE, RuleWish(DENY), reason=" ")


def test_a_proposal_lapses_and_a_rule_that_ran_out_meanwhile_is_not_made(house, clock) -> None:
    late = RuleWish(ALLOW, expires_at=clock.now() + timedelta(hours=1))
    subject = Id(house.rules.add(ONE, late, reason="because").waits.subject)
    clock.advance(3700)
    with pytest.raises(BadInput):
        house.rules.confirm(TWO, subject)
    clock.advance(86_400)
    with pytest.raises(NotFound):
        house.rules.confirm(TWO, subject)


def test_what_a_member_would_see_and_why_not_the_rest(house, clock) -> None:
    house.gives(3, category="A1", status=EntryStatus.ACTIVE)
    house.gives(2, category="B1", status=EntryStatus.ACTIVE)
    house.gives(4)
    with house.db.transaction() as tx:
        builders.entry(tx, house.bank)
    assert house.sees() == (0, 10)
    assert house.sees(extra=RuleWish(ALLOW, category="A1")) == (3, 7)
    assert house.sees() == (0, 10)
    rule = house.allow(source=house.giver.id)
    assert house.sees() == (5, 5)
    found = house.simulator.simulate(ONE, house.taker.id, D)
    lines = {(one.source, one.category, one.ruling.why): one.entries for one in found.lines}
    assert lines == {
        ("Reed", "A1", "allowed"): 3, ("Reed", "B1", "allowed"): 2, ("Reed", "A1", "proposed"): 4,
        ("", "", "no_rule"): 1,
    }  # fmt: skip
    assert {one.ruling.rule for one in found.lines if one.ruling.allowed} == {rule.id}
    assert house.simulator.simulate(ONE, house.taker.id, R).released == 0
    house.rules.add(ONE, RuleWish(DENY, category="B1"), reason="wrong")
    assert house.sees() == (3, 7)
    house.members.set_state(ONE, house.taker.id, MemberState.SUSPENDED)
    assert house.sees() == (0, 10)


def test_an_entry_that_several_gave_is_looked_at_singly(house) -> None:
    run = house.gives(2, status=EntryStatus.ACTIVE)
    house.allow(source=house.taker.id)
    with house.db.transaction() as tx:
        number = min(one.number for one in entries.page(tx, house.bank))
        hub_given.give(tx, house.taker.id, {number: "B1"}, import_number=None)
        other = number + 1
        entries.override(tx, other, permitted_use="research")
    assert run
    assert house.sees() == (1, 1)
    one = house.simulator.entry(ONE, house.taker.id, D, number)
    assert one.ruling.allowed
    assert [(who, said, ruling.allowed) for who, said, ruling in one.each] == [
        ("Reed", "A1", False), ("Cove", "B1", True),
    ]  # fmt: skip
    assert house.simulator.entry(ONE, house.taker.id, D, other).ruling.why == "use"
    with pytest.raises(NotFound):
        house.simulator.entry(ONE, house.taker.id, D, 999)


def test_what_was_given_goes_out_once_two_people_agreed(house) -> None:
    run = house.gives(3)
    (waits,) = house.publishing.waiting(ONE)
    assert (waits.given.import_number, waits.member.name, waits.proposal) == (run, "Reed", None)
    with pytest.raises(NotFound):
        house.publishing.confirm(TWO, run)
    house.publishing.propose(ONE, run, reason="looked at")
    assert house.publishing.waiting(ONE)[0].proposal.by == ONE.person
    with pytest.raises(NeedsSecondPerson):
        house.publishing.confirm(ONE, run)
    with pytest.raises(NotAllowed):
        house.publishing.confirm(COMMANDS, run)
    assert house.active(run) == 0
    assert house.publishing.confirm(TWO, run) == 3
    assert house.active(run) == 3
    with house.db.read() as tx:
        done = hub_given.get(tx, run)
    assert done.published_at is not None
    assert list(house.publishing.waiting(ONE)) == []
    with pytest.raises(Conflict):
        house.publishing.propose(ONE, run, reason="again")


def test_a_refused_batch_stays_where_it_is(house) -> None:
    run = house.gives(1)
    house.publishing.propose(ONE, run, reason="looked at")
    house.publishing.refuse(TWO, run)
    with pytest.raises(NotFound):
        house.publishing.confirm(TWO, run)
    assert house.active(run) == 0


def test_a_publication_that_was_stopped_goes_on(house) -> None:
    """The rest of a batch is the job's: a worker that starts again finds what is left."""
    run = house.gives(7)

    def two(tx, number, *, by, second) -> int:
        return hub_given.publish(tx, number, by=by, second=second, limit=2)

    house.publishing = Publishing(db=house.db, publish=two, caught_up=lambda: None)
    house.publishing.propose(ONE, run, reason="looked at")
    assert house.publishing.confirm(TWO, run) == 2
    (job,) = jobs.claim(house.db, [JOB], owner="w", lease_s=60)

    class Killed(Exception):
        pass

    def killed(_share) -> None:
        raise Killed

    with pytest.raises(Killed):
        house.publishing.run(job.payload, 1, killed)
    assert house.active(run) == 4
    house.publishing.run(job.payload, 2, lambda _share: None)
    assert house.active(run) == 7
    with house.db.read() as tx:
        changes = [one.change for one in entries.page(tx, house.bank)]
    assert len(set(changes)) == 7


def test_a_key_speaks_for_one_member_and_sees_nothing_of_another(house) -> None:
    key, token = house.members.give_key(
        ONE, house.taker.id, name="feed", networks=["198.51.100.0/24"]
    )
    assert (key.scopes, key.networks) == ({Permission.HUB_PULL}, ("198.51.100.0/24",))
    who = house.keys.authenticate(token, "198.51.100.7")
    mine = house.members.own(who)
    assert (mine.member.id, mine.keys) == (house.taker.id, (key,))
    other, _ = house.members.give_key(ONE, house.giver.id, name="gives", give=True)
    assert other.scopes == {Permission.HUB_PULL, Permission.HUB_GIVE}
    house.members.revoke_key(ONE, key.id)
    with pytest.raises(NotAuthenticated):
        house.keys.authenticate(token, "198.51.100.7")
    nobodys, token = house.keys.create(ONE, name="other", scopes=["hub:pull"])
    with pytest.raises(NotFound):
        house.members.revoke_key(ONE, nobodys.id)
    assert other.revoked_at is None
    with pytest.raises(NotAllowed):
        house.members.own(house.keys.authenticate(token, "198.51.100.7"))


def test_a_member_does_not_see_what_the_hub_noted_of_its_contact(house) -> None:
    house.members.change(ONE, house.taker.id, MemberWish(contact="call before noon"), expected=house.taker.change)  # fmt: skip
    _, token = house.members.give_key(ONE, house.taker.id, name="feed")
    assert house.members.own(house.keys.authenticate(token, "")).member.contact == ""
    assert house.members.look(ONE, house.taker.id).member.contact == "call before noon"


def test_keys_end_with_the_member(house) -> None:
    _, token = house.members.give_key(ONE, house.taker.id, name="feed")
    house.members.set_state(ONE, house.taker.id, MemberState.LEFT)
    with pytest.raises(NotAuthenticated):
        house.keys.authenticate(token, "")
    people = house.members.take_in(ONE, name="People", kind=MemberKind.PERSON)
    for who in (house.taker.id, people.id):
        with pytest.raises(BadInput):
            house.members.give_key(ONE, who, name="again")


def test_a_member_is_changed_by_one_person_at_a_time(house) -> None:
    done = house.members.change(
        ONE, house.taker.id, MemberWish(purposes=(R, D), trusted=True), expected=house.taker.change
    )
    assert (done.purposes, done.trusted, done.country) == ((D, R), True, "DE")
    with pytest.raises(Conflict):
        house.members.change(TWO, done.id, MemberWish(name="X"), expected=house.taker.change)
    for wrong in (MemberWish(name=" "), MemberWish(country="Atlantis")):
        with pytest.raises(BadInput):
            house.members.change(ONE, done.id, wrong, expected=done.change)
    with house.db.read() as tx:
        assert hub_members.get(tx, done.id) == done


def test_a_red_list_never_becomes_wider(house) -> None:
    assert house.lists.share(ONE, "HARBOUR", tlp="red").tlp == "red"
    house.lists.end(ONE, "HARBOUR")
    with pytest.raises(Conflict):
        house.lists.share(ONE, "HARBOUR", tlp="amber")
    assert house.lists.every(ONE) == []
    assert house.lists.get(ONE, "HARBOUR").ended_at is not None
    assert house.lists.share(ONE, "HARBOUR", tlp="red", open=False).open is False


def test_a_wish_is_kept_whole_while_it_waits(clock) -> None:
    wish = RuleWish(
        DENY, new_id(), "HARBOUR", new_id(), MemberKind.POLICE, "DE", D, "A1", clock.now()
    )  # fmt: skip
    assert RuleWish.of(wish.facts()) == wish
    assert RuleWish.of(RuleWish(ALLOW).facts()) == RuleWish(ALLOW)
    assert replace(wish, list=None) != wish
