"""Triggers that keep what is held, on both databases: no statement of any hand deletes it.

Each `Lock` says of which table's rows what holds them: an object of the vault, or a row that an
item of a hold names. While a hold of the item's case stands, the row is not deleted and what
matters in it is not changed; no table is emptied. Ends are checked where they are written: not
before their time, not by one person, no term shorter than the one before. Made by the
migrations; `db check` says when one is missing. Tested with raw SQL in
`tests/contract/test_records_held.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

BLOB: Final = "blob"
"""What a lock follows where it is an object of the vault and not a row."""


@dataclass(frozen=True, slots=True)
class Lock:
    """How the rows of one table are held.

    Attributes:
        table: whose rows.
        by: table of the row that an item names, or `blob`.
        key: what of the row leads to it: a column with `OLD.` before it, or a query in brackets.
        kept: columns that are not changed while it is held.
        tag: tells two locks of one table apart.
    """

    table: str
    by: str
    key: str
    kept: tuple[str, ...] = ()
    tag: str = ""


LOCKS: Final = (
    Lock("blobs", BLOB, "OLD.id", ("id", "purpose", "size")),
    Lock("blob_keys", BLOB, "OLD.blob", ("blob", "wrapped")),
    Lock(
        "uploads", "uploads", "OLD.id",
        (
            "id", "service", "surface", "received_at", "size", "sha256", "sha1", "md5", "type",
            "reference", "account_key", "origin_sealed",
        ),
    ),
    Lock("uploads", BLOB, "OLD.blob_id", ("blob_id",), "media"),
    Lock(
        "cases", "cases", "OLD.id",
        ("id", "number", "kind", "subject_id", "service", "account_key", "account_sealed", "opened_at"),
    ),
    Lock(
        "kept_comments", "cases", "OLD.case_id",
        ("id", "chat_id", "message_key", "author_key", "sealed", "at", "case_id"),
    ),
    Lock("streams", "streams", "OLD.id", ("id", "label", "server", "started_at")),
    Lock("stream_publishers", "streams", "OLD.stream_id", ("stream_id", "sealed", "joined_at")),
    Lock("stream_viewers", "streams", "OLD.stream_id", ("stream_id", "sealed")),
    Lock("viewer_sessions", "streams", "OLD.stream_id"),
    Lock("viewer_keys", "streams", "OLD.stream_id"),
    Lock("viewer_acts", "streams", "OLD.stream_id"),
    Lock("stream_course", "streams", "OLD.stream_id"),
    Lock("chats", "chats", "OLD.id", ("id", "service", "reference_key", "sealed", "began_at")),
    Lock("chat_events", "chats", "OLD.chat_id"),
    Lock("conversations", "chats", "OLD.chat_id", ("jurisdiction", "basis")),
    Lock("filings", "cases", "OLD.case_id", ("id", "number", "case_id", "destination")),
    Lock(
        "filing_drafts", "cases",
        "(SELECT f.case_id FROM filings f WHERE f.id = OLD.filing_id)", ("filing_id",),
    ),
    Lock(
        "filing_papers", "cases",
        "(SELECT f.case_id FROM filings f JOIN filing_steps s ON s.filing_id = f.id"
        " WHERE s.id = OLD.step_id)",
    ),
)  # fmt: skip
"""As revision 0011 made them: frozen, a later revision adds a tuple of its own."""

PARTS: Final = {
    "<held>": (
        "EXISTS (SELECT 1 FROM hold_items i JOIN holds h ON h.case_id = i.case_id"
        " WHERE <match> AND <stands>"
        " AND NOT EXISTS (SELECT 1 FROM hold_item_ends x WHERE x.item_id = i.id))"
    ),
    "<any>": "EXISTS (SELECT 1 FROM holds h WHERE <stands>)",
    "<ordered>": (
        "EXISTS (SELECT 1 FROM hold_items i JOIN holds h ON h.case_id = i.case_id"
        " WHERE i.id = NEW.item_id AND h.kind <> 'report' AND <stands>)"
    ),
    "<two>": (
        'NEW.second_by IS NOT NULL AND NEW.second_by <> NEW."by" AND EXISTS ('
        "SELECT 1 FROM approvals a JOIN approval_decisions d ON d.approval_id = a.id"
        " WHERE a.subject = CAST(NEW.hold_id AS TEXT) AND d.outcome = 'confirmed'"
        " AND a.kind IN ('hold.release', 'hold.destroy'))"
    ),
    "<kind>": "(SELECT h.kind FROM holds h WHERE h.id = NEW.hold_id)",
    "<runs>": (
        "EXISTS (SELECT 1 FROM hold_terms t WHERE t.hold_id = NEW.hold_id"
        " AND (t.ends_at IS NULL OR t.ends_at > NEW.at) AND t.change ="
        " (SELECT max(l.change) FROM hold_terms l WHERE l.hold_id = NEW.hold_id))"
    ),
    "<receipt>": (
        "EXISTS (SELECT 1 FROM hold_terms t WHERE t.hold_id = NEW.hold_id AND t.why = 'receipt')"
    ),
    "<stands>": "NOT EXISTS (SELECT 1 FROM hold_ends e WHERE e.hold_id = h.id)",
}
"""Parts of conditions by their marks, put in from the first to the last."""

RULES: Final = (
    (
        "key_wraps", "delete",
        ("(OLD.purpose = 'identifiers' AND <any>) OR EXISTS (SELECT 1 FROM blobs b"
        " JOIN hold_items i ON i.blob_id = b.id JOIN holds h ON h.case_id = i.case_id"
        " WHERE b.purpose = OLD.purpose AND <stands>)"),
    ),
    (
        "hold_terms", "insert",
        ("EXISTS (SELECT 1 FROM hold_terms t WHERE t.hold_id = NEW.hold_id"
        " AND (t.change >= NEW.change OR (NEW.ends_at IS NOT NULL"
        " AND (t.ends_at IS NULL OR t.ends_at > NEW.ends_at))))"),
    ),
    (
        "hold_ends", "insert",
        ("NOT ((NEW.why = 'released' AND <kind> <> 'report' AND <two>)"
        " OR (NEW.why = 'expired' AND NOT <runs> AND <two>)"
        " OR (NEW.why = 'taken_back' AND <kind> = 'report' AND NOT <receipt>))"),
    ),
    (
        "hold_item_ends", "insert",
        ("NOT EXISTS (SELECT 1 FROM hold_items i JOIN holds h ON h.case_id = i.case_id"
        " JOIN hold_terms t ON t.hold_id = h.id WHERE i.id = NEW.item_id AND i.until_receipt"
        " AND t.why = 'receipt') OR <ordered>"),
    ),
    ("hold_destroyed", "insert", "<held>"),
)  # fmt: skip
"""Statements that are refused under a condition: table, act, condition. As revision 0011 made them."""

_SQLITE: Final = """
CREATE TRIGGER <name> BEFORE <act> ON <table> WHEN <condition>
BEGIN SELECT RAISE(ABORT, 'held: <table>'); END
"""
_POSTGRES_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION <name>() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
IF <condition> THEN RAISE EXCEPTION 'held: <table>' USING ERRCODE = 'BW002'; END IF;
RETURN <row>;
END $$
"""
_POSTGRES: Final = """
CREATE TRIGGER <name> BEFORE <act> ON <table> FOR EACH <each> EXECUTE FUNCTION <name>()
"""
_ROW: Final = {"delete": "OLD", "truncate": "NULL"}
"""What a trigger's function answers so that the act goes on; else the new row."""


