"""What links are sought by, as a jailed child answers it; the parent reads it as untrusted.

The block is `LinkSignals.pack`, whose `parse` checks every size and range; an animation's worth of
it stays far under the answer's 32 MB. Written by `recognition.task_links`, read by
`media.sandbox`. Tests: `tests/unit/test_link_signals.py`.
"""

from __future__ import annotations

from breakwater.errors import BadSignal
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.link_signals import LinkSignals


def write_signals(found: LinkSignals) -> Answer:
    """Spell what was read of a medium."""
    return Answer({}, found.pack())


def taken(answer: Answer, *_: object) -> LinkSignals:
    """Read and check it.

    Raises:
        BadAnswer: it is not well formed.
    """
    try:
        return LinkSignals.parse(answer.block)
    except BadSignal as error:
        raise BadAnswer(error.detail) from None
