"""Operators' databases: what MaxMind's test data says, and that broken ones say "unknown"."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater.errors import BadDatabase
from breakwater.geo.mmdb import Said, open_database
from breakwater.model.country import COUNTRIES
from breakwater.model.watch import Flag

DATA = Path(__file__).resolve().parents[1] / "data/mmdb"
ALL = frozenset(Flag)


@pytest.mark.parametrize(
    ("address", "country", "city", "radius"),
    [
        ("81.2.69.142", "GB", "London", 10),
        ("2.125.160.216", "GB", "Boxford", 100),
        ("89.160.20.112", "SE", "Linköping", 76),
        ("216.160.83.56", "US", "Milton", 22),
        ("202.196.224.1", "PH", "", 121),
        ("2001:218::1", "JP", "", 100),
        ("67.43.156.1", "BT", "", 534),
    ],
)
def test_places_with_their_radius(address: str, country: str, city: str, radius: int) -> None:
    said = open_database(DATA / "GeoLite2-City-Test.mmdb").say(address)
    assert said is not None
    assert (said.country, said.city, said.radius_km) == (country, city, radius)


def test_networks() -> None:
    database = open_database(DATA / "GeoLite2-ASN-Test.mmdb")
    found = [database.say(one) for one in ("1.128.0.1", "12.81.92.1", "89.160.20.112")]
    assert [one.asn for one in found if one] == [1221, 7018, 29518]
    assert found[0] is not None
    assert found[0].network == "Telstra Pty Ltd"
    assert database.say("8.8.8.8") is None


@pytest.mark.parametrize(
    ("address", "flags"),
    [
        ("65.0.0.1", {Flag.ANONYMOUS, Flag.TOR}),
        ("1.124.213.1", {Flag.ANONYMOUS, Flag.VPN, Flag.TOR}),
        ("71.160.223.1", {Flag.ANONYMOUS, Flag.HOSTING}),
        ("186.30.236.1", {Flag.ANONYMOUS, Flag.PUBLIC_PROXY}),
        ("81.2.69.1", ALL),
        ("6.0.0.1", set()),
    ],
)
def test_what_hides_a_viewer(address: str, flags: set[Flag]) -> None:
    said = open_database(DATA / "GeoIP2-Anonymous-IP-Test.mmdb").say(address)
    assert (said or Said()).flags == flags


def test_a_database_says_its_name_and_date() -> None:
    source = open_database(DATA / "GeoLite2-City-Test.mmdb").source
    assert source.name == "GeoLite2-City"
    assert source.built == datetime(2026, 2, 4, 22, 49, 29, tzinfo=UTC)


def test_broken_databases_are_errors_and_no_places() -> None:
    with pytest.raises(BadDatabase, match="Invalid-Node-Count"):
        open_database(DATA / "GeoIP2-City-Test-Invalid-Node-Count.mmdb")
    doubles = open_database(DATA / "GeoIP2-City-Test-Broken-Double-Format.mmdb")
    with pytest.raises(BadDatabase, match="GeoIP2-City is broken"):
        doubles.say("81.2.69.142")
    for name, address in (("pointers", "1.1.1.32"), ("search-tree", "1.1.1.3")):
        database = open_database(DATA / f"MaxMind-DB-test-broken-{name}-24.mmdb")
        try:
            said = database.say(address)
        except BadDatabase:
            continue
        assert (said or Said()) == Said()


def test_no_file_and_another_file(tmp_path: Path) -> None:
    with pytest.raises(BadDatabase):
        open_database(tmp_path / "none.mmdb")
    (tmp_path / "text.mmdb").write_text("asn,name\n")
    with pytest.raises(BadDatabase, match=r"text\.mmdb"):
        open_database(tmp_path / "text.mmdb")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_anywhere_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray((DATA / "GeoLite2-City-Test.mmdb").read_bytes())
    for _ in range(data.draw(st.integers(1, 40))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, 3))
    path = tmp_path / "damaged.mmdb"
    path.write_bytes(bytes(whole if cut else whole[: data.draw(st.integers(0, len(whole)))]))
    try:
        database = open_database(path)
    except BadDatabase:
        return
    for address in ("81.2.69.142", "67.43.156.1", "2001:218::1"):
        try:
            said = database.say(address)
        except BadDatabase:
            continue
        assert said is None or not said.country or said.country in COUNTRIES
