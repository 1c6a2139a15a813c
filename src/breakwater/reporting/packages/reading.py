"""Bytes of a package's items, read once for their digests and for the luma of compared frames.

In: sources. Out: `Shelved`: each item with path, size, digests and comparisons whose luma gives
the recorded hash by the verifier's own arithmetic, so that what is sealed is what verifies. What
cannot be read or made again is a gap of its item, in a sentence. A file is streamed, never held;
frames are decoded in the jail. Used by `making`; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BreakwaterError, MissingKey, NotFound, Tampered
from breakwater.media import magic
from breakwater.media.failures import Unreadable
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.package import Comparison, ItemRole, PackageItem
from breakwater.model.ports import Blob
from breakwater.reporting.drafting.draft import SUFFIX
from breakwater.reporting.packages import verify
from breakwater.reporting.packages.sources import Source

BLOCK: Final = 1 << 20
AT_ONCE: Final = 8
"""Frames of one decode."""

MOST_LUMAS: Final = 4096
"""Frames of one package, 16 KiB each, held in memory until they are written."""

LEFT_OUT: Final = "Left out: this package was agreed to without media."
DESTROYED: Final = "Its bytes were destroyed: the key in the vault is gone."
BROKEN: Final = "Its file in the vault is gone or was changed."
OTHER: Final = "Its bytes are not those that were hashed when it was received."

Lumas = dict[tuple[int, float | None], bytes]


class Lumas64(Protocol):
    """The jail, as far as it is needed here; `media.sandbox.JailPool`."""

    def luma(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, frames: Sequence[int],
        times: Sequence[float | None] = (), compatible: bool = False, lane: str = "",
    ) -> tuple[NDArray[np.float32], ...] | Undecodable:  # fmt: skip
        """The 64 × 64 luma of frames."""
        ...


@dataclass(frozen=True, slots=True)
class Shelved:
    """One item, ready to be written.

    Attributes:
        lumas: files of luma by path.
    """

    item: PackageItem
    blob: Id | None
    body: bytes | None
    lumas: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class _Digests:
    size: int
    sha256: str
    md5: str
    sha1: str
    head: bytes


class Reading:
    """Reads one package's items."""

    def __init__(
        self, *, vault: Blob, pool: Lumas64, image: MediaLimits, video: MediaLimits, media: bool
    ) -> None:
        """Take where bytes are; without `media` no picture leaves, not even 64 × 64 of one."""
        self._vault = vault
        self._pool = pool
        self._image, self._video = image, video
        self._media = media
        self._room = MOST_LUMAS

    def read(self, sources: Sequence[Source], beat: Callable[[float], None]) -> Iterator[Shelved]:
        """Each item in its order.

        Args:
            sources: numbered.
            beat: called with the share done.
        """
        for number, one in enumerate(sources):
            yield self._one(one)
            beat((number + 1) / len(sources))

    def _one(self, source: Source) -> Shelved:
        item = source.item
        if source.body is not None:
            found = _digested_bytes(source.body)
            return Shelved(_placed(item, found), None, source.body)
        if source.blob is None:
            return Shelved(item, None, None)
        if not self._media and item.role is not ItemRole.CONTEXT:
            return Shelved(replace(item, gap=LEFT_OUT), None, None)
        try:
            with self._vault.open(source.blob) as file:
                found = _digested(file)
                shelf = _placed(item, found)
                shelf, lumas = self._compared(shelf, file)
        except (NotFound, MissingKey):
            return Shelved(replace(item, gap=DESTROYED), None, None)
        except (Tampered, OSError):
            return Shelved(replace(item, gap=BROKEN), None, None)
        if item.sha256 and item.sha256 != found.sha256:
            shelf = replace(shelf, gap=_joined(shelf.gap, OTHER))
        return Shelved(shelf, source.blob, None, lumas)

    def _compared(
        self, item: PackageItem, file: BinaryIO
    ) -> tuple[PackageItem, tuple[tuple[str, bytes], ...]]:
        """The item with luma for each compared frame that gives its hash again."""
        wanted = {
            (one.frame, one.time_s)
            for one in item.comparisons
            if one.kind == "pdq" and one.frame is not None
        }
        if not wanted:
            return item, ()
        frames = sorted(wanted, key=lambda one: (one[0] or 0, one[1] or 0.0))[: self._room]
        self._room -= len(frames)
        seen, fault = self._lumas(item, file, frames, compatible=False)
        files: dict[str, bytes] = {}
        made = [_with_luma(item, one, seen, files, compatible=False) for one in item.comparisons]
        left = [one for one in made if _needs(one)]
        if left and not fault:
            again = sorted({(one.frame, one.time_s) for one in left} & set(frames), key=str)
            old, fault = self._lumas(item, file, again, compatible=True)
            made = [
                _with_luma(item, one, old, files, compatible=True) if _needs(one) else one
                for one in made
            ]
        left = [one for one in made if _needs(one)]
        words = ""
        if left:
            why = fault or "decoded again it does not give the recorded value"
            words = f"The luma of {len(left)} compared frames is not here: {why}."
        gap = _joined(item.gap, words)
        return replace(item, comparisons=tuple(made), gap=gap), tuple(sorted(files.items()))

    def _lumas(
        self, item: PackageItem, file: BinaryIO, frames: Sequence[tuple[int | None, float | None]],
        *, compatible: bool,
    ) -> tuple[Lumas, str]:  # fmt: skip
        found: Lumas = {}
        still = item.type.startswith("image/")
        for at in range(0, len(frames), AT_ONCE):
            part = frames[at : at + AT_ONCE]
            try:
                said = self._pool.luma(
                    file, declared=item.type, limits=self._image if still else self._video,
                    frames=[one[0] or 0 for one in part], times=[one[1] for one in part],
                    compatible=compatible, lane="package",
                )  # fmt: skip
            except BreakwaterError as error:
                return found, error.title()
            if isinstance(said, Undecodable):
                return found, said.reason.words.rstrip(".")
            for (frame, time_s), luma in zip(part, said, strict=True):
                found[frame or 0, time_s] = luma.astype("<f4").tobytes()
        return found, ""


