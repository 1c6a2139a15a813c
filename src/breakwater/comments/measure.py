"""What a model does on labelled rows that it did not learn from.

In: labelled rows and a package. Out: average precision and recall with bootstrap intervals over
groups, by language; how much recall is left under each disguise; and, where rows have times and
streams, false alarms per stream-hour and seconds to alarm as `replay` counts them. Rows whose
group the model learned from are refused: their figures would measure memory. Each text counts
once. Read by `report` and `breakwater comments evaluate`. Source: reference chat, "Forms", goals.
Tests: tests/unit/test_comments_measure.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.comments import learn
from breakwater.comments.calibrate import Calibration
from breakwater.comments.model import Package
from breakwater.comments.normalise import normalise
from breakwater.comments.obfuscate import FAMILIES, Family
from breakwater.comments.replay import Chat, Outcome, Setup, Trial, run
from breakwater.comments.rows import Row, Told
from breakwater.comments.train import LEAST, mark, marked
from breakwater.errors import BadInput

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FALSE_SHARE: Final = 0.01
"""Of ordinary texts, the share that may score above the limit at which recall is read."""

WANTED: Final = 0.97
"""Of the recall on texts as written, the share that should be left (reference chat, goals)."""

HORIZON_S: Final = 600.0
POINTS: Final = 60


@dataclass(frozen=True, slots=True)
class Share:
    """A number from 0 to 1 with its 95 % bootstrap interval over groups."""

    value: float
    low: float
    high: float

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        return {"value": round(self.value, 4), "interval_95": [round(self.low, 4), round(self.high, 4)]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well texts are told apart, of one language or of all.

    Attributes:
        positives, negatives: texts, each counted once.
        abstains: the package is not calibrated for this language.
    """

    lang: str
    positives: int
    negatives: int
    groups: int
    precision: Share | None
    recall: Share | None
    abstains: bool = False

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "lang": self.lang, "positives": self.positives, "negatives": self.negatives,
            "groups": self.groups, "abstains": self.abstains,
            "average_precision": self.precision.numbers() if self.precision else None,
            "recall_at_fpr_1pct": self.recall.numbers() if self.recall else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attacked:
    """What one disguise leaves: recall at the limit of texts as written, and its share of theirs."""

    family: str
    about: str
    reserved: bool
    recall: float
    share: float

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "family": self.family, "reserved": self.reserved, "recall": round(self.recall, 4),
            "share_of_clean": round(self.share, 4),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suite:
    """All disguises."""

    clean: float
    attacked: tuple[Attacked, ...]

    def mean(self, *, reserved: bool | None = None) -> float:
        """Mean share of clean recall; of all, of the reserved ones, or of the others."""
        mine = [one.share for one in self.attacked if reserved in {None, one.reserved}]
        return float(np.mean(mine)) if mine else 0.0

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clean_recall": round(self.clean, 4), "wanted_share": WANTED,
            "mean_share": round(self.mean(), 4), "mean_share_reserved": round(self.mean(reserved=True), 4),
            "families": [one.numbers() for one in self.attacked],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything about one file of rows.

    Attributes:
        checked: groups were held against those the model learned from.
        curve: (recall, precision), for a plot.
        calibration: (nats, share of texts looked for at such nats and above), for a plot.
        outcome: over streams; None: rows have no times, or there are too few streams.
        no_outcome: why there is none.
    """

    package: str
    surrogate: bool
    card: Mapping[str, Any] = field(repr=False)
    rows: int
    total: Ranked
    languages: tuple[Ranked, ...]
    suite: Suite | None
    curve: tuple[tuple[float, float], ...]
    spread: Mapping[str, tuple[tuple[float, int], ...]]
    outcome: Outcome | None = None
    no_outcome: str = ""

    def numbers(self) -> dict[str, Any]:
        """For JSON: no text, no names."""
        return {
            "package": self.package, "surrogate": self.surrogate, "rows": self.rows,
            "total": self.total.numbers(),
            "languages": [one.numbers() for one in self.languages],
            "disguises": self.suite.numbers() if self.suite else None,
            "streams": self.outcome.numbers() if self.outcome else None,
            "no_streams": self.no_outcome,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Texts with their scores, each text once."""

    rows: list[Row]
    scores: Floats
    labels: Bools


def refuse_learned(rows: Sequence[Row], package: Package, learned: Collection[str] | None) -> None:
    """Refuse rows of groups that the model learned from.

    Args:
        rows: to measure on.
        package: the model.
        learned: groups it learned from; None: its card's marks say.

    Raises:
        BadInput: some were learned from, or nobody can tell.
    """
    groups = {row.group for row in rows}
    if learned is not None:
        shared = len(groups & set(learned))
    else:
        marks = marked(package.card)
        if marks is None:
            raise BadInput(
                "The model's card does not mark the groups it learned from: "
                "give the rows it learned from too."
            )
        shared = sum(mark(one) in marks for one in groups)
    if shared:
        raise BadInput(
            f"The model learned from {shared} of these {len(groups)} groups: "
            "figures would measure memory, so nothing is reported."
        )


def measure(
    rows: Sequence[Row], package: Package, *, learned: Collection[str] | None = None,
    counts: Calibration | None = None, suite: bool = True,
) -> Measured:  # fmt: skip
    """Measure everything.

    Args:
        rows: labelled.
        package: the model.
        learned: groups it learned from; None: its card's marks say.
        counts: of the service's calibration; None: half of the ordinary streams give them.
        suite: whether the disguises are run.

    Raises:
        BadInput: groups were learned from, or there are too few texts of a label.
    """
    refuse_learned(rows, package, learned)
    held = _scored(rows, package)
    if min(int(held.labels.sum()), int((~held.labels).sum())) < LEAST:
        raise BadInput(f"There are fewer than {LEAST} unlike texts of a label.")
    languages = sorted({row.lang for row in rows})
    outcome, why = _streams(rows, package, counts)
    return Measured(
        package.id, bool(package.card["surrogate"]), package.card, len(rows),
        _ranked(held, "all", abstains=False),
        tuple(_language(held, lang, package) for lang in languages),
        attack(held.rows, held.scores, held.labels, package) if suite else None,
        _curve(held), _spread(held), outcome, why,
    )  # fmt: skip


