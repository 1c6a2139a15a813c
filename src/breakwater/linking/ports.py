"""What finds edges: each way of comparing is one `Finder`, and `linking.taking` asks them all.

A finder answers only what it would stand for; what it is unsure of it leaves out, or scores below
`records.link_edges.SURE`, where an edge is a lead that joins nothing until a person has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from breakwater.model.link import Found, Medium
from breakwater.model.link_signals import LinkSignals


class Finder(Protocol):
    """One way of comparing what is kept. Called by one thread at a time."""

    def knows(self, number: int) -> bool:
        """Whether it has learnt a medium; what is missing after a start is given to it anew."""
        ...

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Make a medium known, or know it anew."""
        ...

    def forget(self, number: int) -> None:
        """A medium is gone: nothing of it is compared any more. Unknown numbers are fine."""
        ...

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:
        """Edges of a medium that was learnt, to any other; none of it with itself."""
        ...

    def save(self) -> None:
        """Write down what is expensive to learn; a cache of SQL and the vault, never the truth."""
        ...
