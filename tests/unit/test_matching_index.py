"""The index as its callers see it: added is found at once, withdrawn is not, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from tests.builders_matching import KINDS, change, fill, flipped, numbers, values

from breakwater.errors import BadInput, BadSignal, IndexInUse, UnknownKind
from breakwater.matching import parts
from breakwater.matching.index import Index
from breakwater.model.signal import PHOTODNA, Measure, SignalKind


@pytest.fixture
def index(tmp_path):
    opened = Index.open(tmp_path / "index", kinds=KINDS)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_rings(monkeypatch):
    """Rings from 64 rows on, so that tests reach them without millions."""
    monkeypatch.setattr(parts, "RING_FROM", 64)


def test_a_new_entry_is_found_at_once_and_a_withdrawn_one_no_longer(index):
    value = values(1)[0].tobytes()
    index.apply([change(1, value)])
    near = flipped(value, 31)
    assert index.search_one("pdq", near, 31) == [(1, 31)]
    assert index.search_one("pdq", flipped(value, 32), 31) == []
    index.apply([change(2, value, number=1, present=False)])
    assert index.search_one("pdq", near, 31) == []


@pytest.mark.parametrize("merged", [False, True])
def test_answers_come_nearest_first_and_within_the_asked_limit(index, merged):
    value = values(1)[0].tobytes()
    for at, bits in enumerate((30, 0, 12, 12, 31), start=1):
        index.apply([change(at, flipped(value, bits, seed=at))])
    index.merge(force=merged)
    assert index.search_one("pdq", value, 31) == [(2, 0), (3, 12), (4, 12), (1, 30), (5, 31)]
    assert index.search_one("pdq", value, 12) == [(2, 0), (3, 12), (4, 12)]
    many = index.search("pdq", np.frombuffer(value * 2, np.uint8).reshape(2, 32), 12)
    assert list(many) == [(q, n, d) for q in (0, 1) for n, d in ((2, 0), (3, 12), (4, 12))]


def test_exact_kinds_answer_with_distance_zero(index):
    rows = values(5, seed=3)
    fill(index, rows, kind="sha256")
    index.merge(force=True)
    index.apply([change(6, rows[2].tobytes(), kind="sha256")])
    assert index.search_one("sha256", rows[2].tobytes(), 0) == [(3, 0), (6, 0)]
    assert index.search_one("sha256", flipped(rows[2].tobytes(), 1), 0) == []


def test_a_withdrawn_number_never_returns(index):
    value = values(1)[0].tobytes()
    index.apply([change(1, value), change(2, value, number=1, present=False)])
    index.apply([change(3, value, number=1)])
    assert index.search_one("pdq", value, 31) == []
    index.merge(force=True)
    index.apply([change(4, value, number=1)])
    index.load("pdq", values(1), np.array([1], np.uint32), 5)
    assert index.search_one("pdq", value, 31) == []


def test_a_withdrawal_that_overtakes_its_entry_holds(index):
    """Two threads may read SQL at different moments and apply in the other order."""
    value = values(1)[0].tobytes()
    index.apply([change(9, value, number=1, present=False)])
    index.apply([change(5, value, number=1)])
    assert index.search_one("pdq", value, 31) == []


def test_a_proposed_entry_is_found_once_it_is_confirmed(index):
    value = values(1)[0].tobytes()
    index.apply([change(5, value, number=1, present=False)])
    index.apply([change(9, value, number=1)])
    assert index.search_one("pdq", value, 31) == [(1, 0)]


def test_changes_given_twice_count_once(index):
    rows = values(20)
    for _ in range(2):
        fill(index, rows)
        index.load("pdq", rows, np.arange(1, 21, dtype=np.uint32), 20)
        index.merge(force=True)
    assert index.status()["pdq"].size == 20
    assert index.search_one("pdq", rows[3].tobytes(), 31) == [(4, 0)]


def test_what_was_sealed_is_there_after_reopening_and_the_rest_is_replayed(tmp_path):
    rows = values(300)
    index = Index.open(tmp_path, kinds=KINDS)
    fill(index, rows[:200])
    index.apply([change(201, b"", number=7, present=False)])
    index.merge(force=True)
    fill(index, rows[200:], first=202)
    assert (index.covered, index.applied) == (201, 301)
    index.close()
    index = Index.open(tmp_path, kinds=KINDS)
    assert index.covered == index.applied == 201
    assert index.search_one("pdq", rows[199].tobytes(), 31) == [(200, 0)]
    assert index.search_one("pdq", rows[6].tobytes(), 31) == []
    assert index.search_one("pdq", rows[250].tobytes(), 31) == []
    fill(index, rows[200:], first=202)
    assert index.search_one("pdq", rows[250].tobytes(), 31) == [(252, 0)]
    index.close()


def test_an_import_is_loaded_straight_into_one_file(tmp_path):
    rows = values(5000)
    index = Index.open(tmp_path, kinds=KINDS)
    fill(index, values(3, seed=9))
    index.load("sha256", rows, np.arange(10_000, 15_000, dtype=np.uint32), 0)
    assert index.covered == 3
    index.load("pdq", rows, np.arange(20_000, 25_000, dtype=np.uint32), 10_003)
    assert index.covered == index.applied == 10_003
    status = index.status()
    assert (status["pdq"].size, status["pdq"].delta, status["sha256"].size) == (5003, 0, 5000)
    index.close()
    index = Index.open(tmp_path, kinds=KINDS)
    assert index.search_one("pdq", flipped(rows[77].tobytes(), 20), 31) == [(20_077, 20)]
    assert index.search_one("sha256", rows[78].tobytes(), 0) == [(10_078, 0)]
    index.close()


def test_only_one_process_writes(tmp_path):
    index = Index.open(tmp_path, kinds=KINDS)
    with pytest.raises(IndexInUse):
        Index.open(tmp_path, kinds=KINDS)
    index.close()
    Index.open(tmp_path, kinds=KINDS).close()


def test_a_reader_follows_the_writer_and_keeps_what_it_applied_itself(tmp_path):
    rows = values(300)
    writer = Index.open(tmp_path, kinds=KINDS)
    reader = Index.open(tmp_path, kinds=KINDS, writer=False)
    fill(writer, rows[:200])
    fill(reader, rows[:250])
    assert not reader.reload()
    assert not reader.merge(force=True)
    writer.apply([change(300, b"", number=5, present=False)])
    held = reader.search_one("pdq", rows[4].tobytes(), 31)
    assert held == [(5, 0)]
    writer.merge(force=True)
    assert reader.reload()
    assert reader.covered == 300
    assert reader.search_one("pdq", rows[4].tobytes(), 31) == []
    assert reader.search_one("pdq", rows[9].tobytes(), 31) == [(10, 0)]
    assert reader.status()["pdq"].delta == 0  # 201..250 were below the writer's covered change
    fill(reader, rows[250:], first=301)
    writer.apply([change(302, rows[251].tobytes())])
    writer.apply([change(301, rows[250].tobytes())])
    assert numbers(reader.search_one("pdq", rows[251].tobytes(), 31)) == [302]
    writer.merge(force=True)
    assert reader.reload()
    assert numbers(reader.search_one("pdq", rows[251].tobytes(), 31)) == [302]
    assert numbers(reader.search_one("pdq", rows[260].tobytes(), 31)) == [311]
    assert not reader.reload()
    for index in (reader, writer):
        index.close()


def test_a_reader_that_heard_of_a_withdrawal_first_does_not_find_the_entry_later(tmp_path):
    value = values(1)[0].tobytes()
    writer = Index.open(tmp_path, kinds=KINDS)
    reader = Index.open(tmp_path, kinds=KINDS, writer=False)
    writer.load("pdq", values(1), np.array([1], np.uint32), 1)
    reader.apply([change(2, value, number=1, present=False)])
    assert reader.reload()
    assert reader.search_one("pdq", value, 31) == []
    for index in (reader, writer):
        index.close()


def test_a_kind_installed_later_has_everything_replayed(tmp_path):
    index = Index.open(tmp_path, kinds=KINDS[:1])
    fill(index, values(5))
    index.apply([change(6, b"0" * 16, kind="md5")])
    index.merge(force=True)
    assert index.covered == 6
    index.close()
    index = Index.open(tmp_path, kinds=KINDS)
    assert index.covered == 0
    assert index.status()["pdq"].size == 5
    index.apply([change(6, b"0" * 16, kind="md5")])
    assert index.search_one("md5", b"0" * 16, 0) == [(6, 0)]
    index.close()


def test_wrong_questions_are_named(index):
    with pytest.raises(UnknownKind):
        index.search_one("photodna", b"0" * 144, 0)
    with pytest.raises(BadSignal):
        index.search_one("pdq", b"0" * 31, 31)
    with pytest.raises(BadSignal):
        index.search("pdq", np.zeros((2, 31), np.uint8), 31)
    with pytest.raises(BadInput):
        index.search_one("pdq", b"0" * 32, 32)
    with pytest.raises(BadSignal):
        index.load("pdq", values(3), np.arange(2, dtype=np.uint32), 3)
    assert not index.serves("photodna")


def test_no_question_has_no_answer(index):
    fill(index, values(100))
    index.merge(force=True)
    fill(index, values(3, KINDS[1]), kind="md5", first=101)
    for kind in KINDS:
        assert len(index.search(kind.name, np.zeros((0, kind.size), np.uint8), kind.limit)) == 0


def test_a_row_of_wrong_length_stops_nobody_else(index):
    index.apply([change(1, b"short"), change(2, values(1)[0].tobytes())])
    assert index.refused == 1
    assert index.search_one("pdq", values(1)[0].tobytes(), 31) == [(2, 0)]


class Within:
    """A stand-in for an operator's library: sum of absolute differences, brute force."""

    def __init__(self, known):
        self._known = known

    def search(self, rows, limit):
        far = np.abs(rows[:, None].astype(int) - self._known[None].astype(int)).sum(axis=2)
        query, row = np.nonzero(far <= limit)
        return query.astype(np.uint32), row.astype(np.uint32), far[query, row].astype(np.uint16)


