"""What could not be kept is owed to the chat's next batch: once, added up, bounded."""

from __future__ import annotations

from tests.builders import NOON

from breakwater.model.chat import Heavy
from breakwater.model.comment import Explanation, Level
from breakwater.model.ids import new_id
from breakwater.recognition.hearing import owed as module
from breakwater.recognition.hearing.answers import LaneAnswer, Rang
from breakwater.recognition.hearing.owed import Owed


def batch(count: int, text: str = "hello") -> LaneAnswer:
    return LaneAnswer(
        scored=count, failed=1, nats=float(count), captured=(Heavy("m", "ann", NOON, text, 1.0),),
        alarms=(Rang(Level.AUTHOR, 4.0, 3.0, NOON, Explanation()),),
    )  # fmt: skip


def test_what_is_owed_comes_once_with_the_next_batch() -> None:
    owed, chat = Owed(), new_id()
    owed.keep(chat, batch(2))
    owed.keep(chat, batch(3, "edited"))
    found = owed.with_what_is_due(chat, LaneAnswer())
    assert (found.scored, found.failed, found.nats, len(found.alarms)) == (5, 2, 5.0, 1)
    assert {one.text for one in found.captured} == {"hello", "edited"}, "each form"
    assert owed.with_what_is_due(chat, LaneAnswer()) == LaneAnswer()


def test_a_database_that_is_away_for_long_loses_the_oldest(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    owed, some = Owed(), [new_id() for _ in range(3)]
    for chat in some:
        owed.keep(chat, batch(1))
    assert [owed.with_what_is_due(chat, LaneAnswer()).scored for chat in some] == [0, 1, 1]
