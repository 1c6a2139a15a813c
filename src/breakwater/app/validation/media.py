"""Known answers of media: exact hashes, PDQ of photographs, distances, and every decoder.

Files are decoded in the jail, as evidence is. Each PDQ is computed four ways: by the jail, by each
variant of the compiled loops this processor has, by the NumPy twin, and by the plain Python that
goes with an evidence package. Source: pdqhash 0.2.8 and facebook/ThreatExchange, `pdq`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.app.validation.answers import Answers
from breakwater.app.validation.findings import Finding
from breakwater.media.sandbox import JailPool
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.signal import Fingerprints, View
from breakwater.reporting.packages import verify

LIMITS: Final = replace(MediaLimits(), max_wall_s=60.0)
"""A slow machine is not wrong."""

Luma = NDArray[np.float32]


def exact(pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """MD5, SHA-1 and SHA-256 of the files, as they are computed for uploads."""
    for one in (*answers.said["pictures"], answers.said["clip"]):
        found = fingerprinted(pool, answers, one["name"])
        told = {} if isinstance(found, str) else _exact(found)
        for kind in ("md5", "sha1", "sha256"):
            got = found if isinstance(found, str) else told.get(kind, "missing")
            yield Finding.equal("Exact hashes", f"{kind.upper()} of {one['name']}", one[kind], got)


def _exact(prints: Fingerprints) -> dict[str, str]:
    return {one.signal.kind: one.signal.value.hex() for one in prints.items}


def fingerprinted(pool: JailPool, answers: Answers, name: str) -> Fingerprints | str:
    """The signals of a file; the reason in words when it could not be read."""
    with answers.open(name) as source:
        out = pool.fingerprint(source, declared="", limits=LIMITS, lane="validate")
    return f"not read: {out.reason.words}" if isinstance(out, Undecodable) else out


def pictures(pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """PDQ and quality of each photograph, by every way there is."""
    for one in answers.said["pictures"]:
        known = f"{one['pdq']} quality {one['quality']}"
        for way, found in _ways(pool, answers, one["name"]):
            yield Finding.equal("PDQ", f"{one['name']}, {way}", known, found)


def _ways(pool: JailPool, answers: Answers, name: str) -> Iterator[tuple[str, str]]:
    prints = fingerprinted(pool, answers, name)
    if isinstance(prints, str):
        yield "decoded", prints
        return
    for one in prints.of("pdq"):
        if one.view is View.ORIGINAL and not one.compatible:
            yield "decoded", f"{one.signal.value.hex()} quality {one.quality}"
    luma = _luma(pool, answers, name)
    if luma is None:
        yield "luma", "not read"
        return
    before = kernel.variant()
    try:
        for variant in kernel.variants():
            kernel.use(variant)
            value, quality = kernel.pdq_from_luma64(luma)
            yield f"kernel {variant}", f"{value.hex()} quality {quality}"
    finally:
        kernel.use(before)
    plain = array("f", luma.ravel().tolist())
    value_ = verify.pdq_of(verify.coefficients(plain), "original")
    yield "verify.py", f"{value_} quality {verify.quality_of(plain)}"


def _luma(pool: JailPool, answers: Answers, name: str) -> Luma | None:
    with answers.open(name) as source:
        out = pool.luma(source, declared="", limits=LIMITS, frames=[0], lane="validate")
    return None if isinstance(out, Undecodable) else out[0]


def distances(_pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """How far each variant is from the photograph, by index, by scan and by `verify.py`."""
    rows: list[dict[str, Any]] = answers.said["pictures"]
    codes = np.frombuffer(b"".join(bytes.fromhex(one["pdq"]) for one in rows), np.uint8)
    codes = codes.reshape(-1, kernel.HASH_BYTES)
    original = next(one for one in rows if one["from_original"] == 0)
    asked = bytes.fromhex(original["pdq"])
    known = {one["name"]: one["from_original"] for one in rows}
    before = kernel.variant()
    try:
        for variant in kernel.variants():
            kernel.use(variant)
            for way, (at, bits) in (
                ("scan", kernel.scan(codes, asked, 31)),
                ("index", _indexed(codes, asked)),
            ):
                found = {rows[r]["name"]: int(b) for r, b in zip(at.tolist(), bits, strict=True)}
                yield _all(f"{way}, kernel {variant}", known, found)
            near, _ = kernel.scan(codes, asked, 9)
            yield Finding.equal(
                "Distances", f"within 9 bits, kernel {variant}",
                sum(bits <= 9 for bits in known.values()), len(near),
            )  # fmt: skip
    finally:
        kernel.use(before)
    told = {one["name"]: verify.apart(original["pdq"], one["pdq"]) for one in rows}
    yield _all("verify.py", known, told)


def _indexed(codes: NDArray[np.uint8], asked: bytes) -> Any:
    return kernel.Ring.build(codes).search(asked, 31)


def _all(name: str, known: dict[str, int], found: dict[str, int]) -> Finding:
    def said(some: dict[str, int]) -> str:
        return ", ".join(f"{one} {some[one]}" for one in sorted(some))

    return Finding.equal("Distances", name, said(known), said(found))


def codecs(pool: JailPool, _answers: Answers) -> Iterator[Finding]:
    """One small file of every format that is taken, decoded."""
    for one in pool.golden():
        found = "decoded" if one.ok else f"wrong: {one.detail}"
        yield Finding.equal("Decoders", f"{one.codec} ({one.name})", "decoded", found)
