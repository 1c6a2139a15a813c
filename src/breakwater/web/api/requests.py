"""What the v1 API takes: pydantic at the edge, turned into nouns at once.

Every field says what it means and stands in the OpenAPI document with an example. A fault
names its field and what it takes; the value itself is never repeated back.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from breakwater.banks.manage import NewBank, NewEntry, Provenance
from breakwater.intake.submit import Submission
from breakwater.model.bank import BankAction, Opinion
from breakwater.model.signal import Signal
from breakwater.model.upload import Origin, Surface
from breakwater.web.api.shapes import HASH

SERVICE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NAME = r"^[A-Z0-9_]{1,64}$"
SHA256 = r"^[0-9a-fA-F]{64}$"


class Body(BaseModel):
    """What all request bodies share: unknown members are refused, so that a typo is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        storable(value)
        return value


def storable(value: Any) -> None:
    """Refuse text that no database keeps: NUL characters and halves of surrogate pairs."""
    if isinstance(value, str):
        if "\0" in value or (not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)):
            raise ValueError("text holds no NUL characters and no lone surrogates")
    elif isinstance(value, list | tuple):
        for item in value:
            storable(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            storable(name)
            storable(item)


def _utc(value: datetime) -> datetime:
    """A moment without a zone is taken as UTC."""
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years that can be kept") from None


Moment = Annotated[datetime, AfterValidator(_utc)]


class SubmissionIn(Body):
    """What is said about an item, beside its bytes."""

    service: str = Field(pattern=SERVICE, description="Your name for the service.", examples=["photos"])  # fmt: skip
    surface: Surface = Field(description="Where the item is shown.", examples=["public"])
    account: str = Field(default="", max_length=512, description="Your id of the account.", examples=["acct-17"])  # fmt: skip
    address: str = Field(default="", description="IP address of the uploader.", examples=["203.0.113.9"])  # fmt: skip
    port: int | None = Field(default=None, ge=0, le=65535, description="Its port; carriers need it.")  # fmt: skip
    time: Moment | None = Field(default=None, description="When it was posted (RFC 3339).")
    place: str = Field(default="", max_length=2048, description="Where it was posted, as your service names it.")  # fmt: skip
    reference: str = Field(default="", max_length=512, description="Your id of the object.", examples=["obj-991"])  # fmt: skip
    jurisdiction: str = Field(default="", pattern=r"^([A-Za-z]{2}(-[A-Za-z0-9]{1,3})?)?$", description="ISO 3166, e.g. GB or US-CA.")  # fmt: skip
    max_wait_ms: int | None = Field(default=None, ge=0, le=600_000, description="Longest wait before a 202.")  # fmt: skip

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value)) if value else ""
        except ValueError:
            raise ValueError("takes an IPv4 or IPv6 address") from None

    @field_validator("port", "time", "max_wait_ms", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value

    def submission(self, *, declared_type: str, idempotency_key: str = "") -> Submission:
        """As the verb takes it."""
        return Submission(
            service=self.service,
            surface=self.surface,
            origin=Origin(
                account=self.account,
                address=self.address,
                port=self.port,
                jurisdiction=self.jurisdiction.upper(),
                posted_at=self.time,
                place=self.place,
                reference=self.reference,
            ),
            declared_type=declared_type,
            idempotency_key=idempotency_key,
            max_wait_ms=self.max_wait_ms,
        )


class ObjectIn(Body):
    """Bytes that lie elsewhere: a presigned URL, a key in a named bucket, or a plain URL."""

    url: str = Field(
        max_length=8192,
        description="https://…, s3://bucket/key or gs://bucket/key.",
        examples=["https://store.example/a.jpg?signature=…"],
    )
    sha256: str = Field(default="", pattern=r"^([0-9a-fA-F]{64})?$", description="Expected; required for object references.")  # fmt: skip
    type: str = Field(default="", max_length=255, examples=["image/jpeg"])


class ReferenceIn(SubmissionIn):
    """`POST /v1/media` as JSON: what is said about an item, and where its bytes lie."""

    object: ObjectIn


class AnnounceIn(SubmissionIn):
    """`POST /v1/uploads`: an upload that will arrive in parts."""

    size: int = Field(gt=0, le=1 << 50, description="Bytes in all.", examples=[734003200])
    type: str = Field(default="", max_length=255, examples=["video/mp4"])


class RememberIn(Body):
    """Names the object that a look-up was for, so that later list changes reach you."""

    service: str = Field(pattern=SERVICE, examples=["photos"])
    surface: Surface
    reference: str = Field(min_length=1, max_length=512, examples=["obj-991"])
    account: str = Field(default="", max_length=512)
    jurisdiction: str = Field(default="", pattern=r"^([A-Za-z]{2}(-[A-Za-z0-9]{1,3})?)?$")


class LookupIn(Body):
    """Signals to look up; nothing is kept unless `remember` names the object."""

    signals: list[str] = Field(
        min_length=1, max_length=1000, description="`kind:value` each.", examples=[[f"pdq:{HASH}"]]
    )
    banks: list[str] = Field(default_factory=list, max_length=1000, description="Names; empty: all.")  # fmt: skip
    remember: RememberIn | None = None


class BankIn(Body):
    """A bank to be made."""

    name: str = Field(pattern=NAME, description="Capitals, digits and underscores.", examples=["DEMO"])  # fmt: skip
    purpose: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=200)
    permitted_use: str = Field(default="detection", max_length=200)
    action: BankAction = BankAction.HOLD
    limits: dict[str, int] = Field(default_factory=dict, max_length=50, examples=[{"pdq": 31}])
    enabled_share: float = Field(default=1.0, ge=0, le=1)
    verified: bool = False
    expires_at: Moment | None = None

    def new(self) -> NewBank:
        """As the verb takes it."""
        return NewBank(**dict(self))


