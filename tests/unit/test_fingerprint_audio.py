"""A known sound is found again after coding, noise and cutting; other sounds are not."""

import os

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_sound import RATE, melody

from breakwater.fingerprint import audio
from breakwater.model.scene import SoundPrint

pytestmark = pytest.mark.skipif(
    not audio.version() and not os.environ.get("CI"), reason="libchromaprint1 is not installed"
)


def printed(samples: NDArray[np.int16]) -> SoundPrint:
    return audio.print_of(iter([samples]))


def mixed(samples: NDArray[np.int16], noise: float) -> NDArray[np.int16]:
    added = samples + np.random.default_rng(9).normal(0, noise, len(samples))
    return added.clip(-32768, 32767).astype(np.int16)


def narrow(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """As through a telephone: only some bands stay."""
    spectrum = np.fft.rfft(samples)
    pitch = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(pitch < 300) | (pitch > 3000)] = 0
    return np.fft.irfft(spectrum, len(samples)).clip(-32768, 32767).astype(np.int16)


def test_items_come_every_eighth_of_a_second() -> None:
    found = printed(melody(1, 30.0))
    assert found.step_s == pytest.approx(0.1238, abs=0.001)
    assert 27 <= len(found.items) * found.step_s <= 30


@pytest.mark.parametrize("change", ["same", "louder", "quieter", "noise", "telephone", "late"])
def test_a_known_sound_inside_another_is_found_in_its_place(change: str) -> None:
    known = melody(1, 20.0)
    part = known[5 * RATE : 15 * RATE]
    if change == "late":
        part = part[500:]
    part = {
        "louder": lambda s: (s * 2.0).clip(-32768, 32767).astype(np.int16),
        "quieter": lambda s: (s * 0.2).astype(np.int16),
        "noise": lambda s: mixed(s, 400),
        "telephone": narrow,
    }.get(change, lambda s: s)(part)
    query = np.concatenate([melody(2, 8.0), part, melody(3, 8.0)])
    found = audio.find(printed(query), printed(known))
    assert found is not None
    assert found.error_rate < audio.ERROR_RATE
    assert found.start_s - found.reference_start_s == pytest.approx(3.0, abs=0.4)
    assert 5 <= found.seconds <= 13
    near = audio.find(printed(query), printed(known), offset_s=3.0)
    assert near is not None
    assert near.start_s == found.start_s
    assert audio.find(printed(query), printed(known), offset_s=9.0) is None


def test_other_sounds_are_not_found() -> None:
    found = [printed(melody(seed, 20.0)) for seed in range(12)]
    pairs = [audio.find(one, other) for i, one in enumerate(found) for other in found[:i]]
    assert [one for one in pairs if one] == []


def test_silence_and_hum_match_nothing() -> None:
    silence = np.zeros(15 * RATE, np.int16)
    hum = (3000 * np.sin(2 * np.pi * 50 * np.arange(15 * RATE) / RATE)).astype(np.int16)
    for one in (silence, hum):
        assert audio.find(printed(one), printed(one)) is None


def test_heard_in_pieces_it_is_the_same_sound() -> None:
    samples = melody(4, 20.0)
    ring = audio.Ring(seconds=300)
    with audio.Listener() as listener:
        for start in range(0, len(samples), 1700):
            ring.add(listener.feed(samples[start : start + 1700]))
        ring.add(listener.finish())
    whole, kept = printed(samples), ring.sound()
    assert np.array_equal(whole.items, kept.items)
    assert kept.start_s == 0


def test_the_ring_keeps_its_seconds() -> None:
    ring = audio.Ring(seconds=10)
    with audio.Listener() as listener:
        for _ in range(30):
            ring.add(listener.feed(melody(5, 1.0)))
    kept = ring.sound()
    assert 8 <= len(kept.items) * kept.step_s <= 12
    assert kept.start_s > 15
    found = audio.find(kept, kept)
    assert found is not None
    assert found.start_s == pytest.approx(kept.start_s)


def test_a_faster_copy_is_found_at_its_speed() -> None:
    known = printed(melody(6, 30.0))
    places = (np.arange(int(len(known.items) * 0.8)) / 0.8).astype(int)
    faster = SoundPrint(known.items[places], 0.0, known.step_s)
    found = audio.find(faster, known, speed=0.8)
    assert found is not None
    assert found.error_rate < 0.1


def test_the_waveform_is_the_loudest_of_each_step() -> None:
    samples = np.zeros(10 * RATE, np.int16)
    samples[2 * RATE : 4 * RATE : 50] = -32768
    samples[6 * RATE :: 50] = 12800
    pieces = audio.print_of(iter(np.array_split(samples, 37)))
    assert pieces.levels == printed(samples).levels
    assert len(pieces.levels) == len(pieces.items)
    at = [pieces.levels[int(second / pieces.step_s)] for second in (1, 3, 5, 7)]
    assert at == [0, 255, 0, 100]
    assert pieces.wave(2.5, 1.0, most=4) == [255] * 4
    assert pieces.wave(100.0, 5.0) == []
    assert SoundPrint(pieces.items, 0.0, pieces.step_s).wave(0.0, 5.0) == [], "not measured"
