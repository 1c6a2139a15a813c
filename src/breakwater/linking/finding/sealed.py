"""What finders learnt, written down sealed: a cache of the vault that a start reads instead of it.

Hashes of pictures and items of sound are personal data: they lie under the key of the evidence, in
pieces of 16 MB, each bound to its place and to its file. Reading 100,000 media out of the vault takes
minutes, reading this takes a second. Damaged, of another form, or under a key that is gone: nothing
is there, it is said, and all is learnt from the vault again. Used by `copies` and `sounds`; tests:
`tests/integration/test_linking_sealed.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import MissingKey, Tampered
from breakwater.observe import logger
from breakwater.records.keys import Keyring

PURPOSE: Final = "evidence"
PIECE: Final = 16 << 20
LEAST: Final = 64
"""New media before it is written anew; of many media a fiftieth."""

_LENGTH: Final = struct.Struct("<I")
_log = logger("linking")


class SealedArrays:
    """One file of named arrays. Not for several threads."""

    def __init__(self, path: Path, keys: Keyring) -> None:
        """With the file, whose name says what is in it and in which form, and the keys."""
        self._path, self._keys = path, keys
        self._new, self._gone = 0, False

    def learnt(self) -> None:
        """One more medium is known, or known anew."""
        self._new += 1

    def forgot(self) -> None:
        """A medium is gone: what is written must not keep it."""
        self._gone = self._path.exists()

    def due(self, known: int) -> bool:
        """Whether it is time to write, with so many media known."""
        return self._gone or self._new >= max(LEAST, known // 50)

    def write(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write them all, in place of what was there."""
        stamp = secrets.token_hex(16)
        said = {name: [one.dtype.str, list(one.shape)] for name, one in arrays.items()}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            self._put(out, "head", json.dumps({"stamp": stamp, "arrays": said}).encode())
            for name, one in arrays.items():
                for number, piece in enumerate(_pieces(one)):
                    self._put(out, f"{stamp}/{name}/{number}", piece)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._path)
        self._new, self._gone = 0, False

    def read(self) -> dict[str, NDArray[Any]] | None:
        """What was written; None: nothing that can be used."""
        try:
            with self._path.open("rb") as file:
                return self._read(file)
        except FileNotFoundError:
            return None
        except (OSError, Tampered, MissingKey, ValueError, KeyError, TypeError) as error:
            _log.error("links_learnt_anew", file=self._path.name, why=type(error).__name__)
            return None

    def _read(self, file: BinaryIO) -> dict[str, NDArray[Any]]:
        head = json.loads(self._take(file, "head"))
        found: dict[str, NDArray[Any]] = {}
        for name, (kind, shape) in head["arrays"].items():
            size, body = int(np.dtype(kind).itemsize * np.prod(shape, dtype=np.int64)), bytearray()
            number = 0
            while len(body) < size:
                body += self._take(file, f"{head['stamp']}/{name}/{number}")
                number += 1
            found[name] = np.frombuffer(body, kind).reshape(shape)
        if file.read(1):
            raise ValueError("There is more than it says.")
        return found

    def _put(self, out: BinaryIO, place: str, plain: bytes) -> None:
        sealed = self._keys.seal(PURPOSE, plain, self._bound(place))
        out.write(_LENGTH.pack(len(sealed)) + sealed)

    def _take(self, file: BinaryIO, place: str) -> bytes:
        length = file.read(_LENGTH.size)
        if len(length) < _LENGTH.size:
            raise ValueError("It is cut short.")
        sealed = file.read(min(_LENGTH.unpack(length)[0], 2 * PIECE))
        return self._keys.unseal(PURPOSE, sealed, self._bound(place))

    def _bound(self, place: str) -> bytes:
        return f"{self._path.name}/{place}".encode()


def _pieces(one: NDArray[Any]) -> Iterator[bytes]:
    raw = np.ascontiguousarray(one).reshape(-1).view(np.uint8)
    for at in range(0, len(raw), PIECE):
        yield raw[at : at + PIECE].tobytes()
