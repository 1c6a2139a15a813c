"""The same device or account: what names one joins while few share it, what names a model never does.

In: keyed hashes of a medium's traits (`records.link_traits`). Out: edges `device` and `account`, one
of each kind for a pair. A camera's serial number, a device, an account, a card or a stream key names
one; but a collector's account holds what many made, and what several accounts share is a school's
or a café's: both are leads (decision 0042). An address joins nothing, nor do viewers. Encoder,
tables, groups, container and model together are a lead where two of them are rare, and never more.
Nothing of a trait but its kind and how many share it is evidence. Tests:
`tests/contract/test_linking_traits.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.model.link import Found, LinkKind, Medium, TraitKind
from breakwater.model.link_signals import LinkSignals
from breakwater.records import link_traits
from breakwater.records.database import Database, Tx
from breakwater.records.link_traits import KeptTrait

METHOD: Final = "traits"
VERSION: Final = "1"
MOST: Final = 20
"""Media that a trait links to: the newest; a component holds together by those."""

JOINING: Final = {
    TraitKind.CAMERA: 200, TraitKind.DEVICE: 20, TraitKind.PAYMENT: 8, TraitKind.STREAM_KEY: 20,
    TraitKind.ACCOUNT: 8,
}  # fmt: skip
"""Media that share a trait that names one, up to which it joins; with more it is a lead."""

SCORES: Final = {
    TraitKind.CAMERA: 0.95, TraitKind.DEVICE: 0.9, TraitKind.STREAM_KEY: 0.9,
    TraitKind.PAYMENT: 0.85, TraitKind.ACCOUNT: 0.8,
}  # fmt: skip
FEW: Final = 4
"""Accounts with the same device or card: more are a shop's or a school's (`records.account_links`)."""

LEAD: Final = 0.4
ADDRESS: Final = 0.3
SEEN: Final = 3
"""Viewers in common from which the same few watched; each of them few media."""

FAITHFUL: Final = 8
"""Media of one viewer up to which it says anything: those who watch everything say nothing."""

CROWD: Final = 50
"""Media that share a trait from which it is not even a lead."""

RARE: Final = 4
"""Media with a file's trait up to which it is rare, of `ENOUGH` that have one of its kind."""
ENOUGH: Final = 200
"""Without so many nobody can tell what is rare."""
_PROGRAM: Final = frozenset({TraitKind.ENCODER, TraitKind.GOP, TraitKind.CONTAINER})
"""What one program decides together: counted once."""
_FILE: Final = _PROGRAM | {TraitKind.TABLES, TraitKind.SOFTWARE, TraitKind.CAMERA_MODEL}


@dataclass(frozen=True, slots=True)
class _Shared:
    """A trait that a medium has in common with another."""

    kind: TraitKind
    by: int
    score: float

    @property
    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "shared_by": self.by}


class TraitFinder:
    """Finds the same device or account. Satisfies `linking.ports.Finder`; it learns from SQL."""

    def __init__(self, *, db: Database) -> None:
        """With where traits are kept."""
        self._db = db

    def knows(self, number: int) -> bool:  # noqa: ARG002 - as every finder
        """What there is to know stands in SQL."""
        return True

    def learn(self, medium: Medium, signals: LinkSignals) -> None:
        """Nothing: traits were written with the look."""

    def forget(self, number: int) -> None:
        """Nothing: they go with the medium."""

    def save(self) -> None:
        """Nothing."""

    def find(self, medium: Medium, signals: LinkSignals) -> Sequence[Found]:  # noqa: ARG002 - as every finder
        """Media of the same device or account."""
        with self._db.read() as tx:
            return list(_found(tx, medium.number))


