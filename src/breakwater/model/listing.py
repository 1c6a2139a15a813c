"""Words of lists as they come: which column is which, what a row says of its hashes.

One spelling for files (CSV v1 of the hash-sharing reference, `banks.rows`) and requests
(`hub.contribute`): hashes by the name of their kind, a category of the UK's scale or of the
industry's, flags as text, a status. What is absent is not false. Tests: `tests/unit/test_listing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from breakwater.errors import BadInput
from breakwater.model.hub_given import Mark
from breakwater.model.signal import BUILTIN, kind_named

Row = tuple[str, bytes, int]
"""Kind, value, quality."""

COLUMNS: Final[Mapping[str, str]] = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "pdq": "pdq",
    "photodna": "photodna",
    "pdna_b64": "photodna",
    "url": "url",
    "domain": "domain",
}
"""Words that name a kind."""

SAYS: Final = (
    "category", "industry_class", "category_uk", "interpol_baseline", "self_generated",
    "ai_generated", "status",
)  # fmt: skip
"""Words of which a mark is made."""

WORDS: Final = (*COLUMNS, "kind", "value", "quality", "pdq_quality", *SAYS)
"""All words of an entry."""

_FLAGS: Final = ("interpol_baseline", "self_generated", "ai_generated")
_CATEGORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:-]{0,39}")
_TRUE: Final = frozenset({"true", "1", "yes", "y"})
_FALSE: Final = frozenset({"false", "0", "no", "n", ""})
PLAIN: Final = Mark()


def mark_of(said: Mapping[str, str]) -> Mark:
    """What a row says of its hashes.

    The category is `category`, else the industry's class, else the UK's. Where both of these are
    given, the UK's stays as a label: a rule may name either.

    Raises:
        BadInput: a word that is none of those there are.
    """
    uk, industry = _category(said, "category_uk"), _category(said, "industry_class")
    category = _category(said, "category") or industry or uk
    labels = [word for word in (industry, uk) if word and word != category]
    labels += [flag for flag in _FLAGS if _truth(said, flag)]
    status = said.get("status", "").strip().lower()
    if status not in {"", "active", "withdrawn"}:
        raise BadInput("A status is active or withdrawn.")
    return Mark(category, tuple(labels), status == "withdrawn")


def category_of(text: str) -> str:
    """A category as it is kept; raises `BadInput` for one that is none."""
    return _category({"category": text}, "category")


def _category(said: Mapping[str, str], name: str) -> str:
    text = said.get(name, "").strip()
    if text and not _CATEGORY.fullmatch(text):
        raise BadInput(f"{name} is up to 40 letters, digits and . _ : - of ASCII.")
    return text.upper() if len(text) <= 2 else text


def _truth(said: Mapping[str, str], name: str) -> bool:
    text = said.get(name, "").strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadInput(f"{name} is true or false.")


def words_of(said: Mapping[str, Any]) -> dict[str, str]:
    """A JSON object with every value as a cell of a file would hold it; keys in lower case.

    Raises:
        BadInput: a value that no cell can hold.
    """
    out: dict[str, str] = {}
    for key, value in said.items():
        if value is None:
            continue
        if not isinstance(value, str | int | float | bool):
            raise BadInput("Each member of an entry is a text, a number or a boolean.")
        out[str(key).strip().lower()] = str(value)
    return out


def only_known(said: Mapping[str, str]) -> None:
    """Refuse words that say nothing here: a misspelt name of a grade would lose the grade.

    Raises:
        BadInput: names the first such word, and those there are.
    """
    for name in said:
        if name not in WORDS:
            raise BadInput(f"An entry has no {name[:40]!r}; it has {', '.join(WORDS)}.")


def signals_of(said: Mapping[str, str]) -> list[Row]:
    """The hashes of one entry: by the name of their kind, or as `kind` and `value`.

    Raises:
        BadSignal, UnknownKind: one of them is not of its kind; the entry is bad as a whole.
        BadInput: no hash, or a quality that is none.
    """
    found: dict[tuple[str, bytes], int] = {}
    if said.get("kind") or said.get("value"):
        kind = kind_named(said.get("kind", "").strip().lower())
        quality = _quality(said.get("quality", ""), "quality")
        found[kind.name, kind.parse(said.get("value", ""))] = quality
    for name, kind_name in COLUMNS.items():
        text = said.get(name, "").strip()
        if text:
            kind = BUILTIN[kind_name]
            quality = _quality(said.get("pdq_quality", ""), "pdq_quality") if name == "pdq" else 100
            found[kind.name, kind.parse(text)] = quality
    if not found:
        raise BadInput("No hash in this entry.")
    return [(kind, value, quality) for (kind, value), quality in found.items()]


def _quality(text: str, name: str) -> int:
    text = text.strip()
    if not text:
        return 100
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or int(text) > 100:
        raise BadInput(f"{name} is a whole number from 0 to 100.")
    return int(text)
