"""Members, shared lists and rules as rows: who takes part, what is shared, what may go to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.access import ApiKey, Permission
from breakwater.model.hub import Effect, MemberKind, MemberState, ReleasePurpose, ReleaseRule
from breakwater.model.ids import new_id
from breakwater.records import api_keys, banks, hub_lists, hub_members, hub_rules


def a_key(tx, name="a key"):
    key = ApiKey(new_id(), name, frozenset({Permission.HUB_PULL}))
    return api_keys.create(tx, key, secret_mac=b"m" * 32).id


def test_a_member_is_read_back_as_it_joined(database, clock):
    with database.transaction() as tx:
        made = hub_members.create(
            tx, name="Reed Bay", kind=MemberKind.SERVICE, country="DE", contact="duty@reed.example",
            purposes=[ReleasePurpose.RESEARCH, ReleasePurpose.DETECTION], trusted=True,
        )  # fmt: skip
        other = hub_members.create(tx, name="Cove", kind=MemberKind.POLICE)
    with database.read() as tx:
        for found in (
            hub_members.get(tx, made.id), hub_members.by_number(tx, made.number),
            hub_members.by_name(tx, "Reed Bay"),
        ):  # fmt: skip
            assert found == made
        assert made.created_at == clock.now()
        assert other.number == made.number + 1
        assert [one.name for one in hub_members.every(tx)] == ["Cove", "Reed Bay"]
        assert hub_members.every(tx, state=MemberState.SUSPENDED) == []
        for ask in (hub_members.get, hub_members.by_name):
            with pytest.raises(NotFound):
                ask(tx, new_id())


def test_a_name_belongs_to_one_member_and_people_in_pictures_are_one(database):
    with database.transaction() as tx:
        hub_members.create(tx, name="One", kind=MemberKind.HOTLINE)
        hub_members.create(tx, name="People", kind=MemberKind.PERSON)
    for name, kind in (("One", MemberKind.POLICE), ("More people", MemberKind.PERSON)):
        with pytest.raises(Conflict), database.transaction() as tx:
            hub_members.create(tx, name=name, kind=kind)


def test_a_key_speaks_for_one_member_for_good(database):
    with database.transaction() as tx:
        one = hub_members.create(tx, name="One", kind=MemberKind.SERVICE)
        two = hub_members.create(tx, name="Two", kind=MemberKind.SERVICE)
        mine, nobodys = a_key(tx), a_key(tx)
        hub_members.give_key(tx, one.id, mine)
    with pytest.raises(Conflict), database.transaction() as tx:
        hub_members.give_key(tx, two.id, mine)
    with pytest.raises(NotFound), database.transaction() as tx:
        hub_members.give_key(tx, new_id(), nobodys)
    with database.read() as tx:
        assert hub_members.by_key(tx, mine) == one
        assert hub_members.by_key(tx, nobodys) is None
        assert hub_members.keys(tx, one.id) == [mine]
        assert hub_members.keys(tx, two.id) == []


def test_nobody_overwrites_what_another_changed_of_a_member(database):
    with database.transaction() as tx:
        one = hub_members.create(tx, name="One", kind=MemberKind.SERVICE)
        hub_members.create(tx, name="Two", kind=MemberKind.SERVICE)
        wish = replace(one, name="First", contact="new", kind=MemberKind.POLICE)
        done = hub_members.update(tx, wish, expected_change=one.change)
    assert (done.name, done.contact, done.kind) == ("First", "new", MemberKind.SERVICE)
    assert done.change > one.change
    with pytest.raises(Conflict), database.transaction() as tx:
        hub_members.update(tx, replace(one, contact="mine"), expected_change=one.change)
    with pytest.raises(Conflict), database.transaction() as tx:
        hub_members.update(tx, replace(done, name="Two"), expected_change=done.change)


def test_a_member_that_left_does_not_return(database):
    with database.transaction() as tx:
        one = hub_members.create(tx, name="One", kind=MemberKind.SERVICE)
        suspended = hub_members.set_state(tx, one.id, MemberState.SUSPENDED)
        again = hub_members.set_state(tx, one.id, MemberState.SUSPENDED)
        assert (suspended.state, again) == (MemberState.SUSPENDED, suspended)
        assert hub_members.set_state(tx, one.id, MemberState.ACTIVE).state is MemberState.ACTIVE
        hub_members.set_state(tx, one.id, MemberState.LEFT)
    with pytest.raises(Conflict), database.transaction() as tx:
        hub_members.set_state(tx, one.id, MemberState.ACTIVE)


def test_a_list_is_shared_changed_ended_and_shared_anew(database, clock):
    with database.transaction() as tx:
        bank = builders.bank(tx, "HARBOUR")
        made = hub_lists.share(tx, bank, tlp="red", open=False)
        assert hub_lists.get(tx, bank.number) == hub_lists.by_name(tx, "HARBOUR") == made
        assert (made.tlp, made.open, made.created_at) == ("red", False, clock.now())
        assert hub_lists.share(tx, bank).tlp == "amber"
        over = hub_lists.end(tx, bank.number)
        assert hub_lists.end(tx, bank.number) == over
        assert over.ended_at == clock.now()
        assert hub_lists.every(tx) == []
        assert hub_lists.every(tx, ended=True) == [over]
        assert hub_lists.share(tx, bank).ended_at is None
        banks.archive(tx, bank)
        assert hub_lists.every(tx) == []
        for wrong in (lambda: hub_lists.share(tx, bank, tlp="blue"), lambda: hub_lists.share(tx, banks.get(tx, "HARBOUR"))):  # fmt: skip
            with pytest.raises(BadInput):
                wrong()
        with pytest.raises(NotFound):
            hub_lists.get(tx, bank.number + 1)


def test_a_rule_is_kept_in_full_and_says_nothing_once_over(database, clock):
    soon = clock.now() + timedelta(hours=1)
    with database.transaction() as tx:
        bank = builders.bank(tx)
        one = hub_members.create(tx, name="One", kind=MemberKind.SERVICE)
        two = hub_members.create(tx, name="Two", kind=MemberKind.HOTLINE)
        full = hub_rules.add(tx, ReleaseRule(
            id=new_id(), effect=Effect.DENY, source=two.id, list=bank.number, recipient=one.id,
            recipient_kind=MemberKind.SERVICE, recipient_country="DE",
            purpose=ReleasePurpose.DETECTION, category="A1", expires_at=soon, reason="asked for",
            by="somebody", second_by=new_id(),
        ))  # fmt: skip
        bare = hub_rules.add(tx, ReleaseRule(id=new_id(), effect=Effect.ALLOW))
    with database.read() as tx:
        assert hub_rules.get(tx, full.id) == full
        assert (full.at, full.category, full.second_by is None) == (clock.now(), "A1", False)
        assert hub_rules.in_force(tx, clock.now()) == [full, bare]
        assert hub_rules.in_force(tx, soon) == [bare]
        assert hub_rules.expired_between(tx, clock.now(), soon) == [full]
        assert hub_rules.expired_between(tx, soon, soon + timedelta(1)) == []
    with database.transaction() as tx:
        over = hub_rules.end(tx, bare.id, by="somebody", reason="no longer")
        assert over.ended_at == clock.now()
        assert over.change > bare.change
    with pytest.raises(Conflict), database.transaction() as tx:
        hub_rules.end(tx, bare.id, by="somebody")
    with database.read() as tx:
        assert hub_rules.in_force(tx, clock.now()) == [full]
        assert hub_rules.every(tx) == [full, over]
        with pytest.raises(NotFound):
            hub_rules.get(tx, new_id())


def test_a_rule_that_ended_before_it_ran_out_does_not_run_out(database, clock):
    soon = clock.now() + timedelta(hours=1)
    with database.transaction() as tx:
        rule = hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW, expires_at=soon))
        hub_rules.end(tx, rule.id, by="somebody")
        assert hub_rules.expired_between(tx, clock.now(), soon) == []
