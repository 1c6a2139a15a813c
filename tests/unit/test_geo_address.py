"""The same viewer is one address however it was written, and what says nothing is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.geo.address import read
from breakwater.model.watch import AddressKind


@pytest.mark.parametrize(
    ("written", "one", "via"),
    [
        ("81.2.69.142", "81.2.69.142", ""),
        ("::ffff:81.2.69.142", "81.2.69.142", "mapped"),
        ("::FFFF:5102:458e", "81.2.69.142", "mapped"),
        ("64:ff9b::81.2.69.142", "81.2.69.142", "nat64"),
        ("2002:5102:458e::1", "81.2.69.142", "6to4"),
        ("2001:0:4136:e378:8000:63bf:aefd:ba71", "81.2.69.142", "teredo"),
        ("2001:0218:0:0::1", "2001:218::1", ""),
        (" 81.2.69.142 ", "81.2.69.142", ""),
    ],
)
def test_one_viewer_is_one_address(written: str, one: str, via: str) -> None:
    found = read(written)
    assert (found.text, found.via, found.kind) == (one, via, AddressKind.PUBLIC)


@pytest.mark.parametrize(
    ("written", "one", "port"),
    [
        ("81.2.69.142:4711", "81.2.69.142", 4711),
        ("[2001:218::1]:443", "2001:218::1", 443),
        ("[2001:218::1]", "2001:218::1", None),
        ('"[::ffff:81.2.69.142]:9"', "81.2.69.142", 9),
        ("81.2.69.142:0", "81.2.69.142", None),
        ("81.2.69.142:65536", "81.2.69.142", None),
        ("81.2.69.142:x", "81.2.69.142", None),
    ],
)
def test_a_port_beside_it_is_kept(written: str, one: str, port: int | None) -> None:
    assert (read(written).text, read(written).port) == (one, port)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("100.64.0.0", AddressKind.CARRIER),
        ("100.127.255.255", AddressKind.CARRIER),
        ("100.128.0.0", AddressKind.PUBLIC),
        ("::ffff:100.64.3.4", AddressKind.CARRIER),
        ("10.0.0.1", AddressKind.PRIVATE),
        ("172.31.255.255", AddressKind.PRIVATE),
        ("172.32.0.0", AddressKind.PUBLIC),
        ("fd00::1", AddressKind.PRIVATE),
        ("fe80::1%eth0", AddressKind.LOCAL),
        ("::1", AddressKind.LOCAL),
        ("127.0.0.1", AddressKind.LOCAL),
        ("224.0.0.1", AddressKind.RESERVED),
        ("2001:db8::1", AddressKind.RESERVED),
        ("ff02::1", AddressKind.RESERVED),
        ("0.0.0.0", AddressKind.RESERVED),
        ("", AddressKind.UNREADABLE),
        ("-", AddressKind.UNREADABLE),
        ("unknown", AddressKind.UNREADABLE),
        ("300.1.1.1", AddressKind.UNREADABLE),
        ("1" * 10_000, AddressKind.UNREADABLE),
    ],
)
def test_what_an_address_can_say(written: str, kind: AddressKind) -> None:
    assert read(written).kind is kind


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    found = read(text)
    assert bool(found.text) == (found.kind is not AddressKind.UNREADABLE)
    assert read(found.text).text == found.text
