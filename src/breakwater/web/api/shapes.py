"""What the v1 API answers: nouns as JSON, with examples for the OpenAPI document.

Made from the frozen nouns by `of`; read by clients, so members are added and never renamed.
Times are RFC 3339 in UTC. The request side stands in `requests.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from breakwater.banks.policy import Share
from breakwater.model.access import ApiKey
from breakwater.model.bank import Bank, Entry
from breakwater.model.copies import CopyMatch
from breakwater.model.match import Match
from breakwater.model.signal import kind_named
from breakwater.model.upload import Upload

HASH = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
ID = "0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11"


class Answer(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True)


class MatchOut(Answer):
    """One entry that one signal of the item is near to."""

    bank: str = Field(examples=["DEMO"])
    entry: int = Field(description="Number of the entry, as in /v1/entries/{number}.", examples=[7])
    kind: str = Field(examples=["pdq"])
    value: str = Field(description="The entry's own value.", examples=[HASH])
    distance: int = Field(description="Bits that differ; 0 for exact kinds.", examples=[4])
    limit: int = Field(description="The largest distance in force.", examples=[31])
    words: str = Field(examples=["Very close match: 4 of 256 bits differ (limit 31)"])
    acting: bool = Field(description="Whether it counts towards the verdict.")
    why_not: str = Field(default="", description="When not acting: quarantined, expired, …")
    negative: bool = Field(default=False, description="The entry says: known harmless.")
    view: str = Field(default="original", description="The look of the item that matched.")
    frame: int | None = None
    time_s: float | None = None
    moments: list[tuple[int, float]] = Field(
        default_factory=list, description="Every (frame, seconds) it matched at, 100 at most."
    )
    quality: int = 100
    labels: list[str] = Field(default_factory=list)
    source: str = ""
    permitted_use: str = ""
    verified: bool = False


def match_json(match: Match) -> dict[str, Any]:
    """One match as plain JSON, without the cost of a model (look-ups make many)."""
    return {
        "bank": match.bank,
        "entry": match.number,
        "kind": match.kind,
        "value": match.value,
        "distance": match.distance,
        "limit": match.limit,
        "words": match.words,
        "acting": match.acting,
        "why_not": match.why_not,
        "negative": match.negative,
        "view": match.view.value,
        "frame": match.frame,
        "time_s": match.time_s,
        "moments": match.moments,
        "quality": match.quality,
        "labels": list(match.labels),
        "source": match.source,
        "permitted_use": match.permitted_use,
        "verified": match.verified,
    }


class PairOut(Answer):
    """Two frames that show the same."""

    time_s: float = Field(description="In the item.", examples=[12.5])
    reference_s: float = Field(description="In the known video.", examples=[3.0])
    distance: int = Field(description="Bits of 256 that differ.", examples=[17])


class CopyOut(Answer):
    """A stretch of an item that shows a known video."""

    reel: int = Field(description="Number of the known video.", examples=[7])
    bank: str = Field(examples=["DEMO"])
    label: str = ""
    words: str = Field(examples=["Shows 4.0 s of a known video from 0:12 on, mirrored"])
    zone: str = Field(description="`link`, or `look`: a person must look.", examples=["link"])
    score: float = Field(examples=[5.2])
    start_s: float
    end_s: float
    reference_start_s: float
    reference_end_s: float
    speed: float = Field(description="Item seconds per second of the known video.", examples=[1.0])
    mirrored: bool
    acting: bool
    why_not: str = ""
    pairs: list[PairOut]

    @classmethod
    def of(cls, copy: CopyMatch) -> CopyOut:
        """From the noun."""
        one = copy.segment
        return cls(
            reel=copy.number, bank=copy.bank, label=copy.label, words=copy.words,
            zone=one.zone.value, score=one.score, start_s=one.start_s, end_s=one.end_s,
            reference_start_s=one.reference_start_s, reference_end_s=one.reference_end_s,
            speed=one.speed, mirrored=one.mirrored, acting=copy.acting, why_not=copy.why_not,
            pairs=[
                PairOut(time_s=p.time_s, reference_s=p.reference_s, distance=p.distance)
                for p in one.pairs
            ],
        )  # fmt: skip


class VerdictOut(Answer):
    """One upload and what was decided about it."""

    id: str = Field(examples=[ID])
    state: str = Field(description="`pending` or `done`.", examples=["done"])
    action: str | None = Field(
        description="`allow`, `hold` or `block`; null while pending.", examples=["block"]
    )
    rule: str = Field(description="The rule that decided.", examples=["bank.block"])
    reason: str = Field(examples=["Exact match: the exact file (SHA-256), in bank DEMO."])
    revision: int = Field(description="1, then one more for each later change.", examples=[1])
    case: str | None = Field(default=None, description="The case it opened.")
    service: str = Field(examples=["photos"])
    surface: str = Field(examples=["public"])
    reference: str = Field(default="", description="Your own id of the object.")
    received_at: datetime
    size: int = Field(examples=[48211])
    sha256: str
    type: str = Field(default="", examples=["image/jpeg"])
    matches: list[MatchOut] = Field(default_factory=list)
    copies: list[CopyOut] = Field(
        default_factory=list, description="Stretches of known videos, best first."
    )

    @classmethod
    def of(cls, upload: Upload) -> VerdictOut:
        """From the noun."""
        verdict = upload.verdict
        return cls(
            id=upload.id,
            state=upload.state.value,
            action=verdict.action.value if verdict else None,
            rule=verdict.rule if verdict else "",
            reason=verdict.reason if verdict else "",
            revision=upload.revision,
            case=upload.case,
            service=upload.service,
            surface=upload.surface.value,
            reference=upload.origin.reference,
            received_at=upload.received_at,
            size=upload.size,
            sha256=upload.sha256,
            type=upload.type,
            matches=[MatchOut(**match_json(m)) for m in verdict.matches] if verdict else [],
            copies=[CopyOut.of(copy) for copy in verdict.copies] if verdict else [],
        )


class PartOut(Answer):
    """An upload that is arriving."""

    id: str = Field(examples=[ID])
    size: int = Field(description="Bytes announced.", examples=[734003200])
    offset: int = Field(description="Bytes taken; the next part starts here.", examples=[8388608])


class SignalOut(Answer):
    """What one looked-up signal is near to."""

    signal: str = Field(examples=[f"pdq:{HASH}"])
    matches: list[MatchOut]


class LookupOut(Answer):
    """Answers in the order asked."""

    results: list[SignalOut]
    upload: str = Field(default="", description="With `remember`: the row that was kept.")


class ShareOut(Answer):
    """How many entries of one kind there are, and whether they can be matched here."""

    kind: str = Field(examples=["pdq"])
    entries: int = Field(examples=[1400000])
    matchable: bool
    words: str

    @classmethod
    def of(cls, share: Share) -> ShareOut:
        """From the value."""
        return cls(
            kind=share.kind, entries=share.entries, matchable=share.matchable, words=share.words
        )


class BankOut(Answer):
    """A list of known signals."""

    name: str = Field(examples=["DEMO"])
    number: int
    purpose: str
    source: str
    permitted_use: str
    action: str = Field(description="What a match does: `block`, `hold` or `log`.")
    limits: dict[str, int]
    enabled_share: float
    verified: bool
    expires_at: datetime | None
    created_at: datetime | None
    change: int = Field(description="Send it back as `expected_change` when you change the bank.")
    archived: bool
    kinds: list[ShareOut] = Field(default_factory=list)

    @classmethod
    def of(cls, bank: Bank, shares: list[Share] | None = None) -> BankOut:
        """From the noun."""
        return cls(
            name=bank.name,
            number=bank.number,
            purpose=bank.purpose,
            source=bank.source,
            permitted_use=bank.permitted_use,
            action=bank.action.value,
            limits=dict(bank.limits),
            enabled_share=bank.enabled_share,
            verified=bank.verified,
            expires_at=bank.expires_at,
            created_at=bank.created_at,
            change=bank.change,
            archived=bank.archived,
            kinds=[ShareOut.of(share) for share in shares or ()],
        )


class BanksOut(Answer):
    """All banks in use."""

    banks: list[BankOut]


class EntryOut(Answer):
    """One known signal in one bank."""

    number: int = Field(examples=[7])
    kind: str = Field(examples=["pdq"])
    value: str = Field(examples=[HASH])
    status: str = Field(examples=["active"])
    negative: bool
    quality: int
    labels: list[str]
    permitted_use: str
    source: str
    note: str
    expires_at: datetime | None
    created_at: datetime | None
    change: int

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        """From the noun."""
        return cls(
            number=entry.number,
            kind=entry.kind,
            value=kind_named(entry.kind).print(entry.value),
            status=entry.status.value,
            negative=entry.negative,
            quality=entry.quality,
            labels=list(entry.labels),
            permitted_use=entry.permitted_use,
            source=entry.source,
            note=entry.note,
            expires_at=entry.expires_at,
            created_at=entry.created_at,
            change=entry.change,
        )


class EntriesOut(Answer):
    """A page of entries by number."""

    entries: list[EntryOut]
    next: int | None = Field(description="Ask again with `after` set to this; null at the end.")

    @classmethod
    def of(cls, entries: list[Entry], limit: int) -> EntriesOut:
        """From the nouns."""
        more = entries[-1].number if len(entries) == limit else None
        return cls(entries=[EntryOut.of(entry) for entry in entries], next=more)


class AccountOut(Answer):
    """When an account was told of."""

    service: str = Field(examples=["photos"])
    account: str = Field(examples=["acct-17"])
    taken_at: datetime


class WebhookOut(Answer):
    """Where signed webhooks go."""

    id: str = Field(examples=[ID])
    url: str
    service: str
    events: list[str]
    active: bool


class WebhooksOut(Answer):
    """All webhook endpoints."""

    webhooks: list[WebhookOut]


class NewWebhookOut(Answer):
    """An endpoint that was just made; its secret is shown this once and never again."""

    webhook: WebhookOut
    secret: str = Field(examples=["whsec_…"])


class KeyOut(Answer):
    """An API key, without its secret."""

    id: str = Field(examples=[ID])
    name: str
    scopes: list[str]
    service: str
    networks: list[str]
    per_second: float
    test: bool
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """From the noun."""
        return cls(
            id=key.id,
            name=key.name,
            scopes=sorted(scope.value for scope in key.scopes),
            service=key.service,
            networks=list(key.networks),
            per_second=key.per_second,
            test=key.test,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            created_at=key.created_at,
        )


class KeysOut(Answer):
    """All keys, revoked ones too."""

    keys: list[KeyOut]


class NewKeyOut(Answer):
    """A key that was just made; its token is shown this once and never again."""

    key: KeyOut
    token: str = Field(examples=["bw_0197a2f06f6a7c3e9d4e2f1f6a4c9b11_…"])


class Word(Answer):
    """One word of state."""

    status: str = Field(examples=["ok"])


class ProblemOut(Answer):
    """An error (RFC 9457): `code` is stable, `detail` says what to do."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(examples=["urn:breakwater:error:bad_signal"])
    title: str
    status: int
    code: str = Field(examples=["bad_signal"])
    detail: str = ""
    reference: str = Field(default="", description="Finds the line in the log.")
