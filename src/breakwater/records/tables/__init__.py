"""All tables: `columns` is the ground, `core` the machinery, `nouns` the nouns.

Import tables from here or from their module; importing this package registers all of them
in `metadata`, which the migrations and their tests compare with.
"""

from breakwater.records.tables import core, nouns
from breakwater.records.tables.columns import (
    APPEND_ONLY,
    NEVER_CHANGED,
    IdType,
    Json,
    Klass,
    Number,
    Purpose,
    Retention,
    Tag,
    UtcDateTime,
    canonical,
    column,
    metadata,
    tag_of,
)

__all__ = [
    "APPEND_ONLY",
    "NEVER_CHANGED",
    "IdType",
    "Json",
    "Klass",
    "Number",
    "Purpose",
    "Retention",
    "Tag",
    "UtcDateTime",
    "canonical",
    "column",
    "core",
    "metadata",
    "nouns",
    "tag_of",
]
