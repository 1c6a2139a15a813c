"""Protects codes that a child copies by hand, and the work that slows floods."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import pytest

from breakwater.errors import BadInput
from breakwater.live import policy
from breakwater.model.bank import OWN_PICTURES, BankAction, allowed_action
from breakwater.model.own_picture import (
    ALPHABET,
    EFFORT,
    OwnPicture,
    State,
    effort,
    furthest,
    new_code,
    of_picture,
    read_code,
    worked,
)

SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_code_reads_itself_however_it_is_typed() -> None:
    code = new_code()
    assert read_code(code) == code
    assert read_code(f"  {code.lower().replace('-', ' ')} ") == code
    misread = code.replace("1", "l").replace("0", "o")
    assert read_code(misread) == code
    assert len({new_code() for _ in range(100)}) == 100


def test_every_single_slip_is_seen() -> None:
    code = new_code().replace("-", "")
    for at, sign in itertools.product(range(len(code)), ALPHABET):
        if sign != code[at]:
            with pytest.raises(BadInput):
                read_code(code[:at] + sign + code[at + 1 :])


@pytest.mark.parametrize("text", ["", "A", "U" * 25, "0" * 24, "0" * 26, "ä" * 25])
def test_what_is_no_code_is_refused(text) -> None:
    with pytest.raises(BadInput):
        read_code(text)


def test_work_rises_with_what_was_sent() -> None:
    steps = [effort(sent) for sent in range(1000)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (EFFORT[0][1], EFFORT[-1][1])


def test_work_is_checked() -> None:
    nonce = next(n for n in itertools.count() if worked("c", str(n), 8))
    assert hashlib.sha256(f"c:{nonce}".encode()).digest()[0] == 0
    assert not worked("d", str(nonce), 16)
    assert worked("c", "anything", 0)


def test_a_look_with_too_little_detail_is_not_looked_for() -> None:
    assert len(OwnPicture.read(SHA, SHA, 50).signals) == 2
    assert len(OwnPicture.read(SHA, SHA, 49).signals) == 1
    assert len(OwnPicture.read(SHA).signals) == 1
    for bad in ("", "x", SHA[:-1]):
        with pytest.raises(BadInput):
            OwnPicture.read(bad)


def test_the_whole_says_what_matters_most() -> None:
    assert furthest((State.REFUSED, State.LOOKING)) is State.LOOKING
    assert furthest((State.FOUND, State.CONFIRMED)) is State.CONFIRMED
    assert of_picture((State.REFUSED, State.LOOKING)) is State.REFUSED
    assert of_picture((State.LOOKING, State.RECEIVED)) is State.LOOKING


def test_unchecked_hashes_hold_at_most() -> None:
    assert allowed_action(OWN_PICTURES, BankAction.BLOCK) is BankAction.HOLD
    assert allowed_action(OWN_PICTURES, BankAction.LOG) is BankAction.LOG
    assert allowed_action("KNOWN", BankAction.BLOCK) is BankAction.BLOCK
    assert policy.STOPS["match"].rank > policy.Control.WATCHED.rank, "a checked one stops more"


def test_the_code_in_the_documentation_looks_like_one() -> None:
    text = (Path(__file__).parents[2] / "docs/howto/own-pictures.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"own-picture (?:status|withdraw) (\S+)", text))
    assert len(shown) == 1
    for code in shown:
        assert read_code(code) == code
