"""One offered file read: summed, asked of the lists, and decoded in the jail where they say nothing.

In: what `exhibit_files` offers and the folder it lies in. Out: an `Exhibit` in the state that its
bytes give it; what earlier work says of it is `linking.exhibits`' part. Read in threads; nothing is
shared and nothing written. Tests: `tests/contract/test_exhibits.py`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from breakwater.errors import BadSignal
from breakwater.linking.exhibit_files import Folder, Offered
from breakwater.media import magic
from breakwater.media.failures import Unreadable
from breakwater.model.clock import Clock
from breakwater.model.exhibit import Exhibit, ExhibitState
from breakwater.model.media import Family, MediaLimits, Reason, Undecodable
from breakwater.model.signal import Fingerprint, Signal, kind_named
from breakwater.recognition.screen import Screener

LANE: Final = "exhibits"
PIECE: Final = 1 << 20
HEAD: Final = 4096
_HASHES: Final = ("md5", "sha1", "sha256")
_NO_MEDIA: Final = frozenset({Reason.EMPTY, Reason.UNKNOWN_TYPE, Reason.REFUSED_TYPE})
"""Papers, programs, archives among what was seized: rows, and nothing that links are sought for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one decode, by family."""

    image: MediaLimits = field(default_factory=MediaLimits)
    video: MediaLimits = field(default_factory=lambda: MediaLimits(max_wall_s=600.0))


@dataclass(frozen=True, slots=True)
class Read:
    """One file after it was read: what it is, and whether it is still to be kept."""

    offered: Offered
    exhibit: Exhibit


class Reader:
    """Reads files of a set."""

    def __init__(self, *, screener: Screener, clock: Clock, limits: Limits) -> None:
        """Take what it needs.

        Args:
            screener: decodes in the jail and asks the lists.
            clock: for lists that expire.
            limits: of a decode.
        """
        self._screener = screener
        self._clock = clock
        self._limits = limits

    def read(self, offered: Offered, folder: Folder) -> Read:
        """Sum and judge one file, in a thread; touches nothing that is shared."""
        made = Exhibit(offered.reference, ExhibitState.BAD, told=offered.told, fault=offered.fault)
        if offered.fault:
            return Read(offered, made)
        file = folder.open(offered.places)
        if file is None:
            made = _summed(made, offered.hashes, state=ExhibitState.NO_BYTES)
            made = replace(made, fault="The file was not found.")
            return Read(offered, self._listed(made, tuple(_signals(offered.hashes))))
        with file:
            try:
                return Read(offered, self._judged(made, file, offered))
            except OSError as error:
                fault = f"It cannot be read: {error.strerror}."
                return Read(offered, replace(made, fault=fault))

    def _judged(self, made: Exhibit, file: BinaryIO, offered: Offered) -> Exhibit:
        size = os.fstat(file.fileno()).st_size
        if size > self._limits.video.max_bytes:
            made = _summed(made, offered.hashes, state=ExhibitState.BAD)
            return replace(made, size=size, fault=Reason.TOO_MANY_BYTES.words)
        hashes = sums(file)
        made = replace(_summed(made, hashes, state=ExhibitState.UNKNOWN), size=size)
        if any(hashes[name] != value for name, value in offered.hashes.items()):
            made = replace(made, told={**made.told, "other_bytes": True})
        known = self._listed(made, tuple(_signals(hashes)))
        if known.state is ExhibitState.KNOWN:
            return known
        file.seek(0)
        limits = self._limits.video if _moving(file.read(HEAD)) else self._limits.image
        file.seek(0)
        outcome = self._screener.fingerprint(file, declared="", limits=limits, lane=LANE)
        if isinstance(outcome, Undecodable):
            state = ExhibitState.BAD if outcome.reason in _NO_MEDIA else ExhibitState.UNKNOWN
            kind = str(outcome.type or "")
            return replace(made, state=state, fault=outcome.reason.words, media_type=kind)
        return self._listed(replace(made, media_type=outcome.type), outcome.items)

    def _listed(self, made: Exhibit, items: Sequence[Fingerprint]) -> Exhibit:
        """Known where an entry that acts matches it: the nearest one."""
        if not items:
            return made
        for match in self._screener.match(items, unit=made.sha256, now=self._clock.now()):
            if match.acting:
                return replace(
                    made, state=ExhibitState.KNOWN, known_entry=match.number, fault=""
                )  # fmt: skip
        return made


def sums(file: BinaryIO) -> dict[str, str]:
    """All three hashes in one pass."""
    sums = {name: hashlib.new(name, usedforsecurity=False) for name in _HASHES}
    while piece := file.read(PIECE):
        for one in sums.values():
            one.update(piece)
    return {name: one.hexdigest() for name, one in sums.items()}


def _signals(hashes: Mapping[str, str]) -> Iterator[Fingerprint]:
    for name, value in hashes.items():
        with suppress(BadSignal):
            yield Fingerprint(Signal(name, kind_named(name).parse(value)))


def _summed(made: Exhibit, hashes: Mapping[str, str], *, state: ExhibitState) -> Exhibit:
    md5, sha1, sha256 = (hashes.get(name, "") for name in _HASHES)
    return replace(made, md5=md5, sha1=sha1, sha256=sha256, state=state)


def _moving(head: bytes) -> bool:
    """Whether the first bytes are a video's; what they are not, the jail says with its reason."""
    try:
        return magic.sniff(head).family is Family.VIDEO
    except Unreadable:
        return False
