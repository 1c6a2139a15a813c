"""A conversation as a service tells of it, and its messages as they count: from one to another.

Used by `take`; tests: `tests/integration/test_conversations_api.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.chat import LONGEST_TEXT
from breakwater.model.comment import Message
from breakwater.model.conversation import Ground, Party, Signals

OLDEST: Final = timedelta(days=30)
"""A message that says it is older, or from the future, counts as of when it came."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a service tells of it.

    Attributes:
        reference: the service's own name of it.
        parties: all who take part, and nobody else.
        signals: what the service counts of an account.
    """

    service: str
    reference: str = field(repr=False)
    ground: Ground
    parties: tuple[Party, ...]
    signals: Signals | None = None


def sent(talk: Talk, messages: Sequence[Message]) -> list[Message]:
    """Each message with whom it was sent to.

    Raises:
        BadInput: from or to somebody who takes no part, or to nobody among several.
    """
    accounts = [one.account for one in talk.parties]
    if talk.signals is not None and talk.signals.account not in accounts:
        raise BadInput("Signals name an account that takes no part.")
    found = []
    for one in messages:
        others = [name for name in accounts if name != one.author]
        to = one.to or (others[0] if len(others) == 1 else "")
        if len(others) == len(accounts) or to not in others:
            raise BadInput("A message is from one participant to another: name author and to.")
        found.append(replace(one, to=to))
    return found


def timed(one: Message, now: datetime) -> Message:
    """As it counts: no clock of a sender reaches far, and no text is longer than is read."""
    at = one.at if now - OLDEST <= one.at <= now else now
    return replace(one, at=at, text=one.text[: 2 * LONGEST_TEXT])


def told_of(talk: Talk) -> list[tuple[str, str]]:
    """Whom the account that a service counts for writes to."""
    if talk.signals is None:
        return []
    mine = talk.signals.account
    return [(mine, one.account) for one in talk.parties if one.account != mine]
