"""Places: what is linked, what is not, and what it costs, beside ORB with ratio test and RANSAC.

Photographs of places (`PLACES`, by default ../shared/data/places; left out where it is not there),
and rooms made from seeds, of which some have one platform's logo and chat bar over every frame. The
index is filled to its size with shots whose words are a real picture's and whose signs come from
other real pictures that have the word; geometry cannot check those, so that false links are counted
among real media. `places_work` makes the pictures.
"""

import itertools
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, Row, Target, quick
from benchmarks.places_work import Look, made, photograph, plain
from breakwater.model.place import PlaceVerdict
from breakwater.scenes.overlay import Mask, mask_of
from breakwater.scenes.place_check import compare
from breakwater.scenes.places import Places
from breakwater.scenes.vocabulary import Words, packaged

ROOMS = 16 if quick() else int(os.environ.get("ROOMS", "200"))
VIEWS = 5 if quick() else 10
OVER_PAIRS = 300 if quick() else 10_000
PLAIN_PAIRS = 300 if quick() else 1_000
MEDIA = 5_000 if quick() else 100_000
QUERIES = 40 if quick() else 1_000
APART = 6
FOLDER = Path(os.environ.get("PLACES", "../shared/data/places"))
US, ORB = "breakwater", "ORB, ratio test, RANSAC"
Pair = tuple[str, Look, Look, tuple[Mask | None, Mask | None]]


def run() -> Result:
    """Measure all of it."""
    chance = np.random.default_rng(3)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rooms = list(pool.map(made, range(ROOMS), [VIEWS] * ROOMS, [APART] * ROOMS))
        photos = _photographs(pool)
        over = [own for _, own in rooms if own]
        rows, found = _judged(pool, [*_true(photos, rooms), *_false(photos, rooms, chance)])
        links = _overlaid(pool, over, chance)
        index_rows, index = _index([look for room, _ in rooms for look in room], chance)
        wrong = _wrong(pool, rooms)
    rows += [*links, *index_rows, wrong]
    right = sum(found[case, True] for case in _overlapping(found))
    of = sum(found[case, True] + found[case, False] for case in _overlapping(found))
    false = sum(count for (case, said), count in found.items() if said and case.startswith("other"))
    claimed = sum(count for (_, said), count in found.items() if said)
    targets = (
        Target.at_least("place precision", 1 - false / max(1, claimed), 0.999),
        Target.at_least("place recall, overlapping views", right / max(1, of), 0.75),
        Target.at_most(f"overlay-only links in {OVER_PAIRS:,} pairs", links[0].value, 0),
        Target.at_most("insert, a core", index["insert"], 0.3),
        Target.at_most("kB an image", index["kB"], 15),
        Target.at_most(f"query before verification, {MEDIA:,} media", index["query"], 1),
    )
    kind = (
        f"{ROOMS} rooms of {VIEWS} views; overlapping are neighbours of a walk, views of one façade, "
        f"and rooms seen at most {3 * APART}° apart; pairs of a landmark are from whatever side."
    )
    notes = (
        kind,
        "Rooms are synthetic; fillers of the index are real words with other pictures' signs.",
        f"Of the plain method {PLAIN_PAIRS:,} overlay pairs at most.",
    )
    return Result("places", tuple(rows), targets, notes)


def _photographs(pool: ProcessPoolExecutor) -> dict[str, list[Look]]:
    paths = sorted(FOLDER.glob("*/*.jpg"))
    found: dict[str, list[Look]] = defaultdict(list)
    for path, look in zip(paths, pool.map(photograph, paths), strict=True):
        found[path.parent.name].append(look)
    return dict(found)


def _true(photos: dict[str, list[Look]], rooms: Sequence[tuple[list[Look], object]]) -> list[Pair]:
    """Pairs that show one place, by how far apart."""
    none = (None, None)
    walk = photos.get("lund", [])
    pairs: list[Pair] = [
        (f"walk, {step} apart", walk[n], walk[n + step], none)
        for step in (1, 2, 3)
        for n in range(len(walk) - step)
    ]
    for name, case in (("berlin", "façade"), ("sacre_coeur", "landmark, any side")):
        pairs += [(case, a, b, none) for a, b in itertools.combinations(photos.get(name, []), 2)]
    for room, _ in rooms:
        pairs += [
            (f"rooms, {APART * n:2d}°", room[0], room[n], none)
            for n in (1, 2, 3, 4, 6, 9)
            if n < len(room)
        ]
    return pairs


