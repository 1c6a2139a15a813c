"""A file of a report, with the facts that are evidence of their own.

In: the case's file, its facts and the view log. Out: one frozen value. `viewed` is true only for
the very SHA-256 that a person saw unblurred and whole: in the US it can decide whether police
need a warrant, so it comes from the view log and never from a match or a constant. Source:
`fileDetails` of the CyberTipline reporting API. Read by `model.report`. Tests:
`tests/unit/test_report_model.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.errors import BadInput
from breakwater.model.ids import Id
from breakwater.model.report_party import DeviceId, IpCapture, must_be_aware


class FileAnnotation(StrEnum):
    """What a person saw in a file, in NCMEC's words."""

    DRAWN = "animeDrawingVirtualHentai"
    MEME = "potentialMeme"
    VIRAL = "viral"
    SELF_PRODUCTION = "possibleSelfProduction"
    PHYSICAL_HARM = "physicalHarm"
    VIOLENCE = "violenceGore"
    BESTIALITY = "bestiality"
    LIVE_STREAMING = "liveStreaming"
    INFANT = "infant"
    GENERATIVE_AI = "generativeAi"


class Classification(StrEnum):
    """The industry's grades; only members of the hash-sharing agreement give them."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"


class Relevance(StrEnum):
    """Whether a file is what is reported, or shows more of it (a profile picture)."""

    REPORTED = "Reported"
    SUPPLEMENTAL = "Supplemental Reported"


class DetailKind(StrEnum):
    """Where pairs of names and values come from."""

    EXIF = "EXIF"
    HASH = "HASH"


@dataclass(frozen=True, slots=True)
class OriginalHash:
    """A hash of the file as the service first had it; `kind`: `MD5`, `SHA1`, `PhotoDNA` and so on."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        """Refuse half of one."""
        if not self.kind.strip() or not self.value.strip():
            raise BadInput("A hash has a kind and a value; leave it out otherwise.")


@dataclass(frozen=True, slots=True)
class Pair:
    """One fact of a file: `Pair("Make", "…")`."""

    name: str
    value: str

    def __post_init__(self) -> None:
        """Refuse a value of which nobody can say what it is."""
        if not self.name.strip():
            raise BadInput("A fact of a file has a name; leave it out otherwise.")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Pairs from one source, such as a picture's EXIF."""

    kind: DetailKind
    pairs: tuple[Pair, ...]

    def __post_init__(self) -> None:
        """Refuse none at all."""
        if not self.pairs:
            raise BadInput("Facts of a file are at least one pair; leave them out otherwise.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """One file, or the gap where one was.

    Attributes:
        blob: in the vault; None: its bytes are not here, and it is described in words only.
        name: as it is sent; original_name: as the user had it.
        sha256, md5: of the bytes that are sent, hexadecimal; empty: unknown.
        uploaded_at: when the service got it.
        location: the address where it stood.
        viewed: a person saw this very file whole; None: nobody can say.
        exif_viewed: a person saw its EXIF as well; never true without `viewed`.
        public: whether everybody could see it.
        captures: every address from which it came; forms have room for one, and text for all.
    """

    blob: Id | None = None
    name: str = ""
    original_name: str = ""
    sha256: str = ""
    md5: str = ""
    uploaded_at: datetime | None = None
    location: str = ""
    viewed: bool | None = None
    exif_viewed: bool | None = None
    public: bool | None = None
    relevance: Relevance = Relevance.REPORTED
    annotations: frozenset[FileAnnotation] = frozenset()
    classification: Classification | None = None
    original_hashes: tuple[OriginalHash, ...] = ()
    captures: tuple[IpCapture, ...] = ()
    devices: tuple[DeviceId, ...] = ()
    details: tuple[FileFacts, ...] = ()
    additional: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be true, and what is no hash."""
        if self.exif_viewed and not self.viewed:
            raise BadInput("Nobody saw the EXIF of a file that nobody viewed whole.")
        for digest, letters in ((self.sha256, 64), (self.md5, 32)):
            if digest and (len(digest) != letters or digest.strip("0123456789abcdef")):
                raise BadInput("SHA-256 is 64, MD5 is 32 letters, hexadecimal and small.")
        must_be_aware(self.uploaded_at)
