"""The Grade form: answers of a browser in, facts out; and the panel that asks for them.

A field that nobody answered is empty and never guessed: no answer is preselected (console
reference §6). What a person answered is put back into the panel as it was when something must
be asked or corrected. Tests: `tests/unit/test_form_grade.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.facts import (
    FLAGS,
    MOST_CHILDREN,
    MOST_SEGMENTS,
    Activity,
    AgeBand,
    ChildFacts,
    ItemFacts,
    Known,
    Maturity,
    Realism,
    Segment,
    Sex,
    contradictions,
)
from breakwater.web.pages.models_grade import ChildPanel, Choice, Field, Flag, Panel, Stretch
from breakwater.web.pages.speech import later, say
from breakwater.web.pages.words import timecode

Words = Mapping[StrEnum, str]

ACTIVITY: Final[Words] = {
    Activity.NONE: later("None"),
    Activity.POSING_OR_NUDITY: later("Posing or nudity"),
    Activity.NON_PENETRATIVE: later("Non-penetrative"),
    Activity.PENETRATIVE: later("Penetrative"),
    Activity.ANIMAL: later("Animal"),
    Activity.SADISM: later("Sadism"),
}
AGE: Final[Words] = {
    AgeBand.FROM_0: later("0 to 2"),
    AgeBand.FROM_3: later("3 to 6"),
    AgeBand.FROM_7: later("7 to 10"),
    AgeBand.FROM_11: later("11 to 13"),
    AgeBand.FROM_14: later("14 to 15"),
    AgeBand.FROM_16: later("16 to 17"),
}
SEX: Final[Words] = {
    Sex.FEMALE: later("Female"),
    Sex.MALE: later("Male"),
    Sex.UNCLEAR: later("Unclear"),
}
MATURITY: Final[Words] = {
    Maturity.PREPUBESCENT: later("Prepubescent"),
    Maturity.PUBESCENT: later("Pubescent"),
    Maturity.UNCLEAR: later("Unclear"),
}
CHILD: Final[tuple[tuple[str, str, Words], ...]] = (
    ("age", later("Age in years"), AGE),
    ("sex", later("Sex"), SEX),
    ("maturity", later("Apparent maturity"), MATURITY),
)  # fmt: skip
OFFENDERS: Final = 10
"""Offenders seen, 0 to 9: one digit."""

DIGITS: Final = 10
"""Children that have a key of their own are 1 to 9; 0 is nobody."""

MARKS: Final = (
    ("flag", "self_generated", later("Self-made"), "grade.self_made"),
    ("flag", "live_capture", later("Live capture"), "grade.live"),
    ("flag", "self_evident", later("Self-evident"), "grade.evident"),
    ("flag", "grid_image", later("Tiled (grid)"), "grade.tiled"),
    ("flag", "comparison", later("For comparison"), "grade.comparison"),
    ("realism", "synthetic_photoreal", later("Synthetic"), "grade.synthetic"),
    ("realism", "drawn", later("Drawn"), "grade.drawn"),
    ("victim", "yes", later("Known victim"), "grade.known"),
)
"""Name, value, words and key of everything that is so or that nobody said."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A form as it was sent: words, not yet facts.

    Attributes:
        seen: for each stretch the places in `children` of those who are in it; None where
            nobody said.
    """

    activity: str = ""
    children: tuple[tuple[str, str, str], ...] = ()
    marks: frozenset[tuple[str, str]] = frozenset()
    offenders: str = ""
    stretches: tuple[tuple[str, str, str], ...] = ()
    seen: tuple[frozenset[int] | None, ...] = ()
    confirmed: frozenset[str] = field(default_factory=frozenset)
    ms: int = 0

    @classmethod
    def read(cls, sent: Iterable[tuple[str, str]]) -> Answers:
        """Read the fields of a form."""
        one: dict[str, str] = {}
        marks, confirmed = set(), set()
        seen: dict[int, set[str]] = {}
        for name, value in sent:
            if name in {"flag", "realism", "victim"}:
                marks.add((name, value))
            elif name == "asked":
                confirmed.add(value)
            elif name.startswith("seen-") and (stretch := _number(name)):
                seen.setdefault(stretch, set()).add(value)
            else:
                one[name] = value
        return cls(
            activity=one.get("activity", ""),
            children=_rows(one, ("age", "sex", "maturity"), MOST_CHILDREN),
            marks=frozenset(marks),
            offenders=one.get("offenders", ""),
            stretches=_rows(one, ("start", "end", "act"), MOST_SEGMENTS),
            seen=_seen(one, seen),
            confirmed=frozenset(confirmed),
            ms=int(one["ms"]) if one.get("ms", "").isdecimal() and len(one["ms"]) < 9 else 0,
        )

    @classmethod
    def of(cls, facts: ItemFacts) -> Answers:
        """The form that would have given these facts."""
        marks = {("flag", name) for name in FLAGS if getattr(facts, name)}
        if facts.realism is not Realism.REAL:
            marks.add(("realism", facts.realism.value))
        if facts.victim is Known.YES:
            marks.add(("victim", "yes"))
        return cls(
            activity=facts.activity.value,
            children=tuple((c.age.value, c.sex.value, c.maturity.value) for c in facts.children),
            marks=frozenset(marks),
            offenders="" if facts.offenders is None else str(facts.offenders),
            stretches=tuple(
                (f"{s.start_s:g}", f"{s.end_s:g}", s.activity.value) for s in facts.segments
            ),
            seen=tuple(frozenset(s.children) for s in facts.segments),
        )

    def facts(self) -> ItemFacts:
        """What they say.

        Raises:
            BadInput: something is missing, or two answers exclude one another.
        """
        if not self.activity:
            raise BadInput("The activity is not answered yet.")
        made = [value for name, value in self.marks if name == "realism"]
        if len(made) > 1:
            raise BadInput("It is synthetic or drawn, not both.")
        children: list[ChildFacts] = []
        places: dict[int, int] = {}
        for at, child in enumerate(self.children, start=1):
            if not any(child):
                continue
            if not all(child):
                raise BadInput(f"Child {at} lacks an answer: age, sex and maturity are asked.")
            places[at - 1] = len(children)
            children.append(ChildFacts.parse("/".join(child)))
        return ItemFacts.read(
            {
                "activity": self.activity,
                "children": [str(child) for child in children],
                "realism": made[0] if made else Realism.REAL.value,
                **{name: ("flag", name) in self.marks for name in FLAGS},
                "offenders": _digits(self.offenders),
                "victim": Known.YES if ("victim", "yes") in self.marks else Known.UNKNOWN,
                "segments": [
                    _segment(one, _in_it(seen, places, at)).plain()
                    for at, (one, seen) in enumerate(
                        zip_longest(self.stretches, self.seen, fillvalue=None), start=1
                    )
                    if one and any(one)
                ],
            }
        )

    def confirms(self, facts: ItemFacts) -> bool:
        """Whether everything that is asked about these facts was asked and confirmed."""
        return all(question.code in self.confirmed for question in contradictions(facts))

    def panel(self) -> Panel:
        """The form with these answers in it, and one empty child where there is none."""
        return Panel(
            activity=_field("activity", say("Activity"), ACTIVITY, self.activity),
            children=tuple(
                _child(at, child) for at, child in enumerate(self.children or (_NOBODY,), start=1)
            ),
            flags=tuple(
                Flag(name, value, say(word), key, (name, value) in self.marks)
                for name, value, word, key in MARKS
            ),
            offenders=Field(
                "offenders", say("Offenders seen"),
                tuple(
                    Choice(str(n), str(n), f"grade.{n}", self.offenders == str(n))
                    for n in range(OFFENDERS)
                ),
            ),
            stretches=tuple(
                _stretch(at, one, self._seen_field(at)) for at, one in enumerate(self.stretches, start=1) if any(one)
            ),
            blank_child=_child(0, _NOBODY),
            blank_stretch=_stretch(0, ("0", "0", ""), self._seen_field(0)),
        )  # fmt: skip

    def _seen_field(self, number: int) -> Field:
        """Who is in a stretch: a digit for each child, 0 for nobody."""
        said = self.seen[number - 1] if 0 < number <= len(self.seen) else None
        count = max(1, len(self.children))
        return Field(
            f"seen-{number}", say("Who is in this stretch"),
            (
                *(
                    Choice(
                        str(n), say("Child %(n)s", n=n), f"grade.{n}" if n < DIGITS else "",
                        chosen=said is not None and n - 1 in said, spare=n > count,
                    )
                    for n in range(1, max(DIGITS, count + 1))
                ),
                Choice("0", say("Nobody"), "grade.0", chosen=said == frozenset()),
            ),
        )  # fmt: skip


_NOBODY: Final = ("", "", "")


def packed(facts: ItemFacts | None) -> str:
    """Facts as the page's script takes them for "as previous": field names to values."""
    if facts is None:
        return ""
    answers = Answers.of(facts)
    said: dict[str, object] = {
        "activity": answers.activity,
        "children": [list(child) for child in answers.children],
        "marks": sorted(f"{name}={value}" for name, value in answers.marks),
        "offenders": answers.offenders,
    }
    return json.dumps(said, separators=(",", ":"))


