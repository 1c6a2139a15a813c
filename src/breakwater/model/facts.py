"""What a grader sees, item by item and child by child: facts, from which law is computed.

In: the answers of one person to one item. Out: frozen facts that print and read themselves as
JSON, and the questions that contradicting facts raise. `model.scheme` derives every category
from them, so that no scheme is ever converted into another one (reference: classification,
"store facts, derive every scheme"). One act an item, one line a child: a set graded child by
child holds a tenth more children than one graded by item (IWF, MultiChild, 2024). Tests:
`tests/unit/test_facts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from breakwater.errors import BadInput

E = TypeVar("E", bound=StrEnum)

MOST_CHILDREN: Final = 50
MOST_OFFENDERS: Final = 99
MOST_SEGMENTS: Final = 1_000


class Activity(StrEnum):
    """The gravest act of an item, the least grave first."""

    NONE = "none"
    POSING_OR_NUDITY = "posing_or_nudity"
    NON_PENETRATIVE = "non_penetrative"
    PENETRATIVE = "penetrative"
    ANIMAL = "animal"
    SADISM = "sadism"

    @property
    def rank(self) -> int:
        """0 is none."""
        return list(Activity).index(self)


class AgeBand(StrEnum):
    """How old a child appears, in years, both ends within."""

    FROM_0 = "0-2"
    FROM_3 = "3-6"
    FROM_7 = "7-10"
    FROM_11 = "11-13"
    FROM_14 = "14-15"
    FROM_16 = "16-17"

    @property
    def years(self) -> tuple[int, int]:
        """The youngest and the oldest year of the band."""
        first, _, last = self.value.partition("-")
        return int(first), int(last)


class Sex(StrEnum):
    """As it appears."""

    FEMALE = "female"
    MALE = "male"
    UNCLEAR = "unclear"


class Maturity(StrEnum):
    """Apparent maturity, the least mature first; it is asked beside the age, not derived."""

    PREPUBESCENT = "prepubescent"
    UNCLEAR = "unclear"
    PUBESCENT = "pubescent"


class Realism(StrEnum):
    """What made the picture."""

    REAL = "real"
    SYNTHETIC_PHOTOREAL = "synthetic_photoreal"
    DRAWN = "drawn"


class Known(StrEnum):
    """Whether the victim is identified already, as far as the grader knows."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class FirstLook(StrEnum):
    """The answer of the first pass."""

    NOT_PERTINENT = "not_pertinent"
    FULL_FACTS = "full_facts"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """One child as it appears. `ChildFacts.parse("11-13/female/pubescent")` reads `str()`."""

    age: AgeBand
    sex: Sex
    maturity: Maturity

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read age, sex and maturity.

        Raises:
            BadInput: not three words of their lists.
        """
        parts = text.split("/")
        if len(parts) != 3:
            raise BadInput("A child is written age/sex/maturity, such as 11-13/female/unclear.")
        return cls(
            _word(AgeBand, parts[0], "age"),
            _word(Sex, parts[1], "sex"),
            _word(Maturity, parts[2], "maturity"),
        )

    def __str__(self) -> str:
        return f"{self.age}/{self.sex}/{self.maturity}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video with facts of its own.

    Attributes:
        start_s, end_s: seconds from the start of the file.
        activity: the gravest act of the stretch.
        children: positions in `ItemFacts.children` of those who are seen.
    """

    start_s: float
    end_s: float
    activity: Activity
    children: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "start_s": self.start_s, "end_s": self.end_s,
            "activity": self.activity.value, "children": list(self.children),
        }  # fmt: skip

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote.

        Raises:
            BadInput: a member is missing or of another type.
        """
        try:
            return cls(
                float(said["start_s"]),
                float(said["end_s"]),
                _word(Activity, said["activity"], "activity"),
                tuple(int(position) for position in said.get("children", ())),
            )
        except (KeyError, TypeError, ValueError):
            raise BadInput("A segment has start_s, end_s, activity and children.") from None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """The facts of one picture or video.

    Attributes:
        activity: the gravest act.
        children: each of them separately, in the order in which they were answered.
        realism: what made the picture.
        self_generated: made by the child.
        live_capture: taken from a live stream.
        self_evident: beyond doubt without any context.
        grid_image: several pictures tiled into one.
        comparison: not itself abuse material; kept to compare with.
        offenders: how many are visible; None when nobody said.
        victim: whether the victim is identified already.
        segments: of a video, in the order of time.
    """

    activity: Activity
    children: tuple[ChildFacts, ...] = ()
    realism: Realism = Realism.REAL
    self_generated: bool = False
    live_capture: bool = False
    self_evident: bool = False
    grid_image: bool = False
    comparison: bool = False
    offenders: int | None = None
    victim: Known = Known.UNKNOWN
    segments: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no item can be; what only looks wrong is asked by `contradictions`."""
        if len(self.children) > MOST_CHILDREN or len(self.segments) > MOST_SEGMENTS:
            raise BadInput(f"At most {MOST_CHILDREN} children and {MOST_SEGMENTS} segments.")
        if self.offenders is not None and not 0 <= self.offenders <= MOST_OFFENDERS:
            raise BadInput(f"Offenders seen are 0 to {MOST_OFFENDERS}.")
        ended = 0.0
        for segment in self.segments:
            if not ended <= segment.start_s < segment.end_s < float("inf"):
                raise BadInput("Segments follow one another in time and do not overlap.")
            if any(not 0 <= child < len(self.children) for child in segment.children):
                raise BadInput("A segment names a child that the item does not have.")
            if segment.activity.rank > self.activity.rank:
                raise BadInput("The item's activity is the gravest of its segments.")
            ended = segment.end_s

    @property
    def youngest(self) -> ChildFacts | None:
        """The youngest child; of equals the least mature. None without children."""
        return min(self.children, key=_age_then_maturity, default=None)

    @property
    def judged(self) -> tuple[Any, ...]:
        """What two graders must agree on: everything but the order of children and the times."""
        children = tuple(sorted(str(child) for child in self.children))
        flags = tuple(getattr(self, name) for name in FLAGS)
        return self.activity, children, self.realism, flags, self.offenders, self.victim

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: every member, so that absent is never read as false."""
        return {
            "activity": self.activity.value,
            "children": [str(child) for child in self.children],
            "realism": self.realism.value,
            **{name: getattr(self, name) for name in FLAGS},
            "offenders": self.offenders,
            "victim": self.victim.value,
            "segments": [segment.plain() for segment in self.segments],
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote; only the activity must be there.

        Raises:
            BadInput: an unknown member, or a word that is not in its list.
        """
        unknown = sorted(set(said) - _MEMBERS)
        if unknown or "activity" not in said:
            what = f"unknown: {', '.join(unknown)}" if unknown else "the activity is missing"
            raise BadInput(f"These are not the facts of an item: {what}.")
        readers: Mapping[str, Callable[[Any], Any]] = {
            "activity": lambda word: _word(Activity, word, "activity"),
            "children": lambda words: tuple(ChildFacts.parse(str(word)) for word in words),
            "realism": lambda word: _word(Realism, word, "realism"),
            **dict.fromkeys(FLAGS, _truth),
            "offenders": _count,
            "victim": lambda word: _word(Known, word, "victim"),
            "segments": lambda parts: tuple(Segment.read(part) for part in parts),
        }
        return cls(**{name: readers[name](value) for name, value in said.items()})


