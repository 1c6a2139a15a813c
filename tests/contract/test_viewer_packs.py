"""Packs of viewers and the table of what may leave: a reference, danger to life, carriers explained."""

from __future__ import annotations

import csv
import io

import pytest
from tests.contract.test_viewers import HOMES, INVESTIGATOR, OFFICER, SERVICE, House

from breakwater.errors import BadInput, Conflict, SendingRefused
from breakwater.model.sending import Occasion
from breakwater.model.watch import Act, ActKind, Doubt
from breakwater.records import audit, cases
from breakwater.reporting.allowed import read, sendings
from breakwater.viewers.packs import DOUBTS, EXPLAINED, Packs

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, clock) -> House:
    made = House(database, clock)
    made.watch("payer", 0, 40)
    paid = Act(ActKind.PAID, "payer", made.at(1), "invoice 1", "card", "20 EUR")
    made.live.viewers(SERVICE, made.stream.id, acts=[paid])
    made.stop(300)
    return made


def propose(house, packs, country, reference="", **facts):
    return packs.propose(
        INVESTIGATOR, house.case, countries=["GB"], agency="Agency", reason="file 12",
        country=country, reference=reference, **facts,
    )  # fmt: skip


def rows(house, action):
    with house.db.read() as tx:
        return [row.facts for row in audit.page(tx, limit=50) if row.action == action]


@pytest.mark.parametrize(
    ("seat", "country", "open_on"),
    [
        ("US", "US", {Occasion.REQUEST, Occasion.DANGER}),
        ("US", "gb", {Occasion.REQUEST}),
        ("US", "AU", {Occasion.REQUEST}),
        ("US", "FR", set()),
        ("GB", "GB", set(Occasion)),
        ("GB", "SE", set()),
        ("DE", "SE", set(Occasion)),
        ("CA", "CA", set()),
        ("", "GB", set()),
    ],
)
def test_what_is_answered_before_is_what_happens(house, seat, country, open_on) -> None:
    packs = Packs(db=house.db, sendings=sendings(seat, None))
    wishes = {
        Occasion.ALWAYS: {}, Occasion.REQUEST: {"reference": " K-7 "}, Occasion.DANGER: {"danger": True}
    }  # fmt: skip
    answers = packs.answers(country)
    assert {when for when, one in answers.items() if one.allowed} == open_on
    for when, wish in wishes.items():
        if when in open_on:
            assert answers[when].basis
            made = propose(house, packs, country, **wish)
            assert made.facts["occasion"] == when.value
            packs.refuse(OFFICER, house.case)
            continue
        with pytest.raises(SendingRefused) as fault:
            propose(house, packs, country, **wish)
        assert answers[when].why_not in fault.value.detail
        assert f"Agency ({country.upper()})" in fault.value.detail
    refused = rows(house, "sending.refused")
    assert len(refused) == len(Occasion) - len(open_on)
    with house.db.read() as tx:
        noted = [one for one in cases.history(tx, house.case) if one.what == "sending.refused"]
    assert len(noted) == len(refused)


def test_reference_and_occasion_stay_with_the_pack_and_in_the_audit_log(house) -> None:
    packs = Packs(db=house.db, sendings=sendings("US", None))
    propose(house, packs, "US", "warrant 7")
    body = packs.make(OFFICER, house.case).body
    assert (body["agency"], body["agency_country"]) == ("Agency", "US")
    assert (body["reference"], body["occasion"]) == ("warrant 7", "request")
    assert body["basis"] == ["18 USC 2703: legal process served on the provider."]
    assert [one["account"] for one in body["certain"]] == ["payer"]
    for action in ("viewers.propose_pack", "viewers.export"):
        (facts,) = rows(house, action)
        assert (facts["country"], facts["occasion"], facts["reference"]) == (
            "US", "request", "warrant 7",
        )  # fmt: skip
        assert facts["agency"] == "Agency"


