"""The schema's ground: one metadata, one naming convention, and columns that say what they hold.

Every column is made by `column` and carries its privacy tag (what it is, what for, how long),
which is what the record of processing (GDPR Art. 30) is printed from. A column without a tag
fails `tests/contract/test_records_core_schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


APPEND_ONLY: Final = {"guard": "append_only"}
"""`info=` of a table whose rows are never changed nor deleted (decisions, views, audit)."""

NEVER_CHANGED: Final = {"guard": "never_changed"}
"""`info=` of a table whose rows are never changed but end with their retention class."""


class Klass(StrEnum):
    """What a column holds, by how much harm it does in the wrong hands."""

    SYSTEM = "system"
    """Our own bookkeeping; nobody can be told from it."""
    SIGNAL = "signal"
    """Hashes and lists."""
    STAFF = "staff"
    """About a person who works here."""
    ACCOUNT = "account"
    """A service's own name of an account, or a keyed pseudonym of it."""
    IDENTITY = "identity"
    """Addresses, ports, account data: sealed, never in clear."""
    EVIDENCE = "evidence"
    """What was found, and what a person decided about it."""
    SECRET = "secret"  # noqa: S105 - a class of data, not a password
    """Credentials and keys: hashed, or wrapped by the root key."""


class Purpose(StrEnum):
    """Why a column is kept."""

    DETECTION = "detection"
    REVIEW = "review"
    REPORTING = "reporting"
    ACCESS = "access"
    ACCOUNTABILITY = "accountability"
    OPERATION = "operation"


class Retention(StrEnum):
    """How long a column is kept; the clock of each class starts at the row's own time."""

    PERMANENT = "permanent"
    """As long as the installation stands: lists, audit log, who worked here."""
    CASE = "case"
    """With its case: at least the legal hold, and gone when suspicion is not confirmed."""
    INGEST = "ingest"
    """What may be kept of a passed upload: 90 days, 0 for private surfaces."""
    SHORT = "short"
    """Days: jobs, events, sessions, delivery attempts."""
    KEY = "key"
    """Until it is shredded; its backups live no longer than the shortest promise."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What one column holds, what for and how long."""

    klass: Klass
    purpose: Purpose
    retention: Retention


def column(
    name: str,
    type_: TypeEngine[Any] | type[TypeEngine[Any]],
    *args: sa.sql.base.SchemaEventTarget,
    klass: Klass,
    purpose: Purpose,
    retention: Retention,
    nullable: bool = False,
    **kw: Any,
) -> sa.Column[Any]:
    """Make a tagged column; NOT NULL unless said otherwise.

    Args:
        name: of the column.
        type_: one of the types below or SQLAlchemy's.
        args: foreign keys and other constraints.
        klass: what it holds.
        purpose: why it is kept.
        retention: how long.
        nullable: whether it may be empty.
        kw: as `sqlalchemy.Column` takes them.
    """
    tag = Tag(klass, purpose, retention)
    return sa.Column(name, type_, *args, nullable=nullable, info={"tag": tag}, **kw)


def tag_of(col: sa.Column[Any]) -> Tag | None:
    """The privacy tag of a column; None when it was made without `column`."""
    tag = col.info.get("tag")
    return tag if isinstance(tag, Tag) else None


def canonical(value: Any) -> str:
    """Write JSON in the one spelling that is hashed and stored: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: NaN and infinities, which JSON cannot spell.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware, in UTC, to the microsecond. SQLite forgets zones, so this puts it back."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` on PostgreSQL, fixed-width text that sorts on SQLite."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone: nobody can say later when that was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone; use the clock's")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as SQLAlchemy calls it
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class IdType(TypeDecorator[str]):
    """An `Id`: native uuid on PostgreSQL, its 36 characters on SQLite; a str to Python."""

    impl = sa.String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """16 bytes where the database has a type for it."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(sa.String(36))


class Json(TypeDecorator[Any]):
    """A small JSON value as canonical text, byte for byte the same on both databases."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - as SQLAlchemy calls it
        """Write it canonically; mappings and tuples of nouns are taken as they are."""
        if value is None:
            return None
        return canonical(dict(value) if isinstance(value, Mapping) else value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - as SQLAlchemy calls it
        """Read it back."""
        return None if value is None else json.loads(value)


Number: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit integer that SQLite also takes as its row number (a BigInteger key does not count)."""
