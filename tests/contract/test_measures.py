"""Measures of a code: on by what the work leaves, since when they turned, with the figures."""

from __future__ import annotations

import json
from datetime import timedelta

import pypdfium2
import pytest
from tests import builders

from breakwater.errors import NotFound
from breakwater.model.access import ApiKey, Permission, Role
from breakwater.model.case import CaseKind
from breakwater.model.ids import new_id
from breakwater.records import api_keys, audit, cases, duty, measures
from breakwater.transparency import compliance_paper
from breakwater.transparency.checks import Switches
from breakwater.transparency.measures import Measures

pytestmark = pytest.mark.usefixtures("keyring")


def house(database, **switches) -> Measures:
    facts = {"watching": True, "destinations": ("ncmec",), "perceptual": {"pdq"}} | switches
    return Measures(db=database, version="1", switches=Switches(**facts))


def state(found, name):
    return next(one for one in found.measures if one.measure.id == name)


def test_a_measure_is_on_once_its_rows_are_there_and_since_then(database, clock) -> None:
    made = house(database)
    before = made.report("ofcom")
    assert not state(before, "hash_matching").checked.on
    assert state(before, "hash_matching").checked.why
    assert not state(before, "url_detection").checked.on, "nothing here matches addresses"
    clock.advance(3600)
    with database.transaction() as tx:
        bank = builders.bank(tx)
        builders.entry(tx, bank)
        builders.entry(tx, bank)
    then = clock.now()
    assert made.look() == 2, "uploads and broadcasts are matched from now on"
    assert made.look() == 0
    clock.advance(60)
    found = state(made.report("ofcom"), "hash_matching")
    assert found.checked.on
    assert found.since == then
    assert [(one.what, one.value) for one in found.checked.proofs] == [
        ("active entries of pdq", "2")
    ]
    assert [one.on for one in found.history] == [True, False]
    assert not state(made.report("ofcom"), "url_detection").checked.on
    with database.transaction() as tx:
        builders.entry(tx, bank, "domain")
    assert made.look() == 1, "addresses are matched too"
    assert state(made.report("ofcom"), "url_detection").checked.on
    assert not state(made.report("ofcom"), "hash_matching").checked.proofs[1:], "media alone"
    with database.read() as tx:
        acts = [one.action for one in audit.page(tx, subject="hash_matching")]
    assert sorted(acts) == ["measure.off", "measure.on"]


def test_broadcasts_that_are_not_watched_are_not_matched(database) -> None:
    with database.transaction() as tx:
        builders.entry(tx, builders.bank(tx))
    found = house(database, watching=False, destinations=()).report("ofcom")
    assert state(found, "hash_matching").checked.on
    assert "live_watch" in state(found, "hash_matching_live").checked.why
    assert not state(found, "reporting").checked.on


def key(tx, *scopes, **facts) -> None:
    made = ApiKey(id=new_id(), name="clips", scopes=frozenset(scopes), service="clips", **facts)
    api_keys.create(tx, made, secret_mac=b"x")


def test_user_reports_are_on_while_a_key_that_stands_hands_them_on(database, clock) -> None:
    made = house(database)
    with database.transaction() as tx:
        key(tx, Permission.REPORT_WRITE, test=True)
        key(tx, Permission.HASH_LOOKUP)
        key(tx, Permission.REPORT_WRITE, expires_at=tx.now + timedelta(hours=1))
    assert state(made.report("ofcom"), "user_reports").checked.on
    clock.advance(2 * 3600)
    assert not state(made.report("ofcom"), "user_reports").checked.on, "a test key does not count"


def test_somebody_at_all_times_means_every_hour_of_four_weeks(database, clock) -> None:
    made = house(database)
    start = clock.now()
    with database.transaction() as tx:
        ada = builders.person(tx, "Ada", Role.LIVE_MODERATOR)
        for n in range(28):
            begins = start + timedelta(days=n)
            duty.plan(tx, person=ada.id, starts_at=begins, ends_at=begins + timedelta(days=1),
                      rank=1, by="test")  # fmt: skip
    clock.advance(28 * 86_400)
    found = state(made.report("ofcom"), "moderators_always").checked
    assert found.on, found
    assert found.proofs[0].value == "100.00 %"
    clock.advance(2 * 3600)
    found = state(made.report("ofcom"), "moderators_always").checked
    assert not found.on
    assert [one.value for one in found.proofs] == ["99.70 %", "120 min"]
    with database.read() as tx:
        hole = measures.cover(tx, start - timedelta(days=1), start + timedelta(days=1))
    assert (hole.share, hole.gap_s) == (0.5, 86_400)


def test_papers_say_what_is_off_and_why_and_no_code_is_made_up(database) -> None:
    made = house(database)
    found = made.report("ofcom")
    told = json.loads(compliance_paper.to_json(found))
    assert [one["reference"] for one in told["measures"][:1]] == ["ICU C9"]
    pdf = compliance_paper.to_pdf(found)
    assert pdf == compliance_paper.to_pdf(found)
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    for one in found.measures:
        assert one.measure.name.split(",")[0][:40] in text.replace("\r\n", " ")
    with pytest.raises(NotFound):
        made.report("arcep")


def test_a_lead_of_links_is_no_case_that_was_opened_or_closed_in_time(database, clock) -> None:
    since = clock.now()
    clock.advance(1)
    with database.transaction() as tx:
        lead = builders.case(tx, kind=CaseKind.LEAD)
        cases.close(tx, lead.id, by="test", reason="Nothing to it.")
    with database.read() as tx:
        told = measures.counted(tx, since)
    assert (told["cases"], told["closed"], told["in_time"]) == (0, 0, 0)
    with database.transaction() as tx:
        builders.case(tx)
    with database.read() as tx:
        assert measures.counted(tx, since)["cases"] == 1


def test_hashes_of_files_alone_are_no_perceptual_hashes_and_match_no_broadcast(database) -> None:
    with database.transaction() as tx:
        bank = builders.bank(tx)
        builders.entry(tx, bank, "sha256")
    found = house(database).report("ofcom")
    for name in ("hash_matching", "hash_matching_live"):
        assert not state(found, name).checked.on
        assert "perceptual" in state(found, name).checked.why
    with database.transaction() as tx:
        builders.entry(tx, bank, "pdq")
    found = state(house(database).report("ofcom"), "hash_matching").checked
    assert found.on
    assert [one.what for one in found.proofs] == ["active entries of pdq"], "and it is named"
