"""What the console asks of the rest: one Protocol that records satisfy and samples stand in for.

Every method takes the principal and answers only what that principal may see; `reader.Reader`
does it from records, `tests/console_samples.py` from values for looking at states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from breakwater.model.access import Principal
from breakwater.web.pages.models import (
    CasePreview,
    Found,
    OverviewView,
    QueueView,
    Series,
    Viewer,
)
from breakwater.web.pages.models_case import CaseView
from breakwater.web.pages.models_lists import (
    AuditView,
    BanksView,
    BankView,
)
from breakwater.web.pages.models_wellbeing import BreakView
from breakwater.web.pages.render import Renderer


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """The queue's filters, as they stand in the address."""

    q: str = ""
    queue: str = ""
    priority: str = ""
    kind: str = ""
    state: str = ""
    after: str = ""
    at: str = ""

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.q or self.queue or self.priority or self.kind or self.state)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """The audit page's filters."""

    q: str = ""
    action: str = ""
    before: int = 0


class Reads(Protocol):
    """Builds every view of the console."""

    def now(self) -> datetime:
        """The present moment."""
        ...

    def viewer(self, who: Principal) -> Viewer:
        """Who looks."""
        ...

    def overview(self, who: Principal) -> OverviewView:
        """The first page."""
        ...

    def series(self) -> Series:
        """Verdicts over the last 15 minutes."""
        ...

    def queue(self, who: Principal, query: QueueQuery) -> QueueView:
        """What waits."""
        ...

    def preview(self, who: Principal, case: str) -> CasePreview:
        """Why one case waits; raises `NotFound`."""
        ...

    def case(self, who: Principal, case: str) -> CaseView:
        """One case, by id or number; raises `NotFound`."""
        ...

    def banks(self, who: Principal) -> BanksView:
        """All banks."""
        ...

    def bank(self, who: Principal, name: str, after: int) -> BankView:
        """One bank; raises `NotFound`."""
        ...

    def audit(self, who: Principal, query: AuditQuery) -> AuditView:
        """The audit log."""
        ...

    def rest(self, who: Principal) -> BreakView:
        """Where a limit leads: when pictures are back, and whom to talk to."""
        ...

    def find(self, who: Principal, text: str) -> Sequence[Found]:
        """What the palette offers for a text."""
        ...


@dataclass(frozen=True, slots=True)
class Console:
    """What page handlers need."""

    reads: Reads
    renderer: Renderer
