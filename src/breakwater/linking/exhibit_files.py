"""Files of a set, as a VICS file or a folder offers them, and how each is opened.

Out come `Offered` rows, good and bad, each with the mark after which an import goes on. No link is
followed and nothing outside of the named folder is opened: every part of a path is opened below the
one before. Names may be any bytes. What a VICS file claims is kept as told and believed in nothing
but where its file lies; its rules stand in `breakwater.vics`. Tests: `tests/unit/test_exhibit_files.py`.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from breakwater.errors import BadInput
from breakwater.vics import MediaStream, moment, whole

MOST_PATHS: Final = 64
MOST_DEPTH: Final = 100
MOST_TEXT: Final = 500
MOST_PATH: Final = 4096
_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64}
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""Without blocking: a pipe among the files would wait for ever."""

Parts = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """One file as its source offers it.

    Attributes:
        reference: within its set.
        mark: where an import goes on after it.
        places: where its bytes may lie, part by part, the likeliest first.
        hashes: what its source claims, by kind in hexadecimal.
        told: path, source and times, for sealing.
        fault: why it is none.
    """

    reference: str
    mark: str
    places: tuple[Parts, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


class Folder:
    """The folder of a set: opens files below it, in spite of case, and never a link."""

    def __init__(self, path: Path) -> None:
        """Name it.

        Raises:
            BadInput: it is no folder.
        """
        if not path.is_dir():
            raise BadInput("The folder of the media is not there.")
        self._path = path
        self._names: dict[Parts, dict[str, bytes]] = {}

    def open(self, places: tuple[Parts, ...]) -> BinaryIO | None:
        """The first of these that is a file; None: none is."""
        for parts in places[:MOST_PATHS]:
            with suppress(OSError):  # too long, no right, a link: not here
                fd = self._below(parts)
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    return os.fdopen(fd, "rb")
                os.close(fd)
        return None

    def walk(self, after: str = "") -> Iterator[Offered]:
        """Every file below it in the order of its bytes.

        Args:
            after: mark of the last one that was taken.
        """
        passed = tuple(bytes.fromhex(part) for part in after.split("/")) if after else ()
        yield from self._walk((), passed)

    def _walk(self, at: Parts, passed: Parts) -> Iterator[Offered]:
        if len(at) > MOST_DEPTH:
            yield _entry(at, None, "It lies deeper than is read here.")
            return
        try:
            names = sorted(os.fsencode(one) for one in self._list(at))
        except OSError as error:
            if at:
                yield _entry(at, None, f"The folder cannot be read: {error.strerror}.")
                return
            raise BadInput(f"The folder cannot be read: {error.strerror}.") from None
        for name in names:
            here = (*at, name)
            if passed and here < passed[: len(here)]:
                continue
            try:
                found = self._path.joinpath(*map(os.fsdecode, here)).lstat()
            except OSError as error:
                yield _entry(here, None, f"It cannot be read: {error.strerror}.")
                continue
            if stat.S_ISDIR(found.st_mode):
                yield from self._walk(here, passed if here == passed[: len(here)] else ())
            elif here != passed:
                yield _entry(here, found, _not_a_file(found.st_mode))

    def _list(self, at: Parts) -> list[str]:
        fd = self._below(at, folder=True)
        try:
            return os.listdir(fd)  # noqa: PTH208 - of the opened folder, not of its name
        finally:
            os.close(fd)

    def _below(self, parts: Parts, *, folder: bool = False) -> int:
        """Open part after part below the folder; raises `OSError`."""
        at = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        walked: Parts = ()
        for number, part in enumerate(parts):
            last = number == len(parts) - 1 and not folder
            flags = _OPEN if last else _OPEN | os.O_DIRECTORY
            try:
                if not part or part in {b".", b".."} or b"/" in part:
                    raise OSError(errno.EINVAL, "no name")
                name = self._spelled(at, walked, part)
                deeper = os.open(name, flags, dir_fd=at)
            finally:
                os.close(at)
            at, walked = deeper, (*walked, name)
        return at

    def _spelled(self, at: int, walked: Parts, part: bytes) -> bytes:
        """A name as the folder spells it: exactly so, or in another case, or by its stem."""
        with suppress(FileNotFoundError):
            os.stat(part, dir_fd=at, follow_symlinks=False)
            return part
        if walked not in self._names:
            names = sorted(os.fsencode(one) for one in os.listdir(at))
            stems = {_folded(one.rpartition(b".")[0] or one): one for one in reversed(names)}
            self._names[walked] = stems | {_folded(one): one for one in reversed(names)}
        return self._names[walked].get(_folded(part), part)


def vics_rows(file: BinaryIO, after: str = "") -> Iterator[Offered]:
    """Every Media entry of a VICS file.

    Args:
        file: binary, at its start, seekable.
        after: mark of the last one that was taken.

    Raises:
        BadInput: it is no JSON, or ends before its end; what came before was given out.
    """
    passed = int(after or 0)
    for row, media in enumerate(MediaStream(file).entries(), start=1):
        if row <= passed:
            continue
        try:
            yield _vics(row, media)
        except BadInput as fault:
            yield Offered(f"row {row}", str(row), fault=fault.detail or fault.title())


def _vics(row: int, media: Mapping[str, Any]) -> Offered:
    listed = media.get("mediafiles")
    files = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    said = {name: _text(media.get(name)).strip("{}") for name in _LENGTHS}
    said["md5"] = said["md5"] or next((_text(one["md5"]) for one in files if one.get("md5")), "")
    hashes = {name: _hash(name, text) for name, text in said.items() if text}
    paths = _paths(media, files)
    if not hashes and not paths:
        raise BadInput("The entry names neither a hash nor a file.")
    first: Mapping[str, Any] = files[0] if files else {}
    times = {
        name: at.isoformat()
        for name in ("created", "written", "accessed")
        if (at := moment(first.get(name))) is not None
    }
    told = {
        "path": next(iter(paths), ""), "times": times, "source": _text(first.get("sourceid")),
        "media_id": whole(media.get("mediaid")), "category": whole(media.get("category")),
        "series": _text(media.get("series")), "claimed": hashes,
    }  # fmt: skip
    places = [tuple(os.fsencode(part) for part in path.split("/")) for path in paths]
    places += [(value.encode(),) for value in hashes.values()]
    return Offered(
        f"row {row}", str(row), tuple(places), hashes,
        {name: value for name, value in told.items() if value not in ("", None, {})},
    )  # fmt: skip


def _paths(media: Mapping[str, Any], files: list[dict[str, Any]]) -> list[str]:
    """Where the bytes may lie; a file's path is its folder, its whole path, or absent."""
    texts = [_text(media.get("relativefilepath"), MOST_PATH)]
    for one in files:
        folder, name = _text(one.get("filepath"), MOST_PATH), _text(one.get("filename"), MOST_PATH)
        texts += [f"{folder}/{name}" if folder and name else "", folder, name]
    found = (_relative(text) for text in texts if text)
    return list(dict.fromkeys(path for path in found if path))


def _relative(text: str) -> str:
    """A path of another system below our folder; empty when it leads out of it."""
    parts = _DRIVE.sub("", text.replace("\\", "/")).split("/")
    kept = [part for part in parts if part not in {"", "."}]
    return "" if ".." in kept else "/".join(kept)


def _hash(name: str, text: str) -> str:
    if len(text) != _LENGTHS[name] or not re.fullmatch(r"[0-9A-Fa-f]+", text):
        raise BadInput(f"Its {name.upper()} is none.")
    return text.lower()


def _text(value: Any, most: int = MOST_TEXT) -> str:
    """A text of a source as it can be stored."""
    kept = str(value or "").replace("\x00", "").encode("utf-8", "ignore").decode()
    return kept.strip()[:most]


def _folded(name: bytes) -> str:
    return os.fsdecode(name).casefold()


def _not_a_file(mode: int) -> str:
    if stat.S_ISREG(mode):
        return ""
    return "It is a link, which is not followed." if stat.S_ISLNK(mode) else "It is no file."


def _entry(parts: Parts, found: os.stat_result | None, fault: str) -> Offered:
    """One file of a folder; a name that is no UTF-8 is told by its bytes too."""
    joined = b"/".join(parts)
    told: dict[str, Any] = {"path": joined.decode("utf-8", "backslashreplace")}
    if told["path"].encode("utf-8", "ignore") != joined:
        told["path_bytes"] = joined.hex()
    if found is not None:
        told["times"] = {"written": _time(found.st_mtime), "changed": _time(found.st_ctime)}
        told["size"] = found.st_size
    mark = "/".join(part.hex() for part in parts)
    return Offered("", mark, () if fault else (parts,), {}, told, fault)


def _time(seconds: float) -> str:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return ""
