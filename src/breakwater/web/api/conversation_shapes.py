"""Messages of conversations as services send them, and recipients' reports with their proofs.

Ages are years or a band (`13-15`, `18+`), as the service knows them. Fed by
`web.api.conversations`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from breakwater.conversations.franking import Proof
from breakwater.conversations.take import MOST_PARTIES, MOST_REPORTED
from breakwater.conversations.talk import Talk
from breakwater.model.chat import LONGEST_TEXT, MOST_MESSAGES
from breakwater.model.comment import Message
from breakwater.model.conversation import Ground, Party, Signals
from breakwater.web.api.message_shapes import Lang, Name, Words
from breakwater.web.api.requests import SERVICE, Moment

PLACE: Final = r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$"
BAND: Final = r"^(\d{1,3})(?:-(\d{1,3})|\+)$"
HEX: Final = r"^[0-9a-fA-F]{64}$"
OLDEST: Final = 130
MANY: Final = 1_000_000
LAW: Final = "18 USC 2258A(f); terms of service, section 7"


def _said(value: str) -> str:
    """Words that can be stored."""
    if not value.isprintable():
        raise ValueError("is one printable line")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartyIn(_Strict):
    """Somebody who takes part."""

    account: Name = Field(description="Your id of the account.", examples=["acct-3"])
    age: int | None = Field(default=None, ge=0, le=OLDEST, description="Years, where you know them.")  # fmt: skip
    age_band: str | None = Field(default=None, pattern=BAND, description="Or between which years: `13-15` or `18+`.", examples=["13-15"])  # fmt: skip

    def party(self) -> Party:
        """As the verb takes it; without an age, the band."""
        if self.age is not None:
            return Party(self.account, self.age, self.age)
        found = re.match(BAND, self.age_band or "")
        if found is None:
            return Party(self.account)
        return Party(self.account, int(found[1]), int(found[2] or OLDEST))


class SignalsIn(_Strict):
    """What you count of one account; numbers only."""

    account: Name = Field(description="Whose; takes part.", examples=["acct-3"])
    first_contacts: int = Field(default=0, ge=0, le=MANY, description="People it wrote to for the first time in the last days.", examples=[40])  # fmt: skip
    of_young: int = Field(default=0, ge=0, le=MANY, description="Of them accounts you know to be young.", examples=[31])  # fmt: skip
    unanswered: int = Field(default=0, ge=0, le=MANY, description="Pictures and the like it sent that nobody answered.", examples=[12])  # fmt: skip

    def signals(self) -> Signals:
        """As the verb takes it."""
        return Signals(self.account, self.first_contacts, self.of_young, self.unanswered)


class SentIn(_Strict):
    """A message from one participant to another."""

    id: Name = Field(description="Your id of it.", examples=["m-1"])
    author: Name = Field(description="Who wrote it.", examples=["acct-3"])
    to: Name | None = Field(default=None, description="Whom to; of two participants the other, if left out.", examples=["acct-9"])  # fmt: skip
    at: Moment | None = Field(default=None, description="When it was sent; further than 30 days back, or ahead, it counts as of now.")  # fmt: skip
    text: Words = Field(description="As written; the first 4,096 characters are read.", examples=["good morning"])  # fmt: skip
    lang: Lang = Field(default=None, description="Two letters of ISO 639-1.", examples=["en"])

    def message(self, now: datetime) -> Message:
        """As the verb takes it."""
        return Message(self.id, self.author, self.at or now, self.text, self.lang, to=self.to)


class ReportedIn(_Strict):
    """A message that its recipient shows, with what the platform supplied."""

    id: Name = Field(description="Your id of it.", examples=["m-1"])
    author: Name = Field(description="Who wrote it.", examples=["acct-3"])
    to: Name = Field(description="Whom to.", examples=["acct-9"])
    at: Moment = Field(description="When the platform delivered it, to the millisecond.")
    text: str = Field(max_length=LONGEST_TEXT, description="As decrypted by the recipient.", examples=["good morning"])  # fmt: skip
    lang: Lang = Field(default=None, description="Two letters of ISO 639-1.", examples=["en"])
    key: str = Field(pattern=HEX, description="Under which its sender committed to it, hex.")
    commitment: str = Field(pattern=HEX, description="HMAC-SHA256(key, text), hex.")
    tag: str = Field(pattern=HEX, description="The platform's, over the commitment and the delivery, hex.")  # fmt: skip

    def message(self) -> tuple[Message, Proof]:
        """As the verb takes it."""
        proof = Proof(
            bytes.fromhex(self.key), bytes.fromhex(self.commitment), bytes.fromhex(self.tag)
        )
        return Message(self.id, self.author, self.at, self.text, self.lang, to=self.to), proof


class TalkIn(_Strict):
    """A conversation: between whom, and under which law."""

    service: str = Field(pattern=SERVICE, description="Your name for the service.", examples=["clips"])  # fmt: skip
    jurisdiction: str = Field(pattern=PLACE, description="ISO 3166, e.g. US or US-CA.", examples=["US"])  # fmt: skip
    legal_basis: Annotated[str, AfterValidator(_said)] = Field(min_length=3, max_length=200, description="In your words; it stands in the row and the audit log.", examples=[LAW])  # fmt: skip
    participants: list[PartyIn] = Field(min_length=2, max_length=MOST_PARTIES)
    signals: SignalsIn | None = None

    def talk(self, reference: str) -> Talk:
        """As the verb takes it."""
        return Talk(
            self.service, reference, Ground(self.jurisdiction.upper(), self.legal_basis),
            tuple(one.party() for one in self.participants),
            None if self.signals is None else self.signals.signals(),
        )  # fmt: skip


class ConversationIn(TalkIn):
    """Messages of one conversation, in their order."""

    messages: list[SentIn] = Field(max_length=MOST_MESSAGES)


class ConversationReportIn(TalkIn):
    """What a recipient reported, or only what you count."""

    messages: list[ReportedIn] = Field(default_factory=list, max_length=MOST_REPORTED)