def attack(
    rows: Sequence[Row], scores: Floats, labels: Bools, package: Package,
    families: Sequence[Family] = FAMILIES,
) -> Suite:  # fmt: skip
    """Recall of disguised texts at the limit that ordinary texts as written set.

    What disguise weighs by itself is left out, so that the share says what the model still reads.

    Args:
        rows: labelled, each text once.
        scores: (rows,) of the model.
        labels: (rows,).
        package: the model.
        families: disguises.
    """
    limit = float(np.quantile(scores[~labels], 1.0 - FALSE_SHARE, method="higher"))
    told = [row.text for row, label in zip(rows, labels, strict=True) if label]
    clean = float((scores[labels] > limit).mean())
    found = []
    for one in families:
        raws = (package.raw(normalise(one.of(text)).skeleton) for text in told)
        recall = float(np.mean([raw is not None and raw > limit for raw in raws]))
        share = recall / clean if clean else 0.0
        found.append(Attacked(one.id, one.about, one.reserved, recall, share))
    return Suite(clean, tuple(found))


def _scored(rows: Sequence[Row], package: Package) -> _Held:
    kept: list[Row] = []
    raws: list[float] = []
    seen: set[tuple[int, str]] = set()
    for row in rows:
        skeleton = normalise(row.text).skeleton
        raw = package.raw(skeleton)
        if raw is not None and (skeleton.key, row.lang) not in seen:
            seen.add((skeleton.key, row.lang))
            kept.append(row)
            raws.append(raw)
    return _Held(kept, np.array(raws), np.array([row.label for row in kept], np.bool_))


def _share(
    of: Callable[[Floats, Bools], float], held: _Held, chosen: NDArray[np.intp], groups: list[str]
) -> Share:
    scores, labels = held.scores[chosen], held.labels[chosen]
    low, high = learn.interval(of, scores, labels, groups)
    return Share(of(scores, labels), low, high)


def _ranked(held: _Held, lang: str, *, abstains: bool, only: Sequence[int] | None = None) -> Ranked:
    chosen = np.arange(len(held.rows)) if only is None else np.array(only, np.intp)
    groups = [held.rows[at].group for at in chosen]
    positives = int(held.labels[chosen].sum())
    negatives = len(chosen) - positives
    if min(positives, negatives) < LEAST or abstains:
        return Ranked(lang, positives, negatives, len(set(groups)), None, None, abstains)
    return Ranked(
        lang, positives, negatives, len(set(groups)),
        _share(learn.average_precision, held, chosen, groups),
        _share(learn.recall_at, held, chosen, groups),
    )  # fmt: skip


def _language(held: _Held, lang: str, package: Package) -> Ranked:
    only = [at for at, row in enumerate(held.rows) if row.lang == lang]
    return _ranked(held, lang or "und", abstains=lang not in package.positives, only=only)


def _curve(held: _Held) -> tuple[tuple[float, float], ...]:
    """Precision by recall, at most so many points."""
    order = np.lexsort((held.labels, -held.scores))
    hits = np.cumsum(held.labels[order])
    precision = hits / np.arange(1, len(order) + 1)
    recall = hits / hits[-1]
    at = np.unique(np.linspace(0, len(order) - 1, POINTS).astype(np.intp))
    early = np.unique(np.searchsorted(recall, np.linspace(0.02, 1.0, POINTS)))
    both = np.unique(np.concatenate([at, np.minimum(early, len(order) - 1)]))
    return tuple((float(recall[one]), float(precision[one])) for one in both)


def _spread(held: _Held) -> dict[str, tuple[tuple[float, int], ...]]:
    """How many texts have which score, by label."""
    edges = np.linspace(held.scores.min(), held.scores.max() + 1e-9, 33)
    found = {}
    for name, mine in (("looked for", held.labels), ("ordinary", ~held.labels)):
        counts, _ = np.histogram(held.scores[mine], edges)
        found[name] = tuple((float(edges[n]), int(count)) for n, count in enumerate(counts))
    return found


def _streams(
    rows: Sequence[Row], package: Package, counts: Calibration | None
) -> tuple[Outcome | None, str]:
    """Rows with times as a replay: streams without what is looked for, and those with it."""
    held: dict[str, list[Row]] = {}
    for row in rows:
        if row.at is not None and row.stream:
            held.setdefault(row.stream, []).append(row)
    if not held:
        return None, "The rows have no ts and stream."
    chats: list[Chat] = []
    trials: list[Trial] = []
    for name, mine in sorted(held.items()):
        mine.sort(key=lambda one: one.at or 0.0)
        first = mine[0].at or 0.0
        told = tuple(
            Told(one.text, (one.at or 0.0) - first, "", one.author or "nobody", one.lang)
            for one in mine
        )
        chat = Chat(name, told)
        began = next((told[n].at for n, one in enumerate(mine) if one.label), None)
        if began is None:
            chats.append(chat)
        else:
            cut = tuple(one for one in told if one.at <= began + HORIZON_S)
            trials.append(Trial(chat.band, cut, began))
    inputs = {"streams": len(chats), "messages": sum(map(len, held.values()))}
    try:
        setup = Setup(package, counts=counts)
        return run(chats, setup, inputs, trials=trials), ""
    except BadInput as error:
        return None, error.detail
