"""From labelled messages to a model package, and what may be said about it.

In: labelled rows (`comments.rows`).
Out: a package: weights, counts of held-out scores, a card with hashes, splits and intervals,
checksums. Rows are split by group; nothing is reported when a group stands in two parts, for then
a figure measures memory. The card marks the groups that were learned from, so that `measure` can
refuse them too. No text is kept. Source: reference chat, "Levels" and "Forms". Tests: tests/unit/test_comment_train.py.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from breakwater import kernel
from breakwater.comments import learn
from breakwater.comments.calibrate import histogram
from breakwater.comments.folding import folding
from breakwater.comments.learn import Sparse
from breakwater.comments.model import FORM, GRAMS, HASH, SUMS, USE, Package, make, sums
from breakwater.comments.normalise import normalise
from breakwater.comments.obfuscate import OPEN, augmented
from breakwater.comments.rows import Row
from breakwater.errors import BadInput, Conflict
from breakwater.model.comment import Skeleton

PARTS: Final = (("train", 0.6), ("calibrate", 0.2), ("test", 0.2))
LEAST: Final = 30
"""Of each label in a part: with fewer texts nothing is reported."""

USES: Final = {"train": "learn from", "calibrate": "calibrate with", "test": "test with"}
"""What each part is for, in words."""

LEARNED: Final = ("train", "calibrate")
COPIES: Final = 3
"""Of each text, in a disguise drawn for each. Of one to three, by the open disguises of short
advertising (benchmarks/comments_attacked.py): .983, .985, .987 of recall is left."""

MARK: Final = 5
MARKED: Final = 20_000
"""Groups that a card marks; of five bytes each: one of fifty million others looks like one."""


@dataclass(frozen=True, slots=True)
class About:
    """What people say about the data and the model; goes into the card.

    Attributes:
        surrogate: it stands in for something else and says so wherever a figure stands.
        licence: of the data.
    """

    id: str
    title: str
    about: str
    licence: str
    surrogate: bool = False
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A package and the bytes of its files."""

    package: Package
    files: Mapping[str, bytes] = field(repr=False)

    def save(self, folder: Path) -> None:
        """Write the package into a folder that is new or empty.

        Raises:
            Conflict: something is there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Conflict(f"{folder} is not empty.")
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


def split(rows: Sequence[Row], seed: str = "1") -> dict[str, list[Row]]:
    """Parts by group, which is never cut; groups with and without positives are dealt apart."""
    with_positives = {row.group for row in rows if row.label}
    others = {row.group for row in rows} - with_positives
    part = {**_dealt(with_positives, seed), **_dealt(others, seed)}
    parts: dict[str, list[Row]] = {name: [] for name, _ in PARTS}
    for row in rows:
        parts[part[row.group]].append(row)
    return parts


def _dealt(groups: Set[str], seed: str) -> dict[str, str]:
    """A part for each group, in an order that nobody chose."""
    order = sorted(groups, key=lambda one: _digest(f"{seed}\0{one}"))
    found = {}
    for rank, group in enumerate(order):
        at = (rank + 0.5) / len(order)
        part = PARTS[-1][0]
        for name, share in reversed(PARTS):
            if at < share:
                part = name
                break
            at -= share
        found[group] = part
    return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def refuse_overlap(parts: Mapping[str, Sequence[Row]]) -> None:
    """Refuse parts that share a group.

    Raises:
        BadInput: how many groups stand in which two parts.
    """
    groups = {name: {row.group for row in rows} for name, rows in parts.items()}
    names = list(groups)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            shared = len(groups[one] & groups[other])
            if shared:
                raise BadInput(
                    f"{one} and {other} share {shared} of {len(groups[other])} groups: "
                    "figures would measure memory, so nothing is reported."
                )


def train(
    parts: Mapping[str, Sequence[Row]], about: About,
    *, sources: Mapping[str, str], bits: int = kernel.FEATURE_BITS, augment: bool = False,
) -> Trained:  # fmt: skip
    """Learn, count, measure, and put it together.

    Args:
        parts: `train`, `calibrate` and `test`; no group stands in two.
        about: for the card.
        sources: name to SHA-256 of each file the rows came from.
        bits: of the features.
        augment: learn each text also in disguises that are not reserved; of both labels, so
            that disguise by itself says nothing to the model.

    Raises:
        BadInput: groups overlap, or a part has too few texts of a label.
    """
    refuse_overlap(parts)
    for name, rows in parts.items():
        few = min(sum(row.label for row in rows), sum(not row.label for row in rows))
        if few < LEAST:
            raise BadInput(
                f"Groups are split into rows to learn from, to calibrate with and to test with. Those "
                f"to {USES.get(name, name)} hold {few} texts of the rarer label; {LEAST} are needed: give more "
                "rows, in more groups."
            )
    learned = _learned(parts["train"], bits, augment=augment)
    features = {
        "form": FORM, "folding": folding().version, "hash": HASH, "bits": bits,
        "grams": [*GRAMS], "words": True, "scale": learned.scale, "bias": learned.bias,
    }  # fmt: skip
    rest: dict[str, Any] = {"index": learned.index, "weight": learned.weight}
    bare = make(
        features=features, **rest, calibration={"form": FORM, "languages": {}},
        card=_card(about, parts, sources, {}, [], augment=augment),
    )  # fmt: skip
    languages = _counted(bare, parts["calibrate"])
    calibration = {"form": FORM, "languages": languages}
    card = _card(about, parts, sources, _measured(bare, parts), sorted(languages), augment=augment)
    package = make(features=features, **rest, calibration=calibration, card=card)
    archive = io.BytesIO()
    np.savez_compressed(archive, allow_pickle=False, **rest)
    files = {
        "weights.npz": archive.getvalue(),
        "features.json": _json(features),
        "calibration.json": _json(calibration),
        "card.yaml": yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=96).encode(),
    }
    return Trained(package, {**files, SUMS: sums(files).encode("ascii")})


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _skeletons(rows: Sequence[Row]) -> Iterator[tuple[Row, Skeleton]]:
    """Rows that hold anything to weigh."""
    for row in rows:
        skeleton = normalise(row.text).skeleton
        if skeleton.text:
            yield row, skeleton


def _learned(rows: Sequence[Row], bits: int, *, augment: bool) -> learn.Fit:
    held = list(_skeletons(rows))
    if augment:
        for copy in range(COPIES):
            held += _skeletons(
                [replace(row, text=augmented(row.text, f"{copy}")[0]) for row in rows]
            )
    labels = np.array([row.label for row, _ in held], np.bool_)
    return learn.fit(Sparse.of([one.text for _, one in held], bits), labels)


def _counted(package: Package, rows: Sequence[Row]) -> dict[str, dict[str, list[float]]]:
    """Counts of scores by language, where there are enough of both labels."""
    raws: dict[str, tuple[list[float], list[float]]] = {}
    for row, skeleton in _skeletons(rows):
        raw = package.raw(skeleton)
        if raw is not None and row.lang:
            raws.setdefault(row.lang, ([], []))[not row.label].append(raw)
    return {
        lang: {"positives": histogram(for_).tolist(), "negatives": histogram(against).tolist()}
        for lang, (for_, against) in sorted(raws.items())
        if min(len(for_), len(against)) >= LEAST
    }


def _measured(package: Package, parts: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Measures on `test`, each text once and none that `train` holds."""
    seen = {skeleton.key for _, skeleton in _skeletons(parts["train"])}
    known = len(seen)
    kept: list[Row] = []
    raws: list[float] = []
    for row, skeleton in _skeletons(parts["test"]):
        raw = package.raw(skeleton)
        if skeleton.key not in seen and raw is not None:
            seen.add(skeleton.key)
            kept.append(row)
            raws.append(raw)
    labels, scores = np.array([row.label for row in kept], np.bool_), np.array(raws)
    if min(labels.sum(), (~labels).sum()) < LEAST:
        raise BadInput(
            f"The rows to test with hold fewer than {LEAST} texts of a label that were not learned from: "
            "give more that differ."
        )
    groups = [row.group for row in kept]
    measures = {"average_precision": learn.average_precision, "recall_at_fpr_1pct": learn.recall_at}
    found: dict[str, Any] = {
        name: {
            "value": round(measure(scores, labels), 4),
            "interval_95": [
                round(one, 4) for one in learn.interval(measure, scores, labels, groups)
            ],
        }
        for name, measure in measures.items()
    }
    texts = {"positive": int(labels.sum()), "negative": int((~labels).sum())}
    return {**found, "texts": texts, "groups": len(set(groups)), "train_texts": known}


