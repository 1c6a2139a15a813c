"""What is kept of a person: inventoried, given out but for investigations, erased where it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from breakwater.access.subjects import ERASE_JOB, Subjects
from breakwater.errors import BadInput, NotAllowed
from breakwater.intake.outcome import ERASE_JOB as INTAKES
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.hold import HoldKind, Kept, SeatRule
from breakwater.model.ids import new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.privacy import Exempt
from breakwater.model.stream import StreamState
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import (
    account_traces,
    accounts,
    audit,
    cases,
    decisions,
    hold_items,
    holds,
    jobs,
    stream_people,
    streams,
    subjects,
    uploads,
)
from breakwater.records.hold_items import Thing
from breakwater.records.tables import metadata
from breakwater.records.tables.columns import Klass, tag_of

pytestmark = pytest.mark.usefixtures("keyring")


def person(*roles: Role) -> Principal:
    made = new_id()
    held = frozenset().union(*(role.permissions for role in roles))
    return Principal(made, "somebody", held, person=made)


OFFICER = person(Role.REPORT_OFFICER)
WHY = {"reason": "They asked on 3 March."}


class House:
    """What services told and sent of one account."""

    def __init__(self, database) -> None:
        self.db = database
        self.subjects = Subjects(db=database)

    def upload(self, account="heron", *, action=Action.ALLOW, case=None):
        with self.db.transaction() as tx:
            made = Upload(
                new_id(), "clips", Surface.PUBLIC, Origin(account, "81.2.69.142"),
                UploadState.DONE, tx.now, 9, "ab" * 32, verdict=Verdict(action, "r", "w"),
                revision=1, case=case,
            )  # fmt: skip
            return uploads.finish(tx, made)

    def watched(self, account="heron", *, case=False):
        """Somebody else's broadcast, which the account watched."""
        with self.db.transaction() as tx:
            whose = Sender(service="clips", account="egret", client="1")
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=whose)
            one = Viewer(account, "81.2.69.142", 4711, device="heron-tablet-77")
            stream_people.add_viewers(tx, stream, [one])
            streams.set_state(tx, stream.id, StreamState.ENDED)
        if case:
            about = self.case("egret", stream=stream.id)
            with self.db.transaction() as tx:
                streams.set_case(tx, stream.id, about.id)
        return stream

    def case(self, account="heron", *, stream=None):
        with self.db.transaction() as tx:
            return cases.open(
                tx, kind=CaseKind.STREAM, subject=stream or new_id(), why="Seen.",
                priority=Priority.HIGH, service="clips", account=account,
            )  # fmt: skip

    def tell(self, account="heron"):
        with self.db.transaction() as tx:
            told = {"emails": ["heron@reedbed.example"]}
            accounts.put(tx, "clips", account, told, taken_at=tx.now)

    def decide(self, case, kind):
        with self.db.transaction() as tx:
            decisions.add(
                tx,
                case=case.id,
                kind=kind,
                by=new_id(),
                reason="Seen.",
                facts=DecisionFacts(role=AccountRole.UNKNOWN),
            )
            cases.close(tx, case.id, by="sam", reason="Seen.")

    def of(self, account="heron"):
        return self.subjects.export(OFFICER, "clips", account, **WHY)


@pytest.fixture
def house(database) -> House:
    return House(database)


def test_every_table_of_accounts_is_looked_in_or_says_why_not() -> None:
    told = {
        table.name
        for table in metadata.sorted_tables
        if any(tag_of(col).klass in {Klass.ACCOUNT, Klass.IDENTITY} for col in table.columns)
    }
    looked = {part.table.name for part in subjects.PARTS}
    assert told - looked - set(subjects.ELSEWHERE) == set()
    assert set(subjects.ELSEWHERE) - told == set()
    assert looked & set(subjects.ELSEWHERE) == set()


def test_the_inventory_is_every_column_by_its_tag() -> None:
    found = {(one.table, one.column): one for one in subjects.inventory()}
    assert len(found) == sum(len(table.columns) for table in metadata.sorted_tables)
    one = found["account_snapshots", "sealed"]
    assert (one.klass, one.purpose, one.retention, one.sealed) == (
        "identity", "reporting", "case", True
    )  # fmt: skip
    assert not found["cases", "number"].sealed


