"""Routing rules as people write them and as they are kept: JSON in, a `Ruleset` out, and back.

Everything unknown is refused with the words that are known: a misspelt condition that was
skipped would send cases to the wrong people. Fed by `web.api.routing` and the page of the
rules; tested in `tests/unit/test_routing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

from breakwater.errors import BadInput
from breakwater.model.case import CaseKind, Priority
from breakwater.model.routing import GENERAL, Pressure, Rule, Ruleset, When

WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
MOST_RULES: Final = 200
LONGEST_DUE_MIN: Final = 30 * 24 * 60

E = TypeVar("E", bound=StrEnum)


def written(ruleset: Ruleset) -> dict[str, Any]:
    """As it is kept, and as people write it."""
    pressure = ruleset.pressure
    return {
        "rules": [_rule_json(rule) for rule in ruleset.rules],
        "pressure": {
            "viewers_now": pressure.viewers_now,
            "reports_high": pressure.reports_high,
            "reports_now": pressure.reports_now,
        },
    }


def parse(text: Mapping[str, Any]) -> Ruleset:
    """Read rules that somebody wrote.

    Raises:
        BadInput: a word nobody knows, a name that stands twice, or a rule that never decides.
    """
    _only(text, {"rules", "pressure"}, "The rules")
    rules = text.get("rules", [])
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise BadInput(f"`rules` is a list of at most {MOST_RULES} rules.")
    made = Ruleset(
        tuple(_rule(number, rule) for number, rule in enumerate(rules, 1)),
        _pressure(text.get("pressure", {})),
    )
    names = [rule.name for rule in made.rules]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"Two rules are called “{name}”.")
    for name, first in made.unreachable():
        raise BadInput(f"Rule “{name}” never decides: “{first}” takes all its cases before.")
    return made


def word(text: object, where: str) -> str:
    """Read the name of a queue or skill.

    Raises:
        BadInput: it is not one.
    """
    if not isinstance(text, str) or not WORD.fullmatch(text):
        raise BadInput(f"{where}: a name of a-z, 0-9, - and _, 32 letters at most.")
    return text


def _rule(number: int, text: object) -> Rule:
    where = f"Rule {number}"
    if not isinstance(text, Mapping):
        raise BadInput(f"{where} is not an object.")
    _only(text, {"name", "when", "queue", "priority", "skill", "due_minutes"}, where)
    name = text.get("name")
    if not isinstance(name, str) or not _is_word(name) or not 0 < len(name.strip()) <= 80:
        raise BadInput(f"{where} needs a name of 1 to 80 letters.")
    due, skill, priority = text.get("due_minutes"), text.get("skill"), text.get("priority")
    if due is not None and (type(due) is not int or not 1 <= due <= LONGEST_DUE_MIN):
        raise BadInput(f"{where}: `due_minutes` is a number from 1 to {LONGEST_DUE_MIN}.")
    return Rule(
        name=name.strip(),
        when=_when(text.get("when", {}), where),
        queue=word(text.get("queue", GENERAL), f"{where}, `queue`"),
        priority=None if priority is None else _value(Priority, priority, f"{where}, `priority`"),
        skill=word(skill, f"{where}, `skill`") if skill else "",
        due_minutes=due,
    )


def _when(text: object, where: str) -> When:
    if not isinstance(text, Mapping):
        raise BadInput(f"{where}: `when` is an object.")
    _only(text, {"kinds", "services", "priorities", "labels", "surfaces"}, f"{where}, `when`")
    lists = {name: _words(value, f"{where}, `{name}`") for name, value in text.items()}
    return When(
        kinds=frozenset(_value(CaseKind, k, f"{where}, `kinds`") for k in lists.get("kinds", ())),
        services=frozenset(lists.get("services", ())),
        priorities=frozenset(
            _value(Priority, p, f"{where}, `priorities`") for p in lists.get("priorities", ())
        ),
        labels=frozenset(label.casefold() for label in lists.get("labels", ())),
        surfaces=frozenset(lists.get("surfaces", ())),
    )


def _pressure(text: object) -> Pressure:
    if not isinstance(text, Mapping):
        raise BadInput("`pressure` is an object.")
    _only(text, {"viewers_now", "reports_high", "reports_now"}, "`pressure`")
    for name, value in text.items():
        if type(value) is not int or not 1 <= value <= 1_000_000:
            raise BadInput(f"`{name}` is a number from 1 to 1,000,000.")
    made = Pressure(**text)
    if made.reports_now < made.reports_high:
        raise BadInput("`reports_now` is not smaller than `reports_high`.")
    return made


def _only(text: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in text:
        if name not in known:
            raise BadInput(
                f"{where}: there is no `{name!s:.40}`; known: {', '.join(sorted(known))}."
            )


def _words(value: object, where: str) -> Sequence[str]:
    if not isinstance(value, list) or not all(_is_word(one) for one in value):
        raise BadInput(f"{where} is a list of words.")
    return value


def _is_word(value: object) -> bool:
    """A printable word: what is kept must be text that every database keeps."""
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _value(kind: type[E], text: object, where: str) -> E:
    if not isinstance(text, str) or text not in set(kind):
        raise BadInput(f"{where}: one of {', '.join(kind)}.")
    return kind(text)


def _rule_json(rule: Rule) -> dict[str, Any]:
    when: dict[str, Iterable[str]] = {
        "kinds": rule.when.kinds,
        "services": rule.when.services,
        "priorities": rule.when.priorities,
        "labels": rule.when.labels,
        "surfaces": rule.when.surfaces,
    }
    return {
        "name": rule.name,
        "when": {name: sorted(words) for name, words in when.items() if words},
        "queue": rule.queue,
        "priority": rule.priority.value if rule.priority else None,
        "skill": rule.skill,
        "due_minutes": rule.due_minutes,
    }