FLAGS: Final = ("self_generated", "live_capture", "self_evident", "grid_image", "comparison")
"""Members that are yes or no."""

_MEMBERS: Final = frozenset(field.name for field in fields(ItemFacts))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two facts that seldom go together: asked once, and then taken as they are.

    Attributes:
        code: stable, for tests and figures.
        words: one neutral sentence for the grader.
    """

    code: str
    words: str


def contradictions(facts: ItemFacts) -> tuple[Contradiction, ...]:
    """What to ask before these facts are saved; empty when nothing is unusual."""
    return tuple(asked for asked, doubtful in _QUESTIONS if doubtful(facts))


_GROWN: Final = frozenset({AgeBand.FROM_14, AgeBand.FROM_16})
_SMALL: Final = frozenset({AgeBand.FROM_0, AgeBand.FROM_3})


def _any_child(facts: ItemFacts, ages: frozenset[AgeBand], maturity: Maturity) -> bool:
    return any(child.age in ages and child.maturity is maturity for child in facts.children)


_QUESTIONS: Final[tuple[tuple[Contradiction, Callable[[ItemFacts], bool]], ...]] = (
    (
        Contradiction("older_prepubescent", "A child of 14 or older is marked prepubescent."),
        lambda facts: _any_child(facts, _GROWN, Maturity.PREPUBESCENT),
    ),
    (
        Contradiction("small_pubescent", "A child of 6 or younger is marked pubescent."),
        lambda facts: _any_child(facts, _SMALL, Maturity.PUBESCENT),
    ),
    (
        Contradiction("act_without_child", "An activity is given, and no child."),
        lambda facts: facts.activity is not Activity.NONE and not facts.children,
    ),
    (
        Contradiction("offender_without_act", "Offenders are counted, and the activity is none."),
        lambda facts: facts.activity is Activity.NONE and bool(facts.offenders),
    ),
    (
        Contradiction("comparison_with_act", "A comparison picture has an activity."),
        lambda facts: facts.comparison and facts.activity is not Activity.NONE,
    ),
    (
        Contradiction("made_and_captured", "It is drawn or synthetic, and captured live."),
        lambda facts: facts.realism is not Realism.REAL and facts.live_capture,
    ),
    (
        Contradiction("made_by_child", "It is drawn or synthetic, and made by the child."),
        lambda facts: facts.realism is not Realism.REAL and facts.self_generated,
    ),
    (
        Contradiction("drawn_victim", "It is drawn, and the victim is known."),
        lambda facts: facts.realism is Realism.DRAWN and facts.victim is Known.YES,
    ),
    (
        Contradiction("stretch_without_child", "A stretch has an activity, and nobody is in it."),
        lambda facts: bool(facts.children)
        and any(s.activity is not Activity.NONE and not s.children for s in facts.segments),
    ),
)  # fmt: skip
"""Every question, in the order in which it is asked."""


def _age_then_maturity(child: ChildFacts) -> tuple[int, int]:
    return list(AgeBand).index(child.age), list(Maturity).index(child.maturity)


def _word(kind: type[E], value: Any, name: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise BadInput(f"{name} is one of: {', '.join(kind)}.") from None


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput("A flag is true or false.")
    return value


def _count(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadInput("Offenders are a whole number.")
    return value
