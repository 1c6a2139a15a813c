"""Who is sanctioned, by what they are known again, and how soon they are let go of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from breakwater import observe
from breakwater.app.sanctioning import Rules
from breakwater.enforcement.registrations.checking import Registrations
from breakwater.enforcement.registrations.emails import Providers
from breakwater.enforcement.registrations.normalise import Normaliser
from breakwater.enforcement.registrations.releasing import Releasing
from breakwater.enforcement.registrations.sanctioning import GATHER_JOB, Sanctioning
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed
from breakwater.geo import Atlas
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.sanction import Answer, Clue, EndKind, IdentifierKind, Registration
from breakwater.model.stream import Broadcaster, Control
from breakwater.observe import Metrics
from breakwater.records import (
    accounts,
    audit,
    backup,
    cases,
    decisions,
    jobs,
    outbox,
    sanctions,
    stream_orders,
    stream_people,
    streams,
)

pytestmark = pytest.mark.usefixtures("keyring")

KEY = Principal(new_id(), "sign-up", frozenset({Permission.REGISTRATION_CHECK}), service="clips")
OTHER = Principal(new_id(), "other", frozenset({Permission.REGISTRATION_CHECK}), service="photos")
HOME = "81.2.69.142"
NEIGHBOUR = "81.2.69.9"
TOLD = {
    "emails": ["Heron.Quill+old@GoogleMail.com", "heron+tag@reedbed.example"],
    "phones": ["030 901820", "+44 20 7946 0123"],
    "devices": ["5F1A-77C0-22B9-A6E1", {"kind": "android", "id": "heron-tablet-77"}],
    "payments": [{"fingerprint": "pm_heron_1Nf8aKQ2", "bin": "424242"}],
    "registration_address": HOME,
    "logins": [{"address": "2001:218::1", "port": 4711, "device": "heron-laptop-31"}],
}
S, C, U = AccountRole.SUSPECT, AccountRole.APPARENT_CHILD, AccountRole.UNKNOWN


def person(*roles: Role) -> Principal:
    made = new_id()
    held = frozenset().union(*(role.permissions for role in roles))
    return Principal(made, "somebody", held, person=made)


REVIEWER, COLLEAGUE = person(Role.REVIEWER), person(Role.REVIEWER)


class House:
    """Accounts with cases, and whoever registers."""

    def __init__(self, database, clock, **rules) -> None:
        self.db, self.clock = database, clock
        made = Rules(**rules)
        self.make = Normaliser(Providers.read(), "DE", resolve=Atlas(None, clock).resolve)
        self.metrics = Metrics()
        self.sanctioning = Sanctioning(db=database, make=self.make, rules=made)
        self.releasing = Releasing(db=database, rules=made)
        self.registrations = Registrations(
            db=database, make=self.make, rules=made, metrics=self.metrics
        )

    def case(self, account="heron", *, told=None, service="clips", **sender):
        """A case about a broadcast of an account, whose service told what it knows."""
        whose = Sender(service=service, account=account, **sender)
        with self.db.transaction() as tx:
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=whose)
            stream_people.join(tx, stream.id, whose)
            made = cases.open(
                tx, kind=CaseKind.STREAM, subject=stream.id, why="Seen.", priority=Priority.HIGH,
                service=service, account=account,
            )  # fmt: skip
            streams.set_case(tx, stream.id, made.id)
            if told is not None:
                accounts.put(tx, service, account, told, taken_at=tx.now)
        return made

    def decide(self, case, kind=DecisionKind.ILLEGAL, role=S, *, heard=True, **facts):
        with self.db.transaction() as tx:
            said = decisions.add(
                tx, case=case.id, kind=kind, by=REVIEWER.person, reason="Seen whole.",
                facts=DecisionFacts(role=role), **facts,
            )  # fmt: skip
        if heard:
            self.hear(case)
        return said

    def hear(self, case) -> None:
        event = Event(new_id(), EventType.CASE_DECIDED, case.id, self.clock.now())
        self.sanctioning.on_decided(event)

    def sanctioned(self, account="heron", **facts):
        case = self.case(account, told=TOLD, **facts)
        self.decide(case)
        return case

    def all(self, **which):
        with self.db.read() as tx:
            return sanctions.page(tx, **which)

    def ask(self, by=KEY, **told):
        return self.registrations.check(by, Registration(**told))

    def answer(self, by=KEY, **told) -> Answer:
        return self.ask(by, **told).judgement.answer

    def acts(self) -> list[str]:
        with self.db.read() as tx:
            return [row.action for row in audit.page(tx, limit=200)]


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


REFUSED = [
    {"email": "he.ronquill+new@gmail.com"},
    {"email": "heron+tag@reedbed.example"},
    {"phone": "+49 (30) 901-820"},
    {"phone": "0049 30 901820"},
    {"device": "heron-tablet-77", "payment": "pm_heron_1Nf8aKQ2"},
    {"email": "heron@reedbed.example", "device": "heron-laptop-31"},
]
WATCHED = [
    {"email": "heron@reedbed.example"},
    {"device": "5f1a-77c0-22b9-a6e1"},
    {"payment": "pm_heron_1Nf8aKQ2", "address": NEIGHBOUR, "payment_bin": "42424242"},
    {"device": "heron-tablet-77", "address": "2001:218:0:9::5", "payment_bin": "424242"},
]
ALLOWED = [
    {"email": "coot@gmail.com"},
    {"address": HOME, "payment_bin": "424242"},
    {"address": HOME},
    {"phone": "+4930901821", "address": "81.2.70.1"},
    {"device": "00000000-0000-0000-0000-000000000000"},
]


def test_what_is_refused_watched_and_allowed(house) -> None:
    house.sanctioned()
    for wanted, each in (
        (Answer.REFUSE, REFUSED), (Answer.WATCH, WATCHED), (Answer.ALLOW, ALLOWED),
    ):  # fmt: skip
        for told in each:
            assert house.answer(**told) is wanted, told
    assert house.answer(device="heron-tablet-77", address=HOME, shared_device=True) is Answer.WATCH
    assert house.answer(device="heron-tablet-77", shared_device=True) is Answer.ALLOW


def test_an_answer_says_why_and_what_could_not_be_read(house) -> None:
    house.sanctioned()
    said = house.ask(email="heronquill@gmail.com", phone="12", address="10.0.0.1")
    assert said.judgement.clues == (Clue.EMAIL,)
    assert said.judgement.confidence == 0.95
    assert said.unread == ("phone", "address")
    with pytest.raises(BadInput):
        house.ask(email="  ")
    with pytest.raises(BadInput, match="never the number of a card"):
        house.ask(payment="4242 4242 4242 4242")


def test_hits_are_counted_and_told_without_whom_and_a_test_key_leaves_nothing(house) -> None:
    house.sanctioned()
    tester = Principal(new_id(), "t", KEY.permissions, service="clips", test=True)
    assert house.answer(tester, email="heronquill@gmail.com") is Answer.REFUSE
    with house.db.read() as tx:
        assert sanctions.hits(tx) == []
    made = house.ask(email="heronquill@gmail.com")
    house.ask(device="heron-tablet-77")
    house.ask(email="coot@gmail.com")
    with house.db.read() as tx:
        found = sanctions.hits(tx)
        kinds = (EventType.REGISTRATION_WATCHED, EventType.REGISTRATION_REFUSED)
        told = [one.body["told"] for one in outbox.since(tx, 0, limit=9, types=kinds)]
    assert [one.judgement.answer.value for one in found] == ["watch", "refuse"]
    assert [one["answer"] for one in told] == ["refuse", "watch"]
    assert told[0]["registration"] == made.id
    assert set(told[0]) == {"registration", "service", "answer", "confidence", "clues", "at"}
    assert {"registration.refuse", "registration.watch", "sanction.open"} <= set(house.acts())
    counted = {answer.value: house.metrics.registrations.labels(answer.value)._value.get()
               for answer in Answer}  # fmt: skip
    assert counted == {"allow": 1, "watch": 1, "refuse": 2}


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


def test_two_people_let_go_where_that_is_wanted(database, clock) -> None:
    house = House(database, clock, release_by_two=True)
    house.sanctioned()
    (one,) = house.all()
    assert house.releasing.release(REVIEWER, one.id, reason="His brother.").waits is not None
    assert house.answer(email="heronquill@gmail.com") is Answer.REFUSE
    with pytest.raises(NeedsSecondPerson):
        house.releasing.confirm(REVIEWER, one.id)
    house.releasing.refuse(COLLEAGUE, one.id)
    house.releasing.release(REVIEWER, one.id, reason="His brother.")
    done = house.releasing.confirm(COLLEAGUE, one.id)
    assert (done.sanction.end.by, done.sanction.end.second) == (REVIEWER.person, COLLEAGUE.person)
    assert house.answer(email="heronquill@gmail.com") is Answer.ALLOW


def test_a_wrong_match_is_let_go_of_at_once_and_the_rest_stands(house) -> None:
    case = house.sanctioned()
    hit = house.ask(phone="+4930901820")
    assert hit.judgement.answer is Answer.REFUSE
    house.releasing.wrong(REVIEWER, hit.id, reason="The number is somebody else's now.")
    assert house.answer(phone="+4930901820") is Answer.ALLOW
    assert house.answer(email="heronquill@gmail.com") is Answer.REFUSE
    with pytest.raises(Conflict):
        house.releasing.wrong(REVIEWER, hit.id, reason="Again.")
    (one,) = house.all()
    house.sanctioning.run({"sanction": one.id}, 1, lambda _: None)
    assert house.answer(phone="+4930901820") is Answer.ALLOW, "a later look finds it again"
    with house.db.read() as tx:
        assert "wrong_registration" in [step.what for step in cases.history(tx, case.id)]


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


CANARIES = {
    "email": "Canary.Quill+nest@GoogleMail.com", "phone": "+49 30 9018 2077",
    "device": "canary-tablet-4471-b", "payment": "pm_canary_88Qz17Lk", "address": "81.2.71.142",
}  # fmt: skip
NEEDLES = (
    "canary.quill", "canaryquill", "9018 2077", "90182077", "canary-tablet", "pm_canary",
    "81.2.71.142", "81.2.71.0",
)  # fmt: skip


def test_no_identifier_stands_in_a_database_a_log_or_a_backup(
    house, vault, tmp_path, request, capfd
) -> None:
    """Neither of a sanctioned account nor of who registers, in any spelling."""
    observe.configure(level="debug", form="json")
    house.decide(house.case("heron", told={
        "emails": [CANARIES["email"]], "phones": [CANARIES["phone"]],
        "devices": [CANARIES["device"]], "payments": [CANARIES["payment"]],
        "registration_address": CANARIES["address"],
    }))  # fmt: skip
    hit = house.ask(**CANARIES)
    assert hit.judgement.answer is Answer.REFUSE
    house.ask(email="heron+canary-tablet@unknown.example", device="canary-tablet-nobody's")
    house.releasing.wrong(REVIEWER, hit.id, reason="It was somebody else.")
    (one,) = house.all()
    house.releasing.release(REVIEWER, one.id, reason="All of it.")
    backup.backup(house.db, tmp_path / "backup", vault=vault.directory)
    said = capfd.readouterr()
    places = [tmp_path / "backup"]
    if house.db.path is not None:
        places.append(house.db.path.parent)
    else:
        server = request.getfixturevalue("postgres_server")
        server.sql("CHECKPOINT")
        places += [server.directory / "data", server.directory / "log"]
    files = [file for place in places for file in (place, *place.rglob("*")) if file.is_file()]
    assert len(files) > 2
    for needle in NEEDLES:
        assert needle not in (said.out + said.err).lower()
        for file in files:
            assert needle.encode() not in file.read_bytes().lower(), f"{needle} in {file.name}"
