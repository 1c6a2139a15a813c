"""Inside the child: frames of two minutes, key points of some, stills, and sound as it comes."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest
from tests.builders_scene import scene
from tests.builders_sound import clip_with_sound, melody

from breakwater.fingerprint import audio
from breakwater.live.watching import lookwire
from breakwater.live.watching.childwire import Message
from breakwater.media.ear import Ear
from breakwater.media.wire import Answer, BadAnswer
from breakwater.recognition import watch_look
from breakwater.scenes import local


def message(made: Answer | None) -> Message:
    assert made is not None
    return Message(str(made.header["t"]), made.header, made.block)


def shown(count: int, every_s: float = 2.0) -> watch_look.Shown:
    one = watch_look.Shown()
    for number in range(count):
        one.keep(scene(number), number * every_s)
    return one


def test_key_points_are_those_of_the_nearest_frame() -> None:
    one = shown(4)
    one.ask(7, [0.3, 100.0, 5.9])
    answers = [one.answer() for _ in range(3)]
    made = next(answer for answer in answers if answer is not None)
    assert answers[0] is None, "one frame's work at a time"
    number, points = lookwire.looked(message(made))
    assert number == 7
    assert [(p.time_s, len(p) > 0) for p in points] == [(0.0, True), (100.0, False), (6.0, True)]
    assert local.same(points[0], local.extract(scene(0))).score >= local.SAME
    assert local.same(points[2], local.extract(scene(0))).score < local.SAME
    assert one.answer() is None


def test_stills_are_small_grey_and_each_is_there_once() -> None:
    one = shown(3)
    found = lookwire.shots(message(one.pictures([0.1, 0.2, 2.0, 90.0])))
    assert [time_s for time_s, _ in found] == [0.0, 2.0]
    grey = watch_look.unpacked(found[0][1])
    assert grey.shape == scene(0).shape
    assert np.abs(grey.astype(int) - scene(0)).mean() < 6
    large = np.zeros((1080, 1920), np.uint8)
    assert max(watch_look.unpacked(watch_look.packed(large)).shape) <= 2 * local.SIDE


def test_many_frames_a_second_become_one_a_second_and_the_last_ones_stay() -> None:
    one = watch_look.Shown()
    grey = np.zeros((36, 64), np.uint8)
    for number in range(8 * 60):
        one.keep(grey, number / 8)
    times = [time_s for time_s, _ in one._frames]
    assert times[0] == 0.0
    assert len(times) <= watch_look.FRAMES
    old = np.diff([at for at in times if at < 60 - watch_look.FRESH_S - 1])
    assert old.min() >= 0.4
    assert old.max() <= 1.0
    assert np.diff([at for at in times if at > 57]).max() == pytest.approx(1 / 8)


def test_sound_is_told_in_pieces_that_go_on() -> None:
    if not audio.version():
        pytest.skip("libchromaprint1 is not installed")
    film = av.open(io.BytesIO(clip_with_sound(melody(5, 12.0))))
    track: Any = film.streams.audio[0]
    ear = Ear(track.codec_context, audio.RATE)
    sound = watch_look.Sound(ear)
    sound.listen(on=True)
    ring = audio.Ring()
    told = []
    for packet in film.demux(track):
        if packet.size:
            ear.keep(bytes(packet), 40 + float(packet.pts * packet.time_base))
            made = sound.answer()
            if made is not None:
                heard, anew = lookwire.sound(message(made))
                told.append(anew)
                ring.add(heard)
    assert told[0] is True
    assert not any(told[1:])
    whole = audio.print_of(iter([melody(5, 12.0)]))
    match = audio.find(ring.sound(), whole, offset_s=40.0)
    assert match is not None
    assert match.seconds > 6
    assert audio.find(ring.sound(), whole, offset_s=44.0) is None
    sound.listen(on=False)
    assert not sound.behind


@pytest.mark.parametrize(
    ("kind", "fields", "block"),
    [
        ("looked", {"keypoints": []}, b""),
        ("looked", {"n": "7", "keypoints": []}, b""),
        ("looked", {"n": 7, "keypoints": [[0.0, 64, 36, 3]]}, b"short"),
        ("shots", {"times": [0.0], "sizes": []}, b""),
        ("shots", {"times": [0.0], "sizes": [4]}, b"RIFF"),
        ("shots", {"times": [float("nan")], "sizes": [3]}, b"\xff\xd8\xff"),
        ("shots", {"times": [0.0], "sizes": [10**9]}, b"\xff\xd8\xff"),
        ("shots", {"times": [0.0], "sizes": [3]}, b"\xff\xd8\xff!"),
        ("shots", {"times": [0.0] * 17, "sizes": [3] * 17}, b"\xff\xd8\xff" * 17),
        ("sound", {"start_s": 0.0, "step_s": 0.1}, b"abc"),
        ("sound", {"start_s": "x", "step_s": 0.1}, b"abcd"),
        ("sound", {"start_s": 0.0, "step_s": 0.1}, b"abcd" * 5000),
    ],
)
def test_what_a_child_spells_wrongly_is_refused(
    kind: str, fields: dict[str, Any], block: bytes
) -> None:
    read: Any = {"looked": lookwire.looked, "shots": lookwire.shots, "sound": lookwire.sound}[kind]
    with pytest.raises(BadAnswer):
        read(Message(kind, fields, block))
