"""Deciding the case of a broadcast: cut, by two where asked, let go, taken back; roles of all kinds."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NeedsSignature
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.bank import EntryStatus, Opinion
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseState, Priority
from breakwater.model.decision import UNDO, AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import new_id
from breakwater.model.signal import Signal
from breakwater.model.stream import Alert, Broadcaster, Control, Stream
from breakwater.records import (
    cases,
    entries,
    outbox,
    queue,
    stream_orders,
    stream_roles,
    stream_stills,
    streams,
)
from breakwater.review.deciding.decide import Decisions
from breakwater.worker.loop import Worker
from tests.builders import match
from tests.integration import deciding
from tests.integration.conftest import work
from tests.integration.deciding import signed
from tests.integration.served import cut_signed
from tests.integration.test_intake import NewEntry
from tests.integration.test_review_views import somebody

app, reviewer, set_up_once = deciding.app, deciding.reviewer, deciding.set_up_once
K = DecisionKind
SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")
SEEN = ItemFacts(Activity.POSING_OR_NUDITY)


def facts(role):
    return DecisionFacts(role=role, item=SEEN)


@pytest.fixture
def stream(app: App) -> Stream:
    """A broadcast with an alert: frozen, with a case."""
    begun = app.live.streams.begin(SERVICE, "", "own-1", Sender(account="otter", device="phone-4"))
    return alerted(app, begun)


def alerted(app: App, stream: Stream, **said) -> Stream:
    known = {
        "stream": stream.id, "at": app.clock.now(), "time_s": 3.0, "kind": "copy",
        "why": "A known video appears.", "frames": 5, "span_s": 5.0, "score": 5.0,
        "reference": new_id(),
    }  # fmt: skip
    matches = said.pop("matches", ())
    return app.live.streams.alert(Alert(**known | said), matches=matches)


def now(app: App, stream: Stream) -> Stream:
    with app.db.read() as tx:
        return streams.get(tx, stream.id)


def denials(app: App, stream: Stream) -> list[str]:
    with app.db.read() as tx:
        return stream_orders.denials(tx, stream.id)


@pytest.mark.parametrize("role", list(AccountRole))
def test_illegal_cuts_and_only_a_child_is_free_to_come_back(app, stream, reviewer, role):
    said = app.review.decisions.decide(
        reviewer, stream.case, K.ILLEGAL, facts=facts(role),
        signed=cut_signed(app, reviewer, stream.id),
    )  # fmt: skip
    cut = now(app, stream)
    assert cut.control is Control.CUT
    child = role is AccountRole.APPARENT_CHILD
    assert denials(app, stream) == ([] if child else ["account", "device", "key"])
    with app.db.read() as tx:
        order = stream_orders.standing(tx, stream.id)
        assert cases.get(tx, stream.case).state is CaseState.CLOSED
        told = [
            e.body["told"] for e in outbox.since(tx, 0, limit=200, types=[EventType.CASE_DECIDED])
        ]
    assert (order.by, order.at, order.broadcaster.value) == (said.by, said.at, role.value)
    assert order.broadcaster.reported_as == ("victim" if child else "reported")
    assert (told[-1]["stream"], told[-1]["account_role"]) == (stream.id, role.value)
    assert said.knowledge_at is not None


def test_a_decision_that_cuts_is_signed_and_freezes_until_it_is(app, stream, reviewer):
    with app.db.transaction() as tx:
        stream_orders.want(tx, streams.get(tx, stream.id), Control.OPEN, by="x", why="person")
    decide = partial(
        app.review.decisions.decide, reviewer, stream.case, K.ILLEGAL,
        facts=facts(AccountRole.SUSPECT),
    )  # fmt: skip
    with pytest.raises(NeedsSignature):
        decide()
    assert now(app, stream).control is Control.FROZEN
    other = cut_signed(app, reviewer, new_id())
    with pytest.raises(BadInput, match="something else"):
        decide(signed=other)
    with app.db.read() as tx:
        assert cases.get(tx, stream.case).state is not CaseState.CLOSED
    decide(signed=cut_signed(app, reviewer, stream.id))
    assert now(app, stream).control is Control.CUT


def test_a_role_said_in_a_decision_that_is_undone_is_not_known_any_more(app, stream, reviewer):
    """The service is told to take the ban back: it is asked again who broadcasts."""
    with app.db.transaction() as tx:
        found = streams.get(tx, stream.id)
        stream_orders.want(tx, found, Control.CUT, by="sam", why="person")
    said = app.review.decisions.decide(
        reviewer, stream.case, K.ILLEGAL, facts=facts(AccountRole.SUSPECT)
    )
    app.review.decisions.undo(reviewer, said.id)
    with app.db.read() as tx:
        types = [EventType.STREAM_ORDERED]
        told = [e.body["told"]["account"] for e in outbox.since(tx, 0, limit=99, types=types)]
        assert len(stream_roles.of_stream(tx, stream.id)) == 1
    assert told == ["none", "pending_role", "ban", "pending_role"]


def test_a_cut_asks_who_broadcasts(app, stream, reviewer):
    with pytest.raises(BadInput, match="Say who broadcasts"):
        app.review.decisions.decide(
            reviewer, stream.case, K.ILLEGAL, facts=DecisionFacts(item=SEEN)
        )
    assert now(app, stream).control is Control.FROZEN


def test_a_childs_own_image_is_stopped_without_a_ban(app, stream, reviewer):
    by = cut_signed(app, reviewer, stream.id)
    app.review.decisions.decide(reviewer, stream.case, K.OWN_IMAGE, signed=by)
    assert now(app, stream).control is Control.CUT
    assert denials(app, stream) == []


@pytest.mark.parametrize("kind", [K.NOT_ILLEGAL, K.WRONG_MATCH])
def test_what_is_not_illegal_is_shown_again_and_calm(app, stream, reviewer, kind):
    app.review.decisions.decide(reviewer, stream.case, kind)
    free = now(app, stream)
    assert (free.control, free.risk, free.priority) == (Control.OPEN, 0.0, Priority.LOW)


def test_stills_of_what_is_let_go_are_destroyed_when_undo_is_over(
    app, stream, reviewer, clock, worker
):
    decide = app.review.decisions
    blob = app.vault.put(io.BytesIO(b"\xff\xd8\xff"), purpose="evidence")
    with app.db.transaction() as tx:
        stream_stills.keep(tx, stream.id, ms=3000, blob=blob)

    def kept() -> bool:
        with app.db.read() as tx:
            return stream_stills.of_stream(tx, stream.id)[0].blob is not None

    wrong = decide.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    decide.undo(reviewer, wrong.id)
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert kept(), "it was taken back"
    decide.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    work(worker)
    assert kept(), "it could still be taken back"
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert not kept()


def test_a_wrong_match_speaks_of_the_entry(app, stream, reviewer, machine):
    app.banks.create(NewBank("FACES"), machine)
    (entry,) = app.banks.add("FACES", [NewEntry(Signal.parse("pdq:" + "0f" * 32))], machine)
    near = replace(match(entry.number), bank="FACES")
    alerted(app, stream, kind="match", reference=entry.id, bank="FACES", matches=[near])
    app.review.decisions.decide(reviewer, stream.case, K.WRONG_MATCH)
    with app.db.read() as tx:
        assert entries.get(tx, entry.number).status is EntryStatus.ACTIVE
        said = [one.opinion for one in entries.opinions(tx, entry.number)]
    assert said == [Opinion.FALSE_POSITIVE]


def test_the_first_of_two_freezes_and_the_second_cuts(app, stream, reviewer):
    by_two = Decisions(db=app.db, cut_by_two=True)
    with app.db.transaction() as tx:
        stream_orders.want(tx, streams.get(tx, stream.id), Control.OPEN, by="x", why="person")
    assert by_two.preview(reviewer, stream.case, K.ILLEGAL).second
    with pytest.raises(NeedsSecondPerson, match="It is frozen"):
        by_two.decide(
            reviewer, stream.case, K.ILLEGAL, reason="seen", facts=facts(AccountRole.SUSPECT)
        )
    assert now(app, stream).control is Control.FROZEN
    with pytest.raises(NeedsSecondPerson):
        by_two.confirm(reviewer, stream.case, signed(app, reviewer, stream.case))
    sam = somebody(app, Role.REVIEWER, name="Sam")
    said = by_two.confirm(sam, stream.case, signed(app, sam, stream.case))
    assert now(app, stream).control is Control.CUT
    with app.db.read() as tx:
        assert stream_orders.standing(tx, stream.id).broadcaster is Broadcaster.SUSPECT
    assert said.second is not None


def test_letting_go_never_takes_two(app, stream, reviewer):
    by_two = Decisions(db=app.db, cut_by_two=True)
    by_two.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    assert now(app, stream).control is Control.OPEN


def test_undo_lifts_the_ban_and_freezes_again(app, stream, reviewer):
    said = app.review.decisions.decide(
        reviewer, stream.case, K.ILLEGAL, facts=facts(AccountRole.SUSPECT),
        signed=cut_signed(app, reviewer, stream.id),
    )  # fmt: skip
    app.review.decisions.undo(reviewer, said.id)
    assert now(app, stream).control is Control.FROZEN
    assert denials(app, stream) == []
    with app.db.read() as tx:
        assert cases.get(tx, stream.case).state is CaseState.OPEN


def test_undo_of_letting_go_freezes_again(app, stream, reviewer):
    said = app.review.decisions.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    app.review.decisions.undo(reviewer, said.id)
    assert now(app, stream).control is Control.FROZEN


def test_undo_leaves_alone_what_was_ordered_since(app, stream, reviewer):
    said = app.review.decisions.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    with app.db.transaction() as tx:
        found = streams.get(tx, stream.id)
        stream_orders.want(tx, found, Control.CUT, by="sam", why="person")
    app.review.decisions.undo(reviewer, said.id)
    assert now(app, stream).control is Control.CUT


def test_a_decision_twice_is_refused(app, stream, reviewer):
    app.review.decisions.decide(reviewer, stream.case, K.NOT_ILLEGAL)
    with pytest.raises(Conflict):
        app.review.decisions.decide(reviewer, stream.case, K.NOT_ILLEGAL)


def test_viewers_and_reports_reach_the_queue(app, stream):
    worker = Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=(), turns=(), metrics=app.metrics
    )
    work(worker)
    app.live.streams.viewers(SERVICE, stream.id, count=321)
    work(worker)
    with app.db.read() as tx:
        assert queue.waiting(tx, stream.case).viewers == 321
