"""Series from edges that may be wrong: a simulated archive, beside plain connected components.

Media belong to series whose sizes follow a power law; each medium is linked to a dozen others of
its series at most, a share of those links is found, and wrong links are drawn between any two
media. Half of the wrong ones share few media, as black frames and repeated patterns make them.
Nothing here is a picture: what is measured is what a series does with edges of a given precision.
"""

import os
import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Result, Row, Target, quick
from breakwater.model.link import Edge, LinkKind
from breakwater.scenes.series import Series

MEDIA = 20_000 if quick() else 1_000_000 if os.environ.get("LONG") == "1" else 100_000
PRECISIONS = (0.9999, 0.999, 0.99)
FOUND = 0.6
"""Share of true links that are found."""
LARGEST = 300
LINKS = 12
HUBS = 0.5
"""Share of the wrong links that start at one of few media."""
NOTES = (
    "Simulated edges; precision and recall of pairs of media in one series.",
    "Plain: connected components over the same edges, by the smallest label of neighbours.",
    "The graph alone, in memory; edges kept in SQL are measured with the pages.",
)


def run() -> Result:
    """Measure series at three precisions of edges, all at once and one by one."""
    rows: list[Row] = []
    targets: list[Target] = []
    of = archive(1)
    for precision in PRECISIONS:
        edges = linked(of, precision, 2)
        case = f"{MEDIA:,} media, {len(edges):,} edges, {precision:.2%} of them right"
        plain = _plain(edges)
        rows += _judged(case, "connected components", of, plain)
        begun = time.perf_counter()
        whole = Series()
        whole.load(edges)
        seconds = time.perf_counter() - begun
        found = _judged(case, "breakwater, all at once", of, _labels(whole))
        rows += found
        rows.append(
            Row(
                case, "breakwater, all at once", "waits for a person", len(whole.waiting()), "edges"
            )
        )
        rows.append(Row(case, "breakwater, all at once", "a core", seconds, "s"))
        begun = time.perf_counter()
        grown = Series()
        for edge in edges:
            grown.add(edge)
        seconds = time.perf_counter() - begun
        rows += _judged(case, "breakwater, one by one", of, _labels(grown))
        rows.append(
            Row(case, "breakwater, one by one", "an edge", seconds / len(edges) * 1e6, "µs")
        )
        named = f"edges {precision:.2%} right"
        targets.append(Target.at_least(f"pair precision, {named}", found[0].value, 0.99))
        targets.append(Target.at_least(f"pair recall, {named}", found[1].value, 0.9))
    return Result("series", tuple(rows), tuple(targets), NOTES)


def archive(seed: int) -> NDArray[np.intp]:
    """The series of each medium."""
    chance = np.random.default_rng(seed)
    sizes: list[int] = []
    left = MEDIA
    while left:
        sizes.append(int(min(chance.zipf(1.9), LARGEST, left)))
        left -= sizes[-1]
    of = np.empty(MEDIA, np.intp)
    of[chance.permutation(MEDIA)] = np.repeat(np.arange(len(sizes)), sizes)
    return of


def linked(of: NDArray[np.intp], precision: float, seed: int) -> list[Edge]:
    """True and wrong edges in the order they come."""
    chance = np.random.default_rng(seed)
    true = _true(of, chance)
    wrong = _wrong(of, round(len(true) * (1 - precision) / precision), chance)
    pairs = [*true, *wrong]
    scores = np.concatenate([chance.beta(8, 2, len(true)), chance.beta(5, 3, len(wrong))])
    return [
        Edge(number + 1, *pairs[at], LinkKind.PLACE, float(scores[at]))
        for number, at in enumerate(chance.permutation(len(pairs)))
    ]


def _true(of: NDArray[np.intp], chance: np.random.Generator) -> list[tuple[int, int]]:
    order = np.argsort(of, kind="stable")
    found: set[tuple[int, int]] = set()
    for media in np.split(order, np.flatnonzero(np.diff(of[order])) + 1):
        size = len(media)
        if size <= 2 * LINKS:
            a, b = np.triu_indices(size, 1)
        else:
            a = np.repeat(np.arange(size), LINKS)
            b = chance.integers(0, size, len(a))
        kept = (a != b) & (chance.random(len(a)) < FOUND)
        found |= {_pair(x, y) for x, y in zip(media[a[kept]], media[b[kept]], strict=True)}
    return sorted(found)


def _wrong(of: NDArray[np.intp], count: int, chance: np.random.Generator) -> list[tuple[int, int]]:
    hubs = chance.integers(0, MEDIA, max(1, count // 20))
    found: set[tuple[int, int]] = set()
    while len(found) < count:
        a = chance.choice(hubs) if chance.random() < HUBS else chance.integers(MEDIA)
        b = chance.integers(MEDIA)
        if of[a] != of[b]:
            found.add(_pair(a, b))
    return sorted(found)


def _pair(a: int | np.integer, b: int | np.integer) -> tuple[int, int]:
    return (int(min(a, b)), int(max(a, b)))


def _plain(edges: Iterable[Edge]) -> NDArray[np.intp]:
    """Connected components: labels fall to the smallest of neighbours until nothing changes."""
    a, b = np.array([(edge.a, edge.b) for edge in edges]).T
    labels = np.arange(MEDIA)
    while True:
        before = labels.copy()
        least = np.minimum(labels[a], labels[b])
        np.minimum.at(labels, labels[a], least)
        np.minimum.at(labels, labels[b], least)
        labels = labels[labels]
        if np.array_equal(labels, before):
            return labels


def _labels(series: Series) -> NDArray[np.intp]:
    labels = np.arange(MEDIA)
    for part in series.parts():
        labels[list(part)] = min(part)
    return labels


def _judged(case: str, subject: str, of: NDArray[np.intp], said: NDArray[np.intp]) -> list[Row]:
    """Precision and recall of pairs."""
    both = np.unique(np.stack([of, said]), axis=1, return_counts=True)[1]
    right, claimed, there = (_pairs(n) for n in (both, _sizes(said), _sizes(of)))
    return [
        Row(case, subject, "pair precision", right / claimed if claimed else 1.0, ""),
        Row(case, subject, "pair recall", right / there, ""),
    ]


def _sizes(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(labels, return_counts=True)[1]


def _pairs(sizes: NDArray[np.intp]) -> float:
    n = sizes.astype(float)
    return float((n * (n - 1) / 2).sum())
