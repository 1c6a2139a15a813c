"""Seals a parcel: papers and files as one tar, encrypted to the recipient's age keys.

In: papers by name and readers of files. Out: a readable file of ciphertext; what is not
encrypted never touches a disk. Anybody opens it with `age -d -i key FILE | tar x`. Used by
`courier`; tests: `tests/contract/test_courier.py`.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from breakwater.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Packed:
    """One file that goes into a parcel.

    Attributes:
        name: with letters that every system can write.
        size: in bytes, exactly.
        opened: opens its bytes.
    """

    name: str
    size: int
    opened: Callable[[], AbstractContextManager[BinaryIO]]


def keys_of(texts: Iterable[str]) -> list[pyrage.x25519.Recipient]:
    """Age recipients, as `age-keygen` writes them.

    Raises:
        BadSettings: one is none, or there is none at all.
    """
    found = []
    for text in texts:
        try:
            found.append(pyrage.x25519.Recipient.from_str(text.strip()))
        except pyrage.RecipientError:
            raise BadSettings("A recipient's key is an age recipient (age1…).") from None
    if not found:
        raise BadSettings("A recipient has at least one age key: what leaves is sealed.")
    return found


def seal(
    papers: Mapping[str, bytes], files: Iterable[Packed], keys: Iterable[str], spool: Path
) -> BinaryIO:
    """Seal; the answer stands at its beginning and is gone when it is closed.

    Args:
        papers: documents by name.
        files: media.
        keys: age recipients.
        spool: directory for the ciphertext while it is made.

    Raises:
        BadSettings: a key is none.
        BreakwaterError: a file could not be read; nothing is kept.
    """
    to = keys_of(keys)
    with ExitStack() as undo:
        out = cast("BinaryIO", undo.enter_context(tempfile.TemporaryFile(dir=spool)))
        _encrypt(papers, files, to, out)
        out.seek(0)
        undo.pop_all()
    return out


def _encrypt(
    papers: Mapping[str, bytes], files: Iterable[Packed], to: list[pyrage.x25519.Recipient],
    out: BinaryIO,
) -> None:  # fmt: skip
    """Write the tar into a pipe on a thread, and what comes out of it encrypted."""
    faults: list[BaseException] = []
    read_end, write_end = os.pipe()

    def write() -> None:
        try:
            with os.fdopen(write_end, "wb") as pipe:
                _write(pipe, papers, files)
        except BaseException as fault:  # noqa: BLE001 - whatever failed is raised by who waits
            faults.append(fault)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with os.fdopen(read_end, "rb") as pipe:
        pyrage.encrypt_io(pipe, out, to)
    writer.join()
    if faults:
        raise faults[0]


def _write(pipe: BinaryIO, papers: Mapping[str, bytes], files: Iterable[Packed]) -> None:
    with tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, data in papers.items():
            _add(tar, name, len(data), io.BytesIO(data))
        for one in files:
            with one.opened() as source:
                _add(tar, one.name, one.size, source)


def _add(tar: tarfile.TarFile, name: str, size: int, source: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, source)
