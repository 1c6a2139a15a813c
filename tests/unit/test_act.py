"""Acts as values: what lets go, what lasts, what a service is told."""

from __future__ import annotations

from breakwater.model.act import ActKind, ActState, Lane
from breakwater.testing.platforms import ask

K = ActKind


def test_what_takes_an_act_back_is_of_its_lane_and_lets_go():
    for kind in K:
        back = kind.undone_by
        assert back is None or (back.lane is kind.lane and back.rank == 0 < kind.rank)


def test_only_sessions_and_stream_keys_last():
    assert {kind for kind in K if kind.lasts} == {K.DELETE_SESSIONS, K.RESET_STREAM_KEY}
    assert not any(kind.lasts for kind in K if kind.rank == 0)


def test_what_a_person_must_look_at_is_not_on_its_way():
    assert {one for one in ActState if one.failed} == {
        ActState.UNCONFIRMED, ActState.IMPOSSIBLE,
    }  # fmt: skip
    assert not any(one.waits and one.failed for one in ActState)


def test_a_service_is_told_the_object_or_the_account_and_never_both():
    for kind in K:
        told = ask("photos", kind, name="thing-7").plain()
        named = "account" if kind.lane.of_account else "reference"
        assert told[named] == "thing-7"
        assert sorted((told["reference"], told["account"])) == ["", "thing-7"]
        assert (told["epoch"], told["lane"]) == (1, Lane(kind.lane).value)
