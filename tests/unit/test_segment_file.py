"""A segment says what was put into it; nothing of a forged, cut or lengthened one is taken."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater.errors import BadInput, BreakwaterError, Tampered
from breakwater.model import segment_file
from breakwater.model.hub_feed import Gone, Released, Source, Terms, Why
from breakwater.model.segment_file import Listed, Manifest, Segment

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = (
    Terms("LIST_A", (Source(3, "Hotline"),), "detection", "A1", ("x",), expires_at=AT),
    Terms("LIST_B", (Source(4, "Café"), Source(5, "Police"))),
)
NAME = "0192a1c0-0000-7000-8000-000000000001.seg"


def made() -> Segment:
    return Segment(
        "hub+1", "v" * 64, 10, 40, TERMS,
        (
            segment_file.section("pdq", [(7, 11, 0, False, 90, 55, b"a" * 32), (9, 13, 1, True, 50, 255, b"b" * 32)]),
            segment_file.section("md5", [(8, 12, 1, False, 100, 100, b"c" * 16)]),
        ),
        segment_file.tombstones([Gone(40, 2, Why.WITHDRAWN), Gone(39, 3, Why.UNRELEASED)]),
    )  # fmt: skip


def written(segment: Segment) -> bytes:
    file = io.BytesIO()
    segment_file.write(segment, file)
    return file.getvalue()


def test_what_was_written_is_read_and_nothing_else():
    file = io.BytesIO()
    size, digest = segment_file.write(made(), file)
    found = segment_file.read(file.getvalue())
    assert (found.hub, found.view, found.after, found.upto, found.rows) == (
        "hub+1", "v" * 64, 10, 40, 5,
    )  # fmt: skip
    assert list(found.news()) == [
        Released(11, 7, "pdq", b"a" * 32, TERMS[0], False, 90, 0.55),
        Released(13, 9, "pdq", b"b" * 32, TERMS[1], True, 50, None),
        Released(12, 8, "md5", b"c" * 16, TERMS[1], False, 100, 1.0),
        Gone(40, 2, Why.WITHDRAWN),
        Gone(39, 3, Why.UNRELEASED),
    ]
    file.seek(0)
    segment_file.same(file, Listed(NAME, 10, 40, 5, size, digest))


def test_an_empty_segment_is_one():
    empty = replace(made(), sections=(), gone=segment_file.tombstones([]))
    assert list(segment_file.read(written(empty)).news()) == []


def test_a_segment_cut_anywhere_or_lengthened_is_refused():
    data = written(made())
    for end in range(len(data)):
        with pytest.raises(BadInput):
            segment_file.read(data[:end])
    with pytest.raises(BadInput):
        segment_file.read(data + b"x")


def test_a_file_with_one_bit_changed_is_not_the_listed_one():
    data = bytearray(written(made()))
    file = io.BytesIO()
    size, digest = segment_file.write(made(), file)
    data[-3] ^= 1
    with pytest.raises(Tampered):
        segment_file.same(io.BytesIO(bytes(data)), Listed(NAME, 10, 40, 5, size, digest))


def test_bytes_changed_anywhere_raise_nothing_but_our_errors():
    data = written(made())
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 0xFF
        with suppress(BreakwaterError):
            list(segment_file.read(bytes(broken)).news())


def manifest(**other: object) -> Manifest:
    files = (Listed(NAME, 0, 30, 2, 100, "0" * 64), Listed(NAME, 30, 40, 2, 100, "1" * 64))
    return replace(Manifest("hub+1", "v" * 64, 40, AT, files), **other)


def test_a_manifest_counts_only_with_the_hubs_signature():
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    said = manifest().printed()
    signature = key.sign(segment_file.SIGNED + said)
    assert segment_file.verified(said, signature, public) == manifest()
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for wrong in (
        (said + b" ", signature, public),
        (said, signature[:-1] + bytes([signature[-1] ^ 1]), public),
        (said, signature, other),
        (said, key.sign(said), public),
        (said, b"", b""),
    ):
        with pytest.raises(Tampered):
            segment_file.verified(*wrong)


@pytest.mark.parametrize(
    "broken",
    [
        {"through": 41},
        {"files": (Listed("../x.seg", 0, 40, 1, 1, "0" * 64),)},
        {"files": (Listed(NAME, 5, 40, 1, 1, "0" * 64),)},
        {"files": (Listed(NAME, 0, 40, 1, 1, "zz"),)},
    ],
)
def test_a_signed_manifest_with_a_gap_or_a_bad_name_is_refused(broken):
    key = Ed25519PrivateKey.generate()
    said = manifest(**broken).printed()
    with pytest.raises(BadInput):
        segment_file.verified(
            said, key.sign(segment_file.SIGNED + said), key.public_key().public_bytes_raw()
        )


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b'{"form":1}', json.dumps({"form": segment_file.FORM}).encode()])  # fmt: skip
def test_signed_nonsense_is_refused_as_such(said):
    key = Ed25519PrivateKey.generate()
    with pytest.raises(BadInput):
        segment_file.verified(
            said, key.sign(segment_file.SIGNED + said), key.public_key().public_bytes_raw()
        )