def lock(connection: sa.Connection, one: Lock) -> None:
    """Make a table refuse to lose what is held."""
    match = _match(one)
    _make(connection, (one.table, "delete", one.tag), "<held>", match)
    if one.kept:
        changed = _changed(connection, one.kept)
        _make(connection, (one.table, "update", one.tag), f"({changed}) AND <held>", match)
    if connection.dialect.name == "postgresql" and not one.tag:
        _make(connection, (one.table, "truncate", ""), "<any>")


def refuse(connection: sa.Connection, table: str, act: str, condition: str) -> None:
    """Make a table refuse an act under a condition."""
    _make(connection, (table, act, ""), condition)


def expected(dialect: str) -> set[str]:
    """Names of the triggers that must be there."""
    acts = [(one.table, "delete", one.tag) for one in LOCKS]
    acts += [(one.table, "update", one.tag) for one in LOCKS if one.kept]
    acts += [(table, act, "") for table, act, _ in RULES]
    if dialect == "postgresql":
        acts += [(one.table, "truncate", "") for one in LOCKS]
    return {name_of(*one) for one in acts}


def name_of(table: str, act: str, tag: str = "") -> str:
    """What a trigger is called on both databases."""
    return "_".join(one for one in ("guard_held", table, tag, act) if one)


def _match(one: Lock) -> str:
    if one.by == BLOB:
        return f"i.blob_id = {one.key}"
    return f"i.row_table = '{one.by}' AND i.row_id = {one.key}"


def _changed(connection: sa.Connection, columns: tuple[str, ...]) -> str:
    other = "IS DISTINCT FROM" if connection.dialect.name == "postgresql" else "IS NOT"
    return " OR ".join(f"OLD.{one} {other} NEW.{one}" for one in columns)


def _make(
    connection: sa.Connection, of: tuple[str, str, str], condition: str,
    match: str = "i.id = NEW.item_id",
) -> None:  # fmt: skip
    """Spell a trigger from our own names; identifiers cannot be parameters."""
    table, act, _ = of
    words = {
        "<name>": name_of(*of), "<act>": act.upper(), "<condition>": condition, **PARTS,
        "<match>": match, "<table>": table, "<row>": _ROW.get(act, "NEW"),
        "<each>": "STATEMENT" if act == "truncate" else "ROW",
    }  # fmt: skip
    postgres = connection.dialect.name == "postgresql"
    for template in (_POSTGRES_FUNCTION, _POSTGRES) if postgres else (_SQLITE,):
        spelled = template
        for mark, word in words.items():
            spelled = spelled.replace(mark, word)
        connection.exec_driver_sql(spelled)