def _number(name: str) -> int:
    """The number of a numbered field; 0 when it has none, or one that no page makes."""
    text = name.partition("-")[2]
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _numbers(one: Mapping[str, str], names: Sequence[str], most: int) -> list[int]:
    """The numbers of some fields in their order; they may have holes."""
    found = sorted({_number(name) for name in one if name.partition("-")[0] in names} - {0})
    if len(found) > most:
        raise BadInput(f"At most {most} of these.")
    return found


def _seen(
    one: Mapping[str, str], said: Mapping[int, set[str]]
) -> tuple[frozenset[int] | None, ...]:
    """For each stretch the places of the children in it, as `Answers.children` has them."""
    children = _numbers(one, ("age", "sex", "maturity"), MOST_CHILDREN)
    place = {str(number): at for at, number in enumerate(children)}
    return tuple(
        frozenset(place[value] for value in said[number] if value in place)
        if number in said
        else None
        for number in _numbers(one, ("start", "end", "act"), MOST_SEGMENTS)
    )


def _in_it(seen: frozenset[int] | None, places: Mapping[int, int], number: int) -> tuple[int, ...]:
    """Who is in a stretch; the only child is, where nobody said otherwise.

    Raises:
        BadInput: there are several children, and nobody said which.
    """
    if seen is None and len(places) > 1:
        raise BadInput(
            f"Stretch {number} lacks who is in it: a digit for each child, 0 for nobody."
        )
    chosen = places if seen is None else seen
    return tuple(sorted(places[at] for at in chosen if at in places))


