"""A match as the API tells it, back as a noun: what a command judges by needs its own signal's rest.

Used by `cli.remote`. Tests: `tests/unit/test_cli_owner.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.model.match import Match
from breakwater.model.signal import Fingerprint


def matched(row: Mapping[str, Any], item: Fingerprint) -> Match:
    """A match as the look-up answered it, with what only the file's own signal knows."""
    usable = item.usable
    return Match(
        entry=row["entry"], number=row["entry"], bank=row["bank"], kind=row["kind"],
        value=row["value"], distance=row["distance"], limit=row["limit"],
        negative=row["negative"], acting=row["acting"] and usable,
        why_not=row["why_not"] or ("" if usable else "low_quality"), view=item.view,
        frame=item.frame, time_s=item.time_s, quality=item.quality,
        labels=tuple(row["labels"]), source=row["source"], verified=row["verified"],
    )  # fmt: skip
