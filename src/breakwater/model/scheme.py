"""Classification schemes as tables: facts in, the code that a law or a standard gives out.

A scheme is data: an ordered list of rules over the answers of `model.facts`, with jurisdiction,
version and source. The first rule that holds gives the code (`one`), or every rule that holds
gives one (`all`, for annotations). A table is proven when it is read: each combination of facts
gets a code and each rule can be reached, so that a hole is found by its author and never by a
report. Shipped tables stand in `review/grading/schemes`. Tests: `tests/unit/test_scheme.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final, Self

from breakwater.errors import BadInput
from breakwater.model.facts import (
    FLAGS,
    Activity,
    AgeBand,
    ItemFacts,
    Known,
    Maturity,
    Realism,
)

Answers = Mapping[str, str]
"""One word for each field: what the rules of a table are asked about."""

_YES_NO: Final = ("no", "yes")
_NOBODY: Final = "none"

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pertinent": ("yes", "no"),
    "activity": tuple(Activity),
    "realism": tuple(Realism),
    "children": (_NOBODY, "one", "several"),
    "youngest": (_NOBODY, *AgeBand),
    "maturity": (_NOBODY, *Maturity),
    "victim": (Known.UNKNOWN, Known.YES, Known.NO),
    **dict.fromkeys(FLAGS, _YES_NO),
}
"""What a rule may ask, with every answer there is; `maturity` is the youngest child's."""

MOST_CHECKS: Final = 2_000_000
"""Combinations times rules: a table that distinguishes more is refused; nobody could read it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table: when all of its conditions hold, it gives its code."""

    give: str
    when: tuple[tuple[str, frozenset[str]], ...] = ()

    def holds(self, answers: Answers) -> bool:
        """Whether every condition is met."""
        return all(answers[name] in wanted for name, wanted in self.when)

    def plain(self) -> dict[str, Any]:
        """As JSON and TOML keep it."""
        when = {
            name: [word for word in FIELDS[name] if word in wanted] for name, wanted in self.when
        }
        return {"give": self.give, "when": when}


