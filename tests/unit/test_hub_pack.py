"""A pack is read once, in order, by whom it is for, and only as it was signed."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater.errors import BadInput, BreakwaterError, Conflict, Tampered
from breakwater.model import hub_pack
from breakwater.model.hub_pack import Pack

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
PARTS = {"feedback.json": b"[]", "entries.seg": b"abc" * 40}


def pack(after: int = 10, upto: int = 20, parts=PARTS) -> bytes:
    return hub_pack.write(
        Pack("hub", "7", after, upto, datetime(2026, 3, 1, tzinfo=UTC), parts), KEY.sign
    )


def test_what_was_written_is_read():
    found = hub_pack.read(pack(), PUBLIC, reader="7", place=10)
    assert (found.writer, found.after, found.upto, dict(found.parts)) == ("hub", 10, 20, PARTS)
    assert hub_pack.read(pack(), PUBLIC, reader="7", place=15).upto == 20


def test_a_replay_and_a_gap_are_told():
    with pytest.raises(Conflict, match="already"):
        hub_pack.read(pack(), PUBLIC, reader="7", place=20)
    with pytest.raises(Conflict, match="missing"):
        hub_pack.read(pack(), PUBLIC, reader="7", place=9)


def test_another_key_another_reader_and_no_pack_are_refused():
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(Tampered):
        hub_pack.read(pack(), other, reader="7", place=10)
    with pytest.raises(BadInput):
        hub_pack.read(pack(), PUBLIC, reader="8", place=10)
    for nothing in (b"", b"PK", b"x" * 100):
        with pytest.raises(BadInput):
            hub_pack.read(nothing, PUBLIC, reader="7", place=10)


def test_a_part_that_was_exchanged_or_left_out_is_refused():
    for name, data in (
        ("entries.seg", b"abd" * 40),
        ("entries.seg", b"a" * 10_000),
        ("entries.seg", None),
    ):
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(pack())) as old, zipfile.ZipFile(made, "w") as new:
            for one in old.namelist():
                if one != name:
                    new.writestr(one, old.read(one))
                elif data is not None:
                    new.writestr(one, data)
        with pytest.raises((Tampered, BadInput)):
            hub_pack.read(made.getvalue(), PUBLIC, reader="7", place=10)


def test_bytes_changed_anywhere_are_refused_or_change_nothing():
    whole = pack()
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        with suppress(BreakwaterError):
            found = hub_pack.read(bytes(broken), PUBLIC, reader="7", place=10)
            assert dict(found.parts) == PARTS
