"""Viewers that share a device, a payment or an address, put together.

A shared device or payment says that it is one person, or people who know one another. An address
says so only if nobody else can stand behind it: carriers' shared addresses, exits of Tor, VPNs,
hosting, and what more than 20 viewers share join nobody. Pure; used by `viewers.seeing`; tests:
`tests/unit/test_viewers_policy.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.model.watch import AddressKind, Place

CROWD: Final = 20
"""Viewers who share a thing: from here on it is a school or a café, and joins nobody."""
KINDS: Final = ("device", "payment", "address")
People = Mapping[str, tuple[Mapping[str, Collection[str]], Sequence[Place | None]]]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Viewers who share something: pseudonyms, and what it is that they share."""

    number: int
    kinds: tuple[str, ...]
    people: tuple[str, ...]


def clusters(people: People) -> tuple[Cluster, ...]:
    """Viewers who share something, the largest first.

    Args:
        people: by pseudonym their keys by kind, and the places of their sessions.
    """
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, (keys, places) in people.items():
        for kind in KINDS:
            if kind == "address" and not _own(places):
                continue
            for key in keys.get(kind, ()):
                shared[kind, key].add(name)
    leader = {name: name for name in people}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    joins = {what: found for what, found in shared.items() if 1 < len(found) <= CROWD}
    for found in joins.values():
        first, *rest = sorted(found)
        for name in rest:
            leader[find(name)] = find(first)
    members: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for (kind, _), found in joins.items():
        where = find(next(iter(found)))
        members[where] |= found
        kinds[where].add(kind)
    ordered = sorted(members, key=lambda one: (-len(members[one]), min(members[one])))
    return tuple(
        Cluster(
            number, tuple(kind for kind in KINDS if kind in kinds[where]),
            tuple(sorted(members[where])),
        )
        for number, where in enumerate(ordered, 1)
    )  # fmt: skip


def _own(places: Sequence[Place | None]) -> bool:
    """Whether addresses are such that one household stands behind each."""
    known = [one for one in places if one is not None]
    return bool(known) and all(one.kind is AddressKind.PUBLIC and not one.flags for one in known)
