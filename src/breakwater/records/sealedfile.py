"""One encrypted file: AES-256-GCM in chunks of 1 MiB, readable from any place, never cut short.

    "BWV1" ‖ object id (16 bytes) ‖ chunk 0 ‖ tag ‖ chunk 1 ‖ tag ‖ …

The nonce is the chunk's number (the key is this object's own), and each chunk is bound to
object id ‖ chunk number ‖ last flag, so that no chunk can be swapped, dropped or added.
Read by `records.vault`; contract test: `tests/contract/test_records_core_vault.py`.
"""

from __future__ import annotations

import io
import uuid
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from breakwater.errors import Tampered
from breakwater.model.ids import Id

MAGIC: Final = b"BWV1"
HEAD: Final = len(MAGIC) + 16
CHUNK: Final = 1 << 20
TAG: Final = 16


def write(source: BinaryIO, target: BinaryIO, *, key: bytes, blob: Id) -> int:
    """Encrypt `source` into `target`; answers the bytes of plaintext."""
    cipher = AESGCM(key)
    target.write(MAGIC + uuid.UUID(blob).bytes)
    size, number = 0, 0
    chunk = _fill(source)
    while True:
        following = _fill(source) if len(chunk) == CHUNK else b""
        target.write(cipher.encrypt(_nonce(number), chunk, _bound(blob, number, not following)))
        size += len(chunk)
        if not following:
            return size
        chunk, number = following, number + 1


def stored_size(size: int) -> int:
    """Bytes of the file that holds `size` bytes of plaintext."""
    return HEAD + size + TAG * max(1, -(-size // CHUNK))


class Reader(io.RawIOBase):
    """Plaintext of one encrypted file, verified chunk by chunk as it is read."""

    def __init__(self, file: BinaryIO, *, key: bytes, blob: Id, size: int) -> None:
        """Check what can be checked before reading.

        Raises:
            Tampered: the file is not this object's, or is longer or shorter than recorded.
        """
        super().__init__()
        self._file = file
        self._cipher = AESGCM(key)
        self._blob = blob
        self._size = size
        self._last = max(0, -(-size // CHUNK) - 1)
        self._at = 0
        self._number = -1
        self._chunk = b""
        if file.read(HEAD) != MAGIC + uuid.UUID(blob).bytes:
            raise Tampered("The vault's file is not the object's.", blob=blob)
        if file.seek(0, io.SEEK_END) != stored_size(size):
            raise Tampered("The vault's file has another length than was recorded.", blob=blob)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill what is asked for, up to the end of a chunk.

        Raises:
            Tampered: the chunk does not verify.
        """
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # a buffer, as io calls it
        if self._at >= self._size or not len(view):
            if self._size == 0:
                self._load(0)
            return 0
        number, start = divmod(self._at, CHUNK)
        self._load(number)
        part = self._chunk[start : start + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._file.seek(HEAD + number * (CHUNK + TAG))
        sealed = self._file.read(CHUNK + TAG)
        last = number == self._last
        try:
            self._chunk = self._cipher.decrypt(
                _nonce(number), sealed, _bound(self._blob, number, last)
            )
        except (InvalidTag, ValueError):
            raise Tampered(
                "A chunk of the vault's file does not verify.", blob=self._blob
            ) from None
        self._number = number

    def close(self) -> None:
        """Close the file and forget the plaintext."""
        if not self.closed:
            self._chunk = b""
            self._file.close()
        super().close()


def _fill(source: BinaryIO) -> bytes:
    """A whole chunk, however small the source's reads are."""
    parts: list[bytes] = []
    wanted = CHUNK
    while wanted and (part := source.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(blob: Id, number: int, last: bool) -> bytes:
    return uuid.UUID(blob).bytes + number.to_bytes(8, "big") + bytes([last])