def test_everything_kept_is_given_out_and_nothing_of_others(house) -> None:
    house.tell()
    house.upload()
    house.watched()
    house.tell("egret")
    case = house.case()
    house.decide(case, DecisionKind.NOT_ILLEGAL)
    found = house.of()
    assert {one.table for one in found} == {
        "cases", "account_snapshots", "uploads", "viewer_sessions", "stream_viewers",
    }  # fmt: skip
    assert all(one.exempt is None and one.facts for one in found)
    told = {one.table: one.facts for one in found}
    assert told["account_snapshots"]["told"] == {"emails": ["heron@reedbed.example"]}
    assert told["stream_viewers"]["told"]["address"] == "81.2.69.142"
    assert "egret" not in repr(found)
    assert house.of("nobody") == []


def test_what_an_investigation_needs_is_listed_and_not_told(house) -> None:
    house.tell()
    house.upload()
    case = house.case()
    waits = {one.table: one.exempt for one in house.of()}
    assert waits == {
        "cases": Exempt.CASE, "account_snapshots": Exempt.CASE, "uploads": None,
    }  # fmt: skip
    house.decide(case, DecisionKind.ILLEGAL)
    assert {one.table: one.exempt for one in house.of()} == waits
    with house.db.transaction() as tx:
        holds.open(
            tx, case.id, kind=HoldKind.LEGAL, seat=SeatRule.MEDIA, by="sam", reason="An order.",
            reference="12-3",
        )  # fmt: skip
    found = house.of()
    exempt = [one for one in found if one.exempt is Exempt.HELD]
    assert {one.table for one in exempt} == {"cases", "account_snapshots"}
    assert all(one.facts == {} for one in exempt)


def test_what_may_be_erased_is_gone_and_the_rest_says_why(house) -> None:
    house.tell()
    house.upload()
    house.upload(action=Action.HOLD)
    house.upload("egret")
    house.watched()
    stopped = house.watched(case=True)
    would = house.subjects.erase(OFFICER, "clips", "heron", **WHY)
    done = house.subjects.erase(OFFICER, "clips", "heron", really=True, **WHY)
    assert done.gone == would.gone == {"uploads": 1, "stream_viewers": 1, "viewer_sessions": 1}
    stays = {(one.table, one.stays) for one in done.stays}
    assert stays == {
        ("account_snapshots", Exempt.CASE), ("uploads", Exempt.CASE),
        ("viewer_sessions", Exempt.CASE), ("stream_viewers", Exempt.CASE),
    }  # fmt: skip
    with house.db.read() as tx:
        assert len(uploads.by_account(tx, "clips", "egret")) == 1
        assert account_traces.of_account(tx, "clips", "heron").addresses != ()
        assert len(stream_people.viewers(tx, stopped.id)) == 1
        actions = [row.action for row in audit.page(tx, limit=50)]
        rows = repr(list(audit.page(tx, limit=50)))
    assert {"subject.look", "subject.erase"} <= set(actions)
    assert "heron" not in rows
    (job,) = jobs.claim(house.db, [INTAKES], owner="w", lease_s=9, limit=5)
    assert ERASE_JOB == INTAKES
    assert len(job.payload["uploads"]) == 1
    assert house.subjects.erase(OFFICER, "clips", "heron", really=True, **WHY).gone == {}


def test_what_is_held_stays_though_nothing_else_keeps_it(house) -> None:
    """An upload that passed, and is evidence of somebody else's case."""
    made = house.upload()
    other = house.case("egret")
    with house.db.transaction() as tx:
        holds.open(
            tx, other.id, kind=HoldKind.LEGAL, seat=SeatRule.MEDIA, by="sam", reason="An order.",
            reference="12-3", ends=tx.now + timedelta(days=400),
        )  # fmt: skip
        kept = Thing(Kept.UPLOAD, "upload", tx.now, table="uploads", row=made.id)
        hold_items.add(tx, other.id, [kept])
    (one,) = house.of()
    assert (one.exempt, one.stays) == (Exempt.HELD, Exempt.HELD)
    done = house.subjects.erase(OFFICER, "clips", "heron", really=True, **WHY)
    assert (done.gone, [row.stays for row in done.stays]) == ({}, [Exempt.HELD])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REPORT_OFFICER])
def test_only_who_may_gives_out_and_erases(house, role) -> None:
    with pytest.raises(NotAllowed):
        house.subjects.erase(person(role), "clips", "heron", **WHY)
    with pytest.raises(NotAllowed):
        house.subjects.export(person(role), "clips", "heron", **WHY)
    with pytest.raises(BadInput):
        house.subjects.erase(OFFICER, "clips", "heron", reason=" ")
    with pytest.raises(BadInput):
        house.subjects.export(OFFICER, "clips", "", **WHY)
