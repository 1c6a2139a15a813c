"""Segment files: immutable arrays of one kind's known values, mapped read-only by everybody.

A file is one page of header (magic, version, length and SHA-256 of a JSON description: kind,
form, count, covered change, and name, type, shape, offset and SHA-256 of each section), then
the sections. Nothing in it depends on where it is mapped. It is written under a temporary
name, synced, and renamed, and its header is written last: a file with a valid header is whole.
A file whose checksums do not hold raises `CorruptSegment` and is set aside by `index`, which
then has the owner replay SQL (DESIGN: the index is a cache of SQL).
Contract tests: tests/unit/test_matching_segments.py, tests/integration/test_index_kill.py.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mmap
import os
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import CorruptSegment, DiskFull

MAGIC: Final = b"BWSEGMNT"
VERSION: Final = 1
PAGE: Final = 4096
_HEAD: Final = struct.Struct("<8sII32s")
TYPES: Final = frozenset({"|u1", "<u2", "<u4", "<u8", "<i4", "<i8", "<f4", "<f8"})

LARGE: Final = 1 << 24
POPULATE_WRITE: Final = 23
"""MADV_POPULATE_WRITE of Linux 5.14, which Python does not name yet."""

Arrays = Mapping[str, NDArray[Any]]
Spec = Mapping[str, tuple[str, tuple[int, ...]]]
"""Name to numpy type string and shape."""


@dataclass(frozen=True, slots=True)
class Section:
    """One array in the file.

    Attributes:
        dtype: numpy type string, little-endian.
        offset: bytes from the start of the file, a multiple of 64.
        sha256: of its bytes, hexadecimal.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    sha256: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment holds.

    Attributes:
        form: how it is searched: `ring`, `flat`, `exact` or `licensed`.
        size: bytes of one value.
        count: rows.
        covered: the highest change number whose effect was in the rows when they were written.
        file_size: bytes of the whole file; a shorter one was cut.
    """

    kind: str
    form: str
    size: int
    count: int
    covered: int
    file_size: int
    sections: tuple[Section, ...]

    def pack(self) -> bytes:
        """Write the header page."""
        body = json.dumps(
            {
                "kind": self.kind,
                "form": self.form,
                "size": self.size,
                "count": self.count,
                "covered": self.covered,
                "file_size": self.file_size,
                "sections": [
                    [s.name, s.dtype, list(s.shape), s.offset, s.sha256] for s in self.sections
                ],
            },
            separators=(",", ":"),
        ).encode()
        if len(body) > PAGE - _HEAD.size:
            raise ValueError("a segment has too many sections for its header page")
        head = _HEAD.pack(MAGIC, VERSION, len(body), hashlib.sha256(body).digest())
        return (head + body).ljust(PAGE, b"\0")

    @classmethod
    def unpack(cls, page: bytes, name: str) -> Header:
        """Read the header page.

        Raises:
            CorruptSegment: it is not whole, or of another version.
        """
        if len(page) < PAGE:
            raise CorruptSegment(f"{name}: shorter than its header.")
        magic, version, length, digest = _HEAD.unpack_from(page)
        body = page[_HEAD.size : _HEAD.size + length]
        if magic != MAGIC or version != VERSION:
            raise CorruptSegment(f"{name}: no segment of version {VERSION}.")
        if len(body) != length or hashlib.sha256(body).digest() != digest:
            raise CorruptSegment(f"{name}: the header's checksum fails.")
        if page[_HEAD.size + length :].strip(b"\0"):
            raise CorruptSegment(f"{name}: bytes after the header.")
        facts = json.loads(body)
        sections = tuple(Section(n, d, tuple(s), o, h) for n, d, s, o, h in facts.pop("sections"))
        if any(s.dtype not in TYPES for s in sections):
            raise CorruptSegment(f"{name}: a section of unknown type.")
        return cls(sections=sections, **facts)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One opened file. The map lives as long as anybody holds an array of it.

    Attributes:
        path: where it is.
        header: what it holds.
        arrays: its sections, read-only.
        map: the mapping itself, for searching bytes in it.
    """

    path: Path
    header: Header
    arrays: Arrays = field(repr=False)
    map: mmap.mmap = field(repr=False)


def open_segment(path: Path, *, check: bool = True) -> Segment:
    """Map a segment.

    Args:
        path: of the file.
        check: compare every section with its checksum (about 0.2 s a gigabyte and core).

    Raises:
        CorruptSegment: it is missing bytes or a checksum fails.
        FileNotFoundError: it is not there.
    """
    with path.open("rb", buffering=0) as file:
        header = Header.unpack(file.read(PAGE), path.name)
        found = os.fstat(file.fileno()).st_size
        if found != header.file_size:
            raise CorruptSegment(f"{path.name}: {found} bytes instead of {header.file_size}.")
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        mapped.madvise(mmap.MADV_WILLNEED)
    arrays = {}
    for section in header.sections:
        if section.offset + section.nbytes > header.file_size:
            raise CorruptSegment(f"{path.name}: {section.name} ends after the file.")
        arrays[section.name] = _view(mapped, section)
    if check:
        for section, digest in zip(header.sections, _digests(arrays, header.sections), strict=True):
            if digest != section.sha256:
                raise CorruptSegment(f"{path.name}: the checksum of {section.name} fails.")
    return Segment(path, header, arrays, mapped)


