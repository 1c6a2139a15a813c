"""Sound that is kept is heard whole by whoever begins to listen, and holes are told."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from tests.builders_sound import clip_with_sound, melody

from breakwater.fingerprint import audio
from breakwater.media import ear
from breakwater.media.ear import Ear, Heard

SECONDS = 8.0


@pytest.fixture(scope="module")
def packets() -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(clip_with_sound(melody(3, SECONDS)))) as film:
        track = film.streams.audio[0]
        return [
            (float(one.pts * one.time_base), bytes(one))
            for one in film.demux(track)
            if one.size and one.pts is not None
        ]


def listener() -> Ear:
    film = av.open(io.BytesIO(clip_with_sound(melody(3, 1.0))))
    return Ear(film.streams.audio[0].codec_context, audio.RATE)


def all_of(one: Ear, most: int = 50) -> list[Heard]:
    found = []
    while (heard := one.hear(most)) is not None:
        found.append(heard)
    return found


def test_who_begins_to_listen_hears_what_was_sent_before(
    packets: list[tuple[float, bytes]],
) -> None:
    one = listener()
    for time_s, body in packets:
        one.keep(body, 100 + time_s)
    assert one.hear(50) is None, "nobody listens, nothing is decoded"
    one.listen(on=True)
    found = all_of(one)
    assert [heard.anew for heard in found] == [True] + [False] * (len(found) - 1)
    assert found[0].time_s == pytest.approx(100, abs=0.1)
    assert sum(len(heard.samples) for heard in found) / audio.RATE == pytest.approx(
        SECONDS, abs=0.2
    )
    assert not one.behind
    one.listen(on=False)
    one.keep(*reversed(packets[0]))
    assert one.hear(50) is None


def test_a_hole_in_the_clock_begins_anew(packets: list[tuple[float, bytes]]) -> None:
    one = listener()
    half = len(packets) // 2
    for number, (time_s, body) in enumerate(packets):
        one.keep(body, time_s + (3.0 if number >= half else 0.0))
    one.listen(on=True)
    found = all_of(one, 10_000)
    assert [heard.anew for heard in found] == [True, True]
    assert found[1].time_s == pytest.approx(packets[half][0] + 3.0, abs=0.1)


def test_what_is_old_or_too_much_is_let_go(
    packets: list[tuple[float, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear, "KEPT_S", 2.0)
    one = listener()
    one.listen(on=True)
    for time_s, body in packets:
        one.keep(body, time_s)
    heard = all_of(one, 10_000)
    assert sum(len(part.samples) for part in heard) / audio.RATE == pytest.approx(2.0, abs=0.3)
    monkeypatch.setattr(ear, "KEPT_BYTES", 1000)
    one.keep(b"x" * 900, SECONDS)
    assert one._size <= 1000


def test_damaged_packets_are_skipped(packets: list[tuple[float, bytes]]) -> None:
    one = listener()
    for number, (time_s, body) in enumerate(packets):
        one.keep(np.random.default_rng(number).bytes(64) if number % 9 == 4 else body, time_s)
    one.listen(on=True)
    assert len(np.concatenate([heard.samples for heard in all_of(one)])) > 4 * audio.RATE
    assert one.bad > 0
