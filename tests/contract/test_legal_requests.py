"""Legal requests on both databases: two people, a package of the case, a clock, and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Principal, Role
from breakwater.model.event import EventType
from breakwater.model.hold import HoldKind, SeatRule
from breakwater.model.ids import new_id
from breakwater.model.package import PackageState
from breakwater.model.request import Basis, Direction, Move, RequestState
from breakwater.model.sending import Occasion
from breakwater.observe import Metrics
from breakwater.records import approvals, audit, holds, outbox, packages
from breakwater.records.legal_requests import NewRequest
from breakwater.records.tables.nouns_package import packages as package_rows
from breakwater.records.tables.nouns_request import legal_request_steps, legal_requests
from breakwater.reporting.preserving.keep import Keeper, Rules
from breakwater.reporting.requests.handling import Requests

M, S = Move, RequestState


class Desk:
    """Two officers, and what they handle."""

    def __init__(self, db, vault) -> None:
        self.db = db
        rules = Rules(SeatRule.MEDIA, timedelta(days=365))
        keeper = Keeper(db=db, vault=vault, rules=rules, metrics=Metrics())
        self.requests = Requests(db=db, keeper=keeper, seat=SeatRule.MEDIA)
        with db.transaction() as tx:
            self.first, self.second = (officer(tx) for _ in range(2))
            self.case = builders.case(tx).id

    def new(self, **facts):
        """What came in."""
        known = {
            "direction": Direction.INCOMING, "party": "National Crime Agency ☂", "country": "gb",
            "basis": Basis.ORDER, "law": "Production order of 12 March",
            "reference": "NCA-12-3", "scope": "Media and account data of one account.",
            "received_at": self.db.clock.now(), "due_at": self.db.clock.now(), "case": self.case,
        }  # fmt: skip
        due = facts.pop("due", None)
        return self.requests.open_request(self.first, NewRequest(**known | facts), due_at=due)

    def approved(self, **facts):
        """By two people."""
        made = self.new(**facts)
        self.requests.move(self.first, made.id, M.APPROVE)
        return self.requests.move(self.second, made.id, M.CONFIRM)

    def package(self, state=PackageState.SEALED, case=None):
        """As PACKAGE keeps it."""
        with self.db.transaction() as tx:
            case = case or self.case
            agreed = approvals.propose(
                tx, kind="package", subject=case, by=self.first.person, reason="asked",
                facts={"keys": [], "reference": "x", "occasion": Occasion.REQUEST.value},
            )  # fmt: skip
            agreed = approvals.confirm(
                tx, kind="package", subject=case, by=self.second.person, note=""
            )
            made = packages.begin(tx, case, agreed)
            tx.execute(
                sa.update(package_rows).where(package_rows.c.id == made.id)
                .values(state=state.value)
            )  # fmt: skip
            return made.id


def officer(tx):
    person = builders.person(tx, "", Role.REPORT_OFFICER).id
    return Principal(new_id(), "Olga", Role.REPORT_OFFICER.permissions, person=person)


@pytest.fixture
def desk(database, vault):
    return Desk(database, vault)


def test_a_request_is_approved_by_two_and_answered_with_a_package_of_its_case(desk, clock):
    made = desk.new()
    assert (made.state, made.number, made.country) == (S.OPEN, 1, "GB")
    assert made.due_at == clock.now() + timedelta(days=30)
    waits = desk.requests.move(desk.first, made.id, M.APPROVE)
    assert waits.wanted_by == desk.first.person
    with pytest.raises(NeedsSecondPerson):
        desk.requests.move(desk.first, made.id, M.CONFIRM)
    with pytest.raises(Conflict):
        desk.requests.move(desk.second, made.id, M.ANSWER, words="out", package=desk.package())
    agreed = desk.requests.move(desk.second, made.id, M.CONFIRM)
    assert (agreed.state, agreed.wanted_by) == (S.APPROVED, "")
    out = desk.package()
    done = desk.requests.move(desk.first, made.id, M.ANSWER, words="by courier", package=out)
    assert (done.state, done.package, done.ended_at) == (S.ANSWERED, out, clock.now())
    looked = desk.requests.look(desk.second, made.id)
    assert [one.what for one in looked.steps] == ["opened", "approve", "confirm", "answer"]
    assert looked.steps[-1].words == "by courier"
    assert looked.request.scope.startswith("Media and account")


def test_the_package_is_sealed_and_of_this_case(desk):
    made = desk.approved()
    with pytest.raises(BadInput):
        desk.requests.move(desk.first, made.id, M.ANSWER, words="out")
    with pytest.raises(NotFound):
        desk.requests.move(desk.first, made.id, M.ANSWER, words="out", package=new_id())
    for package in (desk.package(PackageState.MAKING), desk.package(case=other_case(desk))):
        with pytest.raises(Conflict):
            desk.requests.move(desk.first, made.id, M.ANSWER, words="out", package=package)
    with pytest.raises(BadInput):
        desk.requests.move(desk.first, made.id, M.NOTE, words="see", package=desk.package())


def other_case(desk):
    with desk.db.transaction() as tx:
        return builders.case(tx).id


def test_a_refusal_needs_its_reason_and_ends_the_clock(desk, clock):
    made = desk.new()
    for words in ("", "  "):
        with pytest.raises(BadInput):
            desk.requests.move(desk.first, made.id, M.REFUSE, words=words)
    clock.advance(3600)
    done = desk.requests.move(desk.first, made.id, M.REFUSE, words="No basis here.")
    assert (done.state, done.ended_at) == (S.REFUSED, clock.now())
    assert not done.overdue(clock.now() + timedelta(days=400))
    for move in set(M) - {M.NOTE}:
        with pytest.raises((Conflict, BadInput)):
            desk.requests.move(desk.second, made.id, move, words="again")


def test_what_asks_to_keep_holds_its_case_at_once_and_needs_no_package(desk):
    made = desk.new(basis=Basis.PRESERVATION)
    with desk.db.read() as tx:
        (held,) = holds.of_case(tx, desk.case)
    assert (held.kind, held.reference, held.ends) == (HoldKind.REQUEST, "NCA-12-3", None)
    desk.requests.move(desk.first, made.id, M.APPROVE)
    desk.requests.move(desk.second, made.id, M.CONFIRM)
    done = desk.requests.move(desk.first, made.id, M.ANSWER, words="It is kept.")
    assert done.state is S.ANSWERED
    desk.new(basis=Basis.EPOC_PR, case=None)
    with desk.db.read() as tx:
        assert len(holds.of_case(tx, desk.case)) == 1


def test_a_request_to_a_provider_is_sent_outside_and_its_answer_or_refusal_is_kept(desk, clock):
    asked = [desk.new(direction=Direction.OUTGOING, party="Clips") for _ in range(3)]
    assert {one.state for one in asked} == {S.DRAFT}
    clock.advance(86400 * 60)
    sent = [desk.requests.move(desk.first, one.id, M.SEND, words="by post") for one in asked]
    assert sent[0].due_at == clock.now() + timedelta(days=30)
    named = clock.now() + timedelta(days=5)
    later = desk.new(direction=Direction.OUTGOING)
    assert desk.requests.move(desk.first, later.id, M.SEND, words="x", due_at=named).due_at == named
    desk.requests.move(desk.second, asked[0].id, M.ANSWER, words="One address and its port.")
    desk.requests.move(desk.second, asked[1].id, M.REFUSE, words="They ask for a treaty request.")
    assert [one.id for one in desk.requests.ended(desk.first)] == [asked[1].id, asked[0].id]
    assert asked[2].id in {one.id for one in desk.requests.waiting(desk.first)}


def test_what_is_overdue_is_told_of_once(desk, clock):
    made, _ = desk.new(basis=Basis.EMERGENCY), desk.new(direction=Direction.OUTGOING)
    assert desk.requests.remind() == 0
    clock.advance(8 * 3600)
    assert (desk.requests.remind(), desk.requests.remind()) == (1, 0)
    with desk.db.read() as tx:
        told = [e for e in outbox.since(tx, 0, limit=100) if e.type is EventType.REQUEST_OVERDUE]
    assert [event.subject for event in told] == [made.id]
    assert desk.requests.look(desk.first, made.id).request.overdue(clock.now())


def test_counts_say_how_many_by_whom_why_and_how_they_stand(desk, clock):
    begin = clock.now()
    desk.requests.move(desk.first, desk.new().id, M.REFUSE, words="No basis.")
    desk.new(country="DE", basis=Basis.EPOC)
    clock.advance(86400 * 11)
    found = {
        (c.country, c.basis, c.state): (c.n, c.overdue)
        for c in desk.requests.counts(begin, clock.now())
    }
    assert found == {
        ("GB", Basis.ORDER, S.REFUSED): (1, 0), ("DE", Basis.EPOC, S.OPEN): (1, 1),
    }  # fmt: skip
    assert desk.requests.counts(clock.now(), clock.now() + timedelta(days=1)) == []


def test_what_it_asks_stands_sealed_and_every_look_is_written_down(desk):
    made = desk.new()
    desk.requests.move(desk.first, made.id, M.NOTE, words="They rang from 0800.")
    desk.requests.look(desk.second, made.id)
    with desk.db.read() as tx:
        row = tx.execute(sa.select(legal_requests)).one()
        noted = tx.execute(sa.select(legal_request_steps)).all()
        assert {"request.open", "request.note", "request.read"} <= set(audit.actions(tx))
    everything = repr(row) + repr(noted)
    for hidden in ("NCA-12-3", "account data of one", "0800"):
        assert hidden not in everything


@pytest.mark.parametrize(
    "wrong",
    [
        {"party": " "}, {"party": "x" * 301}, {"law": ""}, {"reference": ""}, {"scope": " "},
        {"scope": "x" * 10_001}, {"country": "ZQ"}, {"country": ""}, {"scope": "a\x00b"},
        {"reference": "\ud800"},
    ],
)  # fmt: skip
def test_what_lacks_something_or_cannot_be_stored_is_refused(desk, wrong):
    with pytest.raises(BadInput):
        desk.new(**wrong)


def test_dates_that_cannot_be_are_refused(desk, clock):
    with pytest.raises(BadInput):
        desk.new(received_at=clock.now() + timedelta(days=2))
    with pytest.raises(BadInput):
        desk.new(due=clock.now() - timedelta(days=1))
    made = desk.new(direction=Direction.OUTGOING)
    for move, due in ((M.SEND, clock.now() - timedelta(days=1)), (M.NOTE, clock.now())):
        with pytest.raises(BadInput):
            desk.requests.move(desk.first, made.id, move, words="x", due_at=due)
    with pytest.raises(NotFound):
        desk.new(case=new_id())


def test_two_who_look_at_once_do_not_both_move_it_and_others_do_not_at_all(desk):
    made = desk.new()
    desk.requests.move(desk.first, made.id, M.APPROVE, version=1)
    with pytest.raises(Conflict):
        desk.requests.move(desk.second, made.id, M.REFUSE, words="No.", version=1)
    reviewer = replace(desk.first, permissions=Role.REVIEWER.permissions)
    machine = replace(desk.first, person=None)
    for who in (reviewer, machine):
        for act in (desk.requests.waiting, desk.requests.ended):
            with pytest.raises(NotAllowed):
                act(who)
        with pytest.raises(NotAllowed):
            desk.requests.look(who, made.id)
        with pytest.raises(NotAllowed):
            desk.requests.move(who, made.id, M.CONFIRM)