def test_without_the_authority_s_country_police_of_each_country_are_asked(house) -> None:
    packs = Packs(db=house.db, sendings=sendings("GB", None))
    wish = {"agency": "", "reason": "file 12"}
    with pytest.raises(SendingRefused, match="police in SE"):
        packs.propose(INVESTIGATOR, house.case, countries=["GB", "SE"], **wish)
    made = packs.propose(INVESTIGATOR, house.case, countries=["GB", "SE"], country="GB", **wish)
    assert (made.facts["countries"], made.facts["country"]) == (["GB", "SE"], "GB")


def test_another_wish_does_not_pass_for_the_one_that_waits(house) -> None:
    packs = Packs(db=house.db, sendings=sendings("US", None))
    first = propose(house, packs, "US", "warrant 7")
    assert propose(house, packs, "US", "warrant 7").id == first.id
    with pytest.raises(Conflict, match="Another pack"):
        propose(house, packs, "US", "warrant 8")
    for country in ("XX", "United States"):
        with pytest.raises(BadInput):
            propose(house, packs, country)
        with pytest.raises(BadInput):
            packs.answers(country)
    with pytest.raises(BadInput):
        propose(house, packs, "US", "x" * 2001)


def test_a_table_that_changed_meanwhile_holds_the_pack_back(house) -> None:
    propose(house, Packs(db=house.db, sendings=sendings("US", None)), "US", "warrant 7")
    own = read(
        '[[refuse]]\nseat = "US"\nto = "US"\nkind = "police"\ndata = "viewers"\nwhy = "Ask us."',
        own=True,
    )
    table = sendings("US", None)
    changed = Packs(db=house.db, sendings=type(table)(table.seat, (*own, *table.rules)))
    with pytest.raises(SendingRefused, match="Ask us"):
        changed.make(OFFICER, house.case)
    assert rows(house, "viewers.export") == []


def test_a_carrier_s_shared_address_is_explained(house) -> None:
    house.watch("payer", 50, 60, address="100.64.0.9", port=40_123)
    house.watch("hidden", 0, 40, address="100.127.255.254", port=None)
    acts = [Act(ActKind.PAID, "hidden", house.at(1), "invoice 2", "card", "20 EUR")]
    house.live.viewers(SERVICE, house.stream.id, acts=acts)
    propose(house, house.packs, "GB")
    made = house.packs.make(OFFICER, house.case)
    said = " ".join(made.body["explained"])
    assert made.body["explained"] == list(EXPLAINED)
    for words in ("carrier-grade NAT", "source port and the exact time", "100.64.0.0/10", "in UTC"):
        assert words in said, words
    (one,) = made.body["certain"]
    by = {each["address"]: each for each in one["addresses"]}
    assert by["100.64.0.9"]["ports"] == [40_123]
    assert DOUBTS[Doubt.CARRIER] in by["100.64.0.9"]["doubts"]
    assert by[HOMES[0]]["doubts"] == []
    found = {row["address"]: row for row in csv.DictReader(io.StringIO(made.csv()))}
    assert DOUBTS[Doubt.CARRIER] in found["100.64.0.9"]["doubts"]
    assert made.body["country_unknown"] == 1
    assert "hidden" not in made.text


def test_an_operator_s_own_row_opens_what_no_shipped_rule_allows(house) -> None:
    own = read(
        '[[allow]]\nseat = "CA"\nto = "same"\nkind = "police"\ndata = "viewers"\nwhen = "request"\n'
        'basis = "A production order."',
        own=True,
    )
    table = sendings("CA", None)
    packs = Packs(db=house.db, sendings=type(table)(table.seat, (*own, *table.rules)))
    with pytest.raises(SendingRefused, match="Only on a lawful request"):
        propose(house, packs, "CA")
    propose(house, packs, "CA", "order 7")
    assert "A production order." in packs.make(OFFICER, house.case).body["basis"]
