"""Entries one by one: what they inherit, how they may move, what is kept of every move."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import builders

from breakwater.errors import BreakwaterError, Conflict, NotFound
from breakwater.model.bank import EntryStatus, Opinion, entry_id
from breakwater.records import entries, imports, tallies

S = EntryStatus


def test_an_entry_inherits_from_its_import_and_that_from_its_bank(database, clock):
    soon = clock.now() + timedelta(days=7)
    with database.transaction() as tx:
        bank = builders.bank(tx, source="bank's", permitted_use="detection")
        run = imports.start(
            tx, bank, source="import's", permitted_use="hashes only", labels=("a", "b"),
            expires_at=soon,
        )  # fmt: skip
        plain = builders.entry(tx, bank)
        inherits = builders.entry(tx, bank, import_number=run.number)
        own = builders.entry(
            tx, bank, import_number=run.number, labels=("c",), source="own", note="seen twice",
            permitted_use="research", expires_at=clock.now(),
        )  # fmt: skip
    assert (plain.source, plain.permitted_use, plain.labels) == ("bank's", "detection", ())
    assert plain.expires_at is None
    assert plain.created_at == clock.now()
    assert (inherits.source, inherits.permitted_use) == ("import's", "hashes only")
    assert (inherits.labels, inherits.expires_at) == (("a", "b"), soon)
    assert (own.source, own.permitted_use, own.labels) == ("own", "research", ("c",))
    assert (own.note, own.expires_at) == ("seen twice", clock.now())
    assert own.id == entry_id(own.number)
    assert own.bank == bank.id


def test_one_entry_is_overridden_and_its_neighbour_is_not(database):
    with database.transaction() as tx:
        bank = builders.bank(tx, source="bank's")
        run = imports.start(tx, bank, source="import's", labels=("a",))
        entries.add_lean(tx, bank, [builders.signal(seed=n) for n in (1, 2)],
                         import_number=run.number)  # fmt: skip
        before = entries.get(tx, 1)
        changed = entries.override(tx, 1, labels=("x", "y"), note="checked")
        assert (changed.labels, changed.note, changed.source) == (("x", "y"), "checked", "import's")
        assert changed.change > before.change
        assert entries.override(tx, 1, labels=None).labels == ("a",)
        assert entries.get(tx, 2).labels == ("a",)
        with pytest.raises(NotFound):
            entries.override(tx, 99, note="nobody")


def test_a_value_that_is_there_is_answered_as_it_stands(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        first = builders.entry(tx, bank, seed=1, labels=("first",))
        added = entries.add(
            tx, bank, [builders.signal(seed=1), builders.signal(seed=2), builders.signal(seed=2)],
            labels=("later",),
        )  # fmt: skip
        assert added[0] == first
        assert added[1] == added[2]
        assert added[1].labels == ("later",)
        assert entries.counts(tx, bank) == {("pdq", S.ACTIVE): 2}
        assert entries.add(tx, bank, []) == []


def test_every_legal_move_leaves_a_step_and_every_other_is_refused(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entry = builders.entry(tx, bank, status=S.PROPOSED, negative=True, by="first")
        active = entries.set_status(tx, entry.number, S.ACTIVE, by="second", reason="agreed")
        assert active.status is S.ACTIVE
        assert active.change > entry.change
        entries.set_status(tx, entry.number, S.QUARANTINED, by="system", reason="flood")
        entries.set_status(tx, entry.number, S.ACTIVE, by="third")
        entries.set_status(tx, entry.number, S.WITHDRAWN, by="third", reason="wrong")
        for status in S:
            with pytest.raises(Conflict):
                entries.set_status(tx, entry.number, status, by="anyone")
        with pytest.raises(NotFound):
            entries.set_status(tx, 99, S.ACTIVE, by="anyone")
        steps = entries.history(tx, entry.number)
    moves = [(step.before, step.after, step.by) for step in steps]
    assert moves == [
        (None, S.PROPOSED, "first"),
        (S.PROPOSED, S.ACTIVE, "second"),
        (S.ACTIVE, S.QUARANTINED, "system"),
        (S.QUARANTINED, S.ACTIVE, "third"),
        (S.ACTIVE, S.WITHDRAWN, "third"),
    ]
    assert steps[-1].reason == "wrong"


def test_history_and_opinions_cannot_be_changed_or_deleted(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entry = builders.entry(tx, bank)
        entries.add_opinion(tx, entry.number, Opinion.DISPUTED, by="reviewer", note="not sure")
    for words in (
        "UPDATE entry_history SET reason = 'x'",
        "DELETE FROM entry_history",
        "UPDATE entry_opinions SET note = 'x'",
        "DELETE FROM entry_opinions",
    ):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
    with database.read() as tx:
        assert [o.opinion for o in entries.opinions(tx, entry.number)] == [Opinion.DISPUTED]


def test_pages_go_by_number_and_by_status(database):
    with database.transaction() as tx:
        bank, other = builders.bank(tx), builders.bank(tx)
        for n in range(6):
            builders.entry(tx, bank, seed=n)
            builders.entry(tx, other, seed=n)
        for number in (3, 7):
            entries.set_status(tx, number, S.QUARANTINED, by="system")
        page = entries.page(tx, bank, limit=4)
        assert [entry.number for entry in page] == [1, 3, 5, 7]
        rest = entries.page(tx, bank, after=page[-1].number, limit=4)
        assert [entry.number for entry in rest] == [9, 11]
        held = entries.page(tx, bank, status=S.QUARANTINED)
        assert [entry.number for entry in held] == [3, 7]
        assert len(entries.page(tx, bank, status=S.ACTIVE)) == 4
        assert entries.page(tx, other, status=S.WITHDRAWN) == []


def test_many_are_read_at_once_and_unknown_numbers_left_out(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entries.add_lean(tx, bank, [builders.signal(seed=n) for n in range(1_200)])
        found = entries.many(tx, [*range(1, 1_201), 5_000, 1])
        assert sorted(found) == list(range(1, 1_201))
        assert entries.many(tx, []) == {}
        with pytest.raises(NotFound):
            entries.get(tx, 5_000)


def test_floods_are_counted_over_the_hour_and_forgotten(database, clock):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        signed = imports.start(tx, bank, source="s", signed_by=builders.some_id())
        entries.add_lean(tx, bank, [builders.signal(seed=("s", n)) for n in range(9)],
                         import_number=signed.number)  # fmt: skip
        entries.add_lean(tx, bank, [builders.signal(seed=n) for n in range(5)])
        hour = timedelta(hours=1)
        assert entries.arrived(tx, bank, since=tx.now - hour) == 5
        assert entries.signed(tx, 1)
        assert not entries.signed(tx, 10)
        assert entries.count_match(tx, [1, 2, 2]) == {1: 1, 2: 1}
        assert entries.count_match(tx, [2]) == {2: 2}
        assert entries.count_match(tx, []) == {}
    clock.advance(3_599)
    with database.transaction() as tx:
        assert entries.count_match(tx, [2]) == {2: 3}
        assert entries.arrived(tx, bank, since=tx.now - hour) == 5
    clock.advance(7_200)
    with database.transaction() as tx:
        assert entries.count_match(tx, [2]) == {2: 1}
        assert entries.arrived(tx, bank, since=tx.now - hour) == 0
        tallies.forget_before(tx, tx.now)
        assert entries.recent_matches(tx, [2], tx.now - 9 * hour) == {2: 1}


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["add", "lean", "move"]), st.integers(0, 7), st.sampled_from(list(S))
    ),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=MOVES)
def test_counts_and_replay_agree_with_the_rows_whatever_happens(database, moves):
    """Counted totals, the replay and the rows say the same; a live value stands once."""
    with database.transaction() as tx:
        bank = builders.bank(tx)
        base = entries.last_change(tx)
        for act, seed, status in moves:
            if act == "move":
                held = entries.find(tx, bank, "pdq", builders.value("pdq", seed))
                if held is not None and held.status.may_become(status):
                    entries.set_status(tx, held.number, status, by="someone")
            elif act == "add":
                builders.entry(tx, bank, seed=seed)
            else:
                entries.add_lean(tx, bank, [builders.signal(seed=seed)])
        rows = entries.page(tx, bank, limit=1_000)
        counted: dict = {}
        for entry in rows:
            counted[entry.kind, entry.status] = counted.get((entry.kind, entry.status), 0) + 1
        assert entries.counts(tx, bank) == counted
        live = [entry.value for entry in rows if entry.status is not S.WITHDRAWN]
        assert len(live) == len(set(live))
        replayed = entries.since(tx, base, 1_000)
        assert {r.number: bool(r.present) for r in replayed} == {
            e.number: e.status in {S.ACTIVE, S.QUARANTINED} for e in rows
        }
