"""Exact hashes say "the same file"."""

import hashlib
import io

from breakwater.fingerprint.exact import exact


def test_they_are_those_of_the_standard() -> None:
    data = bytes(range(256)) * 9000
    found = {signal.kind: signal.value for signal in exact(io.BytesIO(data))}
    assert found == {name: hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256")}


def test_an_empty_file_has_them_too() -> None:
    assert str(exact(io.BytesIO())[0]) == "md5:d41d8cd98f00b204e9800998ecf8427e"
