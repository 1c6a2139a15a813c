"""Grade pages from the grading verb: a task as a person sees it, blind to everything else.

Read by `pages.grade`; the form itself stands in `form_grade`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from breakwater.model.access import Permission, Principal
from breakwater.model.facts import Contradiction, FirstLook
from breakwater.model.grading import GradeItem, GradeSet, Part, Stack
from breakwater.model.media import Level
from breakwater.review.grading.grade import Task
from breakwater.web.pages import words
from breakwater.web.pages.form_grade import Answers, moment, packed
from breakwater.web.pages.models import Number
from breakwater.web.pages.models_grade import (
    Ahead,
    Choice,
    DisputeRow,
    FirstView,
    GradeFrame,
    GradeView,
    SetRow,
    SetsView,
    StackView,
    Tile,
)
from breakwater.web.pages.speech import Spoken, later, say, say_n

MOST_FRAMES: Final = 24

LOOKS: Final = (
    (FirstLook.NOT_PERTINENT, later("Not pertinent"), "grade_first.not_pertinent"),
    (FirstLook.FULL_FACTS, later("Full facts"), "grade_first.full_facts"),
    (FirstLook.CANNOT_TELL, later("Cannot tell"), "grade_first.cannot_tell"),
)

NEAR: Final = (
    ("same", later("The same picture"), "grade_stack.same"),
    ("other", later("Another picture"), "grade_stack.other"),
)

QUESTIONS: Final = Spoken({
    "older_prepubescent": later("A child of 14 or older is marked prepubescent."),
    "small_pubescent": later("A child of 6 or younger is marked pubescent."),
    "act_without_child": later("An activity is given, and no child."),
    "offender_without_act": later("Offenders are counted, and the activity is none."),
    "comparison_with_act": later("A comparison picture has an activity."),
    "made_and_captured": later("It is drawn or synthetic, and captured live."),
    "made_by_child": later("It is drawn or synthetic, and made by the child."),
    "drawn_victim": later("It is drawn, and the victim is known."),
    "stretch_without_child": later("A stretch has an activity, and nobody is in it."),
})  # fmt: skip
"""What `model.facts` asks, by its code, in the language of the page."""


def sets(
    found: Sequence[tuple[GradeSet, int]], disputes: Sequence[GradeItem], done: str
) -> SetsView:
    """The sets that are open, each with how many of its items this person has answered."""
    waiting = sum(one.waiting for one, _ in found)
    return SetsView(
        numbers=(
            Number(words.count(waiting), say("items wait")),
            Number(words.count(sum(mine for _, mine in found)), say("answered by you")),
        ),
        rows=tuple(
            SetRow(
                number=one.number,
                name=one.name,
                items=words.count(one.total),
                waiting=words.count(one.waiting),
                share=1 - one.waiting / one.total if one.total else 1.0,
                mine=words.count(mine),
            )
            for one, mine in found
        ),
        disputes=tuple(DisputeRow(item.number, item.set) for item in disputes),
        done=done,
    )


def item(
    who: Principal,
    one: GradeSet,
    task: Task,
    *,
    ahead: Task | None = None,
    answers: Answers | None = None,
    questions: Sequence[Contradiction] = (),
    wrong: str = "",
) -> GradeView:
    """One item with its panel: as it was sent, else as it was answered before, else empty."""
    before = task.answer.facts if task.answer else None
    if answers is None:
        answers = Answers.of(before) if before else Answers()
    return GradeView(
        set=one.number,
        set_name=one.name,
        item=task.item,
        number=task.number,
        position=say("%(n)s of %(all)s", n=words.count(task.position), all=words.count(task.total)),
        level=level_of(who).value,
        panel=answers.panel(),
        frames=frames_of(task),
        moving=task.moving,
        behind=say_n(
            "This answer also holds for %(n)s near copy, once somebody has confirmed it.",
            "This answer also holds for %(n)s near copies, once somebody has confirmed them.",
            task.behind,
        )
        if task.behind
        else "",
        previous=packed(task.previous),
        ahead=None if ahead is None else Ahead(ahead.item),
        questions=tuple(QUESTIONS[question.code] for question in questions),
        asked=tuple(question.code for question in questions),
        wrong=wrong,
        again=before is not None,
        ruling=task.part is Part.ADJUDICATOR,
        no_view=no_view(who),
    )


def first(who: Principal, one: GradeSet, tasks: Sequence[Task]) -> FirstView:
    """One page of the first pass."""
    return FirstView(
        set=one.number,
        set_name=one.name,
        level=level_of(who).value,
        tiles=tuple(
            Tile(task.item, task.number, say("Item %(n)s", n=words.count(task.number)), task.moving)
            for task in tasks
        ),
        looks=tuple(Choice(look.value, say(word), key) for look, word, key in LOOKS),
        no_view=no_view(who),
    )


def stack(who: Principal, one: GradeSet, found: Stack) -> StackView:
    """One stack of near copies beside the item that was graded."""
    return StackView(
        set=one.number,
        set_name=one.name,
        level=level_of(who).value,
        leader=_tile(found.leader),
        tiles=tuple(_tile(member) for member in found.members),
        looks=tuple(Choice(value, say(word), key) for value, word, key in NEAR),
        no_view=no_view(who),
    )


def _tile(item: GradeItem) -> Tile:
    word = say("Item %(n)s", n=words.count(item.number))
    return Tile(item.id, item.number, word, item.moving)


def frames_of(task: Task) -> tuple[GradeFrame, ...]:
    """Up to 24 stills, evenly over the whole."""
    count = max(1, task.frames) if task.moving else 1
    chosen = min(count, MOST_FRAMES)
    frames = [at * count // chosen for at in range(chosen + 1)]
    each = task.duration_s / count
    return tuple(
        GradeFrame(frame, moment(frame * each), f"{frame * each:.2f}", f"{after * each:.2f}")
        for frame, after in pairwise(frames)
    )


def level_of(who: Principal) -> Level:
    """How large a frame is while the key is held."""
    return Level.S4 if who.may(Permission.MEDIA_COLOUR) else Level.S3


def no_view(who: Principal) -> str:
    """Why there is no picture; empty when there is one."""
    return "" if who.may(Permission.MEDIA_VIEW) else say("Your role works without pictures.")
