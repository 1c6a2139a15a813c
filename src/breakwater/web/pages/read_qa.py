"""The Quality page from `review.quality.quality`: figures as intervals, answers side by side.

A coefficient is never shown without its interval and the number of items it rests on. Read by
`pages.qa`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.facts import FLAGS, FirstLook, ItemFacts, Known, Realism
from breakwater.model.grading import How, Part
from breakwater.model.ids import Id
from breakwater.model.quality import AlarmKind, Dispute, Gold, QualityAlarm
from breakwater.records import gradesets, people, schemes
from breakwater.records.database import Tx
from breakwater.review.quality.agreement import RELIABLE, TENTATIVE, Agreement, Unmeasured
from breakwater.review.quality.drift import USUAL
from breakwater.review.quality.quality import QualityReport, Standing, TeamAgreement
from breakwater.web.pages import words
from breakwater.web.pages.form_grade import ACTIVITY, AGE, MARKS, MATURITY, SEX
from breakwater.web.pages.models import Mark, Number, Option
from breakwater.web.pages.models_qa import (
    AgreementRow,
    AlarmRow,
    AnswerLine,
    DisputeView,
    GoldRow,
    Interval,
    PairRow,
    QaView,
    StandingRow,
)
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.speech import Spoken, later, say, say_n

MEASURES: Final[Mapping[str, str]] = {
    "pertinent": later("Pertinent or not"),
    "activity": later("Activity"),
    "age": later("Age of the youngest child"),
    "maturity": later("Maturity of the youngest child"),
    "children": later("Number of children"),
    "realism": later("Real, synthetic or drawn"),
}
LOOKS: Final[Mapping[FirstLook, str]] = {
    FirstLook.NOT_PERTINENT: later("Not pertinent"),
    FirstLook.FULL_FACTS: later("Pertinent"),
    FirstLook.CANNOT_TELL: later("Cannot tell"),
}
WHY: Final = Spoken({
    Unmeasured.TOO_FEW: later("Fewer than two items were answered by two people."),
    Unmeasured.NO_VARIATION: later(
        "Everybody gave one and the same answer, so chance cannot be judged."
    ),
})  # fmt: skip
NOTHING: Final = "–"


def report(look: Look, found: QualityReport, *, set_number: int | None, wrong: str = "") -> QaView:
    """The whole page."""
    names = Names(look.tx)
    measured = tuple(_agreement(look.tx, one, names) for one in found.agreement)
    alarms = sum(alarm.open for alarm in found.alarms)
    return QaView(
        numbers=(
            Number(words.count(len(found.waiting)), say("wait for a ruling")),
            Number(words.count(alarms), say("open alarms"), late=alarms > 0),
        ),
        sets=_sets(look.tx, set_number),
        agreement=measured,
        pairs=tuple(row for row in measured if row.pairs),
        standings=tuple(_standing(one, names) for one in found.standings),
        waiting=tuple(_dispute(one, names, frozenset()) for one in found.waiting),
        settled=tuple(
            _dispute(one, names, frozenset(gold.item for gold in found.golds if gold.active))
            for one in found.settled
        ),
        golds=tuple(_gold(look, one, names) for one in found.golds),
        alarms=tuple(_alarm(look, one, names) for one in found.alarms),
        reliable_at=100 * RELIABLE,
        tentative_at=100 * TENTATIVE,
        wrong=wrong,
    )


class Names:
    """People's names by id, each read once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str, str] = {}

    def __call__(self, person: Id) -> str:
        """The name of somebody."""
        if person not in self._known:
            try:
                self._known[person] = people.get(self._tx, person).name
            except NotFound:
                self._known[person] = say("Somebody")
        return self._known[person]


def interval(found: Agreement) -> Interval:
    """A coefficient with its interval, as words and as a line."""
    low, high = max(0.0, found.low), max(0.0, found.high)
    return Interval(
        value=f"{found.value:.2f}",
        reach=say("%(low)s to %(high)s", low=f"{found.low:.2f}", high=f"{found.high:.2f}"),
        words=say(
            "%(value)s, interval %(low)s to %(high)s",
            value=f"{found.value:.2f}", low=f"{found.low:.2f}", high=f"{found.high:.2f}",
        ),
        at=round(100 * max(0.0, found.value), 1),
        left=round(100 * low, 1),
        width=round(max(0.8, 100 * (high - low)), 1),
    )  # fmt: skip


def measure_word(tx: Tx, name: str) -> str:
    """A measure as people read it."""
    if name.startswith("scheme:"):
        return schemes.get(tx, name.removeprefix("scheme:")).name
    return say(MEASURES[name])


def _agreement(tx: Tx, one: TeamAgreement, names: Names) -> AgreementRow:
    measured = isinstance(one.found, Agreement)
    return AgreementRow(
        id=one.measure.replace(":", "-"),
        word=measure_word(tx, one.measure),
        items=words.count(one.found.items) if isinstance(one.found, Agreement) else NOTHING,
        found=interval(one.found) if isinstance(one.found, Agreement) else None,
        state=_state(one.found),
        pairs=tuple(
            PairRow(
                names(pair.one),
                names(pair.other),
                words.count(pair.found.items) if isinstance(pair.found, Agreement) else NOTHING,
                interval(pair.found) if isinstance(pair.found, Agreement) else None,
                "" if isinstance(pair.found, Agreement) else WHY[pair.found],
            )
            for pair in one.pairs
            if measured
        ),
        why=WHY[one.found] if isinstance(one.found, Unmeasured) else "",
    )


