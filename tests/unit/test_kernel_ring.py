"""The ring index over plain buffers: mapped files, deletions, second checks, misuse."""

import subprocess
import sys

import numpy as np
import pytest

from breakwater import kernel
from breakwater.kernel.ring import ring_arrays


@pytest.fixture(params=kernel.variants())
def variant(request):
    before = kernel.variant()
    kernel.use(request.param)
    yield request.param
    kernel.use(before)


def codes_of(rows, width=256, seed=3):
    return np.random.default_rng(seed).integers(0, 256, (rows, width // 8), dtype=np.uint8)


def test_an_index_is_served_from_a_mapped_file(variant, tmp_path):
    codes = codes_of(500)
    path = tmp_path / "segment"
    parts = [codes, *ring_arrays(500, 256)]
    with path.open("wb") as file:
        file.truncate(sum(part.nbytes for part in parts))
    mapped, at = [], 0
    for part in parts:
        mapped.append(np.memmap(path, part.dtype, "r+", at, part.shape))
        at += part.nbytes
    mapped[0][:] = codes
    kernel.ring_build(mapped[0], 256, *mapped[1:])
    rows, distances = kernel.Ring(*mapped).search(codes[77], 31)
    assert (rows.tolist(), distances.tolist()) == ([77], [0])


def test_every_implementation_builds_the_same_bytes():
    codes = codes_of(2000)
    before = kernel.variant()
    built = []
    for name in kernel.variants():
        kernel.use(name)
        built.append([part.tobytes() for part in kernel.ring_build(codes, 256)])
    kernel.use(before)
    assert all(parts == built[0] for parts in built)


def test_a_deleted_row_is_no_longer_found(variant):
    codes = np.repeat(codes_of(1), 40, axis=0)
    gone = np.zeros(40, np.uint8)
    gone[[3, 17, 39]] = 1
    deleted = np.packbits(gone, bitorder="little")
    ring = kernel.Ring.build(codes)
    left = np.flatnonzero(gone == 0).tolist()
    assert ring.search(codes[0], 31, deleted=deleted)[0].tolist() == left
    assert ring.search_batch(codes[:1], 31, deleted=deleted)[1].tolist() == left
    many = ring.search_batch(np.repeat(codes[:1], 1025, axis=0), 31, deleted=deleted)
    assert many[1].tolist() == left * 1025
    assert ring.nearest(codes[0], 5, 31, deleted=deleted)[0].tolist() == left[:5]
    assert ring.first(codes[0], 31, deleted=deleted)[0] in left
    first, second, _ = ring.self_join(31, deleted=deleted)
    assert len(first) == 37 * 36 // 2
    assert not set(first.tolist() + second.tolist()) & {3, 17, 39}


def test_key_candidates_are_checked_on_the_whole_hash(variant):
    hashes = codes_of(300)
    hashes[200:] = hashes[:100]
    hashes[200:, 31] ^= 0x0F  # 4 bits of the lowest row
    hashes[250:] = np.packbits(1 - np.unpackbits(hashes[250:], axis=1), axis=1)
    keys = kernel.video_key(hashes)
    ring = kernel.Ring.build(keys, width=64, verify=hashes)
    for number in (0, 40, 60):
        expected = np.bitwise_count(hashes ^ hashes[number]).sum(axis=1)
        near_key = np.bitwise_count(keys ^ keys[number]).sum(axis=1) <= 11
        rows = np.flatnonzero(near_key & (expected <= 90))
        found = ring.search(keys[number], 11, verify=hashes[number], verify_limit=90)
        assert sorted(found[0].tolist()) == rows.tolist()
        assert found[1].tolist() == sorted(expected[rows].tolist())
    for times in (1, 11):  # few queries one by one, many bucket by bucket
        some = np.tile(keys[:100], (times, 1)), np.tile(hashes[:100], (times, 1))
        batch = ring.search_batch(some[0], 11, verify=some[1], verify_limit=90)
        assert (batch[0] % 100 == batch[1]).sum() == 100 * times
        assert (batch[0] % 100 + 200 == batch[1]).sum() == 50 * times


def test_first_finds_something_exactly_when_search_does(variant):
    codes = codes_of(3000)
    ring = kernel.Ring.build(codes)
    near = codes[5].copy()
    near[[0, 9, 20, 31]] ^= 0x81
    row, distance = ring.first(near, 31)
    assert (row, distance) == (5, 8)
    assert ring.first(near, 7) is None


def test_a_damaged_index_never_reads_outside_its_buffers(variant):
    codes = codes_of(400)
    off, key, ids = kernel.ring_build(codes, 256)
    ids[:] = 0xFFFFFFF0
    assert len(kernel.Ring(codes, off, key, ids).search(codes[0], 31)[0]) == 0
    off[3, 100] = 5000
    with pytest.raises(ValueError, match="bucket starts of band 3"):
        kernel.Ring(codes, off, key, ids)


def test_misuse_is_refused(variant):
    codes = codes_of(10)
    ring = kernel.Ring.build(codes)
    off, key, ids = kernel.ring_build(codes, 256)
    wrong = [
        lambda: kernel.ring_build(codes, 128),
        lambda: kernel.ring_build(codes, 256, off, key, ids[:, :9].copy()),
        lambda: kernel.ring_build(codes, 256, off),
        lambda: kernel.Ring(codes[:9].copy(), off, key, ids),
        lambda: kernel.Ring(codes, off, key, ids, verify=codes[:9].copy()),
        lambda: ring.search(codes[0], 48),
        lambda: ring.search(codes[0], -1),
        lambda: ring.search(codes[:2], 31),
        lambda: ring.search(codes[0][:31], 31),
        lambda: ring.search(codes[0], 31, deleted=np.zeros(1, np.uint8)),
        lambda: ring.search(codes[0], 31, verify=codes[0]),
        lambda: ring.nearest(codes[0], 0, 31),
        lambda: kernel.scan(codes, codes[0], 257),
    ]
    for call in wrong:
        with pytest.raises(ValueError, match=r"\w"):
            call()
    with pytest.raises(TypeError):
        kernel.Ring(codes, off, key.astype(np.uint32), ids)


def test_a_million_codes_are_searched_exactly(variant):
    codes = codes_of(1_000_000)
    queries = codes[[0, 999_999, 500_000]].copy()
    queries[1, ::3] ^= 1
    codes[7:900_000:100_000] = queries[0]
    codes[7:900_000:100_000, 5] ^= 0x3C
    ring = kernel.Ring.build(codes)
    for query in queries:
        apart = np.bitwise_count(codes.view(np.uint64) ^ query.view(np.uint64)).sum(axis=1)
        rows, distances = ring.search(query, 31)
        assert sorted(rows.tolist()) == np.flatnonzero(apart <= 31).tolist()
        assert distances.tolist() == sorted(apart[apart <= 31].tolist())


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        env={"PYTHONPATH": "src", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_chooses_the_variant():
    show = "from breakwater import kernel; print(kernel.variant())"
    for name in kernel.variants():
        assert run(show, BREAKWATER_KERNEL=name).stdout.strip() == name
    assert "no kernel variant" in run(show, BREAKWATER_KERNEL="abacus").stderr


def test_without_the_extension_the_twin_serves_and_says_so():
    code = (
        "import sys; sys.modules['breakwater.kernel._kernel'] = None\n"
        "from breakwater import kernel; print(kernel.variant(), kernel.variants())"
    )
    done = run(code)
    assert done.stdout.strip() == "twin ('twin',)"
    assert "compiled kernel is missing" in done.stderr
