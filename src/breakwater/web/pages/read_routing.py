"""Routing rules in words: what is in force, what other rules would change, who has which skill.

Also one's own terms: which content is not offered to oneself. Nobody but that person is shown
their opt-outs, whoever leads the work included. Read by `pages.routing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from breakwater.model.case import CaseKind, Priority
from breakwater.model.queue import WorkTerms
from breakwater.model.routing import Comparison, Content, Mode, Place, Rule, Ruleset, Version, When
from breakwater.model.routing_form import written
from breakwater.records import people, queue, routing
from breakwater.review.queueing.queue import decides
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Option
from breakwater.web.pages.models_routing import (
    ComparisonView,
    DifferenceRow,
    RoutingView,
    RuleRow,
    SkilledPerson,
    TermsView,
    VersionRow,
)
from breakwater.web.pages.read_audit import names_of
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.speech import Spoken, later, say, say_n

MODES: Final[Mapping[Mode, Mark]] = Spoken({
    Mode.LIVE: Mark("ok", later("In force")),
    Mode.SHADOW: Mark("wait", later("In shadow")),
    Mode.DRAFT: Mark("none", later("Draft")),
    Mode.RETIRED: Mark("none", later("Retired")),
})  # fmt: skip

CONTENTS: Final[Mapping[Content, str]] = Spoken({
    Content.PICTURE: later("Pictures"),
    Content.VIDEO: later("Videos"),
    Content.LIVE: later("Live streams"),
    Content.SOUND: later("Sound recordings"),
    Content.WORDS: later("Conversations"),
})  # fmt: skip


def rules_page(
    look: Look,
    *,
    draft: str = "",
    note: str = "",
    wrong: str = "",
    said: str = "",
    compared: ComparisonView | None = None,
) -> RoutingView:
    """The page of the rules.

    Args:
        look: whoever leads the work.
        draft: rules that somebody writes; the ones in force when empty.
        note: what those are for.
        wrong: why they cannot be read.
        said: what was just done.
        compared: what they would change.
    """
    versions = routing.every(look.tx)
    live = next(version for version in versions if version.mode is Mode.LIVE)
    names = names_of(look.tx)
    return RoutingView(
        live=live.number,
        rules=tuple(_rule(number, rule) for number, rule in enumerate(live.ruleset.rules, 1)),
        pressure=_pressure(live.ruleset),
        versions=tuple(_version(one, names) for one in versions),
        people=_skilled(look, live.ruleset),
        draft=draft or text_of(live.ruleset),
        note=note,
        wrong=wrong,
        comparison=compared,
        said=said,
    )


def text_of(ruleset: Ruleset) -> str:
    """Rules as people write them."""
    return json.dumps(written(ruleset), indent=2, ensure_ascii=False)


def comparison(title: str, found: Comparison) -> ComparisonView:
    """What other rules would change, in words and rows."""
    seen = say_n("Of %(n)s case of the last week", "Of %(n)s cases of the last week", found.cases)
    would = say_n(
        "%(n)s would wait elsewhere or otherwise.",
        "%(n)s would wait elsewhere or otherwise.",
        found.changed,
    )
    return ComparisonView(
        title=title,
        words=f"{seen}, {would}",
        queues=tuple(
            (name, words.count(before), words.count(after))
            for name, (before, after) in found.by_queue.items()
        ),
        rows=tuple(
            DifferenceRow(one.number, one.case, _place(one.before), _place(one.after))
            for one in found.differences
        ),
        more=found.changed - len(found.differences),
    )


def terms_page(look: Look, terms: WorkTerms, said: str = "") -> TermsView:
    """What comes to whoever looks, and what does not."""
    labels = sorted({label for rule in routing.live(look.tx).ruleset.rules for label in rule.when.labels}
                    | (terms.opt_outs - set(Content)))  # fmt: skip
    return TermsView(
        skills=tuple(sorted(terms.skills)),
        contents=tuple(Option(c.value, CONTENTS[c], c.value in terms.opt_outs) for c in Content),
        labels=tuple(Option(label, label, label in terms.opt_outs) for label in labels),
        said=said,
    )


def _place(place: Place) -> str:
    """Where a case waits, in one line of a table."""
    facts = {
        "queue": place.queue,
        "priority": words.PRIORITY[place.priority].word,
        "due": words.span(place.due_in),
    }
    if place.skill:
        return say(
            "%(queue)s, %(priority)s, due in %(due)s, needs %(skill)s", skill=place.skill, **facts
        )
    return say("%(queue)s, %(priority)s, due in %(due)s", **facts)


def _rule(number: int, rule: Rule) -> RuleRow:
    due = words.span(timedelta(minutes=rule.due_minutes)) if rule.due_minutes else ""
    return RuleRow(
        number=number,
        name=rule.name,
        when=_when(rule.when),
        queue=rule.queue,
        priority=words.PRIORITY[rule.priority].word if rule.priority else say("As found"),
        skill=rule.skill or say("Anybody"),
        due=due or say("By priority"),
    )


def _when(when: When) -> str:
    parts = []
    if when.kinds:
        parts.append(", ".join(words.KIND[kind] for kind in CaseKind if kind in when.kinds))
    if when.services:
        parts.append(say("service %(names)s", names=_any(when.services)))
    if when.priorities:
        found = _any(words.PRIORITY[p].word for p in Priority if p in when.priorities)
        parts.append(say("found as %(names)s", names=found))
    if when.labels:
        parts.append(say("label %(names)s", names=_any(when.labels)))
    if when.surfaces:
        parts.append(say("surface %(names)s", names=_any(when.surfaces)))
    return "; ".join(parts) or say("Every case")


def _any(names: Iterable[str]) -> str:
    return say(" or ").join(sorted(names))


def _pressure(ruleset: Ruleset) -> tuple[str, ...]:
    pressure = ruleset.pressure
    return (
        say_n(
            "A live stream that %(n)s person watches is Now.",
            "A live stream that %(n)s people watch is Now.",
            pressure.viewers_now,
        ),
        say_n(
            "A case that %(n)s person reported is High.",
            "A case that %(n)s people reported is High.",
            pressure.reports_high,
        ),
        say_n(
            "A case that %(n)s person reported is Now.",
            "A case that %(n)s people reported is Now.",
            pressure.reports_now,
        ),
    )


def _version(version: Version, names: Mapping[str, str]) -> VersionRow:
    return VersionRow(
        number=version.number,
        note=version.note,
        by=names.get(version.by, "breakwater"),
        at=words.at(version.at) if version.at else words.unknown(),
        mode=MODES[version.mode],
        rules=len(version.ruleset.rules),
        live=version.mode is Mode.LIVE,
        shadow=version.mode is Mode.SHADOW,
    )


def _skilled(look: Look, ruleset: Ruleset) -> tuple[SkilledPerson, ...]:
    found = []
    for person in people.every(look.tx):
        if not decides(person):
            continue
        has = queue.terms(look.tx, person.id).skills
        known = dict.fromkeys([*ruleset.skills, *sorted(has)])
        options = tuple(Option(skill, skill, skill in has) for skill in known)
        found.append(SkilledPerson(person.id, person.name, options))
    return tuple(found)