def _found(tx: Tx, number: int) -> Iterator[Found]:
    mine = link_traits.of_medium(tx, number)
    shared: defaultdict[int, list[_Shared]] = defaultdict(list)
    for other, one in (*_naming(tx, number, mine), *_watching(tx, number, mine)):
        shared[other].append(one)
    for other, file in _files(tx, number, mine):
        shared[other] += file
    for other, every in shared.items():
        for kind in (LinkKind.DEVICE, LinkKind.ACCOUNT):
            some = sorted((one for one in every if one.kind.link is kind), key=lambda s: -s.score)
            if some:
                yield _edge(number, other, kind, some)


def _edge(number: int, other: int, kind: LinkKind, some: Sequence[_Shared]) -> Found:
    """One edge of a kind: the strongest trait, and all of them as evidence."""
    evidence = {"trait": some[0].plain, "traits": [one.plain for one in some]}
    a, b = min(number, other), max(number, other)
    return Found(a, b, kind, METHOD, VERSION, some[0].score, evidence)


def _naming(tx: Tx, number: int, mine: Iterable[KeptTrait]) -> Iterator[tuple[int, _Shared]]:
    """What names one device or account, and addresses."""
    for one in mine:
        if not one.kind.names_one and one.kind is not TraitKind.ADDRESS:
            continue
        by = link_traits.shared_by(tx, one.kind, one.key)
        others = [n for n in link_traits.sharing(tx, one.kind, one.key, MOST + 1) if n != number]
        if not others or (by > CROWD and one.kind is not TraitKind.CAMERA):
            continue
        score = _worth(tx, one, by, [number, *others])
        yield from ((other, _Shared(one.kind, by, score)) for other in others[:MOST])


def _worth(tx: Tx, one: KeptTrait, by: int, media: Sequence[int]) -> float:
    """What a trait that `by` media share is worth."""
    if one.kind is TraitKind.ADDRESS:
        return ADDRESS
    if by > JOINING[one.kind]:
        return LEAD
    if one.kind is not TraitKind.ACCOUNT and _accounts(tx, media) >= FEW:
        return LEAD
    return SCORES[one.kind]


def _accounts(tx: Tx, media: Iterable[int]) -> int:
    """How many accounts stand behind media, as far as they are known."""
    return len({
        trait.key
        for number in media
        for trait in link_traits.of_medium(tx, number)
        if trait.kind is TraitKind.ACCOUNT
    })  # fmt: skip


def _watching(tx: Tx, number: int, mine: Iterable[KeptTrait]) -> Iterator[tuple[int, _Shared]]:
    """Media that the same few watched, paid for or directed."""
    seen: defaultdict[int, int] = defaultdict(int)
    for one in mine:
        if one.kind is TraitKind.WATCHED_BY:
            media = link_traits.sharing(tx, one.kind, one.key, FAITHFUL + 1)
            for other in media if len(media) <= FAITHFUL else ():
                seen[other] += other != number
    for other, count in sorted(seen.items(), key=lambda row: (-row[1], row[0]))[:MOST]:
        if count >= SEEN:
            score = min(LEAD, 0.1 * count)
            yield other, _Shared(TraitKind.WATCHED_BY, count, round(score, 3))


def _files(tx: Tx, number: int, mine: Iterable[KeptTrait]) -> Iterator[tuple[int, list[_Shared]]]:
    """Media that share at least two rare traits of their files which do not follow from one another."""
    rare: defaultdict[int, list[_Shared]] = defaultdict(list)
    enough: dict[TraitKind, bool] = {}
    for one in mine:
        if one.kind not in _FILE:
            continue
        if one.kind not in enough:
            enough[one.kind] = link_traits.of_how_many(tx, one.kind) >= ENOUGH
        media = link_traits.sharing(tx, one.kind, one.key, RARE + 1) if enough[one.kind] else []
        for other in media if len(media) <= RARE else ():
            if other != number:
                rare[other].append(_Shared(one.kind, len(media), 0.0))
    for other, some in rare.items():
        apart = len({"program" if one.kind in _PROGRAM else one.kind.value for one in some})
        if apart >= 2:
            score = min(LEAD, 0.1 + 0.1 * apart)
            yield other, [_Shared(one.kind, one.by, round(score, 3)) for one in some]
