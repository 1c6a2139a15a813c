"""In whatever order acts and acknowledgements come, and however often: what is newest stands.

The receiver is the one that the documentation shows (`docs/howto/act_receiver.py`); on our side the
rows are real.
"""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.acting_site import documented

from breakwater.model.act import Acknowledged, AckOutcome, ActKind, ActState, ActWhy, Lane, Subject
from breakwater.records import platform_acts
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.platform_acts import Ground
from breakwater.testing.platforms import ask, later

CONTENT = [kind for kind in ActKind if kind.lane is Lane.CONTENT]
SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()


@given(
    kinds=st.lists(st.sampled_from(CONTENT), min_size=1, max_size=8),
    order=st.lists(st.integers(0, 7), max_size=40),
)
def test_a_receiver_ends_with_the_newest_act_whatever_came_when(kinds, order):
    acts = [ask("photos", kinds[0])]
    for kind in kinds[1:]:
        acts.append(later(acts[-1], kind))
    did = []
    receiver = documented().Receiver(SECRET, lambda act: did.append((act["epoch"], act["kind"])))
    came = [acts[n % len(acts)] for n in order]
    for one in [*came, acts[-1], *came]:
        assert receiver.take(one.plain())["outcome"] == "done"
    assert did[-1] == (len(acts), kinds[-1].value)
    assert [epoch for epoch, _ in did] == sorted({epoch for epoch, _ in did})


@pytest.fixture
def rows(sqlite_url, clock, root_key):
    db = open_database(sqlite_url, clock=clock)
    Keyring.open(db, root_key)
    yield db
    db.close()


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.sampled_from(CONTENT)),
        st.tuples(st.sampled_from(["begin", "give up"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(list(AckOutcome)), st.integers(0, 9)),
    ),
    min_size=1, max_size=20,
)  # fmt: skip


def test_no_word_about_an_older_act_changes_what_stands(rows):
    names = iter(range(10_000))

    @settings(max_examples=40)
    @given(moves=MOVES)
    def holds(moves):
        about = Subject(Lane.CONTENT, "photos", f"object {next(names)}")
        made = []
        for what, value in moves:
            with rows.transaction() as tx:
                move(tx, about, made, what, value)
                stands = platform_acts.standing(tx, about)
                every = [platform_acts.get(tx, one) for one in made]
            older = [one for one in every if one.epoch < stands.epoch] if stands else []
            assert not any(one.state.waits or one.state is ActState.UNCONFIRMED for one in older)
            assert [one.epoch for one in every] == list(range(1, len(every) + 1))

    holds()


def move(tx, about, made, what, value):
    """One thing that happens; words are about any act there was."""
    if what == "want":
        act = platform_acts.want(tx, about, value, Ground(ActWhy.LIST)).id
        made += [act] * (act not in made)
        return
    if not made:
        return
    chosen = platform_acts.get(tx, made[value % len(made)])
    before = platform_acts.standing(tx, about)
    if what == "begin":
        platform_acts.begin(tx, chosen.id)
    elif what == "give up":
        platform_acts.give_up(tx, chosen.id)
    else:
        platform_acts.acknowledge(tx, chosen.id, Acknowledged(what), epoch=chosen.epoch, by="key")
    if chosen.id != before.id:
        assert platform_acts.standing(tx, about) == before
