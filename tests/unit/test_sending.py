"""What may leave: default deny, reasons in words, an operator's own rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from breakwater.errors import BadSettings, SendingRefused
from breakwater.model.sending import NO_SEAT, DataClass, Occasion, RecipientKind, Sendings
from breakwater.reporting.allowed import may, read, sendings, shipped

D, K = DataClass, RecipientKind


def test_what_no_rule_names_does_not_leave() -> None:
    said = may("JP", "JP", K.POLICE, D.IDENTITY)
    assert not said.allowed
    assert said.why_not
    assert not said.basis
    assert not Sendings("US", ()).may("US", K.CLEARING, D.FACTS).allowed


@pytest.mark.parametrize("kind", [K.CLEARING, K.POLICE, K.HOTLINE])
@pytest.mark.parametrize("data", [one for one in D if one is not D.NOTICE])
def test_without_a_seat_only_tests_and_notices_leave(kind: RecipientKind, data: DataClass) -> None:
    assert may("", "US", kind, data).why_not == NO_SEAT
    assert may("", "US", K.TEST, data).allowed
    assert may("", "US", kind, D.NOTICE).allowed


def test_a_provider_in_the_united_states_sends_nothing_to_police_abroad() -> None:
    for data in set(D) - {D.NOTICE}:
        assert may("US", "US", K.CLEARING, data).allowed
        for country in ("FR", "GB", "PH"):
            assert "NCMEC" in may("US", country, K.POLICE, data).why_not


def test_danger_and_requests_open_what_is_closed_otherwise() -> None:
    held = Sendings("US", shipped())
    assert not held.may("US", K.POLICE, D.IDENTITY).allowed
    assert "2702(b)(8)" in held.may("US", K.POLICE, D.IDENTITY, when=Occasion.DANGER).basis
    assert "2703" in held.may("US", K.POLICE, D.MEDIA, when=Occasion.REQUEST).basis
    assert not held.may("FR", K.POLICE, D.IDENTITY, when=Occasion.DANGER).allowed
    assert held.may("GB", K.POLICE, D.IDENTITY, when=Occasion.REQUEST).allowed
    assert not held.may("GB", K.POLICE, D.MEDIA, when=Occasion.REQUEST).allowed


def test_groups_and_the_same_country_are_meant_as_written() -> None:
    assert may("DE", "FR", K.POLICE, D.IDENTITY).allowed
    assert not may("DE", "FR", K.POLICE, D.MEDIA).allowed
    assert not may("DE", "US", K.POLICE, D.IDENTITY).allowed
    text = '[[allow]]\nseat="*"\nto="same"\nkind="police"\ndata="facts"\nbasis="Ours."\n'
    own = read(text, own=True)
    assert Sendings("JP", own).may("JP", K.POLICE, D.FACTS).allowed
    assert not Sendings("JP", own).may("KR", K.POLICE, D.FACTS).allowed
    assert not Sendings("", own).may("", K.POLICE, D.FACTS).allowed


def test_an_operators_rows_add_and_forbid(tmp_path: Path) -> None:
    mine = tmp_path / "own.toml"
    mine.write_text(
        '[[allow]]\nseat="JP"\nto="JP"\nkind="police"\ndata=["facts"]\nbasis="Counsel, 3 May."\n'
        '[[refuse]]\nseat="US"\nto="US"\nkind="clearing"\ndata="media"\nwhy="Counsel says no."\n'
    )
    there = sendings("JP", mine).may("JP", K.POLICE, D.FACTS)
    assert (there.allowed, there.basis, there.own) == (True, "Counsel, 3 May.", True)
    here = sendings("us", mine).may("US", K.CLEARING, D.MEDIA)
    assert (here.allowed, here.why_not) == (False, "Counsel says no.")
    assert sendings("US", mine).may("US", K.CLEARING, D.FACTS).allowed


def test_a_refusal_names_everything_that_may_not_leave() -> None:
    held = Sendings("DE", shipped())
    with pytest.raises(SendingRefused, match="media") as fault:
        held.must("FR", K.POLICE, [D.FACTS, D.IDENTITY, D.MEDIA], name="the police of Lyon")
    assert "the police of Lyon" in fault.value.detail
    assert "identity" not in fault.value.detail
    assert set(held.must("FR", K.POLICE, [D.FACTS, D.IDENTITY])) == {D.FACTS, D.IDENTITY}


ROW = '[[allow]]\nseat="US"\nto="US"\nkind="police"\ndata="facts"\nbasis="x"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[allow", "TOML"),
        ("[[permit]]\n", "no part permit"),
        (ROW.replace('"US"', '"USA"', 1), "no country"),
        (ROW.replace('seat="US"', 'seat="same"'), "no country"),
        (ROW.replace('"facts"', '"pictures"'), "one of"),
        (ROW.replace('"police"', "7"), "list of words"),
        (ROW.replace('"facts"', "[]"), "list of words"),
        (ROW.replace('basis="x"', 'basis=" "'), "basis"),
        (ROW + 'besides="y"\n', "members"),
    ],
)
def test_a_file_with_a_fault_stops_the_start_and_says_where(text: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        read(text, own=True)


def test_a_seat_that_is_no_country_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="seat"):
        sendings("Atlantis", None)
    with pytest.raises(BadSettings, match="sendings_file"):
        sendings("US", tmp_path / "missing.toml")
