"""Tables of banks: what is known, who gave it, and what became of each entry.

Entry rows are lean, because a list has millions: an integer number, the value, and codes.
Provenance, permitted use, labels and expiry stand on the import row and are overridden in a
side table (18 USC 2258C and list licences bind a hash to a purpose). Read by
`records.banks`, `records.imports`, `records.entries`; contract tests of the same names.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from breakwater.records.tables.columns import (
    IdType,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    UtcDateTime,
    column,
    metadata,
)

_fact = partial(
    column, klass=Klass.SYSTEM, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_known = partial(
    column, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.PERMANENT
)
_history = partial(
    column, klass=Klass.EVIDENCE, purpose=Purpose.ACCOUNTABILITY, retention=Retention.PERMANENT
)
_tally = partial(column, klass=Klass.SYSTEM, purpose=Purpose.OPERATION, retention=Retention.SHORT)

numbering = Table(
    "numbering", metadata,
    _fact("name", String(32), primary_key=True),
    _fact("last", BigInteger),
)  # fmt: skip
"""Last number given out of each sequence: contiguous, never used twice, locked by its row."""

banks = Table(
    "banks", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", Integer, unique=True),
    _fact("name", Text, unique=True),
    _fact("purpose", Text),
    _fact("source", Text),
    _fact("permitted_use", Text),
    _fact("action", String(8)),
    _fact("limits", Json),
    _fact("enabled_share", Float),
    _fact("verified", Boolean),
    _fact("expires_at", UtcDateTime, nullable=True),
    _fact("created_at", UtcDateTime),
    _fact("change", BigInteger),
    _fact("archived", Boolean),
)  # fmt: skip

imports = Table(
    "imports", metadata,
    _fact("id", IdType, primary_key=True),
    _fact("number", Integer, unique=True),
    _fact("bank_number", Integer, ForeignKey("banks.number"), index=True),
    _fact("source", Text),
    _fact("digest", Text),
    _fact("permitted_use", Text),
    _fact("labels", Json),
    _fact("expires_at", UtcDateTime, nullable=True),
    _fact("signed_by", IdType, nullable=True),
    _fact("rows_read", BigInteger),
    _fact("rows_kept", BigInteger),
    _fact("rows_bad", BigInteger),
    _fact("first_entry", BigInteger, nullable=True),
    _fact("last_entry", BigInteger, nullable=True),
    _fact("finished", Boolean),
    _fact("created_at", UtcDateTime),
)  # fmt: skip

import_bad_rows = Table(
    "import_bad_rows", metadata,
    _fact("import_number", Integer, ForeignKey("imports.number"), primary_key=True),
    _fact("row", BigInteger, primary_key=True),
    _fact("reason", Text),
)  # fmt: skip

entries = Table(
    "entries", metadata,
    _known("number", Number, primary_key=True, autoincrement=False),
    _known("bank_number", Integer),
    _known("import_number", Integer, nullable=True),
    _known("kind", String(16)),
    _known("value", LargeBinary),
    _known("status", SmallInteger),
    _known("negative", Boolean),
    _known("quality", SmallInteger),
    _known("created_s", BigInteger),
    _known("change", BigInteger),
)  # fmt: skip
"""No foreign keys and seconds instead of a moment: 3.5 M rows load in half the time.

`records.entries` takes banks and imports only as nouns it has read in the same transaction.
"""

WITHDRAWN = 2
"""Code of `EntryStatus.WITHDRAWN` in `entries.status`; the indexes below name it."""

Index(
    "uq_entries_kind_value_bank", entries.c.kind, entries.c.value, entries.c.bank_number,
    unique=True,
    sqlite_where=text("status <> 2"), postgresql_where=text("status <> 2"),
)  # fmt: skip
Index("ix_entries_change", entries.c.change)
Index("ix_entries_bank_number", entries.c.bank_number, entries.c.number)
Index(
    "ix_entries_not_active", entries.c.bank_number, entries.c.status, entries.c.number,
    sqlite_where=text("status <> 0"), postgresql_where=text("status <> 0"),
)  # fmt: skip

entry_overrides = Table(
    "entry_overrides", metadata,
    _known("entry_number", Number, primary_key=True, autoincrement=False),
    _known("labels", Json, nullable=True),
    _known("permitted_use", Text, nullable=True),
    _known("source", Text, nullable=True),
    _known("note", Text, nullable=True),
    _known("expires_at", UtcDateTime, nullable=True),
)  # fmt: skip

entry_totals = Table(
    "entry_totals", metadata,
    _fact("bank_number", Integer, primary_key=True),
    _fact("kind", String(16), primary_key=True),
    _fact("status", SmallInteger, primary_key=True),
    _fact("n", BigInteger),
)  # fmt: skip
"""How many entries there are, kept by those who change them: counting 3.5 M rows takes 0.3 s."""

entry_history = Table(
    "entry_history", metadata,
    _history("change", BigInteger, primary_key=True, autoincrement=False),
    _history("entry_number", Number, index=True),
    _history("before", SmallInteger, nullable=True),
    _history("after", SmallInteger),
    _history("at", UtcDateTime),
    _history("by", Text),
    _history("reason", Text),
)  # fmt: skip

entry_opinions = Table(
    "entry_opinions", metadata,
    _history("id", IdType, primary_key=True),
    _history("entry_number", Number, index=True),
    _history("opinion", String(16)),
    _history("by", Text),
    _history("at", UtcDateTime),
    _history("note", Text),
)  # fmt: skip

entry_hits = Table(
    "entry_hits", metadata,
    _tally("entry_number", Number, primary_key=True, autoincrement=False),
    _tally("hour", BigInteger, primary_key=True, autoincrement=False),
    _tally("n", BigInteger),
    Index("ix_entry_hits_hour", "hour"),
)  # fmt: skip

entry_arrivals = Table(
    "entry_arrivals", metadata,
    _tally("bank_number", Integer, primary_key=True, autoincrement=False),
    _tally("minute", BigInteger, primary_key=True, autoincrement=False),
    _tally("signed", Boolean, primary_key=True),
    _tally("n", BigInteger),
)  # fmt: skip
