"""Seals what is written in a stream: to age recipients, into the vault, in bounded memory.

In: somebody who writes, and public keys. Out: the sealed file's id in the vault, its size and
SHA-256. Nothing of it lies anywhere in clear: it goes from one pipe to the next. The format is
age v1 (https://age-encryption.org/v1), which `age -d` opens. Tests:
`tests/integration/test_packages.py`.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import pyrage

from breakwater.errors import BadInput, BreakwaterError, Unavailable
from breakwater.model.ids import Id
from breakwater.model.ports import Blob

EVIDENCE: Final = "evidence"
"""Retention class of sealed files."""

Writer = Callable[[BinaryIO], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed file in the vault."""

    blob: Id
    size: int
    sha256: str


def recipient(key: str) -> Any:
    """Read an age recipient.

    Raises:
        BadInput: it is none.
    """
    text = key.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise BadInput("This is a secret key. Ask the recipient for the public one: age1….")
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BadInput("This is not an age public key: it begins with age1.") from None


def seal(vault: Blob, keys: Sequence[str], write: Writer) -> Sealed:
    """Seal what somebody writes.

    Args:
        vault: where the sealed file stands.
        keys: age recipients, one at least.
        write: called on a thread of its own with where to write.

    Raises:
        BadInput: no key, or a bad one.
        BreakwaterError: what the writer or the vault raised; nothing is kept then.
    """
    recipients = [recipient(key) for key in keys]
    if not recipients:
        raise BadInput("Name at least one recipient's key.")
    plain, clear = os.pipe()
    cipher, wire = os.pipe()
    faults: list[BaseException] = []

    def writing() -> None:
        with _Fault(faults), os.fdopen(clear, "wb", 1 << 16) as sink:
            write(sink)

    def sealing() -> None:
        with _Fault(faults), os.fdopen(plain, "rb") as source, os.fdopen(wire, "wb") as sink:
            pyrage.encrypt_io(source, sink, recipients)

    threads = [threading.Thread(target=one, name="package-seal") for one in (writing, sealing)]
    for thread in threads:
        thread.start()
    told = _Told(cipher)
    try:
        blob = vault.put(cast("BinaryIO", told), purpose=EVIDENCE)
    finally:
        told.close()  # whoever still writes is told so
        for thread in threads:
            thread.join()
    if faults:
        vault.shred(blob)
        raise _own(faults)
    return Sealed(blob, told.size, told.digest.hexdigest())


class _Fault:
    """Keeps what a thread raised, the first first; the other ends by the broken pipe."""

    def __init__(self, faults: list[BaseException]) -> None:
        self._faults = faults

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep it."""
        if error is not None:
            self._faults.append(error)
        return True


class _Told(io.RawIOBase):
    """Reads a pipe, and counts and hashes what comes by."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "rb")
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what is asked for, as far as there is something."""
        count = self._file.readinto(buffer)
        self.digest.update(memoryview(buffer)[:count])
        self.size += count
        return count

    def close(self) -> None:
        """Close the pipe too."""
        if not self.closed:
            self._file.close()
        super().close()


def _own(faults: list[BaseException]) -> BaseException:
    """What went wrong first, not what broke because of it."""
    for fault in faults:
        if isinstance(fault, BreakwaterError):
            return fault
    for fault in faults:
        if not isinstance(fault, BrokenPipeError | pyrage.EncryptError):
            return fault
    return Unavailable("The package could not be sealed.")
