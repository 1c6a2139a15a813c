"""Accounts as parties: what a service told stands where it belongs, and what is odd is kept as text."""

from __future__ import annotations

from datetime import UTC, datetime

from breakwater.model.account import Snapshot
from breakwater.model.ids import new_id
from breakwater.model.report import CaptureEvent, PersonReported
from breakwater.reporting.drafting import payments, people

THEN = datetime(2026, 2, 1, 10, tzinfo=UTC)


def told(**facts):
    return Snapshot(new_id(), "photos", "acct-1", THEN, THEN, "api", facts)


def reported(**facts):
    return PersonReported(**people.party("acct-1", "photos", told(**facts)))


def test_every_member_that_has_a_place_stands_there():
    one = reported(
        first_name="Kim", emails=["kim@example.net"], phones=["+4915112345678"],
        display_names=["kim", "kim"], screen_name="kim77", born="2001-02-03",
        registration_address="203.0.113.9", created_at="2026-01-01T00:00:00Z",
        logins=[{"address": "2001:db8::1", "port": "443", "at": "2026-01-02T00:00:00Z"}],
        linked_accounts=["acct-2"], devices=["imei-1", {"kind": "cookie", "id": "c"}],
        identity_documents=True, profile_urls=["https://clips.example/kim"],
    )  # fmt: skip
    assert one.person is not None
    assert (one.person.first_name, one.person.born.isoformat()) == ("Kim", "2001-02-03")
    assert [c.event for c in one.captures] == [CaptureEvent.REGISTRATION, CaptureEvent.LOGIN]
    assert (one.captures[1].address, one.captures[1].port) == ("2001:db8::1", 443)
    assert [a.account for a in one.linked] == ["acct-2"]
    assert [(d.kind, d.value) for d in one.devices] == [("device", "imei-1"), ("cookie", "c")]
    assert one.display_names == ("kim",)
    assert one.identity_documents is True


def test_what_cannot_be_read_is_text_and_nothing_is_lost():
    one = reported(
        born="in spring", logins=[{"address": "somewhere"}, "odd", {"port": 1}],
        registration_address="unknown", shoe_size=44, emails="kim@example.net", devices=[{}],
    )  # fmt: skip
    for word in ("in spring", "somewhere", "odd", "unknown", "shoe_size: 44"):
        assert word in one.additional, word
    assert one.captures == ()


def test_a_service_that_told_nothing_leaves_everything_unknown():
    one = PersonReported(**people.party("acct-1", "photos", None))
    assert (one.account, one.person, one.captures, one.additional) == ("acct-1", None, (), "")
    assert one.identity_documents is None


def test_payments_and_comments_are_kept_with_every_member() -> None:
    paid = {
        "at": "2026-02-01T09:00:00Z", "amount": 12.5, "currency": "EUR", "payer": "heron",
        "payee": "acct-1", "reference": "p-1",
    }  # fmt: skip
    data = told(
        payments=[paid, {"fingerprint": "f00d", "bin": "411111"}, "a rose"],
        comments=[
            {"account": "ben", "at": "2026-02-01T09:01:00Z", "text": "later"},
            {"account": "ann", "at": "2026-02-01T09:00:00Z", "text": "sooner"}, {"odd": 1},
        ],
    )  # fmt: skip
    first, means, rose = payments.told_of(data)
    assert (first.kind, first.amount, first.currency, first.at) == (
        "payment", "12.5", "EUR", THEN.replace(hour=9),
    )  # fmt: skip
    assert (first.payer, first.payee, first.reference) == ("heron", "acct-1", "p-1")
    assert ("f00d" in means.note, "411111" in means.note, means.payer) == (True, True, "acct-1")
    assert rose.note == "a rose"
    log = people.comments(data)
    assert log[1:] == ["2026-02-01T09:00:00Z ann: sooner", "2026-02-01T09:01:00Z ben: later"]
    assert "odd" in log[0]


def test_every_member_of_a_known_name_in_another_form_is_text() -> None:
    for name in sorted(people.KNOWN - {"account", "comments", "payments"}):
        one = reported(**{name: {"form": f"of {name}"}})
        assert f"of {name}" in one.additional, name
    assert "7" in reported(emails=[7, "kim@example.net"]).additional
    assert "maybe" in reported(identity_documents="maybe").additional
