"""Receipts: what an officer signs is read again, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from typer.testing import CliRunner

from breakwater.cli import program
from breakwater.errors import BadInput
from breakwater.reporting.packages import notes
from breakwater.reporting.packages.notes import ReceiptText

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SAID = ReceiptText("0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11", "ab" * 32, AT, "Sgt. Zoë Lind, Malmö")


@pytest.fixture
def key():
    pem, public = notes.new_key()
    return pem, notes.vkey("police.example", public)


def test_a_receipt_is_read_as_it_was_signed(key):
    pem, vkey = key
    text = notes.sign_receipt(SAID, pem=pem, name="police.example")
    assert text.splitlines()[0] == "breakwater receipt 1"
    assert ReceiptText.parse(text, vkey) == SAID


def test_a_bent_receipt_or_another_key_is_refused(key):
    pem, vkey = key
    text = notes.sign_receipt(SAID, pem=pem, name="police.example")
    _, other = notes.new_key()
    for bad, whose in (
        (text.replace("ab", "ac", 1), vkey), (text.replace("Zoë", "Zoe"), vkey),
        (text, notes.vkey("police.example", other)), (text.replace("—", "-"), vkey),
        ("", vkey), ("\n\n— x y\n", vkey), (text * 200, vkey), (text.replace("receipt 1", "receipt 2"), vkey),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            ReceiptText.parse(bad, whose)


def test_another_signed_note_is_no_receipt(key):
    pem, vkey = key
    one = ReceiptText(SAID.package, SAID.sha256, AT, "x")
    text = notes.sign_receipt(one, pem=pem, name="police.example")
    secret = load_pem_private_key(pem, None)
    for note in (
        "breakwater package 1\na\nb\n",
        text.partition("\n\n")[0].replace("receipt 1", "note 1") + "\n",
    ):
        made = notes.signed(
            note,
            name="police.example",
            public=secret.public_key().public_bytes_raw(),
            sign=secret.sign,
        )
        with pytest.raises(BadInput):
            ReceiptText.parse(made, vkey)


def test_an_officer_is_named_in_one_line(key):
    pem, _ = key
    for officer in ("", "  ", "two\nlines", "a\u2028b"):
        said = ReceiptText(SAID.package, SAID.sha256, AT, officer)
        with pytest.raises(BadInput):
            notes.sign_receipt(said, pem=pem, name="police.example")
    for name in ("", "two words", "a+b"):
        with pytest.raises(BadInput):
            notes.sign_receipt(SAID, pem=pem, name=name)
    with pytest.raises(BadInput):
        notes.sign_receipt(SAID, pem=b"no key", name="police.example")


def test_the_commands_of_an_officer_need_no_installation(tmp_path):
    run, sealed = CliRunner().invoke, tmp_path / "package.age"
    sealed.write_bytes(b"sealed")
    secret, receipt = str(tmp_path / "officer.key"), str(tmp_path / "receipt.txt")
    made = run(program, ["receipt", "key", "--name", "police.example", "--out", secret])
    vkey = made.output.strip()
    assert (tmp_path / "officer.key").stat().st_mode & 0o777 == 0o600
    again = run(program, ["receipt", "key", "--name", "police.example", "--out", secret])
    assert isinstance(again.exception, BadInput)
    signing = ["receipt", "sign", str(sealed), "--package", SAID.package, "--officer", "Sgt. Ö",
               "--key", secret, "--name", "police.example", "--out", receipt]  # fmt: skip
    assert run(program, signing).exit_code == 0
    checking = ["receipt", "check", receipt, "--by", vkey, "--of", str(sealed)]
    assert "Sgt. Ö received package" in run(program, checking).output
    sealed.write_bytes(b"other")
    assert isinstance(run(program, checking).exception, BadInput)
