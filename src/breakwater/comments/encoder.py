"""An operator's encoder for the few messages that already stand out: a text drawn as a picture.

In: a folder (`model.onnx`, `card.toml`, `encoder.json`, `SHA256SUMS`). The first two are a classifier
as in `breakwater.classifiers`, of grey pictures: each character of the skeleton is a column, the row
that is lit says which. Out: nats for messages that the linear model puts among the highest few
per cent. Nothing here runs a model: `Weigh` does, which `recognition.encoding` jails. It fails
closed: a package that does not fit is refused, and an encoder that gives no number takes nothing
away; so does one that finds a message harmless. Off unless a folder is named. Source: reference
chat, level 1; decision 0022. Tests: tests/unit/test_comments_encoder.py,
tests/integration/test_comments_encoding.py.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.comments import strict_yaml
from breakwater.comments.engine import Read, Reader
from breakwater.comments.folding import folding
from breakwater.comments.model import Package, sums
from breakwater.comments.normalise import normalise
from breakwater.comments.traffic import fingerprint
from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.classifier import Card
from breakwater.model.comment import Cue, Share, Source
from breakwater.model.model_card import Colour, Layout

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Weigh = Callable[[Pixels], float | None]
"""A picture's number from 0 to 1; None: there is none, whatever the reason."""

FORM: Final = 1
MODEL, CARD, FACTS, SUMS = "model.onnx", "card.toml", "encoder.json", "SHA256SUMS"
FILES: Final = (MODEL, CARD, FACTS)
BINS: Final = 20
LEAST: Final = 30
"""Of each label, among messages that stand out: with fewer a language abstains."""

SHARE: Final = 0.03
"""Of ordinary messages, those that are high enough to be drawn."""

MOST_SHARE: Final = 0.1
MOST: Final = 2.0
"""Nats that an encoder gives at most."""

MOST_BYTES: Final = 256 << 20
_KEYS: Final = frozenset({"form", "folding", "alphabet", "linear", "languages"})
_LANGUAGE: Final = frozenset({"gate", "positives", "negatives"})


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one language: from which score of the linear model, and how values fell.

    Attributes:
        positives, negatives: (BINS,) counts of values of held-out texts that stood out.
    """

    gate: float
    positives: tuple[float, ...]
    negatives: tuple[float, ...]

    def nats(self, value: float) -> float:
        """Never falling in the value, from 0 to `MOST`."""
        for_, against = (
            np.array(one, np.float64) + 0.5 for one in (self.positives, self.negatives)
        )
        ratios = np.maximum.accumulate(np.log(for_ / for_.sum()) - np.log(against / against.sum()))
        at = min(BINS - 1, max(0, int(value * BINS)))
        return float(min(MOST, max(0.0, ratios[at])))


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """A package that was read.

    Attributes:
        card: of the classifier.
        alphabet: characters that have a row of their own; row 0 is any other.
        languages: those it was counted for.
        folder: where the model lies; None: nowhere yet.
    """

    card: Card
    card_text: str = field(repr=False)
    alphabet: str
    languages: Mapping[str, Counted]
    folder: Path | None = None

    @property
    def id(self) -> str:
        """Stands in explanations."""
        return f"{self.card.id}-{self.card.version}"

    def picture(self, skeleton: str) -> Pixels:
        """(rows, columns, 3): a column for each character, as many as fit."""
        form = self.card.input
        found = np.zeros((form.height, form.width, 3), np.uint8)
        rows = {one: at + 1 for at, one in enumerate(self.alphabet)}
        for column, one in enumerate(skeleton[: form.width]):
            found[rows.get(one, 0), column] = 255
        return found

    def stands_out(self, lang: str, raw: float | None) -> bool:
        """Whether a message is worth drawing."""
        known = self.languages.get(lang)
        return known is not None and raw is not None and raw >= known.gate


class EncodedReader:
    """A reader that asks an encoder about what stands out; it only ever adds.

    Attributes:
        asked: messages that were drawn.
        missed: of them, those it gave no number for; they weigh as without it.
    """

    def __init__(self, reader: Reader, encoder: Encoder, weigh: Weigh) -> None:
        """Take the parts."""
        self._reader, self._encoder, self._weigh = reader, encoder, weigh
        self.asked = self.missed = 0

    def read(
        self, text: str, lang: str | None = None, ago: Mapping[Cue, float] | None = None
    ) -> Read:
        """One message."""
        found = self._reader.read(text, lang, ago)
        known = found.scored.lang
        if not self._encoder.stands_out(known, found.raw):
            return found
        self.asked += 1
        value = self._weigh(self._encoder.picture(normalise(text).skeleton.text))
        if value is None or not 0.0 <= value <= 1.0:
            self.missed += 1
            return found
        nats = self._encoder.languages[known].nats(value)
        if nats <= 0.0:
            return found
        by = (*found.scored.by, Share(Source.ENCODER, nats, self._encoder.id))
        return replace(found, scored=replace(found.scored, nats=found.scored.nats + nats, by=by))


def fit(card_text: str, alphabet: str) -> Encoder:
    """A card and an alphabet that fit each other.

    Raises:
        BadInput: they do not.
    """
    card = Card.parse(card_text)
    form = card.input
    if len(set(alphabet)) != len(alphabet) or not alphabet or not alphabet.isprintable():
        raise BadInput("alphabet is characters, each once.")
    if form.colour is not Colour.GREY or form.layout is not Layout.NCHW:
        raise BadInput("An encoder takes grey pictures in nchw.")
    if form.height != len(alphabet) + 1:
        raise BadInput(
            f"input.height is {len(alphabet) + 1}: a row for each character and one more."
        )
    return Encoder(card, card_text, alphabet, {})


def counted(
    encoder: Encoder, rows: Sequence[tuple[str, bool, str]], package: Package, weigh: Weigh,
    share: float = SHARE,
) -> Encoder:  # fmt: skip
    """Run held-out texts through it and count.

    Args:
        encoder: of `fit`.
        rows: text, label, language; neither model learned from them.
        package: the linear model.
        weigh: runs the encoder.
        share: of ordinary texts that are drawn.

    Raises:
        BadInput: too few texts of every language stand out, or the encoder gives no number.
    """
    if not 0.0 < share <= MOST_SHARE:
        raise BadInput(
            f"The share of messages that are drawn is above 0 and at most {MOST_SHARE:g}."
        )
    held: dict[str, list[tuple[str, bool, float]]] = {}
    for text, label, lang in rows:
        skeleton = normalise(text).skeleton
        raw = package.raw(skeleton)
        if raw is not None and lang in package.positives:
            held.setdefault(lang, []).append((skeleton.text, label, raw))
    found = {lang: _one(encoder, told, weigh, share) for lang, told in sorted(held.items())}
    languages = {lang: one for lang, one in found.items() if one is not None}
    if not languages:
        raise BadInput(f"In no language {LEAST} texts of each label stand out.")
    return replace(encoder, languages=languages)


def _one(
    encoder: Encoder, told: Sequence[tuple[str, bool, float]], weigh: Weigh, share: float
) -> Counted | None:
    """The counts of one language; None: too few."""
    ordinary = [raw for _, label, raw in told if not label]
    if not ordinary:
        return None
    gate = float(np.quantile(ordinary, 1.0 - share, method="lower"))
    counts = np.zeros((2, BINS))
    for text, label, raw in told:
        if raw >= gate:
            value = weigh(encoder.picture(text))
            if value is None:
                raise BadInput("The encoder gave no number for a text.")
            counts[int(label), min(BINS - 1, int(value * BINS))] += 1.0
    if counts.sum(axis=1).min() < LEAST:
        return None
    return Counted(gate, tuple(counts[1].tolist()), tuple(counts[0].tolist()))


def save(encoder: Encoder, package: Package, model: bytes, folder: Path) -> None:
    """Write the package into a folder that is new or empty.

    Raises:
        Conflict: something is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty.")
    facts = {
        "form": FORM, "folding": folding().version, "alphabet": encoder.alphabet,
        "linear": fingerprint(package),
        "languages": {
            lang: {
                "gate": one.gate, "positives": list(one.positives), "negatives": list(one.negatives),
            }
            for lang, one in encoder.languages.items()
        },
    }  # fmt: skip
    files = {
        MODEL: model, CARD: encoder.card_text.encode(),
        FACTS: json.dumps(facts, sort_keys=True, ensure_ascii=False).encode() + b"\n",
    }  # fmt: skip
    for name, data in {**files, SUMS: sums(files).encode("ascii")}.items():
        (folder / name).write_bytes(data)


