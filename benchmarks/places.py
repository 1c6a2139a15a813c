"""Places: what is linked, what is not, and what it costs, beside ORB with ratio test and RANSAC.

Photographs of places (`PLACES`, by default ../shared/data/places; left out where it is not there),
and rooms made from seeds, of which some have one platform's logo and chat bar over every frame. The
index is filled to its size with collages: the words of one real picture, each with the points that
another real picture has of it, where that has them. False links are counted twice: among real
pictures, and of all that a query of the full index answers. `places_work` makes the pictures. It takes
minutes: it says on the error output how far it is. Without the folder of photographs rooms alone are
measured, and the notes say so.
"""

import itertools
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, Row, Target, quick
from benchmarks.places_work import OVER_VIEWS, Collages, Look, made, photograph, plain
from breakwater.model.place import PlaceVerdict
from breakwater.model.scene import Keypoints
from breakwater.scenes.overlay import Mask, mask_of
from breakwater.scenes.place_check import compare
from breakwater.scenes.places import Places
from breakwater.scenes.vocabulary import packaged
from breakwater.transparency.intervals import clopper_pearson

ROOMS = 16 if quick() else int(os.environ.get("ROOMS", "200"))
VIEWS = 5 if quick() else 10
OVER_PAIRS = 300 if quick() else 10_000
PLAIN_PAIRS = 300 if quick() else 1_000
MEDIA = 5_000 if quick() else 100_000
QUERIES = 40 if quick() else 500
FULL = 10 if quick() else 150
"""Queries of the full index whose every answer is checked by geometry."""
APART = 6
FOLDER = Path(os.environ.get("PLACES", "../shared/data/places"))
US, ORB = "breakwater", "ORB, ratio test, RANSAC"
Room = tuple[list[Look], list[Look], list[Look]]
"""Views: plain, under one overlay, under one that changes; of most rooms plain alone."""
Pair = tuple[str, Look, Look, tuple[Mask | None, Mask | None]]
BEGUN = time.monotonic()


def _far(words: str) -> None:
    """Say how far it is."""
    print(f"places, {time.monotonic() - BEGUN:5.0f} s: {words}", file=sys.stderr, flush=True)


def most(found: int, of: int) -> float:
    """The share that is not exceeded, 95 % sure (Clopper and Pearson, one-sided)."""
    return clopper_pearson(found, of, alpha=0.1)[1]


def run() -> Result:
    """Measure all of it."""
    chance = np.random.default_rng(3)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rooms = []
        for one in pool.map(made, range(ROOMS), [VIEWS] * ROOMS, [APART] * ROOMS):
            rooms.append(one)
            if len(rooms) % 20 == 0:
                _far(f"{len(rooms)} of {ROOMS} rooms are seen")
        photos = _photographs(pool)
        rows, found = _judged(pool, [*_true(photos, rooms), *_false(photos, rooms, chance)])
        cases = {
            "one overlay": [own for _, own, _ in rooms if own],
            "one overlay that changes": [own for *_, own in rooms if own],
        }
        links = [row for case, over in cases.items() for row in _overlaid(pool, case, over, chance)]
        index_rows, index = _index(pool, rooms)
        wrong = _wrong(pool, rooms)
    _far("done")
    rows += [*links, *index_rows, *wrong]
    right = sum(found[case, True] for case in _overlapping(found))
    of = sum(found[case, True] + found[case, False] for case in _overlapping(found))
    false, claimed = _claimed(found)
    targets = (
        Target.at_least("place precision", 1 - false / max(1, claimed), 0.999),
        Target.at_least("place recall, overlapping views", right / max(1, of), 0.75),
        Target.at_most(
            f"overlay-only links in {OVER_PAIRS:,} pairs",
            sum(row.value for row in links if row.measure == "place links" and row.subject == US),
            0,
        ),
        Target.at_most("insert, a core", index["insert"], 0.3),
        Target.at_most("kB an image", index["kB"], 15),
        Target.at_most(f"query before verification, {MEDIA:,} media", index["query"], 1),
    )
    kind = (
        f"{ROOMS} rooms of {VIEWS} views; overlapping are neighbours of a walk, views of one façade, "
        f"and rooms seen at most {3 * APART}° apart; pairs of a landmark are from whatever side."
    )
    photographs = (
        f"Photographs: {sum(map(len, photos.values()))} of {len(photos)} places, those that the "
        "thresholds were chosen on: for them this is no test on new pictures."
    )
    bound = (
        f"{false} of {claimed:,} place links are false, among so many pairs of each kind; precision is "
        f"at least {1 - most(false, claimed):.4f}, 95 % sure (Clopper and Pearson, one-sided)."
    )
    notes = (
        kind,
        photographs if photos else f"No photographs: there is no folder {FOLDER}.",
        bound,
        "Rooms are synthetic, fillers are collages of their points: people's own pictures are more alike.",
        f"Of the plain method {PLAIN_PAIRS:,} overlay pairs at most.",
    )
    return Result("places", tuple(rows), targets, notes)


