"""Triggers that keep append-only rows as they are, on both databases.

A table with `info=APPEND_ONLY` refuses every change and deletion, one with
`info=NEVER_CHANGED` every change. Comes in: the tables. Goes out: DDL for the migrations.
Tested with raw SQL in `tests/contract/test_records_core_schema.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from breakwater.records.faults import APPEND_ONLY_STATE, APPEND_ONLY_WORDS
from breakwater.records.tables import nouns
from breakwater.records.tables.columns import metadata

FORBIDDEN: Final = {
    "append_only": ("update", "delete", "truncate"),
    "never_changed": ("update",),
}
_POSTGRES_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION breakwater_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION '" + APPEND_ONLY_WORDS + ": %', TG_TABLE_NAME "
    "USING ERRCODE = '" + APPEND_ONLY_STATE + "'; END $$"
)


def guarded(tables: Iterable[sa.Table] = ()) -> dict[str, str]:
    """Names of guarded tables and how each is guarded."""
    every = list(tables) or metadata.sorted_tables
    found = {table.name: table.info["guard"] for table in every if "guard" in table.info}
    named = {t.name: "append_only" for t in every if t.name in nouns.APPEND_ONLY}
    return found | named


def guards(dialect: str, tables: Iterable[sa.Table] = ()) -> Iterator[str]:
    """The DDL that guards them."""
    if dialect == "postgresql":
        yield _POSTGRES_FUNCTION
    for name, kind in guarded(tables).items():
        for act in FORBIDDEN[kind]:
            if dialect == "postgresql":
                yield _postgres(name, act)
            elif act != "truncate":
                yield _sqlite(name, act)


def trigger_name(table: str, act: str) -> str:
    """What the trigger is called on both databases."""
    return f"guard_{table}_{act}"


def _sqlite(table: str, act: str) -> str:
    return (
        "CREATE TRIGGER " + trigger_name(table, act) + " BEFORE " + act.upper() + " ON " + table
        + " BEGIN SELECT RAISE(ABORT, '" + APPEND_ONLY_WORDS + ": " + table + "'); END"
    )  # fmt: skip


def _postgres(table: str, act: str) -> str:
    each = "STATEMENT" if act == "truncate" else "ROW"
    return (
        "CREATE TRIGGER " + trigger_name(table, act) + " BEFORE " + act.upper() + " ON " + table
        + " FOR EACH " + each + " EXECUTE FUNCTION breakwater_refuse()"
    )  # fmt: skip
