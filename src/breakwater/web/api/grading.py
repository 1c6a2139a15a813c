"""`/v1/grading`: the next item for a grader, their answer, disputes and stacks.

For people only: no key grades. Tasks are blind: they tell nothing of other graders, of matches
or of the source. Facts that seldom go together are answered with questions and not kept; the
same answer with `confirmed` is. Pictures come by the console's own way (`/views`).
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.facts import (
    Activity,
    AgeBand,
    ChildFacts,
    FirstLook,
    ItemFacts,
    Known,
    Maturity,
    Realism,
    Segment,
    Sex,
)
from breakwater.model.grading import GradeItem, Stack
from breakwater.review.grading.answering import Saved
from breakwater.review.grading.grade import PAGE, Asked, Task
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["grading"])

MOST: Final = 1 << 40
Number = Annotated[int, Path(ge=1, lt=MOST, examples=[7])]
ItemNumber = Annotated[int, Field(ge=1, lt=MOST)]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)


class ChildShape(Body):
    """One child as it appears."""

    age: AgeBand = Field(examples=["7-10"])
    sex: Sex = Field(examples=["unclear"])
    maturity: Maturity = Field(examples=["unclear"])


class SegmentShape(Body):
    """A stretch of a video with facts of its own."""

    start_s: float = Field(ge=0, allow_inf_nan=False)
    end_s: float = Field(gt=0, allow_inf_nan=False)
    activity: Activity
    children: list[int] = Field(default_factory=list, description="Positions, from 0.")


class FactsShape(Body):
    """The facts of one item."""

    activity: Activity = Field(description="The gravest act.", examples=["none"])
    children: list[ChildShape] = Field(default_factory=list, description="Each one separately.")
    realism: Realism = Realism.REAL
    self_generated: bool = False
    live_capture: bool = False
    self_evident: bool = False
    grid_image: bool = False
    comparison: bool = False
    offenders: int | None = Field(default=None, description="How many are visible; null: not said.")
    victim: Known = Known.UNKNOWN
    segments: list[SegmentShape] = Field(default_factory=list)

    def noun(self) -> ItemFacts:
        """As the verb takes them."""
        said = self.model_dump(exclude={"children", "segments"})
        return ItemFacts(
            **said,
            children=tuple(ChildFacts(one.age, one.sex, one.maturity) for one in self.children),
            segments=tuple(
                Segment(one.start_s, one.end_s, one.activity, tuple(one.children))
                for one in self.segments
            ),
        )

    @classmethod
    def of(cls, facts: ItemFacts) -> FactsShape:
        """From the noun."""
        said = facts.plain() | {
            "children": [
                ChildShape(age=one.age, sex=one.sex, maturity=one.maturity)
                for one in facts.children
            ]
        }
        return cls.model_validate(said)


class AnswerIn(Body):
    """Full facts of an item."""

    facts: FactsShape
    confirmed: bool = Field(default=False, description="You were asked, and stay with it.")
    ms: int = Field(default=0, ge=0, le=86_400_000, description="From picture to save.")


class FirstPassIn(Body):
    """Answers of a first pass, by item number."""

    looks: dict[ItemNumber, FirstLook] = Field(min_length=1, max_length=PAGE)


class BackIn(Body):
    """From where to go one back."""

    before: ItemNumber | None = Field(default=None, description="An item you answered.")


class NoteIn(Body):
    """Why."""

    note: str = Field(default="", max_length=500)


class StackIn(Body):
    """Which near copies are the same picture, and which are not."""

    same: list[ItemNumber] = Field(default_factory=list, max_length=PAGE)
    other: list[ItemNumber] = Field(default_factory=list, max_length=PAGE)


class OpenSetOut(Answer):
    """A set that is open for graders."""

    number: int
    name: str
    total: int = Field(description="Items, those that nobody sees not counted.")
    waiting: int


class OpenSetsOut(Answer):
    """The newest first."""

    sets: list[OpenSetOut]


class TaskOut(Answer):
    """One item as its grader may know it."""

    item: str = Field(examples=[ID])
    number: int
    set: int
    position: int = Field(description="Items you answered in this set, and this one.")
    total: int
    moving: bool
    frames: int
    duration_s: float
    behind: int = Field(description="Near copies that wait for this one's facts.")
    answer: FactsShape | None = Field(default=None, description="Your own, when you go back.")
    previous: FactsShape | None = Field(default=None, description="For “as previous”.")

    @classmethod
    def of(cls, task: Task) -> TaskOut:
        """From the value; gold is not told from the rest."""
        mine = task.answer.facts if task.answer else None
        return cls(
            item=task.item, number=task.number, set=task.set, position=task.position,
            total=task.total, moving=task.moving, frames=task.frames,
            duration_s=task.duration_s, behind=task.behind,
            answer=FactsShape.of(mine) if mine else None,
            previous=FactsShape.of(task.previous) if task.previous else None,
        )  # fmt: skip


class NextOut(Answer):
    """The next item; null when there is none for you."""

    task: TaskOut | None


class PageOut(Answer):
    """Items of a first pass."""

    tasks: list[TaskOut]


class QuestionOut(Answer):
    """Two facts that seldom go together."""

    code: str = Field(examples=["older_prepubescent"])
    words: str


class SavedOut(Answer):
    """What became of an answer."""

    kept: bool
    questions: list[QuestionOut] = Field(default_factory=list)

    @classmethod
    def of(cls, done: Saved | Asked) -> SavedOut:
        """From the value."""
        asked = done.questions if isinstance(done, Asked) else ()
        return cls(
            kept=isinstance(done, Saved),
            questions=[QuestionOut(code=one.code, words=one.words) for one in asked],
        )


class DisputeOut(Answer):
    """An item whose graders disagree."""

    number: int
    set: int

    @classmethod
    def of(cls, item: GradeItem) -> DisputeOut:
        """From the noun."""
        return cls(number=item.number, set=item.set)


class DisputesOut(Answer):
    """Those you have never graded, the oldest first."""

    disputes: list[DisputeOut]


class MemberOut(Answer):
    """One near copy."""

    item: str = Field(examples=[ID])
    number: int
    bits: int = Field(description="Of 256 that differ from the leader's.")
    state: str = Field(description="`near` while it waits.", examples=["near"])


class StackOut(Answer):
    """Near copies behind one graded item."""

    leader: int
    members: list[MemberOut]

    @classmethod
    def of(cls, stack: Stack) -> StackOut:
        """From the noun."""
        return cls(
            leader=stack.leader.number,
            members=[
                MemberOut(item=m.id, number=m.number, bits=m.bits or 0, state=m.state.value)
                for m in stack.members
            ],
        )


class NextStackOut(Answer):
    """The next stack; null when none waits."""

    stack: StackOut | None


@router.get("/v1/grading/sets", summary="Sets to grade", responses=FAULTS)
@needs(P.GRADE_WRITE)
def sets(app: Parts, who: Who) -> OpenSetsOut:
    """Those that are open."""
    found = [
        OpenSetOut(number=one.number, name=one.name, total=one.visible, waiting=one.waiting)
        for one in app.review.grading.sets(who)
    ]
    return OpenSetsOut(sets=found)


@router.post("/v1/grading/sets/{number}/page", summary="A first-pass page", responses=FAULTS)
@needs(P.GRADE_WRITE)
def page(number: Number, app: Parts, who: Who) -> PageOut:
    """Up to 60 items, kept for you for a while."""
    tasks = app.review.grading.page(who, number)
    return PageOut(tasks=[TaskOut.of(task) for task in tasks])


@router.post(
    "/v1/grading/sets/{number}/first-pass", summary="Answer a first pass", responses=FAULTS
)
@needs(P.GRADE_WRITE)
def first_pass(number: Number, body: FirstPassIn, app: Parts, who: Who) -> SavedOut:
    """Not pertinent, full facts (they come again one by one), or cannot tell."""
    app.review.grading.mark(who, number, body.looks)
    return SavedOut(kept=True)


@router.post("/v1/grading/sets/{number}/next", summary="The next item", responses=FAULTS)
@needs(P.GRADE_WRITE)
def take_next(number: Number, app: Parts, who: Who) -> NextOut:
    """The one you have, or a new one; it is kept for you for 30 minutes."""
    task = app.review.grading.next(who, number)
    return NextOut(task=TaskOut.of(task) if task else None)


@router.post("/v1/grading/sets/{number}/back", summary="One item back", responses=FAULTS)
@needs(P.GRADE_WRITE)
def back(number: Number, body: BackIn, app: Parts, who: Who) -> NextOut:
    """What you answered last, with your answer."""
    task = app.review.grading.back(who, number, before=body.before)
    return NextOut(task=TaskOut.of(task) if task else None)


@router.post("/v1/grading/items/{number}/facts", summary="Answer an item", responses=FAULTS)
@needs(P.GRADE_WRITE)
def save(number: Number, body: AnswerIn, app: Parts, who: Who) -> SavedOut:
    """Kept, or asked about what seldom goes together."""
    return SavedOut.of(
        app.review.grading.save(
            who, number, body.facts.noun(), confirmed=body.confirmed, ms=body.ms
        )
    )


@router.post(
    "/v1/grading/items/{number}/second-opinion", summary="Ask another person", responses=FAULTS
)
@needs(P.GRADE_WRITE)
def second_opinion(number: Number, body: NoteIn, app: Parts, who: Who) -> SavedOut:
    """You cannot tell; after two who cannot, an adjudicator is asked."""
    return SavedOut.of(app.review.grading.second_opinion(who, number, body.note))


@router.get("/v1/grading/disputes", summary="Disputed items", responses=FAULTS)
@needs(P.GRADE_WRITE)
def disputes(app: Parts, who: Who) -> DisputesOut:
    """For adjudicators: never what you graded yourself."""
    found = app.review.grading.disputes(who)
    return DisputesOut(disputes=[DisputeOut.of(item) for item in found])


@router.post("/v1/grading/items/{number}/dispute", summary="Take a dispute", responses=FAULTS)
@needs(P.GRADE_WRITE)
def take_dispute(number: Number, app: Parts, who: Who) -> NextOut:
    """Settle it by answering with facts, or as not pertinent."""
    return NextOut(task=TaskOut.of(app.review.grading.take_dispute(who, number)))


@router.post("/v1/grading/sets/{number}/stack", summary="The next stack", responses=FAULTS)
@needs(P.GRADE_WRITE)
def next_stack(number: Number, app: Parts, who: Who) -> NextStackOut:
    """Up to 24 near copies of a settled item."""
    stack = app.review.stacks.next(who, number)
    return NextStackOut(stack=StackOut.of(stack) if stack else None)


@router.post("/v1/grading/items/{number}/stack", summary="Confirm a stack", responses=FAULTS)
@needs(P.GRADE_WRITE)
def confirm_stack(number: Number, body: StackIn, app: Parts, who: Who) -> StackOut:
    """The same ones take the leader's facts, the others wait for graders by themselves."""
    return StackOut.of(app.review.stacks.confirm(who, number, same=body.same, other=body.other))
