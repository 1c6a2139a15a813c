"""How our column types are spelled in a frozen revision: by what the databases call them.

A revision must not change when `tables.columns` does, so it names plain SQLAlchemy types.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from breakwater.records.tables.columns import IdType, Json, UtcDateTime

_NUMBER = 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
_ID = 'sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")'


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Spell one of our types; False leaves it to Alembic."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, IdType):
        return _ID
    if isinstance(item, Json):
        return "sa.Text()"
    if isinstance(item, sa.BigInteger) and item._variant_mapping:  # noqa: SLF001 - no public word
        return _NUMBER
    return False
