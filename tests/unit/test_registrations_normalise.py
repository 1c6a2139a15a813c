"""Every spelling of the same thing is one, and what says nothing of a person is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.enforcement.registrations.emails import Providers
from breakwater.enforcement.registrations.normalise import Normaliser, is_card
from breakwater.errors import BadSettings
from breakwater.model.sanction import IdentifierKind
from breakwater.model.watch import Flag, Place

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROVIDERS = Providers.read()
MAKE = Normaliser(PROVIDERS, "DE")


@pytest.mark.parametrize(
    ("spellings", "mailbox"),
    [
        (["A.B.C@gmail.com", "abc+x@googlemail.com", " <abc@GMAIL.com> ", "mailto:abc@gmail.com"],
         "abc@gmail.com"),
        (["jo.do@outlook.com", "JO.DO+tag@outlook.com"], "jo.do@outlook.com"),
        (["jo@icloud.com", "jo+1@me.com", "Jo@mac.com"], "jo@icloud.com"),
        (["jo-shop@yahoo.com", "jo@yahoo.com", "jo+x@yahoo.com"], "jo@yahoo.com"),
        (["jo.do@pm.me", "jo_do@proton.me", "jodo+x@protonmail.com"], "jodo@proton.me"),
        (["shop@jo.fastmail.com", "jo+shop@fastmail.com"], "jo@fastmail.com"),
        (["jo@ya.ru", "jo+x@yandex.com"], "jo@yandex.ru"),
        (["jo@bücher.example", "JO@BÜCHER.example.", "jo@xn--bcher-kva.example",
          "jo@bu\u0308cher.example", "\uff4a\uff4f@bücher.example"], "jo@xn--bcher-kva.example"),
        (["straße@x.example", "STRASSE@x.example"], "strasse@x.example"),
        (['"jo"@x.example', "jo@x.example"], "jo@x.example"),
    ],
)  # fmt: skip
def test_a_mailbox_has_one_name(spellings, mailbox) -> None:
    assert {PROVIDERS.mailbox(one).exact for one in spellings} == {mailbox}


def test_dots_and_tags_of_others_are_left_as_they_are() -> None:
    assert PROVIDERS.mailbox("a.b@gmx.de").exact != PROVIDERS.mailbox("ab@gmx.de").exact
    unknown = PROVIDERS.mailbox("a+b@reedbed.example")
    assert (unknown.exact, unknown.alike) == ("a+b@reedbed.example", "a@reedbed.example")
    assert PROVIDERS.mailbox("a+b@gmail.com").alike == "", "known: there is nothing to guess"


@pytest.mark.parametrize(
    "text", ["", "@", "a@", "@b.c", "a b@c.d", "a@localhost", "x" * 321, "a@-.com", "a@b..c",
             "a@exa mple.com", "a\x00b@c.d", "....@gmail.com"],
)  # fmt: skip
def test_what_is_no_address_is_none(text) -> None:
    assert PROVIDERS.mailbox(text) is None


def test_inboxes_that_anybody_reads_say_nothing() -> None:
    assert MAKE.email("heron@mailinator.com", NOW) == []


@given(text=st.text(max_size=400))
def test_bad_text_never_raises(text) -> None:
    for make in (MAKE.email, MAKE.phone, MAKE.device, MAKE.payment, MAKE.payment_bin, MAKE.address):
        assert isinstance(make(text, NOW), list)
    is_card(text)


@given(
    local=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), dots=st.integers(0, 5),
    tag=st.from_regex(r"[a-z]{0,8}", fullmatch=True),
)  # fmt: skip
def test_what_was_made_one_stays_so(local, dots, tag) -> None:
    spelled = ".".join([local[:1], *local[1 : dots + 1], local[dots + 1 :]]).strip(".")
    made = PROVIDERS.mailbox(f"{spelled}+{tag}@gmail.com")
    assert PROVIDERS.mailbox(made.exact) == made
    assert made.exact == f"{local}@gmail.com"


@pytest.mark.parametrize(
    "text", ["030 901820", "+49 30 901820", "0049 (0)30 901820", "+49-30-901820",
             "tel:+49-30-901820", "\uff0b\uff14\uff1930901820", "030 901820 ext. 5"],
)  # fmt: skip
def test_a_number_has_one_spelling(text) -> None:
    assert [one.text for one in MAKE.phone(text, NOW)] == ["+4930901820"]


def test_a_number_without_its_country_says_nothing_where_no_region_is_set() -> None:
    nowhere = Normaliser(PROVIDERS)
    assert nowhere.phone("030 901820", NOW) == []
    assert nowhere.phone("0049 30 901820", NOW)[0].text == "+4930901820"
    for text in ("12", "110", "+49", "call me", "+999123456789012345"):
        assert MAKE.phone(text, NOW) == []


def test_devices_and_fingerprints_are_told_apart_from_placeholders_and_cards() -> None:
    (one,) = MAKE.device(" 5F1A77C0-22B9-4E1D-A6E1-0D3C55AA9E10 ", NOW)
    assert one.text == "5f1a77c0-22b9-4e1d-a6e1-0d3c55aa9e10"
    for text in ("0000-0000-0000", "9774D56D682E549C", "unavailable", "iPhone", "", "x" * 513):
        assert MAKE.device(text, NOW) == []
    (shared,) = MAKE.device("kiosk-in-the-library", NOW, shared=True)
    assert shared.kind is IdentifierKind.DEVICE_SHARED
    assert MAKE.payment("4242424242424242", NOW) == []
    assert MAKE.payment("pm_1Nf8aKQ2eZvKYlo2C", NOW)[0].text == "pm_1Nf8aKQ2eZvKYlo2C"
    assert MAKE.payment_bin("42424242", NOW) == MAKE.payment_bin("424242", NOW)
    assert MAKE.payment_bin("4242", NOW) == MAKE.payment_bin("4242424242424242", NOW) == []


def test_an_address_is_its_network_and_a_proxy_none() -> None:
    for text in ("81.2.69.142", "::ffff:81.2.69.7", "81.2.69.1:443", "64:ff9b::5102:4501"):
        assert MAKE.address(text, NOW)[0].text == "81.2.69.0/24"
    assert MAKE.address("[2001:218:0:9::5]:80", NOW)[0].text == "2001:218::/48"
    for text in ("10.0.0.1", "100.64.0.9", "127.0.0.1", "fe80::1", "not one", "192.0.2.1"):
        assert MAKE.address(text, NOW) == []
    for flag in Flag:
        hidden = Normaliser(
            PROVIDERS, resolve=lambda _, at, flag=flag: Place(at=at, flags=frozenset({flag}))
        )
        assert hidden.address("81.2.69.142", NOW) == []


def test_an_operators_own_rules_win_and_bad_ones_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[club]\ndomains = ["reedbed.example"]\ntags = "."\n')
    made = Providers.read(own).mailbox("heron.shop@reedbed.example")
    assert (made.exact, made.alike) == ("heron@reedbed.example", "")
    for text in (
        "[club]",
        '[c]\ndomains = "x.y"',
        '[c]\ndomains = ["a b.c"]',
        "[c",
        "c = 1",
        '[c]\ndomains = ["x.y"]\nodd = 1',
        '[c]\ndomains = ["x.y"]\nsame = "yes"',
    ):
        own.write_text(text)
        with pytest.raises(BadSettings):
            Providers.read(own)
