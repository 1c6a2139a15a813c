"""Views of a frame: every compiled variant gives the bits of the NumPy twin."""

import numpy as np
import pytest

from breakwater import kernel
from breakwater.kernel import twin

SIZES = [(1, 7), (50, 60), (135, 240), (137, 241), (360, 640)]


@pytest.fixture(params=kernel.variants())
def variant(request):
    before = kernel.variant()
    kernel.use(request.param)
    yield request.param
    kernel.use(before)


def blocks(rows, columns, seed=1):
    coarse = np.random.default_rng(seed).integers(0, 256, (rows // 8 + 1, columns // 8 + 1))
    return np.kron(coarse, np.ones((8, 8))).astype(np.uint8)[:rows, :columns].copy()


@pytest.mark.parametrize("size", SIZES)
def test_a_shrunken_part_equals_the_twin(variant, size):
    rows, columns = size
    picture = blocks(rows, columns)
    for box in ((0, rows, 0, columns), (rows // 5, rows, columns // 6, columns)):
        wanted = np.frombuffer(twin.shrink(picture, box, 135, 240), np.uint8).reshape(135, 240)
        np.testing.assert_array_equal(kernel.shrink(picture, box, 135, 240), wanted)


def test_a_shrunken_picture_holds_means(variant):
    picture = np.repeat(np.arange(4, dtype=np.uint8) * 10, 100).reshape(4, 100)
    assert kernel.shrink(picture, (0, 4, 0, 100), 2, 1).ravel().tolist() == [5, 25]


@pytest.mark.parametrize("size", SIZES)
def test_hashes_of_views_equal_the_twin(variant, size):
    picture = blocks(*size)
    random = np.random.default_rng(3)
    maps = (random.normal(size=(12, 6)) * 50 + 60).astype(np.float32)
    maps[::2, [1, 3]] = 0
    hashes, qualities = kernel.view_hashes(picture, maps)
    wanted = twin.view_hashes(picture, maps)
    assert (hashes.tobytes(), qualities.tobytes()) == wanted


def test_no_views_are_no_hashes(variant):
    hashes, qualities = kernel.view_hashes(blocks(20, 20), np.zeros((0, 6), np.float32))
    assert (hashes.shape, qualities.shape) == ((0, 32), (0,))


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 5), (0, 21, 0, 5), (-1, 5, 0, 5), (0, 5, 0, 99), (5, 2, 0, 5)]
)
def test_a_box_outside_is_refused(variant, box):
    with pytest.raises((ValueError, OverflowError)):
        kernel.shrink(blocks(20, 20), box, 4, 4)


@pytest.mark.parametrize("maps", [np.zeros((2, 5)), np.full((1, 6), np.nan), np.zeros(6)])
def test_maps_that_cannot_be_are_refused(variant, maps):
    with pytest.raises(ValueError, match="affines"):
        kernel.view_hashes(blocks(20, 20), maps.astype(np.float32))


def turned_over(maps):
    a, b, c, d, e, f = maps.T
    return np.stack([-a, b, c + a, -d, e, f + d], axis=1)


@pytest.mark.parametrize("size", SIZES)
def test_a_view_turned_over_is_hashed_by_its_signs_as_the_twin_does(variant, size):
    picture = blocks(*size)
    maps = (np.random.default_rng(4).normal(size=(7, 6)) * 50 + 60).astype(np.float32)
    maps[::2, [1, 3]] = 0
    both = np.concatenate([maps, turned_over(maps), turned_over(maps)[:2]]).astype(np.float32)
    hashes, qualities = kernel.view_hashes(picture, both)
    assert (hashes.tobytes(), qualities.tobytes()) == twin.view_hashes(picture, both)
    np.testing.assert_array_equal(hashes[7:9], hashes[14:])


def test_a_view_turned_over_is_what_its_own_map_shows(variant):
    """Alone it is sampled: the same hash but for what rounds otherwise."""
    picture = blocks(135, 240)
    maps = np.array([[240, 0, 0, 0, 135, 0], [190, 8, 20, -4, 110, 9]], np.float32)
    over = turned_over(maps).astype(np.float32)
    together, good = kernel.view_hashes(picture, np.concatenate([maps, over]))
    for at in (0, 1):
        alone, quality = kernel.view_hashes(picture, over[at : at + 1])
        assert int(np.bitwise_count(alone[0] ^ together[2 + at]).sum()) <= 2
        assert abs(int(quality[0]) - int(good[2 + at])) <= 1
    pixels = np.ascontiguousarray(picture[:, ::-1])
    mirrored, _ = kernel.view_hashes(pixels, maps[:1])
    assert int(np.bitwise_count(mirrored[0] ^ together[2]).sum()) <= 2