def _false(
    photos: dict[str, list[Look]], rooms: Sequence[tuple[list[Look], object]],
    chance: np.random.Generator,
) -> list[Pair]:  # fmt: skip
    """Pairs that do not."""
    none = (None, None)
    pairs: list[Pair] = [
        ("other photographs", a, b, none)
        for one, other in itertools.combinations(photos, 2)
        for a, b in itertools.product(photos[one], photos[other])
    ]
    for _ in range(len(rooms) * 5):
        a, b = chance.choice(len(rooms), 2, replace=False)
        pairs.append(("other rooms", rooms[a][0][0], rooms[b][0][chance.integers(VIEWS)], none))
    return pairs


def _ours(pair: Pair) -> PlaceVerdict:
    _, a, b, masks = pair
    return compare([a.points], [b.points], masks).verdict


def _theirs(pair: Pair) -> bool:
    return plain(pair[1], pair[2])


def _judged(
    pool: ProcessPoolExecutor, pairs: list[Pair]
) -> tuple[list[Row], Counter[tuple[str, bool]]]:
    begun = time.perf_counter()
    ours = list(pool.map(_ours, pairs, chunksize=16))
    each = (time.perf_counter() - begun) / len(pairs)
    theirs = list(pool.map(_theirs, pairs, chunksize=16))
    found: Counter[tuple[str, bool]] = Counter()
    other: Counter[tuple[str, bool]] = Counter()
    decor: Counter[str] = Counter()
    for (case, *_), verdict, said in zip(pairs, ours, theirs, strict=True):
        found[case, verdict is PlaceVerdict.PLACE] += 1
        other[case, said] += 1
        decor[case] += verdict is PlaceVerdict.DECOR
    rows = []
    for case in sorted({case for case, _ in found}):
        count = found[case, True] + found[case, False]
        for subject, counted in ((US, found), (ORB, other)):
            if case.startswith("other"):
                rows.append(
                    Row(f"{case}, {count:,} pairs", subject, "false links", counted[case, True], "")
                )
            else:
                rows.append(
                    Row(
                        f"{case}, {count:,} pairs",
                        subject,
                        "recall",
                        counted[case, True] / count,
                        "",
                    )
                )
        rows.append(Row(f"{case}, {count:,} pairs", US, "called décor", decor[case], "pairs"))
    rows.append(Row("all pairs", US, "a pair, two cores", each * 1e3, "ms"))
    return rows, found


def _overlapping(found: Iterable[tuple[str, bool]]) -> set[str]:
    near = {"walk, 1 apart", "façade", *(f"rooms, {APART * n:2d}°" for n in (1, 2, 3))}
    return near & {case for case, _ in found}


def _overlaid(
    pool: ProcessPoolExecutor, over: Sequence[list[Look]], chance: np.random.Generator
) -> list[Row]:
    """Different rooms under one overlay; the mask is of the first views of them all."""
    mask = mask_of([room[0].points for room in over])
    every = list(itertools.permutations(range(len(over)), 2))
    pairs: list[Pair] = []
    for n in chance.integers(0, len(every), OVER_PAIRS):
        a, b = every[n]
        one, other = chance.integers(VIEWS, size=2)
        pairs.append(("over", over[a][one], over[b][other], (mask, mask)))
    bare: list[Pair] = [(case, a, b, (None, None)) for case, a, b, _ in pairs[:PLAIN_PAIRS]]
    same: list[Pair] = [("same", room[0], room[1], (mask, mask)) for room in over]
    said = list(pool.map(_ours, pairs, chunksize=32))
    unmasked = list(pool.map(_ours, bare, chunksize=32))
    kept = list(pool.map(_ours, same, chunksize=4))
    case = "different rooms, one overlay"
    return [
        Row(f"{case}, {len(pairs):,} pairs", US, "place links", said.count(PlaceVerdict.PLACE), ""),
        Row(f"{case}, {len(pairs):,} pairs", US, "décor leads", said.count(PlaceVerdict.DECOR), ""),
        Row(f"{case}, {len(bare):,} pairs", f"{US}, no mask", "place links", unmasked.count(PlaceVerdict.PLACE), ""),
        Row(f"{case}, {len(bare):,} pairs", ORB, "links", sum(pool.map(_theirs, bare, chunksize=32)), ""),
        Row(f"one room, one overlay, {len(same)} pairs", US, "recall", kept.count(PlaceVerdict.PLACE) / len(same), ""),
    ]  # fmt: skip


