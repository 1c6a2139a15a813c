"""Files on this disk into fingerprints: many at a time, in order, each read in the jail.

Fed by `hash` and `scan`. The jail's children are kept busy by as many threads; results come in
the order of the files, with a bounded number waiting, so that a folder of any size fits.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from breakwater.errors import NotFound
from breakwater.media import magic
from breakwater.media.failures import Unreadable
from breakwater.model.media import Family, Reason, Undecodable
from breakwater.model.signal import Fingerprints

if TYPE_CHECKING:
    from breakwater.intake.submit import Limits
    from breakwater.media.sandbox import JailPool

Outcome = Fingerprints | Undecodable


def found(paths: Sequence[Path]) -> list[Path]:
    """Regular files among and below these paths, by name; never through links to folders.

    Raises:
        NotFound: a path is not there.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                files += [Path(folder, name) for name in sorted(names)]
        elif path.exists():
            files.append(path)
        else:
            raise NotFound(f"{path} is not there.")
    return [path for path in files if path.is_file()]


def fingerprinted(
    files: Sequence[Path], pool: JailPool, limits: Limits
) -> Iterator[tuple[Path, Outcome]]:
    """Fingerprint files, several at a time, answered in their order."""
    waiting: deque[tuple[Path, Future[Outcome]]] = deque()
    with ThreadPoolExecutor(pool.size + 1, thread_name_prefix="file") as threads:
        for path in files:
            waiting.append((path, threads.submit(fingerprint, path, pool, limits)))
            if len(waiting) > 4 * pool.size:
                first, outcome = waiting.popleft()
                yield first, outcome.result()
        for path, outcome in waiting:
            yield path, outcome.result()


def fingerprint(path: Path, pool: JailPool, limits: Limits) -> Outcome:
    """Fingerprint one file; what cannot be opened is a reason too."""
    try:
        with path.open("rb") as source:
            chosen = limits.video if moving(source.read(magic.HEAD)) else limits.image
            return pool.fingerprint(source, declared="", limits=chosen, lane="files")
    except OSError as error:
        return Undecodable(Reason.MALFORMED, detail=error.strerror or "cannot be opened")


def moving(head: bytes) -> bool:
    """Whether the first bytes are a video's; what they are not, the jail says with its reason."""
    try:
        return magic.sniff(head).family is Family.VIDEO
    except Unreadable:
        return False
