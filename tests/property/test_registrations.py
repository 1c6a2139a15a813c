"""What clues come to: more of them never make it milder, and weak ones alone never refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from breakwater.enforcement.registrations import policy
from breakwater.enforcement.registrations.policy import TABLE, Strength, judge
from breakwater.model.ids import new_id
from breakwater.model.sanction import Answer, Clue, Found, IdentifierKind

CLUES = st.sets(st.sampled_from(list(Clue)))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NETWORK = timedelta(days=30)


@given(few=CLUES, more=CLUES)
def test_more_clues_never_make_it_milder(few, more) -> None:
    before, after = judge(few), judge(few | more)
    assert after.answer.rank >= before.answer.rank
    assert after.confidence >= before.confidence


@given(clues=st.lists(st.sampled_from(list(Clue))))
def test_weak_clues_never_refuse_nor_does_one_thing_of_a_household(clues) -> None:
    said = judge(clues)
    strengths = [TABLE[one].strength for one in said.clues]
    if Strength.STRONG not in strengths and strengths.count(Strength.MIDDLING) < 2:
        assert said.answer is not Answer.REFUSE
    assert 0 <= said.confidence < 1


@given(clues=st.lists(st.sampled_from(list(Clue)), min_size=1))
def test_one_thing_counts_once_however_often_it_is_found(clues) -> None:
    assert judge(clues) == judge(clues * 3) == judge(reversed(clues))
    groups = [TABLE[one].group for one in judge(clues).clues]
    assert len(groups) == len(set(groups))


def test_every_clue_and_every_kind_has_its_weight_and_reason() -> None:
    assert set(TABLE) == set(Clue)
    assert all(0 < clue.confidence < 1 and one.why for clue, one in TABLE.items())
    order = [Strength.WEAK, Strength.MIDDLING, Strength.STRONG]
    ranked = [TABLE[clue].strength for clue in sorted(TABLE, key=lambda one: one.confidence)]
    assert ranked == sorted(ranked, key=order.index)
    assert {policy.group_of(kind) for kind in IdentifierKind} == {w.group for w in TABLE.values()}


FOUND = st.builds(
    Found, sanction=st.sampled_from([new_id(), new_id()]),
    kind=st.sampled_from(list(IdentifierKind)), key=st.just("00"),
    seen_at=st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda d: NOW + d),
)  # fmt: skip


@given(few=st.lists(FOUND), more=st.lists(FOUND), shared=st.booleans())
def test_sanctions_are_judged_each_by_itself(few, more, shared) -> None:
    """Two people who each share one thing with somebody are not together that person."""

    def gravest(found):
        judged = policy.strongest(found, NOW, network_for=NETWORK, shared_device=shared)
        return max((said.answer.rank for _, said in judged), default=0), judged

    before, _ = gravest(few)
    after, judged = gravest(few + more)
    assert after >= before
    for sanction, said in judged:
        alone = [one for one in few + more if one.sanction == sanction]
        ((_, again),) = policy.strongest(alone, NOW, network_for=NETWORK, shared_device=shared)
        assert again == said


@given(apart=st.integers(-400, 400))
def test_time_takes_from_a_number_and_from_a_network(apart) -> None:
    at = NOW + timedelta(days=apart)
    phone = Found(new_id(), IdentifierKind.PHONE, "00", NOW)
    near = Found(new_id(), IdentifierKind.ADDRESS, "00", NOW)
    fresh = abs(apart) <= 45
    assert policy.clue_of(phone, at, network_for=NETWORK) is (
        Clue.PHONE if fresh else Clue.PHONE_OLD
    )
    assert (policy.clue_of(near, at, network_for=NETWORK) is None) is (abs(apart) > 30)