def _index(
    looks: Sequence[Look], chance: np.random.Generator
) -> tuple[list[Row], dict[str, float]]:
    """An index of many media: bytes, seconds, and whether the right one is among the first."""
    vocabulary = packaged()
    described = [vocabulary.describe([look.points]) for look in looks]
    places = Places(vocabulary)
    begun = time.perf_counter()
    for number, own in enumerate(_fillers(described, MEDIA, chance)):
        places.add_words(number, [own])
    filled = time.perf_counter() - begun
    begun = time.perf_counter()
    some = looks[:: max(1, len(looks) // 100)]
    for number, look in enumerate(some):
        places.add(MEDIA + number, look.points)
    insert = (time.perf_counter() - begun) / len(some) + float(
        np.mean([one.seconds for one in some])
    )
    taken, first = [], 0
    asked = list(range(0, len(looks) - 1, max(VIEWS, len(looks) // 50 // VIEWS * VIEWS)))
    for n, at in enumerate(asked):
        places.add(2 * MEDIA + n, looks[at + 1].points)
    for n, at in enumerate(asked):
        begun = time.perf_counter()
        ranked = places.candidates(looks[at].points)
        taken.append(time.perf_counter() - begun)
        first += 2 * MEDIA + n in [number for number, _ in ranked]
    case = f"index of {len(places):,} media"
    size = places.bytes / len(places) / 1000
    rows = [
        Row(case, US, "an image", size, "kB"),
        Row(case, US, "words an image", float(np.mean([len(own[0]) for own in described])), ""),
        Row(case, US, "extract and insert, a core", insert, "s"),
        Row(case, US, "insert of words alone", filled / MEDIA * 1e3, "ms"),
        Row(case, US, "query, median", float(np.median(taken)), "s"),
        Row(case, US, "query, slowest", float(np.max(taken)), "s"),
        Row(case, US, "next view among the first 20", first / len(asked), ""),
    ]
    return rows, {"kB": size, "insert": insert, "query": float(np.max(taken))}


def _fillers(
    described: Sequence[Words], count: int, chance: np.random.Generator
) -> Iterable[Words]:
    """Shots with a real picture's words and, for each, the signs of any picture that has it."""
    words = np.concatenate([own[0] for own in described])
    signs = np.concatenate([own[1] for own in described])
    order = np.argsort(words, kind="stable")
    signs = signs[order]
    starts = np.searchsorted(words[order], np.arange(1 << 16))
    having = np.diff(np.append(starts, len(words)))
    for _ in range(count):
        own = described[int(chance.integers(len(described)))][0]
        at = starts[own] + (chance.random(len(own)) * having[own]).astype(int)
        yield own, signs[at]


def _wrong(pool: ProcessPoolExecutor, rooms: Sequence[tuple[list[Look], object]]) -> Row:
    """Links to other rooms, of the best twenty that an index of real media answers."""
    places = Places(packaged())
    every = [(n, look) for n, (room, _) in enumerate(rooms) for look in room]
    for number, (_, look) in enumerate(every):
        places.add(number, look.points)
    asked = np.linspace(0, len(every) - 1, min(QUERIES, len(every))).astype(int)
    pairs: list[Pair] = []
    for at in asked.tolist():
        room, look = every[at]
        near = [number for number, _ in places.candidates(look.points, 20 + VIEWS)]
        strange = [number for number in near if every[number][0] != room][:5]
        pairs += [("near", look, every[number][1], (None, None)) for number in strange]
    said = list(pool.map(_ours, pairs, chunksize=32)).count(PlaceVerdict.PLACE)
    case = f"{len(asked):,} queries of {len(every):,} real media, the nearest 5 of other rooms"
    return Row(case, US, "false links per 1,000 queries", said / len(asked) * 1000, "")
