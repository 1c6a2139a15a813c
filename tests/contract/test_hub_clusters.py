"""Near copies become stacks, whatever the order and the size of the blocks they come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders_hub import HubHouse

from breakwater.hub import clusters as module
from breakwater.hub.clusters import CLUSTER_JOB, Clusters, joined
from breakwater.model.bank import EntryStatus
from breakwater.records import entries, hub_clusters, jobs

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, tmp_path):
    made = HubHouse(database, tmp_path)
    yield made
    made.close()


def near(code: bytes, bits: int, seed: int) -> bytes:
    """The code with so many bits flipped."""
    flat = np.unpackbits(np.frombuffer(code, np.uint8))
    flat[np.random.default_rng(seed).choice(256, bits, replace=False)] ^= 1
    return np.packbits(flat).tobytes()


def codes(count: int, seed: int) -> list[bytes]:
    made = np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)
    return [row.tobytes() for row in made]


def add(house, bank, values, quality=100, status=EntryStatus.ACTIVE) -> list[int]:
    """Entries one by one, so that their numbers are in the order of the values."""
    with house.db.transaction() as tx:
        rows = [("pdq", value, quality) for value in values]
        made = [entry.number for entry in entries.add(tx, bank, rows, status=status)]
    house.feed.catch_up()
    return made


def found(house, numbers):
    with house.db.read() as tx:
        return hub_clusters.of_many(tx, numbers)


def run(house, bank, block=module.BLOCK) -> None:
    made = Clusters(db=house.db, index=house.index, block=block)
    while made.step(bank):
        pass


@pytest.mark.parametrize("block", [1, 3, 1_000])
@pytest.mark.parametrize("few", [0, module.FEW], ids=["ring", "index"])
def test_planted_near_copies_are_one_cluster_and_nothing_else_is(
    house, monkeypatch, block, few
) -> None:
    monkeypatch.setattr(module, "FEW", few)
    bank, other = house.list(), house.list("OTHER")
    base = codes(4, 1)
    values = [
        base[0],
        base[1],
        near(base[0], 10, 1),
        base[2],
        near(base[0], 11, 2),
        near(base[1], 3, 3),
    ]
    numbers = add(house, bank, values)
    add(house, other, [near(base[3], 2, 5), near(base[0], 1, 6)])
    run(house, bank, block)
    later = add(house, bank, [base[3], near(base[2], 5, 4)])
    run(house, bank, block)
    a, b, a2, c, _, b2 = numbers
    assert found(house, numbers + later) == {
        a: a, a2: a, b: b, b2: b, c: c, later[1]: c
    }  # fmt: skip
    with house.db.read() as tx:
        assert hub_clusters.members(tx, b2) == [b, b2]
        assert hub_clusters.members(tx, later[0]) == []
        assert hub_clusters.largest(tx)[0] == (a, 2)


@pytest.mark.parametrize("few", [0, module.FEW], ids=["ring", "index"])
def test_a_new_entry_between_two_clusters_makes_them_one(house, monkeypatch, few) -> None:
    monkeypatch.setattr(module, "FEW", few)
    bank = house.list()
    (base,) = codes(1, 2)
    flat = np.unpackbits(np.frombuffer(base, np.uint8))

    def at(bits: int) -> bytes:
        moved = flat.copy()
        moved[:bits] ^= 1
        return np.packbits(moved).tobytes()

    first = add(house, bank, [at(0), at(5), at(18), at(22)])
    run(house, bank)
    assert found(house, first) == {first[0]: first[0], first[1]: first[0], first[2]: first[2], first[3]: first[2]}  # fmt: skip
    (between,) = add(house, bank, [at(12)])
    run(house, bank)
    assert set(found(house, [*first, between]).values()) == {first[0]}


def test_what_waits_for_two_people_is_found_though_no_index_has_it(house) -> None:
    bank = house.list()
    (base,) = codes(1, 3)
    (waiting,) = add(house, bank, [base], status=EntryStatus.PROPOSED)
    run(house, bank)
    (new,) = add(house, bank, [near(base, 4, 1)])
    run(house, bank)
    assert found(house, [waiting, new]) == {waiting: waiting, new: waiting}


def test_pictures_without_features_join_nothing(house) -> None:
    bank = house.list()
    (base,) = codes(1, 4)
    numbers = add(house, bank, [base, near(base, 2, 1)], quality=49)
    run(house, bank)
    assert found(house, numbers) == {}


def test_a_killed_job_goes_on_where_it_was_and_finds_the_same(house, monkeypatch) -> None:
    bank = house.list()
    base = codes(3, 5)
    values = [one for code in base for one in (code, near(code, 6, 1))]
    numbers = add(house, bank, values)
    made = Clusters(db=house.db, index=house.index, block=2)
    made.step(bank)
    with house.db.read() as tx:
        assert hub_clusters.compared(tx, bank.number) == numbers[1]

    def dies(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(hub_clusters, "compare_to", dies)
        with pytest.raises(MemoryError):
            made.step(bank)
    assert len(found(house, numbers)) == 2, "half a block is nothing"
    run(house, bank, 2)
    assert len(set(found(house, numbers).values())) == 3


def test_lists_with_new_entries_are_queued_once(house) -> None:
    bank = house.list()
    house.list("EMPTY")
    add(house, bank, codes(2, 6))
    made = Clusters(db=house.db, index=house.index)
    made.turn()
    made.turn()
    (job,) = jobs.claim(house.db, [CLUSTER_JOB], owner="me", lease_s=60, limit=9)
    made.run(job.payload, 1, lambda _: None)
    with house.db.transaction() as tx:
        jobs.finish(tx, job)
    made.turn()
    assert jobs.claim(house.db, [CLUSTER_JOB], owner="me", lease_s=60) == []


def test_very_many_alike_are_one_cluster(house, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 50)
    bank = house.list()
    (base,) = codes(1, 7)
    numbers = add(house, bank, [base, *(near(base, 3, seed) for seed in range(200))])
    run(house, bank)
    assert set(found(house, numbers).values()) == {numbers[0]}


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(0, 10)), max_size=40),
    st.data(),
)
def test_clusters_are_the_connected_parts_however_pairs_are_cut(pairs, data) -> None:
    cut = data.draw(st.integers(0, len(pairs)))
    pairs = [(min(a, b), max(a, b), bits) for a, b, bits in pairs if a != b]
    known: dict[int, int] = {}
    for part in (pairs[:cut], pairs[cut:]):
        made, merged = joined(part, {n: known[n] for pair in part for n in pair[:2] if n in known})
        known = {n: merged.get(c, c) for n, c in known.items()} | {
            n: c for n, (c, _) in made.items()
        }
    parts = {n: {n} for pair in pairs for n in pair[:2]}
    for a, b, _ in pairs:
        whole = parts[a] | parts[b]
        for one in whole:
            parts[one] = whole
    assert known == {n: min(whole) for n, whole in parts.items()}
