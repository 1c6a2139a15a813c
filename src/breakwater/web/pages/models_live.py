"""What the settings of live streams show, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One media server."""

    name: str
    kind: str
    service: str
    url: str
    state: Mark
    hook: str


@dataclass(frozen=True, slots=True)
class ServerForm:
    """One media server as it can be changed; what is shared with it is never here.

    Attributes:
        running: streams of it that run now, in words; empty: none, so it can be removed.
    """

    name: str
    kind: str
    service: str
    control_url: str
    rtmp_url: str
    hls_url: str
    networks: str
    active: bool
    version: int
    running: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the graded policy, and what it needs."""

    name: str
    needs: str


@dataclass(frozen=True, slots=True)
class CutRow:
    """One bank: whether it may cut by itself, and what waits."""

    bank: str
    state: Mark
    allowed: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Media servers, policy, and how much of all streams is seen."""

    numbers: tuple[Number, ...]
    servers: tuple[ServerRow, ...]
    kinds: tuple[tuple[str, str], ...]
    steps: tuple[StepRow, ...]
    banks: tuple[CutRow, ...]
    edit: ServerForm | None = None
