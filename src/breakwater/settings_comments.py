"""Settings of comments: the part of `settings.Settings` that says how what people write is weighed.

Read by `settings` alone. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode


def _split(value: Any) -> Any:
    """Read comma-separated words from the environment."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class CommentsSettings(BaseSettings):
    """What an operator can set of comments."""

    comments_enabled: bool = Field(
        default=True, description="Weigh what people write to broadcasts, uploads, posts, profiles."
    )
    comments_lanes: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Processes that weigh comments; 0: one for each core, never more. What "
        "accounts do across broadcasts is seen within one process.",
    )
    comments_package: str = Field(
        default="",
        description="Folder of the model that weighs comments, as `breakwater comments train` "
        "makes it; surrogate: the shipped one, which only shows how it works (polite generated "
        "spam); empty: lists, cues and behaviour only.",
    )
    comments_challenger: str = Field(
        default="",
        description="Folder of a second model, which reads the same messages in shadow: it is "
        "counted what it would have done, and it does nothing; empty: none. See "
        "`GET /v1/comments/shadow`.",
    )
    comments_encoder: str = Field(
        default="",
        description="Folder of an encoder for the few messages that stand out, as `breakwater "
        "comments encoder` makes it for comments_package; it runs in the jail and only adds; "
        "empty: none.",
    )
    comments_lexicons: Words = Field(
        default=(),
        description="Your own lists of terms, by path, mode 0600, comma-separated; see "
        "`breakwater comments lexicon-check`.",
    )
    comments_pages_per_hour: float = Field(
        default=4.0,
        gt=0,
        le=120,
        description="Alarms of chats that one person on shift can answer in an hour: thresholds "
        "follow from it.",
    )
    comments_people: int = Field(
        default=0, ge=0, description="People who answer alarms of chats; 0: those on shift."
    )
    comments_irc_url: str = Field(
        default="",
        description="An IRC server to read chats from, Twitch-compatible or plain: "
        "ircs://host:6697 or irc://host:6667; empty: none.",
    )
    comments_irc_nick: str = Field(default="", description="Our name on the IRC server.")
    comments_irc_password: SecretStr = Field(
        default=SecretStr(""), description="Our password there, as the server wants it (oauth:…)."
    )
    comments_irc_channels: Words = Field(
        default=(),
        description="Channels and the broadcasts they belong to, by media server and name "
        "(#quay=edge:live/quay), comma-separated.",
    )
    comments_policy: dict[str, Any] = Field(
        default={},
        description="How far a chat is restrained without a person, as JSON: measures and weights "
        "(by level), hold_nats, slow_at, gate_at, no_gifts_at, pause_at, hide_at, page_at (risk), "
        "pages (levels that call somebody), slow_s, age_days, calm_minutes, second and second_at "
        "(what beside words freezes); what is left out stays as it is.",
    )
    conversations_jurisdictions: Words = Field(
        default=(),
        description="Jurisdictions (ISO 3166, comma-separated) where weighing private messages "
        "has a legal basis; empty: nowhere, so also nowhere in the EU. Elsewhere messages are "
        "refused and nothing is stored.",
    )
    conversations_alarm_nats: float = Field(
        default=6.0,
        gt=0,
        le=100,
        description="Nats at which what one side of a conversation writes to the other alarms.",
    )
    conversations_franking_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Keys under which platforms tag encrypted messages, service=64 hex digits, "
        "comma-separated; without one a service's reports of messages are refused.",
    )