class BankChange(Body):
    """Fields of a bank to be changed; what is left out stays."""

    purpose: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=200)
    permitted_use: str = Field(default="", max_length=200)
    action: BankAction = BankAction.HOLD
    limits: dict[str, int] = Field(default_factory=dict, max_length=50)
    enabled_share: float = Field(default=1.0, ge=0, le=1)
    verified: bool = False
    expires_at: Moment | None = None
    expected_change: int | None = Field(default=None, ge=0, le=1 << 62, description="`change` as you read it.")  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """Only what was sent."""
        sent = self.model_fields_set - {"expected_change"}
        return {name: getattr(self, name) for name in sorted(sent)}


class SignalIn(Body):
    """One signal to be added."""

    signal: str = Field(max_length=8192, description="`kind:value`.", examples=[f"pdq:{HASH}"])
    quality: int = Field(default=100, ge=0, le=100)


class EntriesIn(Body):
    """Signals to be added to a bank together."""

    signals: list[SignalIn] = Field(min_length=1, max_length=1000)
    labels: list[str] = Field(default_factory=list, max_length=50)
    source: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=1000)
    negative: bool = Field(default=False, description="Known harmless; needs two people.")

    def new(self) -> list[NewEntry]:
        """As the verb takes them."""
        return [NewEntry(Signal.parse(item.signal), item.quality) for item in self.signals]

    def about(self) -> Provenance:
        """As the verb takes it."""
        return Provenance(tuple(self.labels), self.source, self.note, self.negative)


class ReasonIn(Body):
    """Why."""

    reason: str = Field(default="", max_length=1000)


class OpinionIn(Body):
    """What you say of an entry."""

    opinion: Opinion = Field(examples=["false_positive"])
    note: str = Field(default="", max_length=1000)


class AccountIn(Body):
    """What your service knows of an account now; kept sealed, each time as a new row."""

    service: str = Field(pattern=SERVICE, examples=["photos"])
    taken_at: Moment | None = None
    snapshot: dict[str, Any] = Field(max_length=200, examples=[{"name": "sam", "created": "2026-01-02"}])  # fmt: skip


class KeyIn(Body):
    """A key to be made."""

    name: str = Field(min_length=1, max_length=100, examples=["uploader"])
    scopes: list[str] = Field(min_length=1, max_length=20, examples=[["media:screen", "verdict:read"]])  # fmt: skip
    service: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")
    networks: list[str] = Field(default_factory=list, max_length=100, examples=[["10.0.0.0/8"]])
    per_second: float = Field(default=0, ge=0, le=1e6, description="0: no limit.")
    test: bool = False
    expires_at: Moment | None = None


class WebhookIn(Body):
    """Where signed webhooks go."""

    url: str = Field(max_length=2048, pattern=r"^https?://", examples=["https://service.example/hooks"])  # fmt: skip
    service: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")
    events: list[str] = Field(
        default_factory=lambda: ["verdict.completed", "verdict.changed"], max_length=20
    )