def _claimed(found: Counter[tuple[str, bool]]) -> tuple[int, int]:
    """Place links that are false, and all of them."""
    false = sum(count for (case, said), count in found.items() if said and case.startswith("other"))
    return false, sum(count for (_, said), count in found.items() if said)


def _photographs(pool: ProcessPoolExecutor) -> dict[str, list[Look]]:
    paths = sorted(FOLDER.glob("*/*.jpg"))
    found: dict[str, list[Look]] = defaultdict(list)
    for path, look in zip(paths, pool.map(photograph, paths), strict=True):
        found[path.parent.name].append(look)
    return dict(found)


def _true(photos: dict[str, list[Look]], rooms: Sequence[Room]) -> list[Pair]:
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
    for room, *_ in rooms:
        pairs += [
            (f"rooms, {APART * n:2d}°", room[0], room[n], none)
            for n in (1, 2, 3, 4, 6, 9)
            if n < len(room)
        ]
    return pairs


def _false(
    photos: dict[str, list[Look]], rooms: Sequence[Room],
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
    _far(f"{len(pairs):,} pairs are compared")
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
            linked, where = counted[case, True], f"{case}, {count:,} pairs"
            if case.startswith("other"):
                rows.append(Row(where, subject, "false links", linked, ""))
                rows.append(Row(where, subject, "at most, 95 % sure", most(linked, count), "share"))
            else:
                rows.append(Row(where, subject, "recall", linked / count, ""))
        rows.append(Row(f"{case}, {count:,} pairs", US, "called décor", decor[case], "pairs"))
    for subject, counted in ((US, found), (ORB, other)):
        false, claimed = _claimed(counted)
        where = f"{claimed:,} place links"
        rows.append(Row(where, subject, "precision", 1 - false / max(1, claimed), ""))
        rows.append(Row(where, subject, "at least, 95 % sure", 1 - most(false, claimed), ""))
    rows.append(Row("all pairs", US, f"a pair, {os.cpu_count()} cores", each * 1e3, "ms"))
    return rows, found


def _overlapping(found: Iterable[tuple[str, bool]]) -> set[str]:
    near = {"walk, 1 apart", "façade", *(f"rooms, {APART * n:2d}°" for n in (1, 2, 3))}
    return near & {case for case, _ in found}


def _overlaid(
    pool: ProcessPoolExecutor, over_all: str, over: Sequence[list[Look]],
    chance: np.random.Generator,
) -> list[Row]:  # fmt: skip
    """Different rooms under one overlay; the mask is of the first views of them all."""
    mask = mask_of([room[0].points for room in over])
    every = list(itertools.permutations(range(len(over)), 2))
    pairs: list[Pair] = []
    for n in chance.integers(0, len(every), OVER_PAIRS // 2):
        a, b = every[n]
        one, other = chance.integers(OVER_VIEWS, size=2)
        pairs.append(("over", over[a][one], over[b][other], (mask, mask)))
    bare: list[Pair] = [(case, a, b, (None, None)) for case, a, b, _ in pairs[: PLAIN_PAIRS // 2]]
    same: list[Pair] = [("same", room[0], room[1], (mask, mask)) for room in over]
    _far(f"{len(pairs):,} pairs under {over_all} are compared")
    said = list(pool.map(_ours, pairs, chunksize=32))
    unmasked = list(pool.map(_ours, bare, chunksize=32))
    kept = list(pool.map(_ours, same, chunksize=4))
    case = f"different rooms, {over_all}"
    wrong = said.count(PlaceVerdict.PLACE)
    return [
        Row(f"{case}, {len(pairs):,} pairs", US, "place links", wrong, ""),
        Row(f"{case}, {len(pairs):,} pairs", US, "at most, 95 % sure", most(wrong, len(pairs)), "share"),
        Row(f"{case}, {len(pairs):,} pairs", US, "décor leads", said.count(PlaceVerdict.DECOR), ""),
        Row(f"{case}, {len(bare):,} pairs", f"{US}, no mask", "place links", unmasked.count(PlaceVerdict.PLACE), ""),
        Row(f"{case}, {len(bare):,} pairs", ORB, "links", sum(pool.map(_theirs, bare, chunksize=32)), ""),
        Row(f"one room, {over_all}, {len(same)} pairs", US, "recall", kept.count(PlaceVerdict.PLACE) / len(same), ""),
    ]  # fmt: skip


def _index(pool: ProcessPoolExecutor, rooms: Sequence[Room]) -> tuple[list[Row], dict[str, float]]:
    """An index of many media: bytes, seconds, whether the right one is found, and what is wrong."""
    vocabulary = packaged()
    looks = [look for room, *_ in rooms for look in room]
    _far(f"an index of {MEDIA:,} media is filled")
    fillers, places = Collages([look.points for look in looks], vocabulary), Places(vocabulary)
    begun = time.perf_counter()
    made_s = 0.0
    for number in range(MEDIA):
        before = time.perf_counter()
        own = fillers.words(number)
        made_s += time.perf_counter() - before
        places.add_words(number, [own])
    filled = time.perf_counter() - begun - made_s
    begun = time.perf_counter()
    some = looks[:: max(1, len(looks) // 100)]
    for number, look in enumerate(some):
        places.add(MEDIA + number, look.points)
    insert = (time.perf_counter() - begun) / len(some) + float(
        np.mean([one.seconds for one in some])
    )
    for number in range(MEDIA, MEDIA + len(some)):
        places.remove(number)
    size = places.bytes / len(places) / 1000
    rows, slowest = _asked(pool, places, fillers, looks)
    case = f"index of {MEDIA:,} media"
    rows += [
        Row(case, US, "an image", size, "kB"),
        Row(case, US, "words an image", fillers.average, ""),
        Row(case, US, "extract and insert, a core", insert, "s"),
        Row(case, US, "insert of words alone", filled / MEDIA * 1e3, "ms"),
    ]
    return rows, {"kB": size, "insert": insert, "query": slowest}


def _asked(
    pool: ProcessPoolExecutor, places: Places, fillers: Collages, looks: Sequence[Look]
) -> tuple[list[Row], float]:
    """Views asked of the full index, to which one other view of each room was added."""
    apart = np.linspace(0, len(looks) // VIEWS - 1, min(FULL, len(looks) // VIEWS)).astype(int)
    for at in apart.tolist():
        places.add(MEDIA + at, looks[at * VIEWS + 1].points)
    taken, first, pairs = [], 0, []
    asked = [(at, view) for view in range(VIEWS) if view != 1 for at in apart.tolist()][:FULL]
    _far(f"it is asked {len(asked):,} times")
    for at, view in asked:
        look = looks[at * VIEWS + view]
        begun = time.perf_counter()
        ranked = [number for number, _ in places.candidates(look.points)]
        taken.append(time.perf_counter() - begun)
        first += MEDIA + at in ranked
        for number in ranked:
            if number != MEDIA + at:
                other = looks[(number - MEDIA) * VIEWS + 1] if number >= MEDIA else None
                room = range(at * VIEWS, (at + 1) * VIEWS)
                theirs = fillers.points(number, room) if other is None else other.points
                pairs.append((look.points, theirs))
    wrong = sum(pool.map(_place, pairs, chunksize=16))
    case, bound = f"index of {len(places):,} media", most(wrong, len(pairs))
    return [
        Row(case, US, "query, median", float(np.median(taken)), "s"),
        Row(case, US, "query, slowest", float(np.max(taken)), "s"),
        Row(case, US, "a view of the room among the first 20", first / len(asked), ""),
        Row(case, US, f"false links per 1,000 queries, of {len(asked):,}", wrong / len(asked) * 1000, ""),
        Row(case, US, "at most, 95 % sure", bound * len(pairs) / len(asked) * 1000, "per 1,000"),
    ], float(np.max(taken))  # fmt: skip


def _place(pair: tuple[Keypoints, Keypoints]) -> bool:
    return compare([pair[0]], [pair[1]]).verdict is PlaceVerdict.PLACE


def _wrong(pool: ProcessPoolExecutor, rooms: Sequence[Room]) -> list[Row]:
    """Links to other rooms, of the best twenty that an index of real media answers."""
    places = Places(packaged())
    every = [(n, look) for n, (room, *_) in enumerate(rooms) for look in room]
    for number, (_, look) in enumerate(every):
        places.add(number, look.points)
    asked = np.linspace(0, len(every) - 1, min(QUERIES, len(every))).astype(int)
    pairs: list[Pair] = []
    for at in asked.tolist():
        room, look = every[at]
        near = [number for number, _ in places.candidates(look.points, 20 + VIEWS)]
        strange = [number for number in near if every[number][0] != room][:5]
        pairs += [("near", look, every[number][1], (None, None)) for number in strange]
    _far(f"{len(pairs):,} of the most alike pairs of other rooms are compared")
    said = list(pool.map(_ours, pairs, chunksize=32)).count(PlaceVerdict.PLACE)
    case = f"{len(asked):,} queries of {len(every):,} real media, the nearest 5 of other rooms"
    bound = most(said, len(pairs)) * len(pairs)
    return [
        Row(case, US, "false links per 1,000 queries", said / len(asked) * 1000, ""),
        Row(case, US, "at most, 95 % sure", bound / len(asked) * 1000, "per 1,000"),
    ]
