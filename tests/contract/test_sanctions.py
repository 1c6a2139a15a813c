"""Who is sanctioned, by what they are known again, and how soon they are let go of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders_sanction import (
    HOME,
    KEY,
    NEIGHBOUR,
    OTHER,
    REVIEWER,
    TOLD,
    C,
    House,
    S,
    U,
)

from breakwater.enforcement.registrations.sanctioning import GATHER_JOB
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.broadcast import Viewer
from breakwater.model.decision import DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.sanction import Answer, EndKind, IdentifierKind
from breakwater.model.stream import Broadcaster, Control
from breakwater.records import (
    accounts,
    decisions,
    jobs,
    stream_orders,
    stream_people,
    streams,
)

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


@pytest.mark.parametrize(
    ("role", "count"), [(S, 1), (C, 0), (U, 0), (None, 0)], ids=["suspect", "child", "unknown", "-"]
)
def test_only_a_suspect_is_sanctioned(house, role, count) -> None:
    case = house.case(told=TOLD)
    house.decide(case, role=role)
    assert len(house.all()) == count
    wanted = Answer.REFUSE if count else Answer.ALLOW
    assert house.answer(email="heronquill@gmail.com", device="heron-tablet-77") is wanted
    with house.db.read() as tx:
        (hashes,) = tx.run("SELECT count(*) FROM sanction_keys")
    assert bool(hashes[0]) is bool(count)


@pytest.mark.parametrize("said", list(Broadcaster), ids=[one.value for one in Broadcaster])
def test_a_child_who_broadcasts_leaves_no_key_whoever_said_it(house, said) -> None:
    """At the cut somebody said who it is; a later decision never outweighs "apparent child"."""
    case = house.case(told=TOLD)
    with house.db.transaction() as tx:
        stream = streams.get(tx, case.subject)
        stream_orders.want(tx, stream, Control.CUT, by="sam", why="person", broadcaster=said)
    house.decide(case, role=S)
    assert len(house.all()) == (said is not Broadcaster.APPARENT_CHILD)


def test_who_is_found_to_be_a_child_later_is_let_go_of_at_once(house) -> None:
    case = house.sanctioned()
    assert house.answer(email="heronquill@gmail.com") is Answer.REFUSE
    with house.db.transaction() as tx:
        stream = streams.get(tx, case.subject)
        order = stream_orders.want(
            tx, stream, Control.CUT, by="sam", why="person",
            broadcaster=Broadcaster.APPARENT_CHILD,
        )  # fmt: skip
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW, "before anybody hears of it"
    house.sanctioning.on_ordered(
        Event(new_id(), EventType.STREAM_ORDERED, order.stream, house.clock.now())
    )
    (ended,) = house.all(ended=True)
    assert ended.end.kind is EndKind.NO_SUSPECT
    with house.db.read() as tx:
        assert tx.run("SELECT count(*) FROM sanction_keys") == [(0,)]


def test_a_child_of_another_case_is_no_suspect_here(house) -> None:
    house.decide(house.case(told=TOLD), role=C)
    house.sanctioned()
    assert house.all() == []


def test_what_the_stack_decided_of_another_account_sanctions_nobody(house) -> None:
    first = house.case("coot", told=TOLD)
    lead = house.decide(first)
    led = house.case("teal", told={"emails": ["teal@reedbed.example"]})
    house.decide(led, lead=lead.id)
    assert [one.account for one in house.all()] == ["coot"]


def test_one_decision_sanctions_once_and_an_account_is_known_across_services(house) -> None:
    case = house.sanctioned()
    for _ in range(3):
        house.hear(case)
    assert len(house.all()) == 1
    assert house.answer(OTHER, email="heronquill@gmail.com") is Answer.REFUSE
    alone = House(house.db, house.clock, across=False)
    assert alone.answer(OTHER, email="heronquill@gmail.com") is Answer.ALLOW
    assert alone.answer(KEY, email="heronquill@gmail.com") is Answer.REFUSE


def test_a_decision_that_falls_lets_go_before_anybody_hears_of_it_and_comes_back_with_it(
    house,
) -> None:
    case = house.sanctioned()
    with house.db.transaction() as tx:
        appeal = decisions.add(
            tx, case=case.id, kind=DecisionKind.NOT_ILLEGAL, by=new_id(), reason="The appeal."
        )
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW
    house.hear(case)
    (ended,) = house.all(ended=True)
    assert (ended.end.kind, ended.kinds) == (EndKind.OVERTURNED, {})
    with house.db.transaction() as tx:
        decisions.add(
            tx, case=case.id, kind=DecisionKind.NOT_ILLEGAL, by=new_id(), reason="A slip.",
            undoes=appeal.id,
        )  # fmt: skip
    house.hear(case)
    assert house.answer(email="heronquill@gmail.com") is Answer.REFUSE


def test_who_was_released_is_not_sanctioned_by_what_was_decided_before(house) -> None:
    earlier = house.case("heron", told=TOLD)
    house.decide(earlier, heard=False)
    case = house.sanctioned()
    (one,) = house.all()
    with pytest.raises(BadInput):
        house.releasing.release(REVIEWER, one.id, reason=" ")
    with pytest.raises(NotAllowed):
        house.releasing.release(KEY, one.id, reason="by a key")
    house.releasing.release(REVIEWER, one.id, reason="It was his brother.")
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW
    with pytest.raises(Conflict):
        house.releasing.release(REVIEWER, one.id, reason="Again.")
    house.hear(case)
    house.hear(earlier)
    assert house.all() == []
    house.decide(house.case("heron", told=TOLD))
    assert len(house.all()) == 1, "a new decision is a new matter"


def test_it_runs_out_and_a_network_sooner(house) -> None:
    house.sanctioned()
    near = {"device": "heron-tablet-77", "address": NEIGHBOUR}
    with_network = house.ask(**near).judgement.confidence
    house.clock.advance(timedelta(days=31).total_seconds())
    house.sanctioning.expire()
    assert house.ask(**near).judgement.confidence < with_network
    with house.db.read() as tx:
        assert tx.run("SELECT count(*) FROM sanction_keys WHERE kind = 'address'") == [(0,)]
    assert house.answer(phone="+4930901820") is Answer.REFUSE
    house.clock.advance(timedelta(days=20).total_seconds())
    assert house.answer(phone="+4930901820") is Answer.WATCH, "the number may be another's now"
    house.clock.advance(timedelta(days=700).total_seconds())
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW
    house.sanctioning.expire()
    (ended,) = house.all(ended=True)
    assert ended.end.kind is EndKind.EXPIRED
    with house.db.read() as tx:
        assert tx.run("SELECT count(*) FROM sanction_keys") == [(0,)]


def test_what_was_hashed_under_an_older_key_is_found_until_that_is_shredded(house, keyring) -> None:
    house.sanctioned()
    keyring.rotate("identifiers")
    house.decide(house.case("coot", told={"emails": ["coot@gmail.com"]}))
    for mailbox in ("heronquill@gmail.com", "coot@gmail.com"):
        assert house.answer(email=mailbox) is Answer.REFUSE
    with house.db.read() as tx:
        versions = {row[0] for row in tx.run("SELECT version FROM sanction_keys")}
    assert versions == {1, 2}


def test_devices_seen_in_broadcasts_count_and_a_familys_less(house) -> None:
    watched = house.case("teal")
    one = Viewer("heron", HOME, 4711, device="family-console-5", payments=("pm_family_2Zz",))
    with house.db.transaction() as tx:
        stream_people.add_viewers(tx, streams.get(tx, watched.subject), [one])
    house.decide(house.case("heron", device="heron-camera-12", address=HOME))
    assert house.answer(device="heron-camera-12") is Answer.WATCH
    assert house.answer(device="heron-camera-12", payment="pm_family_2Zz") is Answer.REFUSE
    assert house.answer(device="family-console-5") is Answer.WATCH
    assert house.answer(OTHER, device="family-console-5") is Answer.ALLOW, "kept for one service"
    sister = Viewer("heron-sister", HOME, 4712, device="shared-console-6")
    brother = Viewer("egret", HOME, 4712, device="shared-console-6")
    with house.db.transaction() as tx:
        stream = streams.get(tx, watched.subject)
        stream_people.add_viewers(tx, stream, [sister, brother])
    house.decide(house.case("egret"))
    assert house.answer(device="shared-console-6") is Answer.ALLOW
    (egret,) = [one for one in house.all() if one.account == "egret"]
    assert egret.kinds[IdentifierKind.DEVICE_SHARED] == 1


def test_account_data_that_come_late_are_gathered_by_a_later_look(house) -> None:
    case = house.case("heron")
    house.decide(case)
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW
    with house.db.transaction() as tx:
        accounts.put(tx, "clips", "heron", TOLD, taken_at=tx.now)
    house.clock.advance(3601)
    (job,) = jobs.claim(house.db, [GATHER_JOB], owner="w", lease_s=60, limit=5)
    house.sanctioning.run(job.payload, 1, lambda _: None)
    assert house.answer(email="heronquill@gmail.com") is Answer.REFUSE


def test_facts_of_any_form_break_nothing(house) -> None:
    odd = {
        "emails": [7, None, "", "@", "a@b", "x" * 400 + "@y.example", "\u202e@z.example"],
        "phones": {"home": "1"}, "devices": [None, {"id": 5}, [], "x"], "logins": "none",
        "payments": [{"bin": 12}, {"fingerprint": None}, 5], "registration_address": ["::1"],
        "created_at": "yesterday",
    }  # fmt: skip
    house.decide(house.case("heron", told=odd))
    (one,) = house.all()
    assert one.kinds == {}
