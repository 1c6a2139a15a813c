"""Every source together, at the time of the event; what is broken says so and guesses nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import SettableClock
from tests.unit.test_geo_tor import LIST

from breakwater.app.checks_viewers import places
from breakwater.errors import BadDatabase
from breakwater.geo import Atlas, Place, hosting
from breakwater.geo.jurisdiction import jurisdiction
from breakwater.model.watch import AddressKind, Certainty, Doubt, Exit, Flag, Source
from breakwater.settings import load

DATA = Path(__file__).resolve().parents[1] / "data/mmdb"
AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("GeoLite2-City-Test", "GeoLite2-ASN-Test", "GeoIP2-Anonymous-IP-Test"):
        shutil.copy(DATA / f"{name}.mmdb", tmp_path)
    (tmp_path / "tor").mkdir()
    (tmp_path / "tor/2026-11-10").write_text(LIST)
    return tmp_path


def test_a_place_is_frozen_with_who_said_so_and_when(folder: Path) -> None:
    place = Atlas(folder, SettableClock(AT)).resolve("::ffff:89.160.20.112", AT)
    assert (place.country, place.city, place.radius_km) == ("SE", "Linköping", 76)
    assert (place.asn, place.via, place.at) == (29518, "mapped", AT)
    assert place.tor is Exit.NO
    said = {one.name: one.built.date().isoformat() for one in place.sources}
    assert said["GeoLite2-City"] == "2026-02-04"
    assert said["Tor exit lists"] == "2026-11-10"
    assert Place.of_json(place.as_json()) == place
    assert jurisdiction(place).certainty is Certainty.CERTAIN


def test_without_any_file_the_shipped_table_answers() -> None:
    place = Atlas(None, SettableClock(AT)).resolve("81.2.69.142", AT)
    assert (place.country, place.radius_km, place.tor) == ("GB", None, Exit.UNKNOWN)
    assert place.sources[0].built.year == 2026


def test_what_hides_a_viewer_makes_the_country_uncertain(folder: Path) -> None:
    place = Atlas(folder, SettableClock(AT)).resolve("81.2.69.160", AT)
    assert place.country == "GB"
    hidden = replace(place, flags=frozenset({Flag.VPN}))
    assert jurisdiction(hidden).doubts == (Doubt.HIDDEN,)
    assert jurisdiction(hidden).certainty is Certainty.UNCERTAIN
    exit_ = Atlas(folder, SettableClock(AT)).resolve("65.0.0.7", AT)
    assert Flag.TOR in exit_.flags


def test_sources_that_disagree_are_candidates(folder: Path) -> None:
    place = Atlas(folder, SettableClock(AT)).resolve("67.43.156.1", AT)
    assert place.candidates[0] == "BT"
    assert len(place.candidates) > 1
    found = jurisdiction(place)
    assert {Doubt.DISAGREE, Doubt.WIDE} <= set(found.doubts)
    assert found.countries == place.candidates


@pytest.mark.parametrize("address", ["100.64.1.2", "10.1.2.3", "::1", "-", "2001:db8::1"])
def test_what_is_not_public_has_no_country(folder: Path, address: str) -> None:
    place = Atlas(folder, SettableClock(AT)).resolve(address, AT)
    assert (place.country, place.sources) == ("", ())
    assert jurisdiction(place).certainty is Certainty.UNKNOWN
    if address == "100.64.1.2":
        assert place.kind is AddressKind.CARRIER
        assert jurisdiction(place).doubts == (Doubt.CARRIER,)


def test_a_broken_database_is_named_and_never_another_country(folder: Path) -> None:
    for path in folder.glob("*.mmdb"):
        path.unlink()
    shutil.copy(DATA / "GeoIP2-City-Test-Broken-Double-Format.mmdb", folder)
    shutil.copy(DATA / "GeoIP2-City-Test-Invalid-Node-Count.mmdb", folder)
    atlas = Atlas(folder, SettableClock(AT))
    place = atlas.resolve("81.2.69.142", AT)
    assert (place.country, place.city) == ("GB", "")  # the shipped table's
    assert len(place.faults) == 2
    assert Doubt.FAULT in jurisdiction(place).doubts
    assert "InvalidDatabaseError" in atlas.faults()["GeoIP2-City-Test-Invalid-Node-Count.mmdb"]


def test_a_broken_shipped_table_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "table.bin").write_bytes(b"nothing")
    place = Atlas(None, SettableClock(AT), table=tmp_path / "table.bin").resolve("81.2.69.142", AT)
    assert (place.country, place.faults) == ("", ("table.bin",))


def test_files_that_change_are_read_anew(folder: Path) -> None:
    clock = SettableClock(AT)
    atlas = Atlas(folder, clock)
    assert Flag.HOSTING not in atlas.resolve("1.128.0.1", AT).flags
    (folder / "hosting.csv").write_text("# ours\nasn,name\nAS1221,Example\n64496,Other\n")
    clock.advance(61)
    assert Flag.HOSTING in atlas.resolve("1.128.0.1", AT).flags
    (folder / "hosting.csv").write_text("asn\nmany\n")
    clock.advance(61)
    assert atlas.resolve("1.128.0.1", AT).faults == ("hosting.csv",)


def test_the_build_before_the_event_answers(folder: Path) -> None:
    other = (DATA / "GeoLite2-City-Test.mmdb").read_bytes()
    at = other.index(b"build_epoch") + len(b"build_epoch")
    early = other[: at + 2] + (1_600_000_000).to_bytes(4, "big") + other[at + 6 :]
    (folder / "old.mmdb").write_bytes(early)
    os.utime(folder / "old.mmdb")
    atlas = Atlas(folder, SettableClock(AT))
    dates = [
        one.built.year
        for moment in (AT, AT - timedelta(days=1500), AT - timedelta(days=9000))
        for one in atlas.resolve("81.2.69.142", moment).sources
        if one.name == "GeoLite2-City"
    ]
    assert dates == [2026, 2020, 2020]


def test_an_old_database_makes_doubt() -> None:
    place = Place(
        AT, AddressKind.PUBLIC, "81.2.69.142", country="GB", candidates=("GB",),
        sources=(Source("old", AT - timedelta(days=500)),),
    )  # fmt: skip
    assert jurisdiction(place).doubts == (Doubt.OLD,)


@pytest.mark.parametrize("text", ["", "name\nx\n", "asn\nx1\n", "asn\n0\n", "asn\n4294967296\n"])
def test_a_list_of_hosting_networks_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "hosting.csv").write_text(text)
    with pytest.raises(BadDatabase, match=r"hosting\.csv"):
        hosting.read(tmp_path / "hosting.csv")


def test_doctor_names_what_answers_and_what_is_broken(folder: Path) -> None:
    shutil.copy(DATA / "GeoIP2-City-Test-Invalid-Node-Count.mmdb", folder)
    broken, known = places(load(geo_dir=folder))
    assert (broken.state, "Invalid-Node-Count" in broken.found) == ("warn", True)
    assert known.state == "ok"
    assert "GeoLite2-City of 2026-02-04" in known.found
    assert "IPFire" in known.found
