"""The shipped country table: what it says, and that a damaged one says nothing."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType

import pytest

from breakwater.errors import BadDatabase
from breakwater.geo import country
from breakwater.model.country import COUNTRIES

TOOL = Path(__file__).resolve().parents[2] / "tools/make_countries.py"
HEAD = "# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n"


@pytest.fixture(scope="module")
def shipped() -> country.CountryTable:
    return country.load()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("81.2.69.142", "GB"),
        ("193.99.144.80", "DE"),
        ("202.12.27.33", "JP"),
        ("2001:218::1", "JP"),
        ("2001:7fd::1", "NL"),
        ("0.0.0.1", ""),
        ("255.255.255.255", ""),
        ("::1", ""),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
    ],
)
def test_what_the_table_says(shipped: country.CountryTable, address: str, code: str) -> None:
    assert shipped.country(address) == code


def test_the_table_says_whose_it_is_and_from_when(shipped: country.CountryTable) -> None:
    assert "IPFire" in shipped.source.name
    assert shipped.source.built == datetime(2026, 6, 25, 4, 33, 59, tzinfo=UTC)
    assert set(shipped.names[1:]) <= COUNTRIES
    assert "CC BY-SA" in (country.SHIPPED.parent / "LICENCE.md").read_text().replace(
        "Creative Commons Attribution-ShareAlike", "CC BY-SA"
    )


def test_a_damaged_table_is_an_error(tmp_path: Path) -> None:
    whole = country.SHIPPED.read_bytes()
    faults = [whole[:-1], whole[: len(whole) // 2], b"", b"x" + whole, whole[:20]]
    places = (len(country.MAGIC) + 1, 40, 80, len(whole) // 3, len(whole) - 20)
    faults += [whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] for at in places]
    for raw in faults:
        (tmp_path / "countries.bin").write_bytes(raw)
        with pytest.raises(BadDatabase, match="Country table"):
            country.load(tmp_path / "countries.bin")
    with pytest.raises(BadDatabase):
        country.load(tmp_path / "missing.bin")


def test_the_tool_makes_ranges_gaps_and_shared_halves(tmp_path: Path) -> None:
    tool = _tool()
    four = [("1.0.0.0", "1.0.0.255", "AU"), ("1.0.1.0", "1.0.1.255", "AU")]
    four += [("1.0.4.0", "1.0.4.255", "UK"), ("1.0.5.0", "1.0.5.9", "EU")]
    six = ["2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP"]
    six += ["2001:300::,2001:300::7fff:ffff:ffff:ffff,SE"]
    six += ["2001:300::8000:0:0:0,2001:300:0:5:ffff:ffff:ffff:ffff,NO"]
    rows = [f"{int(ip_address(a))},{int(ip_address(b))},{c}" for a, b, c in four]
    (tmp_path / "geoip").write_text(HEAD + "\n".join(rows))
    (tmp_path / "geoip6").write_text(HEAD + "\n".join(six))
    made = tmp_path / "made.bin"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["make_countries.py", str(tmp_path), str(made)])
        tool.main()
    table = country.load(made)
    said = {
        "0.255.255.255": "", "1.0.0.0": "AU", "1.0.1.255": "AU", "1.0.2.0": "", "1.0.4.7": "GB",
        "1.0.5.3": "", "2001:200::5": "JP", "2001:300::1": "", "2001:300:0:1::": "NO",
        "2001:300:0:5:ffff::": "NO", "2001:300:0:6::": "",
    }  # fmt: skip
    assert {address: table.country(address) for address in said} == said


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_countries", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
