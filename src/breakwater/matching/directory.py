"""The files of one index: opened, swapped, swept, checked; what is damaged is set aside.

One writer holds a lock on the directory; readers map the same files. Nothing here knows what
a search is: segments go up to `index`, lists of segments come down to be committed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from breakwater.errors import CorruptSegment, IndexInUse
from breakwater.matching import manifest as manifests
from breakwater.matching.compact import open_live
from breakwater.matching.manifest import Listed, Manifest, read_manifest
from breakwater.matching.numberset import NumberSet
from breakwater.matching.segments import open_segment, sync_directory, write_small
from breakwater.matching.view import Live
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import SignalKind

SET_ASIDE: Final = ".corrupt"
KEPT_ASIDE: Final = 2
"""Damaged files kept for whoever wants to know why; older ones are removed."""
ATTEMPTS: Final = 8
"""A reader may lose the race against a swap and its sweep; the next manifest is there then."""


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file, read again and compared with its checksums."""

    file: str
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What a directory held.

    Attributes:
        covered: the manifest's, or 0 when anything is missing and SQL must be replayed.
        set_aside: names of files that were damaged.
    """

    manifest: Manifest
    live: tuple[Live, ...]
    gone: NumberSet
    covered: int
    set_aside: tuple[str, ...] = ()


class Directory:
    """The directory of one index, held for writing or only read."""

    def __init__(
        self,
        path: Path,
        *,
        kinds: Sequence[SignalKind],
        factories: Mapping[str, IndexFactory],
        writer: bool,
    ) -> None:
        """Take the directory.

        Raises:
            IndexInUse: another process writes it.
        """
        self.path = path
        self.kinds = tuple(kinds)
        self.factories = factories
        self.writer = writer
        self._lock = -1
        if writer:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.close()
                raise IndexInUse from None

    def close(self) -> None:
        """Let go of the directory."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def followed(self) -> tuple[str, ...]:
        """How the manifest names the kinds; what is searched is part of the name."""
        return tuple(sorted(f"{k.name}:{k.size}:{k.measure.value}" for k in self.kinds))

    def open(self, *, reuse: Sequence[Live] = ()) -> Opened:
        """Open everything the manifest names.

        Args:
            reuse: segments that are open already.
        """
        if self.writer:
            return self._open_to_write()
        held = {live.listed: live for live in reuse}
        for _ in range(ATTEMPTS):
            manifest = read_manifest(self.path) or Manifest()
            opened = self._open_files(manifest, held)
            if not opened.set_aside or read_manifest(self.path) == manifest:
                break
        return opened

    def _open_to_write(self) -> Opened:
        damaged: tuple[str, ...] = ()
        try:
            manifest = read_manifest(self.path) or Manifest()
        except CorruptSegment:
            damaged = (manifests.NAME,)
            manifest = Manifest(generation=self._last_generation())
        opened = self._open_files(manifest, {})
        for name in (*damaged, *opened.set_aside):
            self._put_aside(name)
        self.sweep(manifest)
        return replace(opened, set_aside=(*damaged, *opened.set_aside))

    def _open_files(self, manifest: Manifest, held: Mapping[Listed, Live]) -> Opened:
        kinds = {kind.name: kind for kind in self.kinds}
        live: list[Live] = []
        damaged: list[str] = []
        for listed in manifest.segments:
            kind = kinds.get(listed.kind)
            if listed in held:
                live.append(held[listed])
            elif kind is not None:
                try:
                    live.append(open_live(self.path, listed.file, kind, self.factories))
                except CorruptSegment:
                    damaged.append(listed.file)
        gone = NumberSet()
        if manifest.tombstones:
            try:
                gone = self._read_tombstones(manifest)
            except (CorruptSegment, FileNotFoundError):
                damaged.append(manifest.tombstones)
        whole = not damaged and set(self.followed) <= set(manifest.kinds)
        return Opened(manifest, tuple(live), gone, manifest.covered if whole else 0, tuple(damaged))

    def _read_tombstones(self, manifest: Manifest) -> NumberSet:
        data = (self.path / manifest.tombstones).read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest.tombstones_sha256:
            raise CorruptSegment(f"{manifest.tombstones}: the checksum fails.")
        return NumberSet.from_bytes(data)

    def commit(
        self, generation: int, covered: int, live: Sequence[Live], tombstones: bytes
    ) -> Manifest:
        """Make these files the index, durably and at once.

        Raises:
            DiskFull: there is no room; the former state stands.
        """
        name = digest = ""
        if tombstones:
            name = f"tombstones-{generation:010d}-0.bits"
            digest = hashlib.sha256(tombstones).hexdigest()
            write_small(self.path / name, tombstones)
        listed = tuple(one.listed for one in live)
        made = Manifest(generation, covered, self.followed, listed, name, digest)
        made.write(self.path)
        return made

    def changed(self, manifest: Manifest) -> bool:
        """Whether the directory has another manifest than this."""
        return (read_manifest(self.path) or Manifest()) != manifest

    def check(self, manifest: Manifest) -> tuple[FileCheck, ...]:
        """Read every file again and compare it with its checksums."""
        answers = []
        for listed in manifest.segments:
            try:
                open_segment(self.path / listed.file)
                answers.append(FileCheck(listed.file, ok=True))
            except (CorruptSegment, FileNotFoundError) as fault:
                answers.append(FileCheck(listed.file, ok=False, reason=str(fault)))
        if manifest.tombstones:
            try:
                self._read_tombstones(manifest)
                answers.append(FileCheck(manifest.tombstones, ok=True))
            except (CorruptSegment, FileNotFoundError) as fault:
                answers.append(FileCheck(manifest.tombstones, ok=False, reason=str(fault)))
        return tuple(answers)

    def sweep(self, manifest: Manifest) -> None:
        """Remove what no manifest names: leftovers of a kill, and files that were merged away."""
        aside = []
        for path in self.path.iterdir():
            if path.name.endswith(SET_ASIDE):
                aside.append(path)
            elif path.suffix in {".seg", ".bits", ".tmp"} and path.name not in manifest.files:
                path.unlink(missing_ok=True)
        aside.sort(key=lambda path: path.stat().st_mtime_ns)
        for path in aside[:-KEPT_ASIDE]:
            path.unlink(missing_ok=True)

    def _put_aside(self, name: str) -> None:
        path = self.path / name
        if path.exists():
            path.rename(path.with_name(name + SET_ASIDE))
            sync_directory(self.path)

    def _last_generation(self) -> int:
        """The highest generation in any file name, so that no name is used for other content."""
        found = [re.search(r"-(\d{10})-\d+\.", path.name) for path in self.path.iterdir()]
        return max((int(match[1]) for match in found if match), default=0)
