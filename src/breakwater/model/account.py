"""Account data as a service told it at one moment: preserved with a case, never changed.

Asked for when a case opens (18 USC 2258A(h): preserve what is reasonably accessible and
gives context). A service that did not answer leaves a gap that says why, shown, never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from breakwater.model.ids import Id


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One answer, or one gap.

    Attributes:
        account: the service's own name of it.
        taken_at: the moment the facts were true, by the service's clock.
        stored_at: when they came here.
        source: `callback` or `api`.
        facts: what the service told; empty for a gap.
        gap: why there are no facts; empty when there are.
    """

    id: Id
    service: str
    account: str
    taken_at: datetime
    stored_at: datetime
    source: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    gap: str = ""
