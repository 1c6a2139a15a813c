"""Property S1: hostile media never crash the parent, never take over 6 s, never escape.

Whatever Pillow can decode by itself is valid and must not be rejected. A failure that is our
fault on hostile bytes would hide behind an alarm that nobody believes, so there must be none.
"""

import io
import random
import tarfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from breakwater.media import golden, image
from breakwater.media.sandbox import JailPool
from breakwater.model.media import Fault, MediaLimits, Undecodable
from breakwater.model.signal import Fingerprints

HOSTILE = Path(__file__).parent.parent / "data" / "hostile"
LIMITS = MediaLimits()


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool() as jail:
        yield jail


def corpus() -> list[tuple[str, bytes]]:
    files = []
    for archive in sorted(HOSTILE.glob("*.tar.gz")):
        with tarfile.open(archive) as tar:
            for member in tar:
                data = tar.extractfile(member)
                if data is not None:
                    files.append((member.name, data.read()))
    return files


def test_the_whole_corpus_goes_through_the_jail(pool: JailPool) -> None:
    files = corpus()
    assert len(files) >= 1300

    def one(file: tuple[str, bytes]) -> tuple[str, bytes, Fingerprints | Undecodable, float]:
        started = time.monotonic()
        outcome = pool.fingerprint(io.BytesIO(file[1]), declared="", limits=LIMITS, lane="h")
        return *file, outcome, time.monotonic() - started

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(one, files))
    assert len(found) == len(files)
    assert [name for name, _, _, took in found if took > 6] == []
    assert {
        name: outcome
        for name, _, outcome, _ in found
        if isinstance(outcome, Undecodable) and outcome.fault is Fault.OUR_FAULT
    } == {}
    rejected = [(n, d, o) for n, d, o, _ in found if isinstance(o, Undecodable)]
    assert len(found) - len(rejected) > 300, "odd but valid files are decoded"
    assert {name: o for name, data, o in rejected if o.type and pillow_decodes(data, o)} == {}
    assert {name: o for name, _, o in rejected if "tests_valid" in name} == {}


def pillow_decodes(data: bytes, outcome: Undecodable) -> bool:
    """Whether Pillow alone gets every frame out of it: a second opinion on "valid"."""
    image.prepare()
    form = image.FORMATS.get(outcome.type) if outcome.type else None
    if form is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=(form,)) as whole:
                for frame in ImageSequence.Iterator(whole):
                    frame.load()
    except Exception:  # noqa: BLE001 - hostile files make Pillow raise nearly anything
        return False
    return True


GOLDEN = {one.name: one.open().read() for one in golden.files()}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(GOLDEN)), st.data())
def test_damaged_golden_files_are_answered(pool: JailPool, name: str, data: st.DataObject) -> None:
    whole = bytearray(GOLDEN[name])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    damaged = bytes(whole[:cut] if data.draw(st.booleans()) else whole)
    outcome = pool.fingerprint(io.BytesIO(damaged), declared="", limits=LIMITS, lane="f")
    if isinstance(outcome, Undecodable):
        assert outcome.fault is Fault.BAD_MEDIA, outcome


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_mutations_are_answered(pool: JailPool, seed: int) -> None:
    """Bytes, lengths, cuts and repeats of every codec; a failure prints its seed and number."""
    rng = random.Random(seed)
    seeds = [*GOLDEN.values(), *(data for _, data in corpus() if data)]

    def mutated(number: int) -> tuple[int, bytes]:
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 2, 4, 16, 64))):
            at = rng.randrange(len(data))
            kind = rng.random()
            if kind < 0.6:
                data[at] = rng.randrange(256)
            elif kind < 0.8:
                data[at : at + 4] = rng.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
            elif kind < 0.9 and len(data) > 100:
                del data[at : at + rng.randrange(1, 50)]
            else:
                data[at:at] = data[at : at + rng.randrange(1, 200)]
        return number, bytes(data)

    def ask(case: tuple[int, bytes]) -> tuple[int, Fingerprints | Undecodable, float]:
        started = time.monotonic()
        source = io.BytesIO(case[1])
        outcome = pool.fingerprint(source, declared="", limits=LIMITS, lane="m")
        return case[0], outcome, time.monotonic() - started

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(ask, map(mutated, range(2500))))
    assert [number for number, _, took in found if took > 6] == []
    assert {
        number: outcome
        for number, outcome, _ in found
        if isinstance(outcome, Undecodable) and outcome.fault is Fault.OUR_FAULT
    } == {}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted({data[:16] for data in GOLDEN.values()})),
    st.binary(max_size=400),
)
def test_noise_behind_a_true_magic_is_answered(pool: JailPool, magic: bytes, noise: bytes) -> None:
    outcome = pool.fingerprint(io.BytesIO(magic + noise), declared="", limits=LIMITS, lane="n")
    if isinstance(outcome, Undecodable):
        assert outcome.fault is Fault.BAD_MEDIA, outcome
