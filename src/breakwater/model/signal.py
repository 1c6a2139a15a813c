"""Signals: fingerprints as values that print and parse themselves.

A `SignalKind` knows all that is special about one kind of hash (its length, spelling,
distance limit, quality floor), so that nothing elsewhere asks `if kind == ...`. Hashers and
index factories for a kind are registered in `fingerprint.registry`. PDQ: 256 bits, match at
Hamming distance <= 31, keep quality >= 50 (facebook/ThreatExchange, `pdq/README.md`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from breakwater.errors import BadSignal, UnknownKind
from breakwater.model.copies import ReelPrints
from breakwater.model.web_address import canonical_domain, canonical_url, hashed

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
"""A hash as it is written; no domain, because it has no dot."""


class Measure(StrEnum):
    """How two values of one kind are compared."""

    EXACT = "exact"
    HAMMING = "hamming"
    LICENSED = "licensed"


@dataclass(frozen=True, slots=True)
class SignalKind:
    """What one kind of hash is.

    Attributes:
        name: as it stands in the API, lower case.
        size: bytes of one value.
        measure: how values are compared; LICENSED kinds need an operator's plug-in.
        limit: the largest distance that is a match by the kind's own specification.
        min_quality: values below are kept and flagged, never answered as a match alone.
        harmless_limit: the largest distance at which a negative entry may count.
        words: what it is, for people.
        base64: spelled in base64 instead of hexadecimal.
        canonical: of an address: its canonical form, of which the value is the SHA-256; it may be
            written as it is instead of as its hash.
    """

    name: str
    size: int
    measure: Measure
    limit: int = 0
    min_quality: int = 0
    harmless_limit: int = 0
    words: str = ""
    base64: bool = False
    canonical: Callable[[str], str] | None = None

    @property
    def bits(self) -> int:
        """Bits of one value."""
        return self.size * 8

    def parse(self, text: str) -> bytes:
        """Read one value as it is written in lists and requests.

        Raises:
            BadSignal: wrong length or alphabet; the detail says which.
        """
        text = text.strip()
        if self.base64:
            try:
                value = base64.b64decode(text, validate=True)
            except ValueError:  # binascii.Error, or letters outside ASCII
                raise BadSignal(f"A {self.name} value is written in base64.") from None
        elif self.canonical is not None and not _DIGEST.fullmatch(text):
            value = hashed(self.canonical(text))
        elif re.fullmatch(r"[0-9a-fA-F]*", text):
            if len(text) != self.size * 2:
                raise BadSignal(
                    f"A {self.name} value has {self.size * 2} hexadecimal digits, "
                    f"this one has {len(text)}."
                )
            value = bytes.fromhex(text)
        else:
            raise BadSignal(f"A {self.name} value is written in hexadecimal digits.")
        if len(value) != self.size:
            raise BadSignal(f"A {self.name} value has {self.size} bytes, this has {len(value)}.")
        return value

    def print(self, value: bytes) -> str:
        """Write one value as lists and answers do."""
        return base64.b64encode(value).decode() if self.base64 else value.hex()


PDQ: Final = SignalKind(
    "pdq", 32, Measure.HAMMING, limit=31, min_quality=50, harmless_limit=8,
    words="how a picture looks (PDQ, 256 bits)",
)  # fmt: skip
MD5: Final = SignalKind("md5", 16, Measure.EXACT, words="the exact file (MD5)")
SHA1: Final = SignalKind("sha1", 20, Measure.EXACT, words="the exact file (SHA-1)")
SHA256: Final = SignalKind("sha256", 32, Measure.EXACT, words="the exact file (SHA-256)")
PHOTODNA: Final = SignalKind(
    "photodna", 144, Measure.LICENSED, base64=True,
    words="how a picture looks (PhotoDNA, needs the operator's licensed library)",
)  # fmt: skip

URL: Final = SignalKind(
    "url", 32, Measure.EXACT, canonical=canonical_url,
    words="an address of the web (SHA-256 of its canonical form)",
)  # fmt: skip
DOMAIN: Final = SignalKind(
    "domain", 32, Measure.EXACT, canonical=canonical_domain,
    words="a whole domain of the web (SHA-256 of its canonical form)",
)  # fmt: skip

BUILTIN: Final = {kind.name: kind for kind in (PDQ, MD5, SHA1, SHA256, PHOTODNA, URL, DOMAIN)}
"""Kinds this distribution can name. PhotoDNA can be kept, not matched, without its library."""

_extra: dict[str, SignalKind] = {}


def kind_named(name: str) -> SignalKind:
    """Find a kind by name.

    Raises:
        UnknownKind: nothing of this name is installed.
    """
    try:
        return BUILTIN.get(name) or _extra[name]
    except KeyError:
        known = ", ".join(sorted(BUILTIN | _extra))
        raise UnknownKind(f"Installed here: {known}.") from None


def register_kind(kind: SignalKind) -> None:
    """Make a plug-in's kind known; called by `fingerprint.registry` at start, never at import."""
    _extra[kind.name] = kind


@dataclass(frozen=True, slots=True)
class Signal:
    """One hash value of one kind. `Signal.parse("pdq:f8f8…")` reads what `str()` prints."""

    kind: str
    value: bytes

    @classmethod
    def parse(cls, text: str) -> Signal:
        """Read `kind:value`.

        Raises:
            BadSignal: no colon, or the value is not of its kind.
            UnknownKind: no such kind.
        """
        name, colon, value = text.partition(":")
        if not colon:
            raise BadSignal("Write a signal as kind:value, for example sha256:ba78….")
        return cls(name, kind_named(name).parse(value))

    def __str__(self) -> str:
        return f"{self.kind}:{kind_named(self.kind).print(self.value)}"


class View(StrEnum):
    """Which look of the picture a hash was made of: as it is, or turned and mirrored."""

    ORIGINAL = "original"
    ROTATE90 = "rotate90"
    ROTATE180 = "rotate180"
    ROTATE270 = "rotate270"
    FLIPX = "flipx"
    FLIPY = "flipy"
    FLIPPLUS1 = "flipplus1"
    FLIPMINUS1 = "flipminus1"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A signal taken from media, with where and how well.

    Attributes:
        signal: the hash.
        quality: 0..100 as the kind measures it; 100 for exact kinds.
        frame: number of the frame, from 0; None when it is of the whole file.
        time_s: when the frame is shown; None for the whole file.
        view: the look it was made of.
        compatible: made as the older tools do (palette indices, no EXIF), where that differs.
    """

    signal: Signal
    quality: int = 100
    frame: int | None = None
    time_s: float | None = None
    view: View = View.ORIGINAL
    compatible: bool = False

    @property
    def usable(self) -> bool:
        """Good enough to be answered as a match on its own."""
        return self.quality >= kind_named(self.signal.kind).min_quality


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """All signals of one file, and what the file was.

    Attributes:
        type: decoded media type as a MIME name.
        width, height: pixels of the first frame, EXIF applied.
        frames: frames decoded.
        duration_s: by the file's own clock; 0 for stills.
        items: exact hashes first, then frames in order.
        coverage: `all` frames, `sampled` ones with all key frames, or (a long video within its
            time limit) `key_frames` from some point on.
        views: of a video, when known videos are looked for in it.
    """

    type: str
    width: int
    height: int
    frames: int
    duration_s: float
    items: tuple[Fingerprint, ...]
    coverage: str = "all"
    views: ReelPrints | None = None

    def of(self, kind: str) -> tuple[Fingerprint, ...]:
        """Those of one kind."""
        return tuple(item for item in self.items if item.signal.kind == kind)
