"""Account data of an upload as JSON facts, for sealing. Empty members are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from breakwater.model.upload import Origin


def to_facts(origin: Origin) -> dict[str, Any]:
    """What is sealed."""
    facts = {name: value for name, value in asdict(origin).items() if value not in {"", None}}
    if origin.posted_at is not None:
        facts["posted_at"] = origin.posted_at.isoformat()
    return facts


def from_facts(facts: Mapping[str, Any]) -> Origin:
    """Read what `to_facts` wrote."""
    posted = facts.get("posted_at")
    known = dict(facts)
    known["posted_at"] = datetime.fromisoformat(posted) if posted else None
    return Origin(**known)
