"""Series: which media belong together, from edges that come one by one and may be wrong.

Connected components of confirmed and joining edges, but for two rules. *Bridges*: between two
parts of three media or more, edges without a medium in common must witness: two, and one for every
eight media of the smaller (a black frame has many edges and is one witness); one or two media join
a part of eight by two edges. *Cannot-link*: parts with a rejected pair between them stay apart.

Every answer follows from the edges: a part that loses an edge, or has doubled, is computed again
from its own edges alone, strongest first. An id belongs to a founder, the medium it was first given
for: of a part's ids the oldest is in use, the others are aliases, and are themselves again when it
comes apart. Source: reference linking; Wagstaff et al., ICML 2001 (constraints). Tests:
`tests/unit/test_scenes_series.py`, `tests/property/test_series.py`, `benchmarks/series.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.link import Edge, EdgeState, LinkKind

SMALL: Final = 3
"""A part with fewer media joins by one edge: most series begin with a pair."""


LARGE: Final = 8
"""A part of so many media is joined by two edges at least: its own are linked more than once."""

SHARE: Final = 8
"""Of two larger parts, one in so many media of the smaller must be a witness."""


class Fate(StrEnum):
    """What becomes of an edge."""

    JOINS = "joins"
    INSIDE = "inside"
    """Both media were in one part already."""
    WAITS = "waits"
    """It alone would join two parts: a person looks."""
    APART = "apart"
    """A person said that something of the two parts does not belong together."""
    CONFLICT = "conflict"
    """One person says together, another apart: somebody must settle it."""
    LEAD = "lead"
    """Its kind never joins."""


@dataclass(slots=True)
class _Part:
    """Media that belong together now, with the edges that touch them."""

    media: set[int]
    edges: set[int] = field(default_factory=set)
    """Numbers of edges inside."""
    outside: dict[int, set[int]] = field(default_factory=dict)
    """Root of another part to the edges between both that join nothing yet."""
    computed: int = 1
    """How many media it had when it was last computed from all its edges."""
    apart: dict[int, int] = field(default_factory=dict)
    """Root of another part to the number of rejected pairs between both."""


class Series:
    """The parts of one graph."""

    def __init__(self, *, bridges: bool = True) -> None:
        """Begin without media; `bridges=False` lets any edge join, for comparison."""
        self._bridges = bridges
        self._edges: dict[int, Edge] = {}
        self._part: dict[int, _Part] = {}
        self._root: dict[int, int] = {}
        self._founders: dict[int, int] = {}
        self._told: dict[int, set[int]] = {}

    def __len__(self) -> int:
        """How many parts have two media or more."""
        return sum(len(part.media) > 1 for part in self._part.values())

    def parts(self) -> Iterator[frozenset[int]]:
        """Media of each part, single ones too."""
        for part in self._part.values():
            yield frozenset(part.media)

    def of(self, medium: int) -> frozenset[int]:
        """Media that belong with one; itself alone when nothing is known."""
        root = self._root.get(medium)
        return frozenset({medium}) if root is None else frozenset(self._part[root].media)

    def together(self, a: int, b: int) -> bool:
        """Whether two media are in one part."""
        root = self._root.get(a)
        return a == b or (root is not None and root == self._root.get(b))

    def id_of(self, medium: int) -> int | None:
        """Number of the series of a medium: that of its oldest founder; None while it is alone."""
        ids = self.aliases(medium)
        return ids[0] if ids else None

    def aliases(self, medium: int) -> tuple[int, ...]:
        """Every number that means the series of a medium, the one in use first."""
        media = self.of(medium)
        if len(media) == 1:
            return ()
        return tuple(sorted(self._founders[m] for m in media if m in self._founders))

    def waiting(self) -> list[Edge]:
        """Machine's edges that join nothing until a person has looked, the strongest first."""
        found = {
            number
            for part in self._part.values()
            for root, numbers in part.outside.items()
            if root not in part.apart
            for number in numbers
        }
        return sorted((self._edges[n] for n in found), key=_strongest)

    def conflicts(self) -> list[Edge]:
        """Confirmed edges that join nothing, because a person said apart too."""
        found = {
            number
            for part in self._part.values()
            for root in part.apart
            for number in part.outside.get(root, ())
            if self._edges[number].state is EdgeState.CONFIRMED
        }
        return [self._edges[number] for number in sorted(found)]

    def add(self, edge: Edge) -> Fate:
        """Take an edge; one with a number that is known replaces it (a person spoke).

        A changed edge is taken out first and its part is computed again.
        """
        if edge.number in self._edges:
            self.remove(edge.number)
        self._take(edge)
        fate = self._offer(edge)
        self._name(edge.a)
        self._name(edge.b)
        self._look_again(self._root[edge.a])
        return fate

    def remove(self, number: int) -> None:
        """Forget an edge: what it held together is computed again from the edges that remain.

        Raises:
            NotFound: no such edge.
        """
        edge = self._edges.pop(number, None)
        if edge is None:
            raise NotFound(f"edge {number}")
        if edge.state is EdgeState.REJECTED:
            for medium in (edge.a, edge.b):
                self._told[medium].discard(number)
        roots = {self._root[edge.a], self._root[edge.b]}
        for root in roots:
            self._part[root].edges.discard(number)
        if len(roots) == 2:
            self._loosen(edge)
        if edge.state is EdgeState.REJECTED or len(roots) == 1:
            self._again(self._root[edge.a])

    def load(self, edges: Iterable[Edge]) -> None:
        """Take many edges at once: people's words first, then the strongest."""
        taken = list(edges)
        for edge in taken:
            self._take(edge)
        for edge in sorted(taken, key=_order):
            self._offer(edge)
        for first in sorted(min(part.media) for part in self._part.values()):
            self._name(first)

    def _look_again(self, root: int) -> None:
        """Compute a part again when it has doubled: what joined while it was small is weighed anew."""
        part = self._part[root]
        if self._bridges and len(part.media) >= max(2 * SMALL, 2 * part.computed):
            media = part.media
            self._again(root)
            for one in {self._root[medium] for medium in media}:
                self._part[one].computed = len(self._part[one].media)

    def _take(self, edge: Edge) -> None:
        self._edges[edge.number] = edge
        for medium in (edge.a, edge.b):
            if medium not in self._root:
                self._root[medium] = medium
                self._part[medium] = _Part({medium})
            if edge.state is EdgeState.REJECTED:
                self._told.setdefault(medium, set()).add(edge.number)

    def _name(self, medium: int) -> None:
        """Give the part a founder when it has none: its smallest medium."""
        part = self._part[self._root[medium]]
        if len(part.media) > 1 and not any(m in self._founders for m in part.media):
            self._founders[min(part.media)] = len(self._founders) + 1

    def _offer(self, edge: Edge) -> Fate:
        a, b = self._root[edge.a], self._root[edge.b]
        if edge.state is EdgeState.REJECTED:
            return self._hold_apart(a, b, edge)
        if not edge.kind.joins and (edge.kind is LinkKind.DECOR or edge.state is EdgeState.MACHINE):
            return Fate.LEAD
        if a == b:
            self._part[a].edges.add(edge.number)
            return Fate.INSIDE
        for one, other in ((a, b), (b, a)):
            self._part[one].outside.setdefault(other, set()).add(edge.number)
        if b in self._part[a].apart:
            return Fate.CONFLICT if edge.state is EdgeState.CONFIRMED else Fate.APART
        if not self._joined(a, b):
            return Fate.WAITS
        self._join(a, b)
        return Fate.JOINS

    def _joined(self, a: int, b: int) -> bool:
        """Whether the edges between two parts are enough to make them one."""
        one, other = self._part[a], self._part[b]
        if b in one.apart or b not in one.outside:
            return False
        between = [self._edges[number] for number in one.outside[b]]
        if any(edge.state is EdgeState.CONFIRMED for edge in between):
            return True
        smaller = min(len(one.media), len(other.media))
        if not self._bridges:
            return True
        if smaller < SMALL:
            return max(len(one.media), len(other.media)) < LARGE or len(between) >= 2
        wanted = max(2, -(-smaller // SHARE))
        return len(between) >= wanted and _witnesses(between) >= wanted

    def _join(self, a: int, b: int) -> None:
        """Make two parts one, and others with it where the edges are enough now."""
        stack = [(a, b)]
        while stack:
            a, b = stack.pop()
            if a == b or a not in self._part or b not in self._part:
                continue
            if not self._joined(a, b):
                continue
            kept = self._merge(a, b)
            stack.extend((kept, other) for other in sorted(self._part[kept].outside))

    def _merge(self, a: int, b: int) -> int:
        """Put the smaller part into the larger; answers the root that is left."""
        if (len(self._part[a].media), -a) < (len(self._part[b].media), -b):
            a, b = b, a
        kept, gone = self._part[a], self._part.pop(b)
        for medium in gone.media:
            self._root[medium] = a
        kept.media |= gone.media
        kept.computed = max(kept.computed, gone.computed)
        kept.edges |= gone.edges | kept.outside.pop(b, set())
        gone.outside.pop(a, None)
        for other, numbers in gone.outside.items():
            kept.outside.setdefault(other, set()).update(numbers)
            theirs = self._part[other].outside
            theirs.setdefault(a, set()).update(theirs.pop(b))
        for other, count in gone.apart.items():
            theirs_apart = self._part[other].apart
            del theirs_apart[b]
            kept.apart[other] = theirs_apart[a] = kept.apart.get(other, 0) + count
        return a

    def _hold_apart(self, a: int, b: int, edge: Edge) -> Fate:
        """A person said that two media do not belong together."""
        if a == b:
            self._part[a].edges.add(edge.number)
            self._again(a)
            return Fate.APART
        for one, other in ((a, b), (b, a)):
            self._part[one].apart[other] = self._part[one].apart.get(other, 0) + 1
        return Fate.APART

    def _loosen(self, edge: Edge) -> None:
        """Take an edge between two parts out of both."""
        a, b = self._root[edge.a], self._root[edge.b]
        for one, other in ((a, b), (b, a)):
            part = self._part[one]
            if edge.state is EdgeState.REJECTED:
                part.apart[other] -= 1
                if not part.apart[other]:
                    del part.apart[other]
            elif other in part.outside:
                part.outside[other].discard(edge.number)
                if not part.outside[other]:
                    del part.outside[other]

    def _again(self, root: int) -> None:
        """Compute a part again from its own edges, and offer what leads out of it anew."""
        part = self._part.pop(root)
        numbers = set(part.edges).union(*part.outside.values())
        for medium in part.media:
            numbers |= self._told.get(medium, set())
        for other in part.outside:
            del self._part[other].outside[root]
        for other in part.apart:
            del self._part[other].apart[root]
        for medium in part.media:
            self._root[medium] = medium
            self._part[medium] = _Part({medium})
        for edge in sorted((self._edges[n] for n in numbers), key=_order):
            self._offer(edge)
        for medium in sorted(part.media):
            self._name(medium)


def _witnesses(edges: list[Edge]) -> int:
    """Edges of which no two share a medium: a maximal matching, the strongest first."""
    used: set[int] = set()
    count = 0
    for edge in sorted(edges, key=_strongest):
        if edge.a not in used and edge.b not in used:
            used |= {edge.a, edge.b}
            count += 1
    return count


def _strongest(edge: Edge) -> tuple[float, int]:
    return (-edge.score, edge.number)


def _order(edge: Edge) -> tuple[int, float, int]:
    """What people said comes first: apart, together; then the machine's, strongest first."""
    rank = {EdgeState.REJECTED: 0, EdgeState.CONFIRMED: 1, EdgeState.MACHINE: 2}[edge.state]
    return (rank, -edge.score, edge.number)
