"""What a jailed child says when it is looked at closer, read as untrusted input.

Key points, sound and stills of frames, as `recognition.watch_look` spells them; every field is
checked and sizes are capped (`childwire`). Tests: `tests/unit/test_watch_look.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.live.watching.childwire import Message
from breakwater.media.wire import Answer, BadAnswer
from breakwater.media.wire_scene import read_keypoints, read_sound
from breakwater.model.scene import Keypoints, SoundPrint

MOST_SHOTS: Final = 16
LARGEST: Final = 512 << 10
"""Bytes of one still: a grey JPEG of a thousand pixels a side has fewer."""

MOST_ITEMS: Final = 4096
_JPEG: Final = b"\xff\xd8\xff"


def looked(message: Message) -> tuple[int, tuple[Keypoints, ...]]:
    """Number of the question, and key points of a frame for each moment asked for.

    Raises:
        BadAnswer: it is not well formed.
    """
    number = message.fields.get("n")
    if type(number) is not int:
        raise BadAnswer("Its closer look answers no question.")
    return number, read_keypoints(Answer(message.fields, message.block))


def sound(message: Message) -> tuple[SoundPrint, bool]:
    """More items of the broadcast's sound, on the pull's clock; whether they begin anew.

    Raises:
        BadAnswer: it is not well formed.
    """
    if len(message.block) > 4 * MOST_ITEMS:
        raise BadAnswer("It has more sound than there is.")
    return read_sound(Answer(message.fields, message.block)), message.fields.get("anew") is True


def shots(message: Message) -> list[tuple[float, bytes]]:
    """Frames as JPEG with their seconds on the pull's clock.

    Raises:
        BadAnswer: it is not well formed.
    """
    times, sizes = message.fields.get("times"), message.fields.get("sizes")
    if not (isinstance(times, list) and isinstance(sizes, list) and len(times) == len(sizes)):
        raise BadAnswer("Its stills are not well formed.")
    if len(times) > MOST_SHOTS:
        raise BadAnswer("It has more stills than were asked for.")
    found, at = [], 0
    for time_s, size in zip(times, sizes, strict=True):
        if not isinstance(time_s, int | float) or not -1.0 <= time_s < 1e9:
            raise BadAnswer("A still is at no moment.")
        if type(size) is not int or not 0 < size <= LARGEST:
            raise BadAnswer("A still is larger than is taken.")
        picture = message.block[at : at + size]
        if len(picture) != size or not picture.startswith(_JPEG):
            raise BadAnswer("A still is no JPEG picture.")
        found.append((float(time_s), picture))
        at += size
    if at != len(message.block):
        raise BadAnswer("Its stills have bytes too many.")
    return found
