"""Every column says what it holds, and append-only rows stay, even against raw SQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from breakwater.errors import AppendOnly
from breakwater.records import guards, held
from breakwater.records.tables import Klass, Tag, column, metadata, tag_of
from breakwater.records.tables.columns import Purpose, Retention, UtcDateTime


def untagged(tables: sa.MetaData) -> list[str]:
    return [str(c) for t in tables.sorted_tables for c in t.columns if tag_of(c) is None]


def test_every_column_carries_its_privacy_tag():
    assert untagged(metadata) == []


def test_a_column_without_a_tag_is_found():
    tables = sa.MetaData()
    sa.Table("t", tables, sa.Column("secret", sa.Text))
    assert untagged(tables) == ["t.secret"]


def test_identities_are_stored_sealed_only():
    """A column of class identity holds ciphertext: bytes, never text."""
    plain = [
        str(c)
        for t in metadata.sorted_tables
        for c in t.columns
        if tag_of(c).klass is Klass.IDENTITY and not isinstance(c.type, sa.LargeBinary)
    ]
    assert plain == []


def test_secrets_do_not_outlive_their_key_or_session():
    lasting = [
        str(c)
        for t in metadata.sorted_tables
        for c in t.columns
        if tag_of(c).klass is Klass.SECRET
        and tag_of(c).retention not in {Retention.KEY, Retention.SHORT}
    ]
    assert lasting == []


def test_every_time_is_a_utc_time():
    naive = [
        str(c)
        for t in metadata.sorted_tables
        for c in t.columns
        if isinstance(c.type, (sa.DateTime, sa.Date, sa.Time))
        and not isinstance(c.type, UtcDateTime)
    ]
    assert naive == []


def test_a_column_keeps_what_it_was_tagged_with():
    made = column(
        "c", sa.Text, klass=Klass.SIGNAL, purpose=Purpose.DETECTION, retention=Retention.INGEST
    )
    assert tag_of(made) == Tag(Klass.SIGNAL, Purpose.DETECTION, Retention.INGEST)


def test_names_of_constraints_follow_one_convention():
    unnamed = [
        str(t)
        for t in metadata.sorted_tables
        for c in t.constraints
        if not c.name and not isinstance(c, sa.CheckConstraint)
    ]
    assert unnamed == []


class Undone(Exception):
    """Ends a test's transaction, so that nothing of it stays."""


def a_row(table: sa.Table) -> dict[str, object]:
    """Any row that fits the columns' types."""
    row: dict[str, object] = {}
    for col in table.columns:
        kind = col.type.python_type if not isinstance(col.type, UtcDateTime) else None
        if kind is None:
            row[col.name] = "2026-01-01 00:00:00.000000"
        elif "ID" in str(col.type.__class__.__name__).upper():
            row[col.name] = "01890000-0000-7000-8000-000000000000"
        elif kind is bytes:
            row[col.name] = bytes(32)
        elif kind is str:
            row[col.name] = "x"
        elif col.type.__class__.__name__ == "Json":
            row[col.name] = "{}"
        else:
            row[col.name] = kind(1)
    return row


@pytest.mark.parametrize("name", sorted(guards.guarded()))
def test_a_guarded_table_refuses_raw_sql(database, name):
    """Even whoever writes SQL by hand must first take the guard away, which `db check` shows."""
    table, kind = metadata.tables[name], guards.guarded()[name]
    raw = sa.table(name, *(sa.column(c.name) for c in table.columns))
    row = a_row(table)
    with pytest.raises(Undone), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        if database.dialect == "sqlite":
            tx.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
            for asked in held.expected("sqlite") & {held.name_of(name, "insert")}:
                tx.execute(sa.text("DROP TRIGGER " + asked))  # any row may stand here, for once
        else:
            tx.execute(sa.text("SET LOCAL session_replication_role = replica"))
        tx.execute(insert(raw, row, database.dialect, table))
        if database.dialect == "postgresql":
            tx.execute(sa.text("SET LOCAL session_replication_role = origin"))
        first = next(c.name for c in table.columns if not c.primary_key)
        acts = [sa.update(raw).values({first: raw.c[first]})]
        if kind == "append_only":
            acts.append(sa.delete(raw))
            if database.dialect == "postgresql":
                acts.append(sa.text("TRUNCATE " + name + " CASCADE"))
        for act in acts:
            with pytest.raises(AppendOnly), tx.savepoint():
                tx.execute(act)
        raise Undone


def insert(raw, row, dialect, table):
    if dialect == "sqlite":
        return sa.insert(raw).values(row)
    return sa.insert(raw).values(
        {name: sa.cast(sa.literal(v), table.c[name].type.dialect_impl(_PG).__class__)
         if isinstance(v, str) and "2026" in v else v for name, v in row.items()}
    )  # fmt: skip


_PG = sa.dialects.postgresql.dialect()
