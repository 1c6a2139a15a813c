"""The table of acts: what ships, what an operator may change, and what nobody may."""

from __future__ import annotations

import pytest

from breakwater.enforcement.platform.policy import ActPolicy, strongest, wait_after
from breakwater.errors import BadSettings
from breakwater.model.act import TRIED_FOR, ActKind, Lane
from breakwater.model.decision import AccountRole, DecisionKind
from breakwater.model.match import Action

K, D, R = ActKind, DecisionKind, AccountRole


def test_the_table_that_ships_removes_what_a_person_confirmed_and_hides_what_a_list_found():
    policy = ActPolicy.load()
    assert policy.content[D.ILLEGAL] == (K.REMOVE, K.REMOVE_THUMBNAILS)
    assert policy.content[D.OWN_IMAGE] == (K.REMOVE, K.REMOVE_THUMBNAILS)
    assert policy.lists[Action.HOLD] == policy.lists[Action.BLOCK] == (K.HIDE, K.HIDE_THUMBNAILS)
    assert K.FREEZE_ACCOUNT in policy.of_account(D.ILLEGAL, R.SUSPECT)
    assert policy.of_account(D.ILLEGAL, R.UNKNOWN) == ()


def test_no_decision_asks_anything_of_the_account_of_an_apparent_child():
    policy = ActPolicy.load()
    for kind in D:
        assert policy.of_account(kind, R.APPARENT_CHILD) == ()
    for role in R:
        assert policy.of_account(D.OWN_IMAGE, role) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"decisions": {"illegal": {"account": {"apparent_child": ["freeze_account"]}}}},
        {"decisions": {"illegal": {"account": {"apparent_child": []}}}},
        {"decisions": {"own_image": {"account": {"suspect": ["freeze_account"]}}}},
        {"decisions": {"not_illegal": {"content": ["hide"]}}},
        {"decisions": {"illegal": {"content": ["freeze_account"]}}},
        {"decisions": {"illegal": {"content": ["restore"]}}},
        {"decisions": {"illegal": {"account": {"suspect": ["remove"]}}}},
        {"decisions": {"illegal": {"content": "remove"}}},
        {"decisions": {"illegal": {"contents": []}}},
        {"decisions": {"illegal": []}},
        {"decisions": []},
        {"lists": {"allow": ["hide"]}},
        {"lists": {"hold": ["vanish"]}},
        {"list": {}},
    ],
)
def test_a_table_that_asks_what_is_never_done_is_refused(said):
    with pytest.raises(BadSettings):
        ActPolicy.read(said)


def test_an_operators_table_is_read_from_its_file(tmp_path):
    file = tmp_path / "acts.toml"
    file.write_text('[decisions.illegal]\ncontent = ["hide"]\n')
    policy = ActPolicy.load(file)
    assert policy.content == {D.ILLEGAL: (K.HIDE,)}
    assert policy.of_account(D.ILLEGAL, R.SUSPECT) == ()
    assert not policy.lists
    file.write_bytes(b"\xff[")
    with pytest.raises(BadSettings):
        ActPolicy.load(file)
    with pytest.raises(BadSettings):
        ActPolicy.load(tmp_path / "nowhere.toml")


def test_of_several_acts_the_strongest_in_a_lane_is_asked():
    assert strongest((K.HIDE, K.REMOVE, K.CLOSE_ACCOUNT), Lane.CONTENT) is K.REMOVE
    assert strongest((K.HIDE,), Lane.ACCOUNT) is None


def test_waits_grow_and_fill_the_three_days():
    waits = [wait_after(n) for n in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[0].total_seconds() <= 10
    assert sum(wait.total_seconds() for wait in waits[:20]) > TRIED_FOR.total_seconds()
