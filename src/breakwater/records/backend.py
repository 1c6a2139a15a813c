"""What a kind of database must be able to do for `records.database`.

Implemented by `records.sqlite` and `records.postgres`; one contract suite runs over both:
`tests/contract/test_records_core_database.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from breakwater.records.merkle import Frontier

Rows = Iterable[Sequence[Any]]


class Backend(Protocol):
    """What a kind of database must be able to do."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    @property
    def read_only(self) -> bool:
        """Opened beside its owner, for reading."""
        ...

    def write(self) -> AbstractContextManager[sa.Connection]:
        """Run one transaction; durable when the block has ended without an error."""
        ...

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A snapshot as of the first read in the block."""
        ...

    def insert(
        self, connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Rows
    ) -> None:
        """Insert plain tuples the fast way."""
        ...

    def many(self, connection: sa.Connection, statement: str, rows: Rows) -> None:
        """Run one statement with `?` marks for many tuples."""
        ...

    def run(
        self, connection: sa.Connection, statement: str, params: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """Run one statement with `?` marks; answers its rows."""
        ...

    def lock_changes(self, connection: sa.Connection) -> None:
        """Keep others from taking change numbers until this transaction has ended."""
        ...

    def copy_to(self, directory: Path) -> Frontier:
        """Write a consistent copy of all but the keys; answers the audit tree's edge in it."""
        ...

    def checkpoint(self) -> None:
        """Make sure that deleted bytes are gone from the files."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
