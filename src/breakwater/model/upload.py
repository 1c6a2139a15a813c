"""Uploads: what a service asked about, on which surface, for whom.

`Surface` decides what law allows (reference: ePrivacy; SI 2026/268): private content in a
jurisdiction without a basis is refused and nothing is stored. `Origin` is account data that
goes with the evidence when the verdict is not "allow", and is forgotten when it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.model.ids import Id
from breakwater.model.match import Verdict


class Surface(StrEnum):
    """Where on the service the item is shown."""

    PUBLIC = "public"
    LIVE = "live"
    PRIVATE = "private"
    PROFILE = "profile"

    @property
    def narrow(self) -> int:
        """0 where everybody reaches it; the larger, the fewer do."""
        return {"profile": 1, "private": 2}.get(self.value, 0)


def narrower(known: str, told: str) -> str:
    """The surface that fewer reach: what was once called private stays so.

    >>> narrower("live", "private"), narrower("private", "live"), narrower("live", "public")
    ('private', 'private', 'live')
    """
    return max(known, told, key=lambda one: Surface(one).narrow)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent an item, as the service tells it.

    Attributes:
        account: the service's own id of the account.
        address, port: of the uploader; carriers need the port (SI 2026/268).
        jurisdiction: ISO 3166 code that decides which law applies, e.g. `GB`, `DE`, `US-CA`.
        posted_at: when, by the service's clock.
        place: where on the service it was posted (a URL or path of the service).
        reference: the service's own id of the object.
    """

    account: str = ""
    address: str = ""
    port: int | None = None
    jurisdiction: str = ""
    posted_at: datetime | None = None
    place: str = ""
    reference: str = ""


class UploadState(StrEnum):
    """A verdict is reached at once or later."""

    PENDING = "pending"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Upload:
    """One item that was screened.

    Attributes:
        sha256: of the bytes as sent, in hexadecimal; sha1 and md5 too where they were taken,
            so that exact entries that come later find it.
        case: id of the case it opened, if it opened one.
        blob: id of the preserved bytes in the vault, if the verdict was not "allow".
        revision: 1, then one more for each later change of the verdict.
    """

    id: Id
    service: str
    surface: Surface
    origin: Origin
    state: UploadState
    received_at: datetime
    size: int
    sha256: str
    declared_type: str = ""
    type: str = ""
    verdict: Verdict | None = None
    revision: int = 0
    case: Id | None = None
    blob: Id | None = None
    change: int = 0
    sha1: str = ""
    md5: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One verdict in the history of an upload; only ever added."""

    revision: int
    verdict: Verdict
    at: datetime
    change: int