def _card(
    about: About, parts: Mapping[str, Sequence[Row]], sources: Mapping[str, str],
    metrics: Mapping[str, Any], languages: Sequence[str], *, augment: bool,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": about.id, "title": about.title, "use": USE, "surrogate": about.surrogate,
        "about": about.about, "languages": list(languages),
        "data": [
            {"name": name, "sha256": digest, "licence": about.licence}
            for name, digest in sources.items()
        ],
        "splits": {
            "by": "group",
            **{
                name: {
                    "rows": len(rows), "positive": sum(row.label for row in rows),
                    "groups": len({row.group for row in rows}),
                }
                for name, rows in parts.items()
            },
            "shared": _shared(parts),
            "disguises_learned": [one.id for one in OPEN] if augment else [],
            "groups_learned": marks({row.group for name in LEARNED for row in parts[name]}),
        },
        "metrics": dict(metrics),
        "failures": list(about.failures),
    }  # fmt: skip


def marks(groups: Set[str]) -> str:
    """Five bytes of each group's digest, by which a later test can tell what was learned from.

    Empty for more than can be marked: then the rows themselves must be shown.
    """
    if len(groups) > MARKED:
        return ""
    return base64.b64encode(b"".join(sorted(_digest(one)[:MARK] for one in groups))).decode()


def marked(card: Mapping[str, Any]) -> frozenset[bytes] | None:
    """The marks in a card; None: it has none."""
    held = card["splits"].get("groups_learned") if isinstance(card["splits"], dict) else None
    if not isinstance(held, str) or not held:
        return None
    try:
        data = base64.b64decode(held, validate=True)
    except ValueError:
        return None
    return frozenset(data[at : at + MARK] for at in range(0, len(data), MARK))


def mark(group: str) -> bytes:
    """The mark of one group."""
    return _digest(group)[:MARK]


def _shared(parts: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """Authors and streams that stand in more than one part: groups should have held them together."""
    found = {}
    for name in ("author", "stream"):
        where: Counter[str] = Counter()
        for rows in parts.values():
            where.update({getattr(row, name) for row in rows} - {""})
        found[f"{name}s"] = sum(count > 1 for count in where.values())
    return found
