"""What moderators decided becomes rows that `train` reads, on both databases."""

from __future__ import annotations

import csv
import io

import pytest
from tests import builders

from breakwater.comments import rows as reading
from breakwater.enforcement.chat_wishes import ChatWishes
from breakwater.errors import NotAllowed, NotFound
from breakwater.live.hearing.labels import LabelOf, Labels
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment
from breakwater.model.comment import Level
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import new_id
from breakwater.records import (
    audit,
    cases,
    chat_alarms,
    chats,
    decisions,
    kept_comments,
    streams,
)

pytestmark = pytest.mark.usefixtures("keyring")

PERSON = new_id()
SAM = Principal(PERSON, "Sam", Role.LIVE_MODERATOR.permissions, person=PERSON)


def decided(database, kind, texts, *, held=()):
    """A broadcast whose chat alarmed, with what was kept, as a person decided it."""
    with database.transaction() as tx:
        tx.lock_changes()
        sender = Sender(service="clips")
        stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=sender).id
        chat = chats.begin(tx, About(ChatKind.STREAM, "clips", stream, stream))
        chats.count(tx, chat.id, messages=9, scored=9, unscored=0, lang="en", band="10-100")
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=stream, why="Chat.", priority=Priority.HIGH
        )
        made = [
            KeptComment(
                new_id(), chat.id, f"m{n}", f"ann{n % 2}", builders.NOON, text, 2.0,
                held=n in held, case=case.id,
            )
            for n, text in enumerate(texts)
        ]  # fmt: skip
        kept_comments.keep(tx, "clips", made)
        chat_alarms.add(
            tx, ChatAlarm(new_id(), chat.id, Level.STREAM, 4.25, 3.0, tx.now, case=case.id)
        )
        sam = builders.person(tx)
        decisions.add(tx, case=case.id, kind=kind, by=sam.id, reason="looked")
        kept_comments.settle(tx, chat.id, case.id, found=kind.keeps)
    return stream, case.id, [one.id for one in made]


def rows(database, of=LabelOf.MESSAGE):
    sink = io.StringIO(newline="")
    count = Labels(db=database).write(SAM, sink, of)
    found = list(csv.DictReader(io.StringIO(sink.getvalue())))
    assert len(found) == count
    return found


def test_messages_of_what_was_found_are_rows_that_train_reads(database, tmp_path) -> None:
    odd = 'first, "quoted"\nline \u202e and \x00 half \ud800'
    _, case, _ = decided(database, DecisionKind.ILLEGAL, ["hello", odd])
    decided(database, DecisionKind.NOT_ILLEGAL, ["a harmless canary"])
    found = rows(database)
    assert [one["label"] for one in found] == ["1", "1"]
    assert {one["group"] for one in found} == {case}
    assert "canary" not in repr(found)
    assert "ann0" not in repr(found), "names of accounts leave as pseudonyms"
    assert len({one["author"] for one in found}) == 2
    file = tmp_path / "labels.csv"
    with file.open("w", encoding="utf-8", newline="") as sink:
        Labels(db=database).write(SAM, sink)
    read = reading.read_rows(file)
    assert [(one.label, one.lang, one.text) for one in read] == [
        (True, "en", "hello"),
        (True, "en", odd.replace("\x00", "\ufffd").replace("\ud800", "?")),
    ]


def test_what_a_person_let_go_or_called_ordinary_is_no_example(database) -> None:
    stream, _, ids = decided(database, DecisionKind.ILLEGAL, ["one", "two", "three"], held={1})
    ChatWishes(db=database, slow_s=30, age_days=7).let_go(SAM, stream, [ids[1]])
    labels = Labels(db=database)
    labels.mark(SAM, stream, ids[0], found=False)
    labels.mark(SAM, stream, ids[2], found=False)
    labels.mark(SAM, stream, ids[2], found=True)
    assert {one["text"]: one["label"] for one in rows(database)} == {
        "one": "0", "two": "0", "three": "1",
    }  # fmt: skip
    by_author = sorted(rows(database, LabelOf.AUTHOR), key=lambda one: one["messages"])
    assert [(one["label"], one["messages"], one["nats"]) for one in by_author] == [
        ("0", "1", "2.0"), ("1", "2", "4.0"),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        labels.mark(SAM, stream, new_id(), found=True)
    with pytest.raises(NotAllowed):
        labels.mark(Principal(new_id(), "key", SAM.permissions), stream, ids[0], found=True)


def test_chats_are_labelled_as_their_cases_were_decided(database) -> None:
    decided(database, DecisionKind.ILLEGAL, ["one"])
    decided(database, DecisionKind.NOT_ILLEGAL, ["two"])
    decided(database, DecisionKind.SECOND_OPINION, ["three"])
    found = rows(database, LabelOf.STREAM)
    assert sorted((one["label"], one["evidence"], one["band"]) for one in found) == [
        ("0", "4.25", "10-100"), ("1", "4.25", "10-100"),
    ]  # fmt: skip
    with database.read() as tx:
        assert "comments.export" in audit.actions(tx)
