"""Evidence packages: everything a package says and its papers print, and what became of it.

`PackageFacts` is gathered by `reporting.packages` before the first byte is written; the papers
(`reporting.papers`, `reporting.vics`) and `facts.json` are made from it alone. A `Package` is the
row of a sealed file: for whom, by which two people, with which SHA-256; a `Receipt` is what the
receiving officer signed. Hashes are lower-case hexadecimal everywhere. Kept by
`records.packages`; what must hold of a package: reference reliability, "Evidence".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id
from breakwater.model.sending import Occasion, RecipientKind

FORM: Final = "breakwater package 1"
"""First member of `facts.json` and `manifest.json`; another number is another form."""


class PackageState(StrEnum):
    """What became of a package two people agreed to. `failed` says why and may be tried again."""

    MAKING = "making"
    SEALED = "sealed"
    FAILED = "failed"


class ItemRole(StrEnum):
    """What a file of the case is."""

    UPLOAD = "upload"
    BROADCAST = "broadcast"
    CONTEXT = "context"
    """Written down here: who watched, what was said, what the service told of an account."""


class Rejection(StrEnum):
    """Why a comparison does not count; `Match.why_not` and what people decided."""

    NONE = ""
    QUARANTINED = "quarantined"
    NOT_ENABLED = "not_enabled"
    LOW_QUALITY = "low_quality"
    EXPIRED = "expired"
    HARMLESS = "harmless"
    DECIDED = "decided"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class PackageKey:
    """A recipient's public key, kept as data.

    Attributes:
        name: of the agency or officer, for people.
        country: ISO 3166, two letters.
        kind: what the recipient is; with the country it says what may be sent there.
        key: the age recipient, `age1…`.
        receipt_key: what they sign receipts with, `name+hash+base64` as `receipt key` prints it;
            empty: none was given, so no receipt of theirs can be checked.
        by: id of the person who entered it.
        withdrawn_at: nothing is sealed to it after this.
    """

    id: Id
    name: str
    country: str
    kind: RecipientKind
    key: str
    receipt_key: str
    by: Id
    at: datetime
    withdrawn_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key as it is written, to be compared by telephone."""
        return fingerprint_of(self.key)


