"""Other accounts that share strong evidence with one: found by what is kept, a crowd and an address never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders_sanction import HOME, TOLD, House

from breakwater.geo import Atlas
from breakwater.model.account_link import SAME, STRONG
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.ids import new_id
from breakwater.model.sanction import Clue
from breakwater.records import account_links, sanctions, stream_people, streams

pytestmark = pytest.mark.usefixtures("keyring")


class Watched(House):
    """Accounts that watch and broadcast."""

    def watch(self, *people, service="clips") -> None:
        with self.db.transaction() as tx:
            tx.lock_changes()
            sender = Sender(service=service, account="somebody-else")
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=sender)
            atlas = Atlas(None, self.clock)
            told = [
                Viewer(
                    name, address, 4000, tx.now, tx.now + timedelta(seconds=9), device=device,
                    payments=payments, place=atlas.resolve(address, tx.now) if address else None,
                )
                for name, address, device, payments in people
            ]  # fmt: skip
            stream_people.add_viewers(tx, stream, told)

    def links(self, account="heron", service="clips", **told):
        with self.db.read() as tx:
            found = account_links.of_account(tx, service, account, told)
        return {one.account: set(one.clues) for one in found}


@pytest.fixture
def watched(database, clock) -> Watched:
    return Watched(database, clock)


def test_a_device_or_a_card_of_a_few_links_and_an_address_alone_does_not(watched) -> None:
    watched.watch(
        ("heron", HOME, "tablet", ("card-1",)),
        ("coot", HOME, "tablet", ("card-1",)),
        ("teal", "81.2.69.160", "phone", ("card-1",)),
        ("wren", HOME, "other", ()),
        ("", HOME, "tablet", ()),
    )
    assert watched.links() == {
        "coot": {Clue.DEVICE, Clue.PAYMENT, Clue.ADDRESS}, "teal": {Clue.PAYMENT},
    }  # fmt: skip
    assert watched.links(service="photos") == {}, "another service's account of this name"
    with watched.db.read() as tx:
        first, second = account_links.of_account(tx, "clips", "heron", {})
    assert first.confidence > SAME > second.confidence > STRONG


def test_what_many_share_links_nobody(watched) -> None:
    crowd = [(f"pupil-{n}", "", "school-pc", ()) for n in range(4)]
    watched.watch(("heron", "", "school-pc", ()), *crowd)
    assert watched.links() == {}
    watched.watch(("heron", "", "tablet", ()), ("pupil-1", "", "tablet", ()))
    assert watched.links() == {"pupil-1": {Clue.DEVICE}}


def test_an_address_behind_which_nobody_knows_who_stands_adds_nothing(watched) -> None:
    carrier = "100.64.3.4"
    watched.watch(("heron", carrier, "tablet", ()), ("coot", carrier, "tablet", ()))
    assert watched.links() == {"coot": {Clue.DEVICE}}


def test_who_broadcasts_from_a_device_that_the_service_told_is_linked(watched) -> None:
    with watched.db.transaction() as tx:
        sender = Sender(service="clips", account="coot", device="tablet")
        streams.start(tx, server="", name="live/1", sender=sender)
    assert watched.links() == {}
    assert watched.links(device=["tablet"]) == {"coot": {Clue.DEVICE}}


def test_two_sanctioned_accounts_known_by_the_same_are_linked_while_both_stand(watched) -> None:
    watched.sanctioned()
    other = watched.sanctioned("coot", service="photos")
    found = watched.links()
    assert found == {"coot": {Clue.EMAIL, Clue.PHONE, Clue.DEVICE, Clue.PAYMENT}}
    with watched.db.transaction() as tx:
        (one,) = sanctions.of_case(tx, other.id)
        (link,) = account_links.of_account(tx, "clips", "heron", {})
        assert (link.service, link.sanctioned) == ("photos", (one.number,))
        sanctions.end(tx, one.id, sanctions.EndKind.RELEASED, by="sam")
    assert watched.links() == {}


def test_nothing_told_and_nothing_seen_is_no_link(watched) -> None:
    watched.case("heron", told=TOLD)
    assert watched.links() == {}
    assert watched.links(account="") == {}
