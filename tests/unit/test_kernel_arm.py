"""The kernel's loops answer as brute force, pdqhash and libjpeg-turbo do on ARM too, emulated.

`kernel_other.c` is the driver. Without a cross compiler (`apt-get install gcc-aarch64-linux-gnu
qemu-user`) only this host's own build of it runs, with the compiler's checks of every access.
"""

import ast
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from tests.builders_jpeg import damages, decoded, greedy, jpegs

from breakwater import kernel

ROOT = Path(__file__).parents[2]
KERNEL = ROOT / "src" / "breakwater" / "kernel"
DRIVER = Path(__file__).with_name("kernel_other.c")
CHECKS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
HOSTS = {
    "here": (
        ["cc", *CHECKS],
        [],
        [one for one in ("portable", "avx2") if one in kernel.variants()],
    ),
    "aarch64": (["aarch64-linux-gnu-gcc", "-static"], ["qemu-aarch64"], ["portable", "neon"]),
}
SIZES = [
    *((4, 9, 3), (5, 5, 3), (5, 700, 3), (700, 5, 1), (63, 65, 3), (64, 64, 3), (64, 65, 1)),
    *((97, 101, 3), (96, 96, 3), (129, 127, 3), (191, 193, 1), (17, 1021, 3), (421, 419, 3)),
    *((640, 480, 3), (333, 1200, 3), (768, 1024, 1)),
]


class Found:
    """What the driver said: lines by task, variant and way."""

    def __init__(self, said, variants):
        self.variants = variants
        self.lines = {}
        for line in said.splitlines():
            task, variant, way, *rest = line.split(" ")
            self.lines[int(task), variant, way] = rest

    def hits(self, task, variant, way):
        hits = [tuple(map(int, hit.split(":"))) for hit in self.lines[task, variant, way]]
        assert len(set(hits)) == len(hits), "a row was found twice"
        return hits