@dataclass(frozen=True, slots=True)
class PackagePerson:
    """Somebody who worked here, as the papers name them; `at` is when they did what is said."""

    id: Id
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of an item with one known value, counted or rejected.

    Attributes:
        revision: of the item's verdict that held it; the largest is the present one.
        kind: of the signal (`pdq`, `sha256`, …); `bits`: of its values.
        own: the item's value, `known`: the entry's. `own` is empty where it cannot be made again.
        distance: bits that differ; `limit`: the largest that was a match then.
        view: `original`, or how the item was turned or mirrored.
        frame, time_s: where in the item; None for the whole file.
        quality: of the item's value, 0 to 100.
        luma: file of the package that holds the frame's 64 × 64 luma; empty: none is needed
            (`sha256`, `md5`, `sha1`) or it could not be made: then `PackageItem.gap` says so.
        compatible: made as older tools do (palette indices, no EXIF), where that differs.
        rejected: why it does not count; empty: it does.
    """

    revision: int
    kind: str
    bits: int
    own: str
    known: str
    distance: int
    limit: int
    view: str
    quality: int
    bank: str
    entry: int
    source: str
    labels: tuple[str, ...]
    negative: bool
    frame: int | None = None
    time_s: float | None = None
    luma: str = ""
    compatible: bool = False
    rejected: Rejection = Rejection.NONE


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of an item that was aligned with a known video.

    Attributes:
        reel: number of the known video.
        rejected: as of `Comparison`; empty: it counts.
    """

    revision: int
    reel: int
    bank: str
    label: str
    start_s: float
    end_s: float
    reference_start_s: float
    reference_end_s: float
    score: float
    frames: int
    mirrored: bool
    rejected: Rejection = Rejection.NONE


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One file of the case.

    Attributes:
        number: from 1, in the order of receipt.
        id: of the upload or of what was preserved.
        path: in the package; empty: it is not in it, and `gap` says why.
        name: as the service called it; may be any Unicode text.
        type: media type; empty: unknown.
        sha256, md5, sha1: of the bytes in the package; of a missing file those taken at receipt.
        received_at: when it came here; `posted_at`: by the service's clock.
        transcoded: the bytes are not those that were sent; `transcoding` says what was done.
        viewed: a person here saw all of it, by the view log alone.
        address, port: where it was sent from, as the service told it; carriers need the port.
        facts: what a person said is seen, as label and value; what nobody answered is not there.
        gap: what is missing of it and why; empty: nothing.
    """

    number: int
    id: Id
    role: ItemRole
    path: str
    name: str
    type: str
    size: int
    sha256: str
    md5: str
    sha1: str
    received_at: datetime
    posted_at: datetime | None = None
    transcoded: bool = False
    transcoding: str = ""
    viewed: bool = False
    account: str = ""
    comparisons: tuple[Comparison, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    gap: str = ""
    address: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class PackageDecision:
    """One thing a person said of the case.

    Attributes:
        stands: it was not taken back.
        role: what was said of the account's holder; empty: nothing.
    """

    kind: str
    by: PackagePerson
    second: PackagePerson | None
    reason: str
    stands: bool
    role: str = ""


@dataclass(frozen=True, slots=True)
class PackageReport:
    """A report to an authority.

    Attributes:
        report_id: the recipient's number; empty: none.
        papers: files of the package with what was sent and what was answered, in order.
    """

    number: int
    destination: str
    state: str
    report_id: str
    knowledge_at: datetime
    due_at: datetime
    finished_at: datetime | None
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageAudit:
    """Where the package stands in the audit log.

    Attributes:
        size: entries of the tree that the checkpoint signs; `root`: its hash.
        numbers: of the entries in the extract, ascending.
        origin: name of the log; `key`: its public key as `name+hash+base64`.
        signed_at: when the checkpoint was signed.
        exported: number of the entry that says that this package is being made.
    """

    size: int
    root: str
    numbers: tuple[int, ...]
    origin: str
    key: str
    signed_at: str
    exported: int


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Everything a package says.

    Attributes:
        package: its id; `case`, `case_number`: whose.
        organisation: who holds the records; empty: not set up.
        reference: the recipient's legal reference; empty: none.
        reason: why it is made, in the first person's words.
        proposed, agreed: the two people.
        tools: name and version of everything that computed something, ours first.
        occasion: on what occasion it leaves.
        recipients: whose keys it is sealed to.
        bases: the legal basis of what leaves, as (recipient, class of data, basis).
        gaps: what is missing of the case as a whole, in sentences.
    """

    package: Id
    case: Id
    case_number: int
    case_kind: str
    case_why: str
    case_opened_at: datetime
    service: str
    account: str
    organisation: str
    reference: str
    reason: str
    made_at: datetime
    proposed: PackagePerson
    agreed: PackagePerson
    items: tuple[PackageItem, ...]
    decisions: tuple[PackageDecision, ...]
    reports: tuple[PackageReport, ...]
    audit: PackageAudit
    tools: tuple[tuple[str, str], ...]
    occasion: Occasion
    recipients: tuple[PackageKey, ...]
    bases: tuple[tuple[str, str, str], ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def rejected(self) -> tuple[tuple[PackageItem, Comparison], ...]:
        """Every comparison that does not count, with its item: a schedule must list them."""
        return tuple((item, one) for item in self.items for one in item.comparisons if one.rejected)


@dataclass(frozen=True, slots=True)
class Package:
    """A package as a row.

    Attributes:
        number: for people, from 1.
        approval: the two people's agreement.
        keys: ids of the keys it is sealed to.
        blob: the sealed file in the vault; None while it is not made.
        size, sha256: of the sealed file.
        root: SHA-256 of `manifest.json` inside it.
        fault: code of what went wrong; empty: nothing.
    """

    id: Id
    number: int
    case: Id
    state: PackageState
    approval: Id
    keys: tuple[Id, ...]
    reason: str
    reference: str
    occasion: Occasion
    made_at: datetime
    sealed_at: datetime | None = None
    blob: Id | None = None
    size: int = 0
    sha256: str = ""
    root: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiving officer signed, and who recorded it.

    Attributes:
        key: id of the recipient's key whose signature it carries.
        officer: their name, as they wrote it.
        received_at: by their own clock.
        text: the signed note, whole.
    """

    id: Id
    package: Id
    key: Id
    officer: str
    received_at: datetime
    text: str
    by: Id
    at: datetime


def fingerprint_of(key: str) -> str:
    """SHA-256 of a public key as it is written."""
    return hashlib.sha256(key.strip().encode()).hexdigest()


def grouped(fingerprint: str) -> str:
    """A fingerprint as people read it out.

    >>> grouped("00112233445566778899")
    '0011 2233 4455 6677 8899'
    """
    parts: Iterable[str] = (fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))
    return " ".join(parts)