def _state(found: Agreement | Unmeasured) -> Mark:
    if isinstance(found, Unmeasured):
        return Mark("none", say("Not measured"))
    if found.reliable:
        return Mark("ok", say("Reliable"))
    if found.failing:
        return Mark("bad", say("Too little"))
    return Mark("held", say("Not certain yet"))


def _standing(one: Standing, names: Names) -> StandingRow:
    if one.drift.alarm:
        state = Mark("bad", say("Drifting: talk and look again"))
    elif one.gold:
        state = Mark("ok", say("Settled"))
    else:
        state = Mark("none", say("No gold item met yet"))
    return StandingRow(
        grader=names(one.grader),
        gold=say("%(n)s of %(all)s", n=one.gold_right, all=one.gold),
        gold_share=one.gold_right / one.gold if one.gold else 0.0,
        settled=say("%(n)s of %(all)s", n=one.settled_right, all=one.settled),
        state=state,
        score=round(one.drift.score / USUAL.limit, 3),
        words=say_n(
            "Drift score over the last %(n)s answer", "Drift score over the last %(n)s answers",
            one.drift.since,
        ),
    )  # fmt: skip


def _dispute(one: Dispute, names: Names, golds: frozenset[int]) -> DisputeView:
    heads = tuple(
        say("%(name)s, ruling", name=names(answer.grader))
        if answer.part is Part.ADJUDICATOR
        else names(answer.grader)
        for answer in one.answers
    )
    looks = tuple(say(LOOKS[answer.look]) for answer in one.answers)
    told = [(say("First look"), looks)] + [
        (say(word), tuple(read(a.facts) if a.facts else NOTHING for a in one.answers))
        for word, read in LINES
    ]
    lines = [_line(word, said) for word, said in told if set(said) != {NOTHING}]
    ruled = one.result is not None and one.result.how is How.ADJUDICATED
    return DisputeView(
        number=one.item.number,
        set=one.item.set,
        state=Mark("ok", say("Settled by a ruling"))
        if ruled
        else Mark("wait", say("Waits for a ruling")),
        heads=heads,
        lines=tuple(lines),
        notes=tuple(answer.note for answer in one.answers if answer.note),
        may_be_gold=ruled and one.item.number not in golds and one.item.leader is None,
    )


def _line(word: str, answers: tuple[str, ...]) -> AnswerLine:
    return AnswerLine(word, answers, differs=len(set(answers)) > 1)


def _children(facts: ItemFacts) -> str:
    """Each child in words, the order in which they were answered left out."""
    told = sorted(
        f"{say(AGE[child.age])}, {say(SEX[child.sex])}, {say(MATURITY[child.maturity])}"
        for child in facts.children
    )
    return "; ".join(told) or say("None")


def _marks(facts: ItemFacts) -> str:
    said = {("flag", name) for name in FLAGS if getattr(facts, name)}
    if facts.realism is not Realism.REAL:
        said.add(("realism", facts.realism.value))
    if facts.victim is Known.YES:
        said.add(("victim", "yes"))
    told = [say(word) for name, value, word, _ in MARKS if (name, value) in said]
    return ", ".join(told) or NOTHING


def _gold(look: Look, one: Gold, names: Names) -> GoldRow:
    answer = say(LOOKS[one.look])
    if one.facts is not None:
        answer = f"{say(ACTIVITY[one.facts.activity])}; {_children(one.facts)}"
    return GoldRow(
        number=one.item,
        set=one.set,
        answer=answer,
        by=names(one.by),
        at=words.ago(one.at, look.now),
        reason=one.reason,
        state=Mark("ok", say("Met by graders")) if one.active else Mark("none", say("Ended")),
        active=one.active,
    )


def _alarm(look: Look, one: QualityAlarm, names: Names) -> AlarmRow:
    if one.kind is AlarmKind.DRIFT:
        told = say(
            "%(name)s: %(wrong)s of %(answers)s gold answers differ, more of them lately.",
            name=names(Id(one.subject)), wrong=one.facts["wrong"], answers=one.facts["answers"],
        )  # fmt: skip
    else:
        told = say(
            "Set %(n)s: graders agree too little on %(measure)s, %(alpha)s over %(items)s items.",
            n=one.subject, measure=measure_word(look.tx, str(one.facts["measure"])),
            alpha=f"{one.facts['alpha']:.2f}", items=one.facts["items"],
        )  # fmt: skip
    ended = ""
    if one.ended_by is not None:
        ended = say("Closed by %(name)s: %(note)s", name=names(one.ended_by), note=one.note)
    return AlarmRow(one.id, told, words.ago(one.at, look.now), one.open, ended)


def _sets(tx: Tx, chosen: int | None) -> tuple[Option, ...]:
    rows = (
        Option(str(one.number), f"{one.number} {one.name}", one.number == chosen)
        for one in gradesets.every(tx)
    )
    return (Option("", say("All sets"), chosen is None), *rows)


LINES: Final[tuple[tuple[str, Callable[[ItemFacts], str]], ...]] = (
    (later("Activity"), lambda facts: say(ACTIVITY[facts.activity])),
    (later("Children"), _children),
    (later("What else is so"), _marks),
    (
        later("Offenders seen"),
        lambda facts: NOTHING if facts.offenders is None else str(facts.offenders),
    ),
)