def _rows(
    one: Mapping[str, str], names: Sequence[str], most: int
) -> tuple[tuple[str, str, str], ...]:
    """Numbered fields as rows; numbers may have holes where something was taken away."""
    found = _numbers(one, names, most)
    return tuple(
        (one.get(f"{names[0]}-{n}", ""), one.get(f"{names[1]}-{n}", ""), one.get(f"{names[2]}-{n}", ""))
        for n in found
    )  # fmt: skip


def _digits(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 2:
        raise BadInput("Offenders seen are a number from 0 to 99.")
    return int(text)


def _segment(stretch: tuple[str, str, str], children: tuple[int, ...]) -> Segment:
    start, end, activity = stretch
    if not activity:
        raise BadInput("A stretch of the video lacks its activity.")
    return Segment.read(
        {"start_s": start, "end_s": end, "activity": activity, "children": children}
    )


def _field(name: str, word: str, words: Words, chosen: str, *, number: int = 0) -> Field:
    full = f"{name}-{number}" if number >= 0 and name in _NUMBERED else name
    return Field(
        full,
        word,
        tuple(
            Choice(value.value, say(text), f"grade.{at}", value.value == chosen)
            for at, (value, text) in enumerate(words.items(), start=1)
        ),
    )


_NUMBERED: Final = frozenset({"age", "sex", "maturity", "act"})


def _child(number: int, answers: tuple[str, str, str]) -> ChildPanel:
    return ChildPanel(
        number,
        tuple(
            _field(name, say(word), words, chosen, number=number)
            for (name, word, words), chosen in zip(CHILD, answers, strict=True)
        ),
    )


def _stretch(number: int, answers: tuple[str, str, str], seen: Field) -> Stretch:
    start, end, activity = answers
    seconds = [float(part) if _is_number(part) else 0.0 for part in (start, end)]
    return Stretch(
        number, start, end, f"{moment(seconds[0])} – {moment(seconds[1])}",
        _field("act", say("Activity of this stretch"), ACTIVITY, activity, number=number),
        seen,
    )  # fmt: skip


def moment(seconds: float) -> str:
    """A time of a video for people, to the tenth where it is no whole second.

    >>> moment(62.0), moment(0.54)
    ('1:02', '0:00.5')
    """
    tenth = int(seconds * 10) % 10
    return f"{timecode(int(seconds))}.{tenth}" if tenth else timecode(int(seconds))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
