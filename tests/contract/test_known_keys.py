"""What memory proves of who is sanctioned: nobody who is known is ever missed, by either way."""

from __future__ import annotations

import threading
from hashlib import sha256

import pytest
from tests.builders_sanction import KEY, REVIEWER, TOLD, House

from breakwater.model.sanction import Answer, Registration
from breakwater.records import identifiers
from breakwater.records.known_keys import SLICE, KnownKeys

pytestmark = pytest.mark.usefixtures("keyring")
MAILBOX = "heronquill@gmail.com"


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


def proven(house, **told) -> bool:
    """Whether memory alone answers that nobody is known."""
    asked = house.registrations.ask(KEY, Registration(**told))
    return house.registrations.nobody(asked) is not None


def test_a_miss_is_proven_where_nobody_else_writes_and_nowhere_else(house) -> None:
    house.sanctioned()
    assert not proven(house, email="coot@gmail.com"), "nothing was read yet"
    identifiers.read_known(house.db)
    assert proven(house, email="coot@gmail.com") is house.db.alone
    assert house.registrations.quick is house.db.alone
    assert not proven(house, email=MAILBOX)
    assert not proven(house, email="coot@gmail.com", phone="+4930901820")
    assert house.answer(email=MAILBOX) is Answer.REFUSE
    assert house.answer(email="coot@gmail.com") is Answer.ALLOW
    assert house.registrations.check(KEY, Registration(email="coot@gmail.com", phone="12")).unread


def test_who_is_sanctioned_after_the_reading_is_never_missed(house, keyring) -> None:
    identifiers.read_known(house.db)
    house.sanctioned()
    assert house.answer(email=MAILBOX) is Answer.REFUSE
    keyring.rotate("identifiers")
    house.decide(house.case("coot", told={"emails": ["coot@gmail.com"]}))
    for mailbox in (MAILBOX, "coot@gmail.com"):
        assert house.answer(email=mailbox) is Answer.REFUSE
    assert house.answer(email="teal@gmail.com") is Answer.ALLOW


def test_hashes_of_a_transaction_that_ends_after_a_reading_are_known(database, clock) -> None:
    """It is open while everything is read; SQLite alone promises anything."""
    if not database.alone:
        pytest.skip("several processes write: nothing is proven")
    house = House(database, clock)
    case = house.case(told=TOLD)
    house.decide(case, heard=False)
    added, read = threading.Event(), threading.Event()
    real, outcome = identifiers.add, []

    def slow(*told, **more):
        done = real(*told, **more)
        added.set()
        assert read.wait(20)
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identifiers, "add", slow)
        writing = threading.Thread(target=lambda: outcome.append(house.hear(case)))
        writing.start()
        assert added.wait(20)
        identifiers.read_known(database)
        read.set()
        writing.join(20)
    assert outcome == [None]
    assert house.answer(email=MAILBOX) is Answer.REFUSE


def test_what_is_over_is_forgotten_by_the_next_readings(database, clock) -> None:
    if not database.alone:
        pytest.skip("several processes write: nothing is proven")
    house = House(database, clock)
    house.sanctioned()
    identifiers.read_known(database)
    (one,) = house.all()
    house.releasing.release(REVIEWER, one.id, reason="It was his brother.")
    assert not proven(house, email=MAILBOX), "it stays until it is read again"
    assert house.answer(email=MAILBOX) is Answer.ALLOW
    for _ in range(3):
        identifiers.read_known(database)
    assert proven(house, email=MAILBOX)


def test_every_hash_of_many_slices_is_held(database, clock) -> None:
    """One more than two slices, the same hash under two kinds, and the last one."""
    if not database.alone:
        pytest.skip("several processes write: nothing is proven")
    house = House(database, clock)
    house.sanctioned()
    (one,) = house.all()
    keys = [sha256(b"%d" % number).digest() for number in range(2 * SLICE + 1)]
    with database.transaction() as tx:
        rows = [
            (key, kind, 0, one.id, tx.now, one.until)
            for key in keys
            for kind in ("device", "device_shared")
        ]
        tx.insert_many(
            identifiers.sanction_keys,
            ("key", "kind", "version", "sanction_id", "seen_at", "until"), rows,
        )  # fmt: skip
    known = KnownKeys()
    known.read(database)
    held = known._state[0]
    with database.read() as tx:
        stored = {row[0][:8] for row in tx.run("SELECT key FROM sanction_keys")}
    assert {int(start).to_bytes(8, "big") for start in held} == stored
    assert len(stored) > 2 * SLICE
    assert not any(known.lack([key]) for key in keys)
    assert known.lack([sha256(b"nobody's").digest()])
