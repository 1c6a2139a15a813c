"""Asking the jail in tests: bytes in, and the kind of outcome that the test is about."""

import io

from breakwater.media.sandbox import JailPool
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.signal import Fingerprints

LIMITS = MediaLimits()


def ask(
    pool: JailPool, data: bytes, declared: str = "", limits: MediaLimits = LIMITS, lane: str = ""
) -> Fingerprints | Undecodable:
    return pool.fingerprint(io.BytesIO(data), declared=declared, limits=limits, lane=lane)


def good(outcome: Fingerprints | Undecodable) -> Fingerprints:
    assert isinstance(outcome, Fingerprints), outcome
    return outcome


def bad(outcome: Fingerprints | Undecodable) -> Undecodable:
    assert isinstance(outcome, Undecodable)
    return outcome
