"""Tables that outlive what they count: items whose rows are gone, and which measures are on.

A row of an item that passed is dropped after days; what it was counted for in figures stays as a
number by day and surface. Read by `records.transparency` and `records.measures`; contract:
`tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import BigInteger, Boolean, Index, PrimaryKeyConstraint, String, Table

from breakwater.records.tables.columns import (
    APPEND_ONLY,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_kept = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)

dropped_tallies = Table(
    "dropped_tallies", metadata,
    _kept("day", BigInteger),
    _kept("noun", String(16)),
    _kept("surface", String(16)),
    _kept("n", BigInteger),
    PrimaryKeyConstraint("day", "noun", "surface"),
)  # fmt: skip
"""Days since 1970 on which items came whose rows are dropped by now, and how many they were."""

measure_states = Table(
    "measure_states", metadata,
    _kept("change", Number, primary_key=True, autoincrement=False),
    _kept("measure", String(40)),
    _kept("on", Boolean),
    _kept("facts", Json),
    _kept("at", UtcDateTime),
    Index("ix_measure_states_measure_change", "measure", "change"),
    info=APPEND_ONLY,
)  # fmt: skip
"""When a measure went on or off, as this installation saw it; the newest row holds."""
