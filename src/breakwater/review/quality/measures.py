"""What agreement is measured of: the questions a grader answers, and the codes derived from them.

Pure: one answer in, the value it gives to a measure out, or None when it says nothing about it.
Values that lie in an order are ordered, so that 11–13 against 14–15 counts less than against
0–2. Schemes come as derived codes, because it is the code that the law acts on. Read by
`review.quality.quality`. Tests: `tests/unit/test_review_measures.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from breakwater.model.facts import Activity, AgeBand, FirstLook, ItemFacts, Maturity, Realism
from breakwater.model.grading import Grading
from breakwater.model.ids import Id
from breakwater.model.scheme import Scheme
from breakwater.review.quality.agreement import Agreement, Scale, Unmeasured, alpha, kappa

MOST_COUNTED: Final = 5
"""Children are counted up to five; more are one answer."""


Given = Mapping[int, Mapping[Id, str]]
"""What was answered: item to person to value."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing people may agree on.

    Attributes:
        name: stable: `activity`, or `scheme:uk_abc`.
        scale: what may be answered.
        value: what an answer says of it; None when nothing.
    """

    name: str
    scale: Scale
    value: Callable[[Grading], str | None]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two graders agree, the two by id."""

    one: Id
    other: Id
    found: Agreement | Unmeasured


def _pertinent(answer: Grading) -> str | None:
    # "Cannot tell" is no third opinion about the item: it is an answer that is missing.
    return None if answer.look is FirstLook.CANNOT_TELL else answer.look.value


def _of_facts(read: Callable[[ItemFacts], str]) -> Callable[[Grading], str | None]:
    # Thousands of answers give a few dozen different facts.
    known = lru_cache(maxsize=4096)(read)
    return lambda answer: known(answer.facts) if answer.facts else None


def _children(facts: ItemFacts) -> str:
    count = len(facts.children)
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED}+"


def _youngest(facts: ItemFacts) -> str:
    return facts.youngest.age.value if facts.youngest else NOBODY


def _maturity(facts: ItemFacts) -> str:
    return facts.youngest.maturity.value if facts.youngest else NOBODY


NOBODY: Final = "none"

OF_FACTS: Final = (
    Measure(
        "pertinent",
        Scale((FirstLook.NOT_PERTINENT.value, FirstLook.FULL_FACTS.value)),
        _pertinent,
    ),
    Measure(
        "activity",
        Scale(tuple(Activity), ordered=True),
        _of_facts(lambda facts: facts.activity.value),
    ),
    Measure("age", Scale((*AgeBand, NOBODY), ordered=True), _of_facts(_youngest)),
    Measure("maturity", Scale((*Maturity, NOBODY)), _of_facts(_maturity)),
    Measure(
        "children",
        Scale((*map(str, range(MOST_COUNTED)), f"{MOST_COUNTED}+"), ordered=True),
        _of_facts(_children),
    ),
    Measure("realism", Scale(tuple(Realism)), _of_facts(lambda facts: facts.realism.value)),
)
"""What graders answer. The youngest child stands for age and maturity: severity hangs on it."""


def of_scheme(scheme: Scheme) -> Measure | None:
    """The code a scheme derives from each answer; None for annotations, which are many."""
    if scheme.every:
        return None
    code = lru_cache(maxsize=4096)(lambda facts: scheme.derive(facts).codes[0])
    return Measure(
        f"scheme:{scheme.id}",
        Scale(tuple(scheme.codes), ordered=scheme.ordinal),
        lambda answer: None if answer.look is FirstLook.CANNOT_TELL else code(answer.facts),
    )


def given(measure: Measure, answers: Iterable[Grading]) -> Given:
    """What each answer says of a measure; those that say nothing are left out."""
    items: dict[int, dict[Id, str]] = {}
    for answer in answers:
        value = measure.value(answer)
        if value is not None:
            items.setdefault(answer.item, {})[answer.grader] = value
    return items


def of_team(measure: Measure, said: Given) -> Agreement | Unmeasured:
    """Krippendorff's α over everybody's answers."""
    return alpha((tuple(item.values()) for item in said.values()), measure.scale)


def of_pairs(measure: Measure, said: Given) -> tuple[PairAgreement, ...]:
    """Cohen's κ of every two people who answered the same items."""
    met: dict[tuple[Id, Id], list[tuple[str, str]]] = {}
    for item in said.values():
        for one, other in combinations(sorted(item), 2):
            met.setdefault((one, other), []).append((item[one], item[other]))
    return tuple(
        PairAgreement(one, other, kappa(pairs, measure.scale))
        for (one, other), pairs in sorted(met.items())
    )
