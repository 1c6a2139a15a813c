"""A disk that loses what was not synced: plays out a power cut at any moment of a recorded run.

`Recorded` compiles lossy_disk.c, which notes what processes do to files below a directory;
`Replay` goes through the notes and, at a moment, writes down a directory as a disk could have
kept it. Synced content and names are there; of the rest any part may be, down to single sectors,
which is less than any real file system guarantees. A rename or a new name counts when its
directory was synced; with `ordered_names` also when the new file itself was (ext4, XFS).
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
HEAD = struct.Struct("=IIQqQ")
SECTOR = 512


class Recorded:
    """The preloaded library and where its notes lie."""

    def __init__(self, disk: Path, workshop: Path) -> None:
        self.disk = disk.resolve()
        self.log = workshop / "notes"
        self.log.touch()
        self.log.chmod(0o666)
        library = workshop / "lossy_disk.so"
        subprocess.run(
            ["cc", "-std=gnu11", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
            check=True,
        )
        library.chmod(0o755)
        self.environment = {
            "LD_PRELOAD": str(library), "LOSSY_ROOT": str(self.disk), "LOSSY_LOG": str(self.log),
        }  # fmt: skip


@dataclass(slots=True)
class File:
    """What is surely on the disk, and what was done since."""

    sure: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    touched: bool = True

    def sync(self, moment: int) -> None:
        while self.since and self.since[0][0] < moment:
            apply(self.sure, *self.since.pop(0)[1:])

    def after_cut(self, rng: random.Random) -> bytes:
        """Nothing, everything, or some of the sectors since the last sync."""
        kept, left = bytearray(self.sure), list(self.since)
        share = rng.choice((0.0, 0.5, 0.9, 1.0))
        for _, what, at, data in left:
            if what != "W":
                if rng.random() < share:
                    apply(kept, what, at, data)
                continue
            for start in range(0, len(data), SECTOR):
                if rng.random() < share:
                    apply(kept, "W", at + start, data[start : start + SECTOR])
        return bytes(kept)


def apply(content: bytearray, what: str, at: int, data: bytes) -> None:
    """One write, or one change of size (G: never smaller)."""
    end = at + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if what == "W":
        content[at:end] = data
    elif what == "T":
        del content[at:]


class Replay:
    """The notes of a run, played to a moment at a time; moments only grow."""

    def __init__(
        self, recorded: Recorded, base: Path, inodes: dict[str, int], *, ordered_names: bool
    ) -> None:  # fmt: skip
        """`base`: a copy of the disk as it began; `inodes`: what its names stood for then."""
        self.notes = list(notes(recorded.log.read_bytes()))
        self.prefix = str(recorded.disk) + "/"
        self.base = base
        self.ordered_names = ordered_names
        self.files = {
            inode: File(bytearray((base / name).read_bytes()), touched=False)
            for name, inode in inodes.items()
        }
        self.names = dict(inodes)
        self.waiting: list[tuple[int, str, str, str, int]] = []  # moment, what, name, other, inode
        self.seen = dict(inodes)  # names as processes see them
        self.began: dict[int, int] = {}
        self.at = 0

    def play(self, until: int) -> None:
        while self.at < until:
            self._note(self.at, *self.notes[self.at])
            self.at += 1

    def _note(self, moment: int, what: str, file: int, at: int, first: str, data: bytes) -> None:
        if what in "WTG":
            if file in self.files:
                self.files[file].since.append((moment, what, at, data))
                self.files[file].touched = True
        elif what == "B":
            self.began[file] = moment
        elif what == "F":
            self._synced(at, self.began[file])
        elif what == "D":
            folder = (first + "/").removeprefix(self.prefix)
            self._name_synced(self.began[file], lambda name: _folder(name) == folder)
        else:
            other = data.decode()[len(first) :].removeprefix(self.prefix)
            self._name(moment, what, first.removeprefix(self.prefix), other, file)

    def _synced(self, inode: int, moment: int) -> None:
        if inode in self.files:
            self.files[inode].sync(moment)
        if self.ordered_names:
            names = {name for name, seen in self.seen.items() if seen == inode}
            self._name_synced(moment, names.__contains__)

    def _name_synced(self, moment: int, chosen: object) -> None:
        later = []
        for step in self.waiting:
            if step[0] < moment and (chosen(step[2]) or (step[3] and chosen(step[3]))):
                self._take(self.names, *step[1:])
            else:
                later.append(step)
        self.waiting = later

    def _name(self, moment: int, what: str, name: str, other: str, inode: int) -> None:
        if what == "C":
            self.files[inode] = File()
        if what in "RL":
            inode = self.seen.get(name, 0)
        self._take(self.seen, what, name, other, inode)
        self.waiting.append((moment, what, name, other, inode))

    @staticmethod
    def _take(names: dict[str, int], what: str, name: str, other: str, inode: int) -> None:
        """C: a new file; U: gone; R: moved; L: a second name; M: a directory has no content."""
        if what == "C":
            names[name] = inode
        elif what in "UR":
            names.pop(name, None)
        if what in "RL":
            names.pop(other, None)
            if inode:
                names[other] = inode

    def cut(self, target: Path, rng: random.Random) -> None:
        """Write down what the disk may hold when the power goes now."""
        names = dict(self.names)
        unsure = {_folder(step[2]) for step in self.waiting}
        kept = {folder: rng.choice((0.0, 0.5, 1.0)) for folder in unsure}
        for _, *step in self.waiting:
            if rng.random() < kept[_folder(step[1])]:
                self._take(names, *step)
            else:
                kept[_folder(step[1])] = 0.0  # a directory's changes go in order
        shutil.copytree(self.base, target, symlinks=True)
        for path in target.rglob("*"):
            if path.is_file() and str(path.relative_to(target)) not in names:
                path.unlink()
        for name, inode in names.items():
            file = self.files[inode]
            if file.touched or not (target / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(file.after_cut(rng))

    def written(self, name: str) -> bytes:
        """All that processes have written to a file so far, synced or not."""
        file = self.files[self.seen[name]]
        content = bytearray(file.sure)
        for _, *step in file.since:
            apply(content, *step)
        return bytes(content)


def _folder(name: str) -> str:
    return name[: name.rfind("/") + 1]


def notes(raw: bytes) -> Iterator[tuple[str, int, int, str, bytes]]:
    """The library's notes; a last one that a kill cut short is left out."""
    at = 0
    while at + HEAD.size <= len(raw):
        size, first, file, where, what = HEAD.unpack_from(raw, at)
        data = raw[at + HEAD.size : at + HEAD.size + size]
        if len(data) < size:
            return
        yield chr(what), file, where, data[:first].decode(), data
        at += HEAD.size + size


def inodes_of(disk: Path) -> dict[str, int]:
    """Every file's name and inode, as the notes call it."""
    found = {}
    for folder, _, names in os.walk(disk):
        for name in names:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(disk))] = path.stat().st_ino
    return found
