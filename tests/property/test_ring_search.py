"""Every search equals brute force, in every variant, at every radius, for both widths."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater import kernel

pytestmark = pytest.mark.parametrize("variant", kernel.variants())
UNHURRIED = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
WIDTHS = {256: 31, 64: 15}


@pytest.fixture(autouse=True)
def _chosen(variant):
    before = kernel.variant()
    kernel.use(variant)
    yield
    kernel.use(before)


@st.composite
def collections(draw):
    """Codes that are spread evenly, clustered round a few centres, or repeated; and queries."""
    width = draw(st.sampled_from(sorted(WIDTHS)))
    rows = draw(st.sampled_from([0, 1, 2, 40, 400]))
    kind = draw(st.sampled_from(["uniform", "clustered", "duplicates", "zeros"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = random.integers(0, 256, (rows, width // 8), dtype=np.uint8)
    if kind == "zeros":
        codes[:] = 0
    elif kind != "uniform" and rows:
        codes = codes[random.integers(0, min(3, rows), rows)]
    if kind == "clustered":
        codes = flipped(codes, random, WIDTHS[width] // 2 + 2)
    queries = random.integers(0, 256, (3, width // 8), dtype=np.uint8)
    if rows:
        picked = codes[random.integers(0, rows, 5)]
        queries = np.concatenate([queries, picked, flipped(picked, random, WIDTHS[width])])
    return width, codes, queries


def flipped(codes, random, most):
    bits = np.unpackbits(codes, axis=1)
    for row in bits:
        row[random.integers(0, len(row), random.integers(0, most + 1))] ^= 1
    return np.packbits(bits, axis=1)


def brute(codes, query, radius):
    apart = np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int64)
    rows = np.flatnonzero(apart <= radius)
    rows = rows[np.lexsort((rows, apart[rows]))]
    return rows.tolist(), apart[rows].tolist()


MANY = 1025
"""Queries from which a compiled batch goes bucket by bucket instead of query by query."""


def lists(*arrays):
    return tuple(array.tolist() for array in arrays)


@UNHURRIED
@given(collections(), st.data())
def test_a_search_finds_exactly_what_brute_force_finds(variant, collection, data):
    width, codes, queries = collection
    ring = kernel.Ring.build(codes, width=width)
    radius = data.draw(st.integers(0, WIDTHS[width]))
    for query in queries:
        assert lists(*ring.search(query, radius)) == brute(codes, query, radius)
        assert lists(*kernel.scan(codes, query, radius, width=width)) == brute(codes, query, radius)


@UNHURRIED
@given(collections(), st.data())
def test_a_batch_finds_what_single_searches_find(variant, collection, data):
    width, codes, queries = collection
    ring = kernel.Ring.build(codes, width=width)
    radius = data.draw(st.integers(0, WIDTHS[width]))
    expected = [
        (number, *hit)
        for number, query in enumerate(queries)
        for hit in zip(*brute(codes, query, radius), strict=True)
    ]
    found = ring.search_batch(queries, radius)
    assert list(zip(*lists(*found), strict=True)) == expected
    if variant != "twin" and len(queries):
        many = ring.search_batch(np.resize(queries, (MANY, queries.shape[1])), radius)
        first = many[0] < len(queries)
        assert list(zip(*lists(*(column[first] for column in many)), strict=True)) == expected
        hits = np.bincount(many[0], minlength=MANY)
        assert hits.tolist() == np.resize(hits[: len(queries)], MANY).tolist()
    scanned = kernel.scan_many(codes, queries, radius, width=width)
    assert list(zip(*lists(*scanned), strict=True)) == expected


@UNHURRIED
@given(collections(), st.data())
def test_the_self_join_finds_each_pair_once(variant, collection, data):
    width, codes, _ = collection
    codes = codes[:120]
    radius = data.draw(st.integers(0, WIDTHS[width]))
    first, second, distances = kernel.Ring.build(codes, width=width).self_join(radius)
    apart = np.bitwise_count(codes[:, None] ^ codes[None]).sum(axis=2, dtype=np.int64)
    lower, upper = np.nonzero(np.triu(apart <= radius, 1))
    assert sorted(zip(*lists(first, second), strict=True)) == list(
        zip(*lists(lower, upper), strict=True)
    )
    assert distances.tolist() == apart[first, second].tolist()


@UNHURRIED
@given(collections(), st.integers(1, 60), st.data())
def test_the_nearest_are_the_first_of_all(variant, collection, k, data):
    width, codes, queries = collection
    ring = kernel.Ring.build(codes, width=width)
    radius = data.draw(st.integers(0, WIDTHS[width]))
    for query in queries:
        rows, distances = brute(codes, query, radius)
        assert lists(*ring.nearest(query, k, radius)) == (rows[:k], distances[:k])
        first = ring.first(query, radius)
        assert (first is None) == (not rows)
        assert first is None or first in set(zip(rows, distances, strict=True))


@pytest.mark.parametrize("width", sorted(WIDTHS))
def test_every_radius_is_exact_at_its_very_edge(variant, width):
    """One code at each distance: bits flipped singly, bunched in one band, and spread over all."""
    random = np.random.default_rng(width)
    query = random.integers(0, 2, width, dtype=np.uint8)
    orders = [
        np.arange(width),
        np.arange(width).reshape(-1, 16).T.ravel(),
        random.permutation(width),
    ]
    bits = np.repeat(query[None], 3 * width, axis=0)
    for number, row in enumerate(bits):
        row[orders[number % 3][: number // 3]] ^= 1
    codes = np.packbits(bits, axis=1)
    ring = kernel.Ring.build(codes, width=width)
    code = np.packbits(query)
    for radius in range(ring.most_radius + 1):
        assert lists(*ring.search(code, radius)) == brute(codes, code, radius)
        assert lists(*ring.search_batch(code[None], radius)[1:]) == brute(codes, code, radius)
