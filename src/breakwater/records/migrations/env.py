"""What Alembic runs: the chain on a connection that `records.migrate` has opened and locked."""

from __future__ import annotations

from alembic import context

from breakwater.records.migrations.rendering import render_item
from breakwater.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
    render_item=render_item,
)
context.run_migrations()
