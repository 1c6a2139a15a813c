"""The same sound in two media is a lead that says so; music that many share is hardly one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_sound import RATE, melody

from breakwater.fingerprint import audio
from breakwater.linking.finding.sounds import COMMON, CROWD, FEW, SoundFinder, chosen
from breakwater.model.link import LinkKind
from breakwater.model.link_signals import LinkSignals
from breakwater.records.link_edges import SURE

pytestmark = pytest.mark.skipif(not audio.version(), reason="libchromaprint1 is not installed")


def heard(samples: NDArray[np.int16]) -> LinkSignals:
    return LinkSignals(sound=audio.print_of(iter([samples])), seconds=len(samples) / RATE)


class Shelf:
    def __init__(self) -> None:
        self.kept: dict[int, LinkSignals] = {}
        self.finder = SoundFinder(read=self.kept.get)

    def keep(self, signals: LinkSignals) -> None:
        number = len(self.kept) + 1
        self.kept[number] = signals
        self.finder.learn(SimpleNamespace(number=number), signals)

    def find(self, signals: LinkSignals, number: int = 99) -> list:
        return list(self.finder.find(SimpleNamespace(number=number), signals))


@pytest.fixture
def shelf() -> Shelf:
    made = Shelf()
    for seed in range(1, 9):
        made.keep(heard(melody(seed, 30.0)))
    return made


def noisy(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    noise = np.random.default_rng(5).normal(0, 800, len(samples))
    return (samples + noise).clip(-32768, 32767).astype(np.int16)


def test_the_same_sound_in_another_clip_is_a_lead_with_its_place(shelf) -> None:
    song = np.concatenate([melody(77, 9.0), noisy(melody(3, 30.0))[6 * RATE :], melody(78, 5.0)])
    (found,) = shelf.find(heard(song))
    assert (found.a, found.b, found.kind) == (3, 99, LinkKind.SOUND)
    assert COMMON < found.score < SURE, "sound alone never joins"
    told = found.evidence["sound"]
    assert told["b_s"] - told["a_s"] == pytest.approx(3.0, abs=0.5), "9 s before, 6 s cut off"
    assert told["seconds"] > 15
    assert not found.evidence["common"]
    assert 60 < len(told["a_wave"]) <= 120
    length = min(len(told["a_wave"]), len(told["b_wave"]))
    one, other = np.array(told["a_wave"][:length]), np.array(told["b_wave"][:length])
    alike, turned_round = (np.corrcoef(one, two)[0, 1] for two in (other, other[::-1]))
    assert alike > turned_round + 0.3, "one stretch, so one waveform"
    (turned,) = shelf.find(heard(song), number=0)
    assert turned.evidence["sound"]["a_s"] == told["b_s"]
    assert turned.evidence["sound"]["a_wave"] == told["b_wave"]


def test_other_sounds_share_nothing(shelf) -> None:
    for seed in range(100, 120):
        assert shelf.find(heard(melody(seed, 30.0))) == []


def test_a_song_that_many_share_is_common_and_one_of_a_crowd_says_nothing(shelf) -> None:
    for count in range(CROWD + 1):
        found = shelf.find(heard(noisy(melody(500, 20.0))))
        assert len(found) == count
        assert all(one.evidence["common"] == (count >= FEW) for one in found)
        assert all((one.score == COMMON) == (count >= FEW) for one in found)
        shelf.keep(heard(melody(500, 20.0)))
    assert shelf.find(heard(melody(500, 20.0))) == []


def test_silence_hum_and_a_jingle_are_no_lead(shelf) -> None:
    time = np.arange(30 * RATE) / RATE
    hum = (np.sin(2 * np.pi * 50 * time) * 9000).astype(np.int16)
    for sound in (np.zeros(30 * RATE, np.int16), hum):
        shelf.keep(heard(sound))
        assert shelf.find(heard(sound)) == []
    jingle = melody(900, 6.0)
    shelf.keep(heard(np.concatenate([jingle, melody(901, 20.0)])))
    assert shelf.find(heard(np.concatenate([jingle, melody(902, 20.0)]))) == []


def test_what_is_gone_is_found_no_more(shelf) -> None:
    same = heard(melody(3, 30.0))
    assert [one.a for one in shelf.find(same)] == [3]
    shelf.finder.forget(3)
    shelf.finder.forget(3)
    assert not shelf.finder.knows(3)
    assert shelf.find(same) == []
    assert [one.a for one in shelf.find(heard(melody(4, 30.0)))] == [4]


def test_the_same_items_are_chosen_wherever_a_sound_runs() -> None:
    whole, part = heard(melody(3, 30.0)).sound, heard(melody(3, 30.0)[: 20 * RATE]).sound
    assert whole is not None
    assert part is not None
    assert set(chosen(part)[0][:-8].tolist()) <= set(chosen(whole)[0].tolist())
