"""What finders learnt comes back after a start, sealed, without what is gone, and never damaged."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.linking.finding import sealed
from breakwater.linking.finding.copies import CopyFinder
from breakwater.linking.finding.sealed import LEAST, SealedArrays
from breakwater.linking.finding.sounds import SoundFinder
from breakwater.model.clock import SystemClock
from breakwater.model.ids import new_id
from breakwater.model.link import Medium, MediumState, Origin
from breakwater.model.link_signals import LinkSignals
from breakwater.model.scene import SoundPrint
from tests.builders_signals import hashed

pytestmark = [
    pytest.mark.usefixtures("keyring"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
MEDIA = LEAST + 6


def medium(number: int) -> Medium:
    at = SystemClock().now()
    return Medium(number, new_id(), Origin.EXHIBIT, new_id(), MediumState.LOOKED, "", "", at)


def signals(number: int) -> LinkSignals:
    chance = np.random.default_rng(number)
    sound = SoundPrint(chance.integers(0, 1 << 32, 300, dtype=np.uint32), 0.0, 0.124)
    return LinkSignals(prints=((0.0, chance.bytes(32), 90),), sound=sound, seconds=37.0)


class House:
    """Both finders with their files."""

    def __init__(self, folder, keys) -> None:
        self.folder, self.keys = folder, keys
        self.start()

    def start(self) -> None:
        """As a process that begins."""
        self.files = [SealedArrays(self.folder / name, self.keys) for name in ("copies", "sounds")]
        self.finders = (
            CopyFinder(read=signals, written=self.files[0]),
            SoundFinder(read=signals, written=self.files[1]),
        )

    def learn(self, *numbers: int) -> None:
        for number in numbers:
            for finder in self.finders:
                finder.learn(medium(number), signals(number))

    def save(self) -> None:
        for finder in self.finders:
            finder.save()

    def knows(self) -> list[list[int]]:
        every = range(MEDIA + 2)
        return [[n for n in every if finder.knows(n)] for finder in self.finders]

    def near(self, number: int) -> list[list[int]]:
        """Who is a candidate for what shows and sounds as a medium does."""
        mine = signals(number)
        found = self.finders[0]._prints.near([mine.prints[0][1]], but=0)
        self.finders[1]._settle()
        return [[n for n, _ in found], [n for n, _ in self.finders[1]._near(0, mine.sound)]]


@pytest.fixture
def house(tmp_path, database) -> House:
    return House(tmp_path / "places", database.keys)


def test_after_a_start_all_is_known_and_found_and_more_is_learnt(house) -> None:
    house.learn(*range(MEDIA))
    house.save()
    house.start()
    assert house.knows() == [list(range(MEDIA))] * 2
    assert house.near(5) == [[5], [5]]
    house.learn(MEDIA)
    assert house.near(MEDIA) == [[MEDIA], [MEDIA]]
    assert house.near(5) == [[5], [5]]


def test_few_new_ones_are_not_worth_writing_everything(house) -> None:
    house.learn(*range(LEAST - 1))
    house.save()
    assert not house.folder.exists()
    house.learn(LEAST)
    house.save()
    assert sorted(one.name for one in house.folder.iterdir()) == ["copies", "sounds"]


def test_what_is_gone_leaves_the_file_at_once(house) -> None:
    house.learn(*range(MEDIA))
    house.save()
    for finder in house.finders:
        finder.forget(5)
        finder.forget(MEDIA + 900)
    house.save()
    house.start()
    assert house.knows() == [[n for n in range(MEDIA) if n != 5]] * 2
    assert house.near(5) == [[], []]


def test_nothing_lies_in_clear(house) -> None:
    house.learn(*range(MEDIA))
    house.save()
    copies, sounds = (
        path.read_bytes() for path in (house.folder / "copies", house.folder / "sounds")
    )
    assert signals(5).prints[0][1] not in copies
    assert b"owners" not in copies + sounds
    item = np.sort(house.finders[1]._items)[:4].tobytes()
    assert item not in sounds
    assert (house.folder / "copies").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["cut", "bit", "more", "empty", "other", "pieces", "swapped"])
def test_what_is_damaged_is_learnt_anew_and_never_taken(house, monkeypatch, damage) -> None:
    monkeypatch.setattr(sealed, "PIECE", 1024)
    house.learn(*range(MEDIA))
    house.save()
    paths = [house.folder / name for name in ("copies", "sounds")]
    bodies = [path.read_bytes() for path in paths]
    if damage == "other":
        bodies.reverse()
    for path, body in zip(paths, bodies, strict=True):
        spoilt = {
            "cut": body[:-1], "more": body + b"x", "empty": b"", "other": body,
            "bit": body[:300] + bytes([body[300] ^ 1]) + body[301:],
            "pieces": b"".join(parts(body)[:-1]),
            "swapped": b"".join([*parts(body)[:1], *parts(body)[2:0:-1], *parts(body)[3:]]),
        }[damage]  # fmt: skip
        path.write_bytes(spoilt)
    house.start()
    assert house.knows() == [[], []]
    house.learn(*range(MEDIA))
    house.save()
    house.start()
    assert house.near(5) == [[5], [5]]


def parts(body: bytes) -> list[bytes]:
    """Its sealed pieces with their lengths."""
    found, at = [], 0
    while at < len(body):
        size = 4 + int.from_bytes(body[at : at + 4], "little")
        found.append(body[at : at + size])
        at += size
    return found


def test_a_look_that_is_made_again_takes_the_place_of_the_one_before(house) -> None:
    house.learn(*range(MEDIA))
    house.save()
    other = LinkSignals(prints=(hashed(7),), seconds=1.0)
    for finder in house.finders:
        finder.learn(medium(5), other)
    assert house.near(5) == [[], []]
