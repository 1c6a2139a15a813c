"""Prints of a video's frames over the jail's socket, behind what else an answer holds.

The parent reads them as untrusted: `ReelPrints.parse` checks every size. Tests:
tests/unit/test_media_wire.py.
"""

from __future__ import annotations

from dataclasses import replace

from breakwater.errors import BadSignal
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.copies import ReelPrints

FIELD = "views"


def with_views(answer: Answer, views: ReelPrints) -> Answer:
    """The answer with prints at the end of its block."""
    packed = views.pack()
    return Answer({**answer.header, FIELD: len(packed)}, answer.block + packed)


def split_views(answer: Answer) -> tuple[Answer, ReelPrints | None]:
    """The answer without its prints, and they; None when it has none.

    Raises:
        BadAnswer: they are not well formed.
    """
    size = answer.header.get(FIELD)
    if size is None:
        return answer, None
    if type(size) is not int or not 0 < size <= len(answer.block):
        raise BadAnswer("The length of its views is out of range.")
    rest, packed = answer.block[:-size], answer.block[-size:]
    try:
        return replace(answer, block=rest), ReelPrints.parse(packed)
    except BadSignal as error:
        raise BadAnswer(error.detail) from None
