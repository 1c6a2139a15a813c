"""Triggers that keep append-only rows as they are, on both databases.

A table with `info=APPEND_ONLY` refuses every change and deletion, one with
`info=NEVER_CHANGED` every change. Comes in: a table's name. Goes out: triggers, made by the
migrations. Tested with raw SQL in `tests/contract/test_records_core_schema.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from breakwater.records.tables import metadata, nouns

FORBIDDEN: Final = {
    "append_only": ("update", "delete", "truncate"),
    "never_changed": ("update",),
}
_POSTGRES_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION breakwater_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: %%', TG_TABLE_NAME USING ERRCODE = 'BW001'; END $$
"""
_POSTGRES_ROW: Final = """
CREATE TRIGGER <name> BEFORE <act> ON <table> FOR EACH ROW EXECUTE FUNCTION breakwater_refuse()
"""
_POSTGRES_TABLE: Final = """
CREATE TRIGGER <name> BEFORE <act> ON <table> EXECUTE FUNCTION breakwater_refuse()
"""
_SQLITE_ROW: Final = """
CREATE TRIGGER <name> BEFORE <act> ON <table>
BEGIN SELECT RAISE(ABORT, 'append-only: <table>'); END
"""


def guarded() -> dict[str, str]:
    """Names of guarded tables, as the tables say it, and how each is guarded."""
    named = dict.fromkeys(nouns.APPEND_ONLY, "append_only")
    told = {t.name: t.info["guard"] for t in metadata.sorted_tables if "guard" in t.info}
    return named | told


def guard(connection: sa.Connection, table: str, acts: Iterable[str]) -> None:
    """Make a table refuse `acts` (update, delete, truncate)."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.exec_driver_sql(_POSTGRES_FUNCTION)
    for act in acts:
        if postgres:
            template = _POSTGRES_TABLE if act == "truncate" else _POSTGRES_ROW
            connection.exec_driver_sql(_spelled(template, table, act))
        elif act != "truncate":
            connection.exec_driver_sql(_spelled(_SQLITE_ROW, table, act))


def present(connection: sa.Connection) -> set[str]:
    """Names of the guards that are there and in force."""
    if connection.dialect.name == "postgresql":
        query = sa.text(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'guard%' AND tgenabled <> 'D'"
        )
    else:
        query = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return set(connection.execute(query).scalars())


def expected(dialect: str) -> set[str]:
    """Names of the guards that must be there."""
    return {
        trigger_name(table, act)
        for table, kind in guarded().items()
        for act in FORBIDDEN[kind]
        if dialect == "postgresql" or act != "truncate"
    }


def trigger_name(table: str, act: str) -> str:
    """What the trigger is called on both databases."""
    return f"guard_{table}_{act}"


def _spelled(template: str, table: str, act: str) -> str:
    """A template with names from our own tables put in; identifiers cannot be parameters."""
    words = {"<name>": trigger_name(table, act), "<act>": act.upper(), "<table>": table}
    for mark, word in words.items():
        template = template.replace(mark, word)
    return template
