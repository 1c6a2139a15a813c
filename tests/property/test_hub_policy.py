"""What may go to whom: the policy against a slow, plain reading of the rules, and law by law."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.hub import policy
from breakwater.hub.policy import Given, View
from breakwater.model.hub import (
    Effect,
    Member,
    MemberKind,
    MemberState,
    ReleasePurpose,
    ReleaseRule,
    SharedList,
)
from breakwater.model.ids import Id, new_id

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, X, Y = (Id(f"00000000-0000-7000-8000-00000000000{n}") for n in range(4))
D, R = ReleasePurpose.DETECTION, ReleasePurpose.RESEARCH
MEMBER = Member(X, 1, "X", MemberKind.SERVICE, country="DE")
LISTS = (SharedList(new_id(), 1, "ONE"), SharedList(new_id(), 2, "TWO", tlp="red"))
ALLOW, DENY = Effect.ALLOW, Effect.DENY
times = st.sampled_from([None, None, NOW + timedelta(1), NOW, NOW - timedelta(1)])


def rule(effect: Effect = ALLOW, **said) -> ReleaseRule:
    return ReleaseRule(new_id(), effect, **said)


def see(*rules, member=MEMBER, purpose=D, lists=LISTS) -> View:
    return View.of(member, purpose, rules, NOW, lists=lists)


def ask(view, source=A, list_=1, category="A1", labels=(), use="detection", expires=None):
    return view.ruling(source, list_, category, labels, permitted_use=use, expires_at=expires)


def maybe(*values):
    return st.sampled_from([None, *values])


rules_st = st.lists(
    st.builds(
        ReleaseRule, id=st.uuids(version=4).map(lambda one: Id(str(one))),
        effect=st.sampled_from(Effect), source=maybe(A, B), list=maybe(1, 2), recipient=maybe(X, Y),
        recipient_kind=maybe(MemberKind.SERVICE, MemberKind.POLICE),
        recipient_country=maybe("DE", "FR"), purpose=maybe(D, R), category=maybe("A1", "b2"),
        expires_at=times, ended_at=times, change=st.integers(1, 9),
    ),
    max_size=6,
)  # fmt: skip
members_st = st.builds(
    Member, id=st.sampled_from([X, Y]), number=st.just(1), name=st.just("X"),
    kind=st.sampled_from([MemberKind.SERVICE] * 4 + [MemberKind.POLICE, MemberKind.PERSON]),
    country=st.sampled_from(["DE", "FR"]),
    state=st.sampled_from([MemberState.ACTIVE] * 4 + list(MemberState)),
    purposes=st.sampled_from([(D, R), (D, R), (D, R), (D,), (R,), ()]),
)  # fmt: skip
lists_st = st.lists(
    st.builds(
        SharedList, bank=st.just(A), bank_number=st.sampled_from([1, 2]), name=st.just("L"),
        tlp=st.sampled_from(["red", "amber"]), ended_at=st.sampled_from([None, None, None, NOW]),
    ),
    unique_by=lambda one: one.bank_number, min_size=1, max_size=2,
)  # fmt: skip
givers_st = st.lists(
    st.tuples(st.sampled_from([A, B, None]), st.sampled_from(["", "A1"])), min_size=1, max_size=2,
    unique_by=lambda one: one[0],
)  # fmt: skip
USES = {"detection": {D}, "research, detection": {D, R}, "": set(), "only for friends": set()}


def plainly(member, purpose, rules, lists, source, list_, category, labels, use, expires) -> bool:  # noqa: C901 - one line a rule
    """The rules as they are written down, with no thought for speed."""
    if member.kind is MemberKind.PERSON or member.state is not MemberState.ACTIVE:
        return False
    if purpose not in member.purposes or purpose not in USES[use]:
        return False
    shared = [one for one in lists if one.bank_number == list_ and one.ended_at is None]
    if not shared or (expires is not None and expires <= NOW):
        return False
    allowed = False
    for one in rules:
        if one.expires_at is not None and one.expires_at <= NOW:
            continue
        if one.ended_at is not None and one.ended_at <= NOW:
            continue
        if one.source is not None and one.source != source:
            continue
        if one.list is not None and one.list != list_:
            continue
        if one.recipient is not None and one.recipient != member.id:
            continue
        if one.recipient_kind is not None and one.recipient_kind != member.kind:
            continue
        if one.recipient_country is not None and one.recipient_country != member.country:
            continue
        if one.purpose is not None and one.purpose != purpose:
            continue
        if one.category is not None and one.category != category and one.category not in labels:
            continue
        if one.effect is DENY:
            return False
        if shared[0].tlp != "red" or one.recipient is not None:
            allowed = True
    return allowed


@settings(max_examples=800)
@given(
    member=members_st, purpose=st.sampled_from([D, R]), rules=rules_st, lists=lists_st,
    source=st.sampled_from([A, B, None]), list_=st.sampled_from([1, 2]),
    category=st.sampled_from(["", "A1"]), labels=st.sampled_from([(), ("b2",)]),
    use=st.sampled_from(["research, detection"] * 4 + sorted(USES)), expires=times,
)  # fmt: skip
def test_it_says_what_the_rules_say(
    member, purpose, rules, lists, source, list_, category, labels, use, expires
) -> None:
    view = View.of(member, purpose, rules, NOW, lists=lists)
    said = ask(view, source, list_, category, labels, use, expires)
    wanted = plainly(
        member, purpose, rules, lists, source, list_, category, labels, use, expires
    )  # fmt: skip
    assert said.allowed is wanted
    assert said.why in policy.WHY
    assert (said.why == "allowed") is said.allowed
    by_id = {one.id: one for one in rules}
    if said.why in {"allowed", "denied"}:
        assert by_id[said.rule].effect is (ALLOW if said.allowed else DENY)


@settings(max_examples=800)
@given(
    rules=rules_st, lists=st.tuples(lists_st, lists_st), members=st.tuples(members_st, members_st),
    givers=givers_st, labels=st.sampled_from([(), ("b2",)]),
)  # fmt: skip
def test_members_of_one_digest_see_alike(rules, lists, members, givers, labels) -> None:
    rules = [replace(one, expires_at=None, ended_at=None) for one in rules]
    views = [View.of(who, D, rules, NOW, lists=shared) for who, shared in zip(members, lists, strict=True)]  # fmt: skip
    if views[0].digest != views[1].digest:
        return
    said = [Given(*one) for one in givers]
    for list_ in (1, 2):
        answers = {
            view.entry(said, list_, labels, permitted_use="detection", expires_at=None).allowed
            for view in views
        }
        assert len(answers) == 1


def test_what_a_digest_is_of_and_what_not() -> None:
    mine = see(rule()).digest
    assert see(rule(recipient=X), lists=LISTS[:1]).digest == see(rule(), lists=LISTS[:1]).digest
    others = [
        see(rule(recipient=X)), see(rule(), lists=LISTS[:1]), see(rule(), rule(DENY, category="A1")),
        see(rule(category="A1")), see(rule(list=1)), see(rule(source=A)), see(),
        see(rule(), purpose=R, member=replace(MEMBER, purposes=(D, R))),
    ]  # fmt: skip
    assert len({mine, *(one.digest for one in others)}) == 1 + len(others)


@settings(max_examples=600)
@given(rules=rules_st, givers=givers_st, labels=st.sampled_from([(), ("b2",)]))
def test_an_entry_goes_out_where_one_contributor_may_give_it_and_nobody_denies_all(
    rules, givers, labels
) -> None:
    view = see(*rules)
    said = view.entry([Given(*one) for one in givers], 1, labels, permitted_use="detection", expires_at=None)  # fmt: skip
    alone = [ask(view, source, 1, category, labels) for source, category in givers]
    words = {category for _, category in givers} | set(labels)
    for_all = [
        one for one in view.denies
        if one.source is None and one.list in {None, 1} and one.category in {None, *words}
    ]  # fmt: skip
    assert said.allowed is (any(one.allowed for one in alone) and not for_all)


def test_nothing_goes_out_without_a_rule() -> None:
    assert ask(see()).why == "no_rule"


def test_a_denial_beats_what_is_allowed_however_old_it_is() -> None:
    deny, allow = rule(DENY, category="A1"), rule()
    for order in ((deny, allow), (allow, deny)):
        said = ask(see(*order))
        assert (said.why, said.rule) == ("denied", deny.id)
    assert ask(see(deny, allow), category="B1").allowed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": MemberKind.PERSON}, "person"),
        ({"state": MemberState.SUSPENDED}, "not_active"),
        ({"state": MemberState.LEFT}, "not_active"),
        ({"purposes": (R,)}, "not_asked"),
    ],
)
def test_who_takes_no_part_sees_nothing_whatever_a_rule_says(change, why) -> None:
    member = replace(MEMBER, **change)
    view = see(rule(recipient=X), member=member)
    assert ask(view).why == why
    assert view.digest == see(member=replace(MEMBER, state=MemberState.LEFT)).digest


def test_a_red_list_goes_only_to_members_a_rule_names() -> None:
    assert ask(see(rule()), list_=2).why == "red"
    assert ask(see(rule(recipient=X)), list_=2).allowed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"use": "investigation"}, "use"),
        ({"use": "not for detection"}, "use"),
        ({"use": ""}, "use"),
        ({"expires": NOW}, "expired"),
        ({"list_": 3}, "not_shared"),
    ],
)
def test_licence_expiry_and_sharing_bind_on_top_of_rules(change, why) -> None:
    assert ask(see(rule()), **change).why == why


def test_what_one_source_denies_another_may_still_give() -> None:
    view = see(rule(), rule(DENY, source=A))
    both = [Given(A, "A1"), Given(B, "B1")]
    asks = {"permitted_use": "detection", "expires_at": None}
    assert view.entry(both, 1, (), **asks).allowed
    assert view.entry(both[:1], 1, (), **asks).why == "denied"
    assert see(rule(), rule(DENY, category="A1")).entry(both, 1, (), **asks).why == "denied"
    assert view.entry([], 1, (), **asks).why == "no_rule"


def test_its_examples_hold() -> None:
    assert doctest.testmod(policy).failed == 0
