"""Who registers: refused, watched or allowed, by what, and put right at once; nothing of them is kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from tests.builders_sanction import (
    COLLEAGUE,
    HOME,
    KEY,
    NEIGHBOUR,
    REVIEWER,
    House,
)

from breakwater import observe
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson
from breakwater.model.access import Principal
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.model.sanction import Answer, Clue
from breakwater.records import (
    backup,
    cases,
    outbox,
    sanctions,
)

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


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
    backup.backup(house.db, tmp_path / "backup", vault=vault.directory)
    (one,) = house.all()
    house.releasing.release(REVIEWER, one.id, reason="All of it.")
    said = capfd.readouterr()
    places = [tmp_path / "backup"]
    if house.db.path is not None:
        places.append(house.db.path.parent)
    else:
        server = request.getfixturevalue("postgres_server")
        server.sql("CHECKPOINT")
        places += [server.directory / "data", server.directory / "log"]
    files = [Path(where) / name for place in places for where, _, names in os.walk(place)
             for name in names] + [place for place in places if place.is_file()]  # fmt: skip
    read = {file: content for file in files if (content := bytes_of(file))}
    assert any(b"clips" in content for content in read.values()), "what is plain is found"
    for needle in NEEDLES:
        assert needle not in (said.out + said.err).lower()
        for file, content in read.items():
            assert needle.encode() not in content, f"{needle} in {file.name}"


def bytes_of(file: Path) -> bytes:
    """What stands in a file; a server deletes some of its own meanwhile."""
    with suppress(FileNotFoundError):
        return file.read_bytes().lower()
    return b""