class WithinFactory:
    def build(self, known):
        return {"sums": known.sum(axis=1).astype(np.uint32)}

    def open(self, known, kept):
        assert not kept or kept["sums"].tolist() == known.sum(axis=1).tolist()
        return Within(known)


def test_a_licensed_kind_is_searched_by_its_library(tmp_path):
    kind = SignalKind("photodna", 144, Measure.LICENSED, limit=50)
    factories = {"photodna": WithinFactory()}
    rows = values(30, PHOTODNA)
    near = rows[4].copy()
    near[0] ^= 7
    index = Index.open(tmp_path, kinds=[kind], factories=factories)
    fill(index, rows, kind="photodna")
    for _ in range(2):
        [(number, distance)] = index.search_one("photodna", near.tobytes(), 50)
        assert number == 5
        assert 0 < distance <= 7
        index.merge(force=True)
        index.apply([change(31, rows[7].tobytes(), kind="photodna")])
        assert numbers(index.search_one("photodna", rows[7].tobytes(), 0)) == [8, 31]
    index.close()
    index = Index.open(tmp_path, kinds=[kind], factories=factories)
    assert numbers(index.search_one("photodna", near.tobytes(), 50)) == [5]
    index.close()


def test_a_hamming_kind_of_odd_width_is_searched_too(tmp_path):
    kind = SignalKind("odd", 5, Measure.HAMMING, limit=6)
    index = Index.open(tmp_path, kinds=[kind])
    rows = values(200, kind)
    for first in (1, 101):
        fill(index, rows[first - 1 : first + 99], kind="odd", first=first)
        index.merge(force=first == 1)
    far = np.bitwise_count(rows[:, None] ^ rows[None]).sum(axis=2)
    answer = index.search("odd", rows, 6)
    assert set(zip(answer.query.tolist(), answer.number.tolist(), strict=True)) == {
        (int(q), int(r) + 1) for q, r in zip(*np.nonzero(far <= 6), strict=True)
    }
    assert numbers(index.search_one("odd", rows[3].tobytes(), 0)) == [4]
    index.close()
