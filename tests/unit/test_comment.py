"""What was written never stands where a log line or a traceback could show it."""

from dataclasses import fields
from datetime import UTC, datetime

from breakwater.model.comment import (
    AuthorEvidence,
    Contribution,
    Cue,
    Level,
    Message,
    MessageKind,
    Obfuscation,
    Skeleton,
    Step,
)

AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_neither_words_nor_people_stand_in_a_repr() -> None:
    shown = repr(
        [
            Message("m1", "some author", AT, "some words", to="some reader"),
            Skeleton("some words", 7),
            Contribution("m1", "some author", AT, 1.0),
            AuthorEvidence("some author", 1, 1.0),
        ]
    )
    assert "some" not in shown
    assert "m1" in shown


def test_only_comments_and_edits_are_read() -> None:
    assert {kind for kind in MessageKind if kind.written} == {
        MessageKind.COMMENT,
        MessageKind.EDIT,
    }


def test_nothing_undone_is_no_evidence() -> None:
    assert not Obfuscation()
    assert Obfuscation(uncounted=1)
    assert Obfuscation(invisible=2, uncounted=3).counts == (2, 0, 0, 0, 0, 0, 0, 0, 0, 3)
    counted = Obfuscation(*range(10))
    assert counted.counts == tuple(getattr(counted, one.name) for one in fields(Obfuscation))


def test_a_step_alarms_at_its_threshold_and_never_while_it_abstains() -> None:
    assert Step(Level.STREAM, 2.0, 2.0).alarms
    assert not Step(Level.STREAM, 1e9, float("inf")).alarms


def test_there_are_eight_kinds_of_cues() -> None:
    assert len(Cue) == 8
