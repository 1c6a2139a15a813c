"""A message model: a directory with weights, what they stand for, and where they come from.

In: a package (weights.npz, features.json, calibration.json, card.yaml, SHA256SUMS). Out: a score
for a message, and its log-likelihood ratio by the package's own held-out texts; a service's own
traffic says better (`comments.calibrate`). Nothing in a package is run: no pickles, no unknown
keys, no file more. Languages without counts abstain. Source: reference chat, "Forms".
Tests: tests/unit/test_comment_model.py.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.comments import strict_yaml
from breakwater.comments.calibrate import BINS, LOW, STEP, Counts, Null
from breakwater.comments.folding import folding
from breakwater.comments.normalise import normalise
from breakwater.errors import BadInput, NotFound
from breakwater.model.comment import Scored, Share, Skeleton, Source

SHIPPED: Final = Path(__file__).with_name("surrogate")
FORM: Final = 2
HASH: Final = "fnv1a-fmix64"
GRAMS: Final = (2, 5)
SHORT: Final = 48
"""Counted as features of no weight in every text: the shorter a text, the less its score says.
Chance scores of short ordinary lines were most of what alarmed falsely (benchmarks/comments.py)."""

SUMS: Final = "SHA256SUMS"
FILES: Final = ("weights.npz", "features.json", "calibration.json", "card.yaml")
MOST_BYTES: Final = 16 << 20
USE: Final = "triage for human review only"
CARD: Final = frozenset(
    {
        "id",
        "title",
        "use",
        "surrogate",
        "about",
        "languages",
        "data",
        "splits",
        "metrics",
        "failures",
    }
)
_FEATURES: Final = frozenset({"form", "folding", "hash", "bits", "grams", "words", "scale", "bias"})


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A model that was read.

    Attributes:
        weights: (2**bits,) whole numbers; a score is bias + scale · sum / √(features + SHORT).
        positives, negatives: by language, (BINS,) counts of scores of held-out texts.
        card: where it comes from and what it is for.
    """

    id: str
    bits: int
    weights: NDArray[np.int16] = field(repr=False)
    scale: float
    bias: float
    positives: Mapping[str, Counts] = field(repr=False)
    negatives: Mapping[str, Counts] = field(repr=False)
    card: Mapping[str, Any] = field(repr=False)
    _ratios: Mapping[str, Counts] = field(repr=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that it was trained and calibrated for."""
        return tuple(sorted(self.positives))

    def raw(self, skeleton: Skeleton) -> float | None:
        """The score before calibration; None where there is nothing to weigh."""
        total, count = kernel.text_weigh(skeleton.text, self.weights, self.bits)
        return self.bias + self.scale * total / math.sqrt(count + SHORT) if count else None

    def ratio(self, lang: str | None, raw: float | None) -> float | None:
        """Nats by the package's own held-out texts; None: abstain."""
        ratios = self._ratios.get(lang or "")
        if ratios is None or raw is None:
            return None
        return float(ratios[min(BINS - 1, max(0, int((raw - LOW) / STEP)))])

    def score(self, text: str, lang: str | None) -> Scored:
        """One message by the model alone."""
        skeleton = normalise(text).skeleton
        nats = self.ratio(lang, self.raw(skeleton))
        if nats is None:
            known = lang in self.positives
            return Scored(0.0, (), skeleton.obfuscation, lang or "und", abstained=not known)
        share = Share(Source.MODEL, nats, self.id)
        return Scored(nats, (share,), skeleton.obfuscation, lang or "und")


def make(
    *, features: Mapping[str, Any], index: NDArray[np.uint32], weight: NDArray[np.int16],
    calibration: Mapping[str, Any], card: Mapping[str, Any],
) -> Package:  # fmt: skip
    """A package of its parts.

    Raises:
        BadInput: a part is not of the form.
    """
    said = strict_yaml.mapping(features, "features.json", need=_FEATURES)
    if (said["form"], said["hash"], said["grams"], said["words"]) != (FORM, HASH, [*GRAMS], True):
        raise BadInput(
            "features.json: this program hashes 2- to 5-grams and words in one way only."
        )
    if said["folding"] != folding().version:
        raise BadInput(
            f"features.json: trained with folding table {said['folding']!s:.9}, this is {folding().version}."
        )
    bits = said["bits"]
    if isinstance(bits, bool) or not isinstance(bits, int) or not 8 <= bits <= kernel.FEATURE_BITS:
        raise BadInput(f"features.json: bits is not 8 to {kernel.FEATURE_BITS}.")
    scale, bias = (_number(said[name], f"features.json: {name}") for name in ("scale", "bias"))
    dense = np.zeros(1 << bits, np.int16)
    _fits(index, weight, dense.size)
    dense[index] = weight
    dense.flags.writeable = False
    positives, negatives = _counts(calibration)
    checked = _card(card)
    return Package(
        checked["id"], bits, dense, scale, bias, positives, negatives, checked,
        {lang: _ratios(positives[lang], negatives[lang]) for lang in positives},
    )  # fmt: skip


def _ratios(positive: Counts, negative: Counts) -> Counts:
    """Nats by bin, no surer than so many texts can make one."""
    null = Null()
    null.seen = negative
    most, least = math.log1p(float(negative.sum())), -math.log1p(float(positive.sum()))
    return np.clip(null.ratios(positive), least, most)


def _fits(index: NDArray[np.uint32], weight: NDArray[np.int16], size: int) -> None:
    kinds = (index.dtype, weight.dtype) == (np.dtype("<u4"), np.dtype("<i2"))
    if not kinds or index.ndim != 1 or index.shape != weight.shape or index.size > size:
        raise BadInput("weights.npz: index and weight are not rows of 4- and 2-byte whole numbers.")
    if index.size and (
        int(index[-1]) >= size or bool((np.diff(index.astype(np.int64)) <= 0).any())
    ):
        raise BadInput("weights.npz: index does not ascend below 2**bits.")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{where} is not a number.")
    return float(value)


def _counts(held: Any) -> tuple[dict[str, Counts], dict[str, Counts]]:
    said = strict_yaml.mapping(held, "calibration.json", need={"form", "languages"})
    if said["form"] != FORM:
        raise BadInput(f"calibration.json: its form is not {FORM}.")
    positives, negatives = {}, {}
    for lang, kinds in strict_yaml.mapping(
        said["languages"], "languages", may=set(said["languages"])
    ).items():
        one = strict_yaml.mapping(kinds, "a language", need={"positives", "negatives"})
        positives[lang] = _histogram(one["positives"])
        negatives[lang] = _histogram(one["negatives"])
    return positives, negatives


def _histogram(values: Any) -> Counts:
    numbers = isinstance(values, list) and len(values) == BINS
    if not numbers or not all(isinstance(one, int | float) and 0 <= one < 1e15 for one in values):
        raise BadInput(f"calibration.json: counts are not {BINS} numbers.")
    counts = np.array(values, np.float64)
    counts.flags.writeable = False
    return counts


def _card(held: Any) -> Mapping[str, Any]:
    card = strict_yaml.mapping(held, "card.yaml", need=CARD)
    if card["use"] != USE:
        raise BadInput(f"card.yaml: use is not `{USE}`.")
    name = card["id"]
    if not isinstance(name, str) or not name.isascii() or not 0 < len(name) <= 64:
        raise BadInput("card.yaml: id is not 1 to 64 ASCII characters.")
    return card


def load(folder: Path) -> Package:
    """Read a package.

    Raises:
        NotFound: there is none.
        BadInput: it is not one, it was changed, or it holds more than it may.
    """
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder with a model package.")
    names = sorted(one.name for one in folder.iterdir())
    if names != sorted((*FILES, SUMS)):
        raise BadInput(f"A model package holds {', '.join(FILES)} and {SUMS}, and nothing else.")
    held = {name: _bytes(folder / name) for name in (*FILES, SUMS)}
    wanted = sums({name: held[name] for name in FILES})
    if held[SUMS].decode("ascii", "replace") != wanted:
        raise BadInput(f"{SUMS} does not fit the files: the package was changed or cut short.")
    index, weight = _arrays(held["weights.npz"])
    return make(
        features=_json(held["features.json"], "features.json"), index=index, weight=weight,
        calibration=_json(held["calibration.json"], "calibration.json"),
        card=strict_yaml.load(held["card.yaml"]),
    )  # fmt: skip


def sums(held: Mapping[str, bytes]) -> str:
    """The text of SHA256SUMS, as `sha256sum -c` reads it."""
    return "".join(f"{hashlib.sha256(held[name]).hexdigest()}  {name}\n" for name in sorted(held))


def _bytes(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path.name} is not a regular file of at most {MOST_BYTES >> 20} MiB.")
    return path.read_bytes()


def _json(data: bytes, name: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError):
        pass
    raise BadInput(f"{name} is not JSON, or a key stands twice.")


def _arrays(data: bytes) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
    """The two arrays; archives that hold anything else, or grow, are not opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if sorted(one.filename for one in infos) != ["index.npy", "weight.npy"]:
                raise BadInput("weights.npz does not hold exactly index and weight.")
            if any(one.file_size > MOST_BYTES for one in infos):
                raise BadInput("weights.npz grows beyond its limit.")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = arrays["index"], arrays["weight"]
        if all(isinstance(one, np.ndarray) for one in found):
            return found
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, RuntimeError):
        pass
    raise BadInput("weights.npz is not an archive of two plain arrays; pickles are never read.")
