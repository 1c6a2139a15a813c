"""What review asks of the outside: somebody who freezes streams, and a way to a pager service.

`StreamFreezer` is satisfied by `freeze.FreezeIntent`, which leaves word for whoever watches
the stream; `Post` by `network.fetch.Fetcher`, `Sign` by `intake.snapshot.signed`. `app`
injects them, so that no verb imports another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from breakwater.model.case import Case
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.records.database import Tx

Sign = Callable[[str, str, Clock, str], dict[str, str]]
"""Headers of a signed message: secret, message id, clock and body in, headers out."""

Resting = Callable[[Tx, Id], bool]
"""Whether a person is on a break from pictures."""


class StreamFreezer(Protocol):
    """Freezes a live stream: it stays up, and nobody sees or hears it until a person decides."""

    def freeze(self, tx: Tx, case: Case, *, by: str, why: str) -> None:
        """Ask for it, in the transaction of whoever decided to.

        Args:
            tx: what makes it true.
            case: of the stream.
            by: id of the person, or `policy` when nobody may act.
            why: `person`, `nobody_on_duty` or `nobody_answered`.
        """
        ...


class Post(Protocol):
    """Sends one body to one address the operator chose."""

    def check(self, url: str) -> None:
        """Refuse at once an address that is never called; raises `FetchRefused`."""
        ...

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send; answers status and body. Raises `FetchFailed`, `FetchRefused`, `TooLarge`."""
        ...
