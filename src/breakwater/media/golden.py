"""One tiny known file per codec: decoded before serving, or the worker refuses to serve.

A decoder that is missing or cannot load inside the jail otherwise rejects every valid file of
its kind without a sound. The files are synthetic gradients (`golden/`, made by
`tools/make_golden.py`); `manifest.json` has what must come out. Tests:
`tests/integration/test_jail_valid.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import BinaryIO, Final

from breakwater.model.media import Undecodable
from breakwater.model.signal import Fingerprints

TOLERANCE: Final = 16
"""Bits: another version of a lossy decoder rounds otherwise; a wrong picture is 128 off."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A known file: its name, declared type, codec, and what it decodes to."""

    name: str
    type: str
    codec: str
    frames: int
    width: int
    height: int
    pdq: str

    def open(self) -> BinaryIO:
        """Its bytes."""
        return BytesIO((_folder() / self.name).read_bytes())


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """Whether one codec works here, and if not, why."""

    name: str
    codec: str
    ok: bool
    detail: str = ""


def _folder() -> Traversable:
    return resources.files("breakwater.media").joinpath("golden")


def files() -> tuple[Golden, ...]:
    """Every golden file."""
    rows = json.loads((_folder() / "manifest.json").read_text(encoding="utf-8"))
    return tuple(Golden(**row) for row in rows)


def judge(expected: Golden, outcome: Fingerprints | Undecodable) -> GoldenResult:
    """Compare what came out with what is known."""
    return GoldenResult(expected.name, expected.codec, not (why := _why(expected, outcome)), why)


def _why(expected: Golden, outcome: Fingerprints | Undecodable) -> str:
    """What differs; empty when nothing does."""
    if isinstance(outcome, Undecodable):
        return f"{outcome.reason}: {outcome.detail}"
    shape = (outcome.type, outcome.frames, outcome.width, outcome.height)
    if shape != (expected.type, expected.frames, expected.width, expected.height):
        return f"decoded to {shape}"
    hashes = outcome.of("pdq")
    if not hashes:
        return "no picture hash"
    differ = int.from_bytes(hashes[0].signal.value, "big") ^ int(expected.pdq, 16)
    bits = differ.bit_count()
    return f"{bits} bits from the known hash" if bits > TOLERANCE else ""
