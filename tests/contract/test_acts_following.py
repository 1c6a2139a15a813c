"""What decisions and lists ask of services, on both databases: and never of a child's account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import builders

from breakwater.enforcement.platform.acting import Acts
from breakwater.enforcement.platform.following import Following
from breakwater.enforcement.platform.policy import ActPolicy
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.act import ActKind, ActWhy, Lane, Subject
from breakwater.model.case import CaseKind
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.records import cases, decisions, platform_acts, uploads
from breakwater.web.pages import read_acts

pytestmark = pytest.mark.usefixtures("keyring")
K, D, R = ActKind, DecisionKind, AccountRole
OTTER = "river-otter-81"


class Ears:
    """A service that listens, or not."""

    def __init__(self) -> None:
        self.open = True

    def listens(self, service):
        return self.open and service == "photos"

    def act(self, ask):
        raise AssertionError


class House:
    """What a test does, and what is asked then."""

    def __init__(self, db) -> None:
        self.db, self.ears = db, Ears()
        self.following = Following(db=db, adapter=self.ears, policy=ActPolicy.load())
        self.acts = Acts(db=db, adapter=self.ears, following=self.following)
        with db.transaction() as tx:
            self.person = builders.person(tx, "", Role.REVIEWER).id
        self.who = Principal(new_id(), "Rita", Role.REVIEWER.permissions, person=self.person)

    def held(self, reference="obj-1", account=OTTER, kind=CaseKind.UPLOAD, action=Action.HOLD):
        """An upload with a case."""
        origin = replace(builders.ORIGIN, reference=reference, account=account)
        with self.db.transaction() as tx:
            started = uploads.start(tx, builders.upload(origin=origin))
            case = builders.case(tx, subject=started.id, kind=kind, account=account)
            return uploads.finish(
                tx, replace(started, verdict=builders.verdict(action), case=case.id)
            )

    def decide(self, upload, kind=D.ILLEGAL, role=R.SUSPECT, lead=None):
        """A decision and its verdict, as `review` makes them; answers its id."""
        facts = DecisionFacts(role=role, item=ItemFacts(Activity.ANIMAL)) if kind.keeps else None
        with self.db.transaction() as tx:
            said = decisions.add(
                tx, case=upload.case, kind=kind, by=self.person, reason="seen", lead=lead,
                facts=facts or DecisionFacts(),
            )  # fmt: skip
            action = Action.BLOCK if kind.keeps else Action.ALLOW
            uploads.revise(tx, upload.id, builders.verdict(action, rule=kind.rule))
        self.decided(upload, said)
        return said

    def undo(self, upload, said, action=Action.HOLD):
        """Take it back."""
        with self.db.transaction() as tx:
            decisions.add(
                tx, case=upload.case, kind=said.kind, by=self.person, reason="slip", undoes=said.id
            )
            uploads.revise(tx, upload.id, builders.verdict(action))
        self.decided(upload, said)

    def decided(self, upload, said):
        body = {"decision": said.id, "service": "photos"}
        self.following.on_decided(
            Event(new_id(), EventType.CASE_DECIDED, upload.case, self.db.clock.now(), 1, body)
        )

    def changed(self, upload, action):
        """A list changed what becomes of it."""
        with self.db.transaction() as tx:
            uploads.revise(tx, upload.id, builders.verdict(action))
        self.told(upload)

    def told(self, upload):
        self.following.on_verdict(
            Event(new_id(), EventType.VERDICT_CHANGED, upload.id, self.db.clock.now(), 1, {})
        )

    def stands(self, lane=Lane.CONTENT, name="obj-1"):
        """The kind in force."""
        with self.db.read() as tx:
            found = platform_acts.standing(tx, Subject(lane, "photos", name))
        return found and found.kind

    def every(self):
        with self.db.read() as tx:
            return [one.kind for one in reversed(platform_acts.page(tx, limit=200))]


@pytest.fixture
def house(database):
    return House(database)


def test_illegal_of_a_suspect_removes_the_content_and_freezes_the_account(house):
    house.decide(house.held())
    assert house.stands() is K.REMOVE
    assert house.stands(Lane.THUMBNAILS) is K.REMOVE_THUMBNAILS
    assert house.stands(Lane.ACCOUNT, OTTER) is K.FREEZE_ACCOUNT
    assert house.stands(Lane.SESSIONS, OTTER) is K.DELETE_SESSIONS
    assert house.stands(Lane.STREAM_KEY, OTTER) is K.RESET_STREAM_KEY


@pytest.mark.parametrize(
    ("kind", "role"),
    [(D.ILLEGAL, R.APPARENT_CHILD), (D.ILLEGAL, R.UNKNOWN), (D.OWN_IMAGE, R.SUSPECT)],
)
def test_nothing_is_ever_asked_of_the_account_of_a_child_or_of_somebody_unknown(house, kind, role):
    house.decide(house.held(), kind, role)
    assert house.stands() is K.REMOVE
    assert not any(one.lane.of_account for one in house.every())


def test_a_child_seen_later_thaws_the_account_whatever_was_said_before(house):
    house.decide(house.held())
    house.decide(house.held("obj-2"), D.ILLEGAL, R.APPARENT_CHILD)
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT
    house.decide(house.held("obj-3"))
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT
    child = house.held("obj-4")
    for kind in (K.FREEZE_ACCOUNT, K.CLOSE_ACCOUNT, K.DELETE_SESSIONS, K.RESET_STREAM_KEY):
        with pytest.raises(Conflict):
            house.acts.want(house.who, child.case, kind, reason="because")
        assert kind not in house.acts.kinds_for(child.case)


def test_a_released_case_restores_content_and_thaws_the_account(house):
    upload = house.held()
    house.decide(upload)
    house.decide(upload, D.NOT_ILLEGAL)
    assert house.stands() is K.RESTORE
    assert house.stands(Lane.THUMBNAILS) is K.RESTORE_THUMBNAILS
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT
    assert house.stands(Lane.SESSIONS, OTTER) is K.DELETE_SESSIONS


def test_a_decision_taken_back_leaves_hidden_what_was_only_held_before(house):
    upload = house.held()
    said = house.decide(upload)
    house.undo(upload, said)
    assert house.stands() is K.HIDE
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT


def test_an_account_stays_frozen_while_another_case_asks_it(house):
    first, second = house.held(), house.held("obj-2")
    house.decide(first)
    house.decide(second)
    house.decide(first, D.NOT_ILLEGAL)
    assert house.stands(Lane.ACCOUNT, OTTER) is K.FREEZE_ACCOUNT
    house.decide(second, D.NOT_ILLEGAL)
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT


def test_an_event_that_comes_late_or_twice_asks_nothing_wrong(house):
    upload = house.held()
    said = house.decide(upload)
    before = house.every()
    house.decided(upload, said)
    house.told(upload)
    assert house.every() == before
    released = house.decide(upload, D.NOT_ILLEGAL)
    after = house.every()
    house.decided(upload, said)
    house.decided(upload, released)
    assert house.every() == after


def test_a_case_that_only_went_along_says_nothing_of_its_account(house):
    lead = house.decide(house.held())
    house.decide(house.held("obj-2", "fox"), lead=lead.id)
    assert house.stands(name="obj-2") is K.REMOVE
    assert house.stands(Lane.ACCOUNT, "fox") is None


def test_what_passed_and_matches_a_new_entry_is_hidden_and_comes_back_when_it_does_not(house):
    every = [house.held(f"obj-{n}", "", CaseKind.RETROACTIVE, Action.ALLOW) for n in range(3)]
    for one in every:
        house.changed(one, Action.HOLD)
    assert [house.stands(name=f"obj-{n}") for n in range(3)] == [K.HIDE] * 3
    house.changed(every[1], Action.ALLOW)
    assert house.stands(name="obj-1") is K.RESTORE
    house.decide(every[0])
    assert (house.stands(name="obj-0"), house.stands(name="obj-2")) == (K.REMOVE, K.HIDE)


def test_what_was_held_when_it_came_never_appeared_and_is_not_hidden(house):
    house.told(house.held())
    assert house.every() == []


def test_an_object_seen_twice_is_as_the_worse_verdict_says(house):
    first, second = house.held(), house.held()
    house.decide(first)
    house.changed(second, Action.ALLOW)
    assert house.stands() is K.REMOVE


def test_an_object_without_a_reference_is_named_by_its_upload(house):
    upload = house.held("")
    house.decide(upload)
    assert house.stands(name=upload.id) is K.REMOVE


def test_nothing_is_asked_where_no_service_ever_listened(house):
    house.ears.open = False
    upload = house.held()
    house.decide(upload)
    house.told(upload)
    assert house.every() == []
    with pytest.raises(Conflict):
        house.acts.want(house.who, upload.case, K.HIDE, reason="because")


def test_by_hand_a_person_may_ask_for_more_and_take_it_back_and_never_for_less(house):
    upload = house.held()
    made = house.acts.want(house.who, upload.case, K.HIDE, reason="while we look")
    assert (made.why, made.by, made.reason) == (ActWhy.PERSON, house.person, "while we look")
    house.acts.want(house.who, upload.case, K.RESTORE, reason="looked")
    assert house.stands() is K.RESTORE
    house.decide(upload)
    for kind in (K.HIDE, K.RESTORE):
        with pytest.raises(Conflict):
            house.acts.want(house.who, upload.case, kind, reason="because")
    assert house.stands() is K.REMOVE
    house.acts.want(house.who, upload.case, K.CLOSE_ACCOUNT, reason="because")
    house.told(upload)
    assert house.stands(Lane.ACCOUNT, OTTER) is K.CLOSE_ACCOUNT


def test_an_appeal_takes_back_what_was_asked_by_hand_too(house, clock):
    upload = house.held()
    house.decide(upload)
    house.acts.want(house.who, upload.case, K.CLOSE_ACCOUNT, reason="because")
    clock.advance(60)
    house.decide(upload, D.NOT_ILLEGAL)
    assert house.stands(Lane.ACCOUNT, OTTER) is K.THAW_ACCOUNT


def test_by_hand_needs_a_reason_a_role_and_something_to_act_on(house):
    upload = house.held(account="")
    with pytest.raises(BadInput):
        house.acts.want(house.who, upload.case, K.HIDE, reason=" ")
    with pytest.raises(BadInput):
        house.acts.want(house.who, upload.case, K.FREEZE_ACCOUNT, reason="because")
    with pytest.raises(Conflict):
        house.acts.want(house.who, upload.case, K.RESTORE, reason="because")
    auditor = replace(house.who, permissions=Role.AUDITOR.permissions)
    with pytest.raises(NotAllowed):
        house.acts.want(auditor, upload.case, K.HIDE, reason="because")
    with house.db.transaction() as tx:
        bank = cases.open(
            tx, kind=CaseKind.QUARANTINE, subject=new_id(), why="A flood.",
            priority=builders.Priority.LOW, service="photos", account="",
        )  # fmt: skip
    assert house.acts.kinds_for(bank.id) == ()


def test_what_a_list_asks_after_a_decision_fell_is_never_said_to_have_passed(house):
    upload = house.held(action=Action.BLOCK)
    house.undo(upload, house.decide(upload), action=Action.BLOCK)
    with house.db.read() as tx:
        found = platform_acts.standing(tx, Subject(Lane.CONTENT, "photos", "obj-1"))
    assert found.why is ActWhy.LIST, "it stays hidden, for the list alone"
    assert "passed" not in read_acts.WHYS[found.why]
