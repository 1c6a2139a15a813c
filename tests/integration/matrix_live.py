"""Broadcasts, spot checks and classifiers of somebody's own, for `test_matrix_owners.py`.

Like `matrix_world`: each maker answers the id of a new thing, as the path spells it.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace

from breakwater.enforcement.wishes import Wishes
from breakwater.errors import NeedsSecondPerson
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind, KeptComment, Measure
from breakwater.model.classifier import Step
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Broadcaster, Control
from breakwater.records import (
    cases,
    chats,
    classifiers,
    kept_comments,
    streams,
    watchers,
)
from tests.builders_onnx import brightness, card
from tests.integration.matrix_world import Somebody, World
from tests.integration.served import OPERATOR
from tests.integration.spot_house import SpotHouse


def classifier(world: World, of: Somebody, *, people: int = 1, step: Step | None = None) -> str:
    """A classifier that this person added; it gives scores unless a step says otherwise."""
    name, model = f"bright-{world.next()}", brightness()
    blob = world.app.vault.put(io.BytesIO(model), purpose="classifiers")
    with world.app.db.transaction() as tx:
        made = classifiers.add(
            tx, card(model, id=name), size=len(model), blob=blob, by=of.who.id,
            person=of.who.person, people=people,
        )  # fmt: skip
        if step is not None:
            classifiers.step(tx, made.id, step, by=of.who.id)
    return name


def classifier_off(world: World, of: Somebody) -> str:
    return classifier(world, of, step=Step.OFF)


def classifier_waiting(world: World, of: Somebody) -> str:
    return classifier(world, of, people=2)


def stream(world: World, of: Somebody) -> str:
    """A broadcast of the caller's service."""
    by = of.who if of.who.service else world.machine("photos").who
    told = Sender(account=f"acct-{world.next()}", pull_url="https://cdn.example/live.m3u8")
    return world.app.live.streams.begin(by, "", f"live/{world.next()}", told).id


def talk(world: World, of: Somebody) -> str:
    """A broadcast of the caller's service in which somebody has written."""
    made = Id(stream(world, of))
    with world.app.db.transaction() as tx:
        found = streams.get(tx, made)
        chats.begin(tx, About(ChatKind.STREAM, found.service, made, made))
    return made


def with_order(world: World, made: str) -> dict[str, object]:
    """Names an order to the chat of a broadcast."""
    wishes = world.app.enforcement.chat_wishes
    return {"json": {"order": wishes.want(OPERATOR, Id(made), Measure.SLOW).wish.id}}


def with_held(world: World, made: str) -> dict[str, object]:
    """Names a comment that is held back from it."""
    return {"json": {"comments": [_held(world, made)]}}


def with_label(world: World, made: str) -> dict[str, object]:
    """Says of a comment of its case that it is ordinary."""
    return {"json": {"comment": _held(world, made), "found": False}}


def talk_case(world: World, of: Somebody) -> str:
    """A case about a broadcast in which somebody has written."""
    made = Id(talk(world, of))
    with world.app.db.transaction() as tx:
        tx.lock_changes()
        opened = cases.open(
            tx, kind=CaseKind.STREAM, subject=made, why="Chat.", priority=Priority.LOW
        )
        chat = chats.of_stream(tx, made)
        assert chat is not None
        chats.set_case(tx, chat.id, opened.id)
    return opened.id


def form_held(world: World, made: str) -> dict[str, object]:
    """Names a comment that is held back from the chat of a case."""
    return {"data": {"comment": _held(world, _subject(world, made))}}


def form_label(world: World, made: str) -> dict[str, object]:
    """Says of a comment of the case that it counts."""
    return {"data": {"comment": _held(world, _subject(world, made)), "found": "true"}}


def _subject(world: World, case: str) -> str:
    with world.app.db.read() as tx:
        return cases.get(tx, Id(case)).subject


def _held(world: World, made: str) -> Id:
    with world.app.db.transaction() as tx:
        tx.lock_changes()
        chat = chats.of_stream(tx, Id(made))
        assert chat is not None
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=Id(made), why="Chat.", priority=Priority.LOW
        )
        held = KeptComment(new_id(), chat.id, "m1", "ann", tx.now, "hello", 4.5, held=True)
        kept_comments.keep(tx, chat.service, [replace(held, case=case.id)])
    return held.id


def watched_case(world: World, of: Somebody) -> str:
    """A case about a broadcast that somebody watched."""
    made = Id(stream(world, of))
    with world.app.db.read() as tx:
        by = world.machine(streams.get(tx, made).service).who
    who = [Viewer("heron", "81.2.69.142", 4711)]
    world.app.live.streams.viewers(by, made, who=who)
    with world.app.db.transaction() as tx:
        tx.lock_changes()
        opened = cases.open(
            tx, kind=CaseKind.STREAM, subject=made, why="Seen.", priority=Priority.LOW
        )
        streams.set_case(tx, made, opened.id)
    return opened.id


def wanted_pack(world: World, of: Somebody) -> str:
    """A case of which this person wants a pack, which waits for a second one."""
    made = watched_case(world, of)
    packs = world.app.viewers.packs
    packs.propose(of.who, Id(made), countries=["GB"], agency="", reason="because")
    return made


def viewers_log(world: World, of: Somebody) -> str:
    """An access log of the caller's service."""
    mark = f"{world.next():032}".encode()
    return world.app.viewers.importing.begin(of.who, mark=mark, name="a.log", form="nginx").id


def _watched(world: World, case: str) -> dict[str, str]:
    with world.app.db.read() as tx:
        found = streams.get(tx, cases.get(tx, Id(case)).subject)
    return {"stream": found.id, "start": found.started_at.isoformat()}


def with_spans(world: World, made: str) -> dict[str, object]:
    """Says what of the broadcast of a case is illegal."""
    said = _watched(world, made)
    spans = [[said["start"], said["start"]]]
    return {"json": {"stream": said["stream"], "spans": spans, "reason": "because"}}


def form_spans(world: World, made: str) -> dict[str, object]:
    """The same by the page's form."""
    said = _watched(world, made)
    moment = said["start"][:19]
    return {"data": {"stream": said["stream"], "start": moment, "end": moment, "reason": "because"}}


def with_viewer(world: World, made: str) -> dict[str, object]:
    """Names a viewer of a case."""
    with world.app.db.read() as tx:
        stream_id = cases.get(tx, Id(made)).subject
        (one,) = watchers.sessions(tx, stream_id)
    return {"json": {"viewer": one.person, "words": "because"}}


def strip(world: World, _of: Somebody) -> str:
    """A spot check that waits for somebody to look; nobody holds it yet."""
    return SpotHouse(world.served, slot=1000 + world.next()).strip().draw


def wanted_cut(world: World, of: Somebody) -> str:
    """A broadcast that this person wants cut, which waits for a second one."""
    made = stream(world, of)
    wishes = Wishes(db=world.app.db, two_people=True)
    with suppress(NeedsSecondPerson):
        wishes.want(
            of.who, Id(made), Control.CUT, reason="because", broadcaster=Broadcaster.UNKNOWN
        )
    return made


def stream_label(world: World, of: Somebody) -> str:
    """A broadcast as people name it."""
    return label_of(world, stream(world, of))


def talk_label(world: World, of: Somebody) -> str:
    """A broadcast in which somebody has written, as people name it."""
    return label_of(world, talk(world, of))


def wanted_cut_label(world: World, of: Somebody) -> str:
    """The same, where this person wants it cut."""
    return label_of(world, wanted_cut(world, of))


def label_of(world: World, made: str) -> str:
    with world.app.db.read() as tx:
        return streams.get(tx, Id(made)).label
