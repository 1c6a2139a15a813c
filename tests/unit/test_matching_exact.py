"""Exact kinds: every entry of a value is found, and nothing else, however values are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from tests.builders_matching import values

from breakwater.matching import compact, exact
from breakwater.matching.numberset import NumberSet
from breakwater.matching.source import Input
from breakwater.model.signal import MD5, SHA1, SHA256, Measure, SignalKind

TINY = SignalKind("tiny", 3, Measure.EXACT)


def part(tmp_path, kind, known):
    rows = np.asarray(known, np.uint8).reshape(-1, kind.size)
    given = Input(rows, np.arange(len(rows), dtype=np.uint32) * 2 + 10)
    job = compact.Job(kind, extra=(given,))
    live = compact.build(job, tmp_path, "x.seg", gone=NumberSet(), covered=1, factories={})
    return live.part


@pytest.mark.parametrize("kind", [MD5, SHA1, SHA256, TINY])
def test_single_and_batch_find_what_a_dictionary_finds(tmp_path, kind):
    known = values(3000, kind)
    known[1000:1010] = known[0]  # one value in eleven entries
    truth: dict[bytes, list[int]] = {}
    for row, value in enumerate(known):
        truth.setdefault(value.tobytes(), []).append(row * 2 + 10)
    searched = part(tmp_path, kind, known)
    asked = np.concatenate([known[::7], values(500, kind, seed=2)])
    answer = searched.find_many(asked, 0)
    found: dict[int, list[int]] = {}
    for query, number in zip(answer.query.tolist(), answer.number.tolist(), strict=True):
        found.setdefault(query, []).append(number)
    for query, value in enumerate(asked):
        wanted = truth.get(value.tobytes(), [])
        assert sorted(found.get(query, [])) == wanted
        assert sorted(n for n, d in searched.find(value.tobytes(), 0) if d == 0) == wanted
    assert not answer.distance.any()


@pytest.mark.parametrize("same", [4, 8, 15])
def test_values_that_share_their_first_bytes_are_told_apart(tmp_path, same):
    known = values(2000, MD5)
    known[:1500, :same] = 171
    searched = part(tmp_path, MD5, known)
    rows = [0, 1, 700, 1499, 1500, 1999]
    answer = searched.find_many(known[rows], 0)
    wanted = {
        (i, other * 2 + 10)
        for i, row in enumerate(rows)
        for other in np.flatnonzero((known == known[row]).all(axis=1)).tolist()
    }
    assert set(zip(answer.query.tolist(), answer.number.tolist(), strict=True)) == wanted
    assert (10, 0) in searched.find(known[0].tobytes(), 0)
    absent = known[0].tobytes()[:-1] + bytes([known[0, -1] ^ 1])
    if absent not in {row.tobytes() for row in known}:
        assert searched.find(absent, 0) == []


def test_a_value_found_across_two_rows_is_no_match(tmp_path):
    """The bytes of two neighbours may hold a third value between them."""
    known = np.zeros((2, 16), np.uint8)
    known[0, 8:] = 1
    known[1, :8] = 2
    between = b"\x01" * 8 + b"\x02" * 8
    searched = part(tmp_path, MD5, known)
    assert searched.find(between, 0) == []
    assert searched.find(bytes(known[0]), 0) == [(10, 0)]


def test_keys_sort_as_their_bytes_do():
    rows = values(200, SHA1)
    by_bytes = sorted(range(200), key=lambda i: rows[i].tobytes())
    assert np.argsort(exact.leading(rows)).tolist() == by_bytes