@dataclass(frozen=True, slots=True)
class Derived:
    """What a scheme says of an item, and the rules that said so.

    Attributes:
        codes: one, or for annotations any number, in the order of the table.
        rules: positions in the table, from 0.
    """

    codes: tuple[str, ...]
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One table in one version.

    Attributes:
        id: as API and records name it.
        name: for people.
        jurisdiction: whose law or standard it is.
        version: of the table.
        source: what it follows: statute, guideline, specification.
        every: each rule that holds gives a code, instead of the first one.
        ordinal: the order of `codes` is one of gravity, so that near misses count less.
        codes: each with its words, the gravest first.
    """

    id: str
    name: str
    jurisdiction: str
    version: str
    source: str
    every: bool
    ordinal: bool
    codes: Mapping[str, str]
    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> Self:
        """Read a table as TOML or JSON gives it, and prove it.

        Raises:
            BadInput: a member is missing or wrong, a combination of facts gets no code, or a
                rule can never be reached; the detail names it.
        """
        try:
            scheme = cls(
                id=str(table["id"]),
                name=str(table["name"]),
                jurisdiction=str(table["jurisdiction"]),
                version=str(table["version"]),
                source=str(table["source"]),
                every=_either(table, "answers", "one", "all"),
                ordinal=_either(table, "scale", "nominal", "ordinal"),
                codes={str(code["code"]): str(code["words"]) for code in table["codes"]},
                rules=tuple(_rule(at, rule) for at, rule in enumerate(table["rules"], start=1)),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as fault:
            raise BadInput(f"The table is incomplete or misshapen: {fault}.") from None
        scheme.prove()
        return scheme

    def plain(self) -> dict[str, Any]:
        """The table as `parse` reads it."""
        return {
            "id": self.id, "name": self.name, "jurisdiction": self.jurisdiction,
            "version": self.version, "source": self.source,
            "answers": "all" if self.every else "one",
            "scale": "ordinal" if self.ordinal else "nominal",
            "codes": [{"code": code, "words": words} for code, words in self.codes.items()],
            "rules": [rule.plain() for rule in self.rules],
        }  # fmt: skip

    def derive(self, facts: ItemFacts | None) -> Derived:
        """The code of an item.

        Args:
            facts: of the item; None for one that is not pertinent.

        Raises:
            BadInput: no rule holds: the table was never proven.
        """
        answers = answers_of(facts)
        held = [at for at, rule in enumerate(self.rules) if rule.holds(answers)]
        if self.every:
            return Derived(tuple(dict.fromkeys(self.rules[at].give for at in held)), tuple(held))
        if not held:
            raise BadInput(f"The table {self.id} {self.version} has no rule for these facts.")
        return Derived((self.rules[held[0]].give,), (held[0],))

    def prove(self) -> None:
        """Check the table as a whole.

        Raises:
            BadInput: a name is misspelled, a code is never given or unknown, a combination of
                facts gets no code, or a rule can never be reached.
        """
        if not _NAME.fullmatch(self.id) or not _VERSION.fullmatch(self.version):
            raise BadInput("A scheme's id is like uk_abc, its version like 2014-04-01.")
        given = {rule.give for rule in self.rules}
        if not self.rules or given != set(self.codes):
            odd = ", ".join(sorted(given ^ set(self.codes))) or "no rules"
            raise BadInput(f"Codes and rules do not name the same: {odd}.")
        if self.every:
            reached = {at for at, rule in enumerate(self.rules) if _reachable(rule)}
        else:
            reached = self._walk()
        for at in range(len(self.rules)):
            if at not in reached:
                raise BadInput(f"Rule {at + 1} of {self.id} can never be reached.", rule=at + 1)

    def _walk(self) -> set[int]:
        """Every rule that is the first to hold for some facts; a hole raises."""
        asked = dict.fromkeys(name for rule in self.rules for name, _ in rule.when)
        checks = len(self.rules) * prod(len(FIELDS[name]) for name in asked)
        if checks > MOST_CHECKS:
            raise BadInput(f"The table distinguishes {checks:,} cases; {MOST_CHECKS:,} is most.")
        reached = set()
        for answers in combinations(tuple(asked)):
            first = next((at for at, rule in enumerate(self.rules) if rule.holds(answers)), None)
            if first is None:
                example = ", ".join(f"{name} {answers[name]}" for name in asked)
                raise BadInput(f"The table {self.id} has a hole: no rule for {example}.")
            reached.add(first)
        return reached


def answers_of(facts: ItemFacts | None) -> dict[str, str]:
    """What the rules are asked about; without facts the item is not pertinent."""
    if facts is None:
        return {name: words[0] for name, words in FIELDS.items()} | {"pertinent": "no"}
    youngest = facts.youngest
    several = "several" if len(facts.children) > 1 else "one"
    return {
        "pertinent": "yes",
        "activity": facts.activity.value,
        "realism": facts.realism.value,
        "children": several if youngest else _NOBODY,
        "youngest": youngest.age.value if youngest else _NOBODY,
        "maturity": youngest.maturity.value if youngest else _NOBODY,
        "victim": facts.victim.value,
        **{name: _YES_NO[getattr(facts, name)] for name in FLAGS},
    }


def combinations(asked: Sequence[str]) -> Iterator[Answers]:
    """Every possible set of answers to these fields, the impossible left out."""
    for words in product(*(FIELDS[name] for name in asked)):
        answers = dict(zip(asked, words, strict=True))
        if _possible(answers):
            yield answers


def _possible(answers: Answers) -> bool:
    """Without facts everything has its first answer; child fields speak of the same children."""
    if answers.get("pertinent") == "no":
        rest = ((name, word) for name, word in answers.items() if name != "pertinent")
        return all(word == FIELDS[name][0] for name, word in rest)
    about = {answers[name] == _NOBODY for name in _OF_CHILDREN if name in answers}
    return len(about) < 2


_OF_CHILDREN: Final = ("children", "youngest", "maturity")


def _reachable(rule: Rule) -> bool:
    return any(rule.holds(answers) for answers in combinations([name for name, _ in rule.when]))


def _rule(at: int, said: Mapping[str, Any]) -> Rule:
    when: list[tuple[str, frozenset[str]]] = []
    for name, words in sorted(dict(said.get("when", {})).items()):
        wanted = frozenset([words] if isinstance(words, str) else words)
        if name not in FIELDS:
            raise BadInput(f"Rule {at} asks about {name}; there are: {', '.join(FIELDS)}.")
        if not wanted or not wanted <= set(FIELDS[name]):
            raise BadInput(f"Rule {at}: {name} is one of: {', '.join(FIELDS[name])}.")
        when.append((name, wanted))
    return Rule(str(said["give"]), tuple(when))


def _either(table: Mapping[str, Any], name: str, no: str, yes: str) -> bool:
    if table[name] not in {no, yes}:
        raise BadInput(f"{name} is {no} or {yes}.")
    return bool(table[name] == yes)
