"""The schema's chain of changes, run from the package: upgrade, current, check.

Comes in: a database URL. Goes out: a database whose schema is the newest. Contract test:
`tests/migration/`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from breakwater.records import faults
from breakwater.records.guards import guards
from breakwater.records.tables import core, metadata

HEAD: Final = "0001"


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest schema, creating it when it is empty.

    Raises:
        DatabaseInUse: another process owns the file.
        DatabaseUnavailable: it cannot be reached.
    """
    with faults.mapped():
        engine = sa.create_engine(url, hide_parameters=True)
        with engine.begin() as connection:
            metadata.create_all(connection)
            for statement in guards(connection.dialect.name):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.execute(sa.insert(core.changes), {"id": 1, "last": 0})
            connection.execute(
                sa.insert(core.audit_head), {"id": 1, "size": 0, "frontier": b"", "seal": b""}
            )
        engine.dispose()