class SegmentWriter:
    """Builds one segment in place: fill `arrays`, then `finish`, or `discard`.

    The arrays are the file, so nothing is held twice. Space is reserved before anything is
    written: on a full disk this fails at once, as an error and not as a bus fault.
    """

    def __init__(
        self, path: Path, *, kind: str, form: str, size: int, count: int, spec: Spec
    ) -> None:
        """Reserve the file under a temporary name.

        Args:
            path: the final name.
            kind: as in `Header`.
            form: as in `Header`.
            size: as in `Header`.
            count: as in `Header`.
            spec: type and shape of every section.

        Raises:
            DiskFull: there is no room.
        """
        self._path = path
        self._temporary = path.with_name(path.name + ".tmp")
        self._sections: list[Section] = []
        at = PAGE
        for name, (dtype, shape) in spec.items():
            section = Section(name, dtype, shape, at)
            self._sections.append(section)
            at += -(-section.nbytes // 64) * 64
        self._header = Header(kind, form, size, count, 0, at, ())
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._fd = os.open(self._temporary, flags, 0o600)
        try:
            reserve(self._fd, at)
            self._map: mmap.mmap | None = mmap.mmap(self._fd, at)
            _populate(self._map)
        except BaseException:  # whatever it was, no half-written file stays
            self.discard()
            raise
        self.arrays: dict[str, NDArray[Any]] = {s.name: _view(self._map, s) for s in self._sections}

    def finish(self, covered: int) -> Path:
        """Sync, seal with checksums, and give the file its name.

        Raises:
            DiskFull: the disk filled up although space was reserved.
        """
        try:
            faults: list[OSError] = []  # a sync reports a fault only once, so it is kept
            syncing = threading.Thread(target=_sync_early, args=(self._fd, faults))
            syncing.start()
            digests = _digests(self.arrays, self._sections)
            syncing.join()
            if faults:
                raise _disk_error(faults[0])  # noqa: TRY301 - the handler removes the file
            sections = tuple(
                Section(s.name, s.dtype, s.shape, s.offset, digest)
                for s, digest in zip(self._sections, digests, strict=True)
            )
            h = self._header
            header = Header(h.kind, h.form, h.size, h.count, covered, h.file_size, sections)
            _sync(self._fd)
            os.pwrite(self._fd, header.pack(), 0)
            _sync(self._fd)
            self._temporary.replace(self._path)
        except BaseException:  # whatever it was, no half-written file stays
            self.discard()
            raise
        self._release()
        sync_directory(self._path.parent)
        return self._path

    def discard(self) -> None:
        """Give up and remove the temporary file."""
        self._release()
        self._temporary.unlink(missing_ok=True)

    def _release(self) -> None:
        self.arrays = {}
        self._map = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_small(path: Path, data: bytes) -> None:
    """Replace a small file atomically and durably.

    Raises:
        DiskFull: there is no room; the old file stands.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as fault:
        temporary.unlink(missing_ok=True)
        raise _disk_error(fault) from fault
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and removals in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def reserve(fd: int, size: int) -> None:
    """Take the disk blocks of a file now.

    Raises:
        DiskFull: there is no room.
    """
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError as fault:
        raise _disk_error(fault) from fault


def _disk_error(fault: OSError) -> Exception:
    if fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull("The index could not be written.")
    return fault


def _populate(mapped: mmap.mmap) -> None:
    """Make a large map's pages writable in one call: cheaper than a fault for each."""
    if len(mapped) >= LARGE:
        with contextlib.suppress(OSError):  # Linux before 5.14 faults them in one by one
            mapped.madvise(POPULATE_WRITE)


def _view(mapped: mmap.mmap, section: Section) -> NDArray[Any]:
    count = int(np.prod(section.shape, dtype=np.int64))
    flat = np.frombuffer(mapped, np.dtype(section.dtype), count, section.offset)
    return flat.reshape(section.shape)


def _digests(arrays: Arrays, sections: Sequence[Section]) -> list[str]:
    """SHA-256 of every section: the larger half of them in a second thread."""
    answers = [""] * len(sections)
    order = sorted(range(len(sections)), key=lambda i: -sections[i].nbytes)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not order:
                    return
                mine = order.pop(0)
            data = arrays[sections[mine].name]
            answers[mine] = hashlib.sha256(data.reshape(-1).view(np.uint8).data).hexdigest()

    if sum(s.nbytes for s in sections) < 1 << 22:
        work()
        return answers
    helper = threading.Thread(target=work)
    helper.start()
    work()
    helper.join()
    return answers


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as fault:
        raise _disk_error(fault) from fault


def _sync_early(fd: int, faults: list[OSError]) -> None:
    """Write back while the checksums are computed."""
    try:
        os.fsync(fd)
    except OSError as fault:
        faults.append(fault)
