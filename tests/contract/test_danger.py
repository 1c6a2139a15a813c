"""The report that cannot wait: at once, once, without media; what may not leave is noted; both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.errors import BadInput, Conflict, SendingRefused
from breakwater.geo import Atlas
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.filing import FilingFile, FilingState
from breakwater.model.ids import new_id
from breakwater.model.recipient import Contact, Reached
from breakwater.model.report import Report
from breakwater.model.sending import RecipientKind, Sendings
from breakwater.records import (
    approvals,
    cases,
    danger_calls,
    decisions,
    filings,
    jobs,
    stream_people,
    streams,
)
from breakwater.reporting import filing
from breakwater.reporting.allowed import shipped
from breakwater.reporting.danger import Danger, script
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.permits import Destination, Permits

pytestmark = pytest.mark.usefixtures("keyring")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
R, S = AccountRole, FilingState
CONTACTS = (Contact("SE", "Stockholm", "112"), Contact("", "Lawyer", "1"), Contact("GB", "London", "999"))  # fmt: skip


def person(role: Role) -> Principal:
    made = new_id()
    return Principal(made, "somebody", role.permissions, person=made)


OFFICER, MODERATOR = person(Role.REPORT_OFFICER), person(Role.LIVE_MODERATOR)


class House:
    """A broadcast with a case, and an authority."""

    def __init__(self, database, vault, clock, *, reporter=True, waits=False, seat="US") -> None:
        self.db = database
        self.to = {
            "ncmec": Destination(
                "ncmec", DAY, production=True, two_people=True, country="US", title="NCMEC",
                kind=RecipientKind.CLEARING, due_urgent=HOUR,
            )
        }  # fmt: skip
        profile = Profile(simple_report().reporter if reporter else None, "Clips")
        self.drafter = Drafter(vault=vault, profile=profile, annotate=lambda _: ())
        permits = Permits(db=database, sendings=Sendings(seat, shipped()), destinations=self.to)
        self.danger = Danger(
            db=database, drafter=self.drafter, destinations=self.to, permits=permits,
            resolve=Atlas(None, clock).resolve, contacts=CONTACTS, waits=waits,
        )  # fmt: skip
        self.filings = filing.Filings(
            db=database, vault=vault, drafter=self.drafter, destinations=self.to, permits=permits
        )
        told = Sender(service="clips", account="heron", address="::ffff:81.2.69.142", port=65535)
        with database.transaction() as tx:
            self.stream = streams.start(tx, server="", name="live/014", sender=told)
            stream_people.join(tx, self.stream.id, told)
            made = cases.open(
                tx, kind=CaseKind.STREAM, subject=self.stream.id, why="Seen.",
                priority=Priority.HIGH, service="clips", account="heron",
            )  # fmt: skip
            streams.set_case(tx, self.stream.id, made.id)
        self.case = made.id

    def say(self, role: AccountRole = R.UNKNOWN, kind=DecisionKind.DANGER_NOW) -> None:
        with self.db.transaction() as tx:
            decisions.add(
                tx, case=self.case, kind=kind, by=new_id(), reason="She cries for help.",
                facts=DecisionFacts(role=role),
            )  # fmt: skip

    def report(self, one) -> Report:
        with self.db.read() as tx:
            return Report.read(filings.report_of(tx, one.id))


@pytest.fixture
def house(database, vault, clock) -> House:
    return House(database, vault, clock)


def test_the_page_knows_where_from_and_whom_to_call_first(house) -> None:
    found = house.danger.look(OFFICER, house.case)
    (seen,) = found.seen
    assert (seen.address, seen.port, found.countries[0]) == ("81.2.69.142", 65535, "GB")
    assert [one.name for one in found.contacts] == ["London", "Lawyer", "Stockholm"]
    assert "source port 65535" in " ".join(script(found, "Clips"))
    less = house.danger.look(MODERATOR, house.case)
    assert (less.seen[0].address, less.seen[0].port, less.account) == ("", None, "")
    assert less.countries == found.countries
    assert "81.2.69.142" not in " ".join(script(less, "Clips"))


def test_it_goes_at_once_and_pressed_twice_it_is_one(house) -> None:
    with pytest.raises(Conflict, match="Say first"):
        house.danger.file(MODERATOR, house.case)
    house.say(R.SUSPECT)
    (one,) = house.danger.file(MODERATOR, house.case)
    assert (one.state, one.urgent, one.files) == (S.NEW, True, ())
    assert one.due_at - one.knowledge_at == HOUR
    said = house.report(one)
    assert said.summary.escalate.startswith("A child is in danger now: She cries for help.")
    assert [each.account for each in said.reported] == ["heron"]
    (again,) = house.danger.file(OFFICER, house.case)
    assert again.id == one.id
    with house.db.read() as tx:
        assert len(filings.of_case(tx, house.case)) == 1


def test_who_broadcasts_decides_who_is_reported(house) -> None:
    house.say()
    (one,) = house.danger.file(MODERATOR, house.case, role=R.APPARENT_CHILD)
    said = house.report(one)
    assert ([v.account for v in said.victims], said.reported) == (["heron"], ())


def test_where_nobody_can_say_nobody_is_reported_and_the_address_stands_in_the_text(house) -> None:
    house.say()
    (one,) = house.danger.file(MODERATOR, house.case)
    said = house.report(one)
    assert (said.reported, said.victims) == ((), ())
    assert "heron" in said.additional
    assert "81.2.69.142 port 65535" in said.additional


def test_a_draft_that_waited_goes_at_once_without_its_files(house) -> None:
    house.say(R.SUSPECT, DecisionKind.ILLEGAL)
    (draft,) = house.filings.draft(house.case)
    (one,) = house.danger.file(OFFICER, house.case, reason="It goes on.")
    assert (one.id, one.state, one.urgent) == (draft.id, S.NEW, True)
    assert "It goes on." in house.report(one).summary.escalate


@pytest.mark.parametrize("stands", [S.OPEN, S.DEAD])
def test_one_that_takes_its_time_or_stopped_is_not_waited_for(house, stands) -> None:
    house.say(R.SUSPECT, DecisionKind.ILLEGAL)
    (slow,) = house.filings.draft(house.case)
    large = FilingFile(0, None, 2 << 30, "a" * 64, "b" * 32)
    with house.db.transaction() as tx:
        slow = filings.redraft(tx, slow, filings.report_of(tx, slow.id), (large,))
        slow = filings.move(tx, filings.move(tx, slow, S.NEW), stands, report_id="4711")
    (one,) = house.danger.file(OFFICER, house.case, reason="It goes on.")
    assert (one.version, one.state, one.urgent) == (2, S.NEW, True)
    assert house.danger.file(OFFICER, house.case)[0].id == one.id
    with house.db.transaction() as tx:
        assert filings.get(tx, slow.id).state is stands
        filings.move(tx, one, S.DEAD)
    assert house.danger.file(OFFICER, house.case)[0].state is S.NEW, "it is tried again"


def test_a_team_agrees_first_on_a_real_recipient_and_a_small_one_afterwards(
    database, vault, clock
) -> None:
    house = House(database, vault, clock, waits=True)
    house.say(R.SUSPECT)
    (one,) = house.danger.file(OFFICER, house.case)
    assert one.state is S.SECOND
    with house.db.read() as tx:
        (waits,) = approvals.of_subject(tx, one.id)
    assert waits.by == OFFICER.person
    assert house.danger.file(OFFICER, house.case)[0].state is S.SECOND, "the same person"
    assert house.danger.file(MODERATOR, house.case)[0].state is S.NEW


def test_what_may_not_leave_is_noted_and_nothing_is_lost(database, vault, clock) -> None:
    house = House(database, vault, clock, seat="FR")
    house.to["ncmec"] = Destination(
        "ncmec", DAY, production=True, country="JP", kind=RecipientKind.POLICE, title="Tokyo"
    )
    house.say(R.SUSPECT)
    with pytest.raises(SendingRefused, match="Tokyo"):
        house.danger.file(OFFICER, house.case)
    with house.db.read() as tx:
        (kept,) = filings.of_case(tx, house.case)
        assert kept.state is S.DRAFT
        assert "sending.refused" in {step.what for step in cases.history(tx, house.case)}


def test_without_anybody_who_reports_it_says_what_to_set(database, vault, clock) -> None:
    house = House(database, vault, clock, reporter=False)
    house.say(R.SUSPECT)
    with pytest.raises(Conflict, match="REPORTS_EMAIL"):
        house.danger.file(OFFICER, house.case)
    house.to.clear()


def test_the_rest_is_asked_for_when_it_is_filed(house) -> None:
    house.say(R.SUSPECT)
    (one,) = house.danger.file(OFFICER, house.case)
    with house.db.transaction() as tx:
        for state in (S.OPEN, S.UPLOADED, S.DESCRIBED, S.FINISHED):
            one = filings.move(tx, one, state, report_id="4711")
    event = type("Event", (), {"subject": one.id})
    house.filings.on_finished(event)
    assert [job.kind for job in jobs.claim(house.db, (filing.DRAFT_JOB,), owner="x", lease_s=9)]
    assert house.filings.draft(house.case) == [], "there is nothing more to say"
    with house.db.transaction() as tx:
        stream_people.join(
            tx, house.stream.id, Sender("clips", "heron", address="192.0.2.7", port=7)
        )
    (rest,) = house.filings.draft(house.case)
    said = house.report(rest)
    assert (rest.version, rest.state, said.supplementary_of) == (2, S.DRAFT, "4711")
    assert said.reported[0].prior_reports == (4711,)


def test_calls_are_rows_that_only_grow(house) -> None:
    with pytest.raises(BadInput):
        house.danger.call(OFFICER, house.case, contact=" ", outcome=Reached.TAKEN, words="")
    for outcome in (Reached.NO_ANSWER, Reached.TAKEN):
        house.danger.call(
            OFFICER, house.case, contact="London", outcome=outcome, words="ref 鷺 \u202e"
        )
    with house.db.read() as tx:
        kept = danger_calls.of_case(tx, house.case)
    assert [one.outcome for one in kept] == [Reached.NO_ANSWER, Reached.TAKEN]
    assert kept[0].words == "ref 鷺 \u202e"