def _needs(one: Comparison) -> bool:
    return one.kind == "pdq" and one.frame is not None and not one.luma


def _with_luma(
    item: PackageItem, one: Comparison, found: Lumas, files: dict[str, bytes], *, compatible: bool
) -> Comparison:
    """The comparison with its luma, where that gives what was recorded."""
    luma = found.get((one.frame or 0, one.time_s)) if _needs(one) else None
    if luma is None:
        return one
    values = array("f", luma)
    own = verify.pdq_of(verify.coefficients(values), one.view)
    same = own == one.own if one.own else verify.apart(own, one.known) == one.distance
    if not same or verify.quality_of(values) != one.quality:
        return one
    path = f"luma/{item.number:04d}-{one.frame:06d}{'-as-older-tools' if compatible else ''}.luma"
    if files.setdefault(path, luma) != luma:
        path = f"luma/{item.number:04d}-{one.frame:06d}-{len(files):03d}.luma"
        files[path] = luma
    return replace(one, own=own, luma=path, compatible=compatible)


def _digested(file: BinaryIO) -> _Digests:
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    md5 = hashlib.md5(usedforsecurity=False)
    size, head = 0, b""
    file.seek(0)
    while block := file.read(BLOCK):
        head = head or block[: magic.HEAD]
        size += len(block)
        for one in (sha256, sha1, md5):
            one.update(block)
    file.seek(0)
    return _Digests(size, sha256.hexdigest(), md5.hexdigest(), sha1.hexdigest(), head)


def _digested_bytes(body: bytes) -> _Digests:
    made = [hashlib.new(name, body).hexdigest() for name in ("sha256", "md5", "sha1")]
    return _Digests(len(body), made[0], made[1], made[2], body[: magic.HEAD])


def _placed(item: PackageItem, found: _Digests) -> PackageItem:
    """Where it stands in the package, by what its bytes are."""
    kind = item.type
    if item.role is not ItemRole.CONTEXT:
        try:
            kind = magic.sniff(found.head).value
        except Unreadable:
            kind = item.type
    suffix = SUFFIX.get(kind, ".bin")
    path = f"media/{item.number:04d}{suffix}"
    if item.role is ItemRole.CONTEXT:
        path = f"context/{item.number:04d}-{item.name}"
    return replace(
        item, path=path, type=kind, size=found.size, sha256=found.sha256, md5=found.md5,
        sha1=found.sha1,
    )  # fmt: skip


def _joined(*gaps: str) -> str:
    return " ".join(one for one in gaps if one)