@pytest.fixture(scope="module", params=HOSTS)
def host(request, tmp_path_factory):
    """Compiles the driver with the flags of setup.py; answers a function from tasks to findings."""
    compiler, runner, variants = HOSTS[request.param]
    for program in (compiler[0], *runner):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here")
    flags = re.search(r"extra_compile_args=(\[.*?\])", (ROOT / "setup.py").read_text())
    sources = [path for part in ("ring", "pdq", "jpeg") for path in KERNEL.glob(f"{part}*.c")]
    sources = [path for path in sources if not path.stem.endswith(("_object", "_avx512"))]
    program = tmp_path_factory.mktemp("driver") / "driver"
    command = [*compiler, *ast.literal_eval(flags[1]), "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*command, f"-I{KERNEL}", DRIVER, *sources, "-lm", "-o", program], check=True)

    def ask(*tasks):
        done = subprocess.run(
            [*runner, program], input=b"".join(tasks), capture_output=True, check=False,
            env={"ASAN_OPTIONS": "detect_leaks=0"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return Found(done.stdout.decode(), variants)

    return ask


def ring_task(
    codes, queries, radius, *, verify=None, limit=-1, later=False, most=0, deleted=None
):  # fmt: skip
    bands = codes.shape[1] // 2
    head = struct.pack("=8i", bands, len(codes), len(queries), radius, limit, later, most,
                       deleted is not None)  # fmt: skip
    parts = [codes, queries, *(verify or ())]
    if deleted is not None:
        parts.append(np.packbits(deleted, bitorder="little"))
    return b"R" + head + b"".join(part.tobytes() for part in parts)


def apart(queries, codes):
    return np.bitwise_count(queries[:, None] ^ codes[None]).sum(axis=2)


def near(distances, radius):
    return sorted((q, r, int(distances[q, r])) for q, r in np.argwhere(distances <= radius))


def crowd(random, rows, width):
    """Uniform rows, and clusters around a few of them at every small distance."""
    codes = random.integers(0, 256, (rows, width // 8), dtype=np.uint8)
    for row in range(rows // 3, rows):
        flips = random.choice(width, random.integers(0, 40), replace=False)
        bits = np.unpackbits(codes[row % 11])
        bits[flips] ^= 1
        codes[row] = np.packbits(bits)
    return codes


@pytest.mark.parametrize("width", [256, 64])
def test_the_ring_is_exact_at_every_radius(host, width):
    random = np.random.default_rng(width)
    codes = crowd(random, 1500, width)
    queries = np.concatenate([codes[:60], random.integers(0, 256, (20, width // 8), np.uint8)])
    distances = apart(queries, codes)
    radii = range(32) if width == 256 else range(12)
    found = host(*(ring_task(codes, queries, radius) for radius in radii))
    for task, radius in enumerate(radii):
        wanted = near(distances, radius)
        for variant in found.variants:
            for way in ("one", "many", "scan"):
                hits = found.hits(task, variant, way)
                assert sorted(hits) == wanted, (variant, way, radius)


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 65])
def test_small_and_doubled_lists_are_read_to_their_end_and_no_further(host, rows):
    random = np.random.default_rng(rows)
    one = random.integers(0, 256, (1, 32), dtype=np.uint8)
    codes = np.repeat(one, rows, axis=0)
    gone = random.integers(0, 2, rows)
    found = host(
        ring_task(codes, one, 31),
        ring_task(codes, one, 31, deleted=gone),
        ring_task(codes, codes, 31, later=True),
        ring_task(codes, one, 31, most=1),
    )
    for variant in found.variants:
        for way in ("one", "many"):
            assert len(found.hits(0, variant, way)) == rows
            left = [row for _, row, _ in found.hits(1, variant, way)]
            assert sorted(left) == np.flatnonzero(gone == 0).tolist()
        assert len(found.hits(2, variant, "many")) == rows * (rows - 1) // 2
        assert found.hits(3, variant, "first")


def test_a_second_check_and_a_first_hit_agree_with_brute_force(host):
    random = np.random.default_rng(9)
    keys, hashes = crowd(random, 900, 64), crowd(random, 900, 256)
    wanted = (apart(keys[:50], keys) <= 11) & (apart(hashes[:50], hashes) <= 90)
    codes, queries = crowd(random, 900, 256), crowd(random, 50, 256)
    found = host(
        ring_task(keys, keys[:50], 11, verify=(hashes, hashes[:50]), limit=90),
        ring_task(codes, queries, 31, most=1),
    )
    some = (apart(queries, codes) <= 31).any(axis=1)
    for variant in found.variants:
        for way in ("one", "many"):
            rows = sorted((q, r) for q, r, _ in found.hits(0, variant, way))
            assert rows == [tuple(pair) for pair in np.argwhere(wanted)]
        met = {q for q, _, _ in found.hits(1, variant, "first")}
        assert met == set(np.flatnonzero(some).tolist())


def picture_task(pixels):
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return b"P" + struct.pack("=3i", *pixels.shape[:2], channels) + pixels.tobytes()


def drawings():
    random = np.random.default_rng(4)
    for rows, columns, channels in SIZES:
        y, x = np.mgrid[:rows, :columns]
        soft = 128 + 90 * np.sin(x / 23 + 1) * np.cos(y / 31)
        planes = [
            random.integers(0, 256, (rows, columns)), soft, np.full((rows, columns), 137),
            ((x // 7 + y // 5) % 2) * 255, np.where(x * rows > y * columns, 255, 0),
            (x * 255 // columns + y * 255 // rows) // 2,
        ]  # fmt: skip
        for plane in planes:
            grey = plane.astype(np.uint8)
            tint = np.array([1.0, 0.85, 0.6])
            yield grey if channels == 1 else (grey[..., None] * tint).astype(np.uint8)


def test_pictures_hash_bit_for_bit_as_pdqhash_does(host):
    pictures = list(drawings())
    found = host(*(picture_task(pixels) for pixels in pictures))
    for task, pixels in enumerate(pictures):
        rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        vector, quality = pdqhash.compute(rgb)
        turned, same = pdqhash.compute_dihedral(rgb)
        one = [str(quality), np.packbits(vector).tobytes().hex()]
        eight = [str(same), *(np.packbits(turn).tobytes().hex() for turn in turned)]
        for variant in found.variants:
            assert found.lines[task, variant, "pdq"] == one, (variant, pixels.shape)
            assert found.lines[task, variant, "eight"] == eight, (variant, pixels.shape)


def jpeg_task(data, *, grey):
    return b"J" + struct.pack("=2i", len(data), grey) + data


def test_jpeg_is_decoded_as_libjpeg_turbo_does_and_damage_is_never_read_past(host):
    files = list(jpegs())
    damaged = [bad for data, _ in files for bad in damages(data)]
    asked = [(data, grey) for data, _ in files for grey in (False, True)]
    asked += [(data, number % 3 == 0) for number, data in enumerate(damaged)]
    found = host(*(jpeg_task(data, grey=grey) for data, grey in asked))
    whole = 0
    for task, (data, grey) in enumerate(asked):
        for variant in found.variants:
            said = found.lines[task, variant, "jpeg"]
            assert said or task >= 2 * len(files), "a good file was not read"
            if said:
                pixels = decoded(data, grey=grey)
                assert pixels is not None, "read, though libjpeg-turbo warns"
                wanted = [*map(str, pixels.shape[:2]), str(zlib.adler32(pixels.tobytes()))]
                assert [*said[:2], said[3]] == wanted, (variant, task)
                whole += 1
    assert whole > 2 * len(files)


def test_an_mcu_of_the_longest_codes_is_not_read_past_its_slack(host):
    found = host(*(jpeg_task(greedy(), grey=grey) for grey in (False, True)))
    for task in range(2):
        for variant in found.variants:
            assert found.lines[task, variant, "jpeg"] == []