def load(folder: Path, package: Package) -> Encoder:
    """Read a package for a linear model.

    Raises:
        NotFound: there is none.
        BadInput: it is not one, it was changed, or it was counted beside another model.
    """
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder with an encoder.")
    if sorted(one.name for one in folder.iterdir()) != sorted((*FILES, SUMS)):
        raise BadInput(
            f"An encoder's package holds {', '.join(FILES)} and {SUMS}, and nothing else."
        )
    held = {name: _bytes(folder / name) for name in (*FILES, SUMS)}
    if held[SUMS] != sums({name: held[name] for name in FILES}).encode("ascii"):
        raise BadInput(f"{SUMS} does not fit the files: the package was changed or cut short.")
    try:
        card_text = held[CARD].decode("utf-8")
        facts = strict_yaml.mapping(json.loads(held[FACTS]), FACTS, need=_KEYS)
    except (ValueError, RecursionError):
        raise BadInput(f"{FACTS} is not JSON, or the card is not text.") from None
    if (facts["form"], facts["folding"]) != (FORM, folding().version):
        raise BadInput(f"{FACTS}: another form, or another folding table than {folding().version}.")
    if facts["linear"] != fingerprint(package):
        raise BadInput("This encoder was counted beside another model: count it anew.")
    found = fit(card_text, facts["alphabet"] if isinstance(facts["alphabet"], str) else "")
    if found.card.sha256 != hashlib.sha256(held[MODEL]).hexdigest():
        raise BadInput("The model is not the one its card names.")
    return replace(found, languages=_languages(facts["languages"]), folder=folder)


def _languages(held: Any) -> dict[str, Counted]:
    if not isinstance(held, dict) or not held:
        raise BadInput(f"{FACTS}: languages is not a mapping.")
    found = {}
    for lang, said in held.items():
        one = strict_yaml.mapping(said, "a language", need=_LANGUAGE)
        rows = [_counts(one[name]) for name in ("positives", "negatives")]
        found[str(lang)] = Counted(_number(one["gate"]), *rows)
    return found


def _counts(held: Any) -> tuple[float, ...]:
    if not isinstance(held, list) or len(held) != BINS:
        raise BadInput(f"{FACTS}: counts are not {BINS} numbers.")
    found = tuple(map(_number, held))
    if min(found) < 0:
        raise BadInput(f"{FACTS}: a count is below zero.")
    return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{FACTS}: a number is none.")
    return float(value)


def _bytes(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path.name} is not a regular file of at most {MOST_BYTES >> 20} MiB.")
    return path.read_bytes()
