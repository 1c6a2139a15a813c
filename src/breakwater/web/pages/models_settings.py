"""What the pages of settings, API keys and webhooks show, as frozen values; see `models`."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person who runs this should see to."""

    mark: Mark
    words: str
    todo: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One finding about this host."""

    name: str
    mark: Mark
    found: str
    todo: str


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting in force; a secret says only whether it is set."""

    name: str
    value: str
    about: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class SettingsView:
    """Is it well, on what does it run, and how is it set."""

    numbers: tuple[Number, ...]
    alarms: tuple[Alarm, ...]
    checks: tuple[CheckRow, ...]
    versions: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, str], ...]
    settings: tuple[SettingRow, ...]


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One scope of a key as a check box."""

    value: str
    about: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One API key; never its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    service: str
    where: str
    rate: str
    state: Mark
    made: When | None
    expires: When | None
    live: bool
    test: bool = False


@dataclass(frozen=True, slots=True)
class KeysView:
    """All keys, and what a new one may hold."""

    numbers: tuple[Number, ...]
    rows: tuple[KeyRow, ...]
    scopes: tuple[ScopeChoice, ...]


@dataclass(frozen=True, slots=True)
class HookRow:
    """One address that is told of events."""

    id: str
    url: str
    service: str
    events: tuple[str, ...]
    state: Mark
    words: str


@dataclass(frozen=True, slots=True)
class HooksView:
    """All webhooks, and what can be told."""

    numbers: tuple[Number, ...]
    rows: tuple[HookRow, ...]
    events: tuple[ScopeChoice, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A secret that is shown once, to whoever made it."""

    title: str
    about: str
    value: str
