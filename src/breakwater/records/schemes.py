"""Scheme tables that were adopted, and the codes they give, as rows.

Every table that was ever in force stays; the one adopted last is. An item's present code is one
row a scheme, computed from its result; what changed it and when is only ever added. Fed by
`review.grading.derive`. Contract: `tests/contract/test_records_schemes.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.grading import CodeChange, ItemCode
from breakwater.model.scheme import Scheme
from breakwater.records.database import Tx
from breakwater.records.tables.columns import canonical
from breakwater.records.tables.nouns_grading import (
    grade_code_changes,
    grade_codes,
    grade_items,
    grade_schemes,
)
from breakwater.records.texts import storable

AT_ONCE: Final = 500

_s, _c, _h, _i = grade_schemes.c, grade_codes.c, grade_code_changes.c, grade_items.c


def adopt(tx: Tx, scheme: Scheme, *, by: str) -> bool:
    """Put a table in force; False when it is in force already.

    Args:
        tx: the transaction.
        scheme: proven.
        by: id of the person, or the name of a part.

    Raises:
        Conflict: this version is here with another table, or was in force before.
    """
    change = tx.change()
    table = scheme.plain()
    text = canonical(table)
    storable(text)
    digest = hashlib.sha256(text.encode()).digest()
    same = sa.and_(_s.scheme == scheme.id, _s.version == scheme.version)
    row = tx.execute(sa.select(_s.digest).where(same)).one_or_none()
    if row is not None:
        now = current(tx).get(scheme.id)
        if bytes(row.digest) != digest or now is None or now.version != scheme.version:
            raise Conflict("A changed table needs a version of its own.", version=scheme.version)
        return False
    values = {
        "change": change, "scheme": scheme.id, "version": scheme.version, "digest": digest,
        "table": table, "adopted_by": by, "adopted_at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(grade_schemes), values)
    return True


def current(tx: Tx) -> dict[str, Scheme]:
    """The tables in force, by id."""
    newest = sa.select(sa.func.max(_s.change)).group_by(_s.scheme)
    rows = tx.execute(sa.select(_s.table).where(_s.change.in_(newest)).order_by(_s.scheme))
    return {scheme.id: scheme for scheme in (_proven(canonical(row.table)) for row in rows)}


def get(tx: Tx, scheme: str, version: str = "") -> Scheme:
    """One table: the one in force, or any that ever was.

    Raises:
        NotFound: no such scheme or version.
    """
    wanted = sa.select(_s.table).where(_s.scheme == scheme).order_by(_s.change.desc()).limit(1)
    if version:
        wanted = wanted.where(_s.version == version)
    row = tx.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"scheme {scheme} {version}".strip())
    return _proven(canonical(row.table))


def versions(tx: Tx, scheme: str) -> list[tuple[str, str, Any]]:
    """Every version of a scheme: (version, adopted by, adopted at), the newest first."""
    wanted = sa.select(_s.version, _s.adopted_by, _s.adopted_at).where(_s.scheme == scheme)
    rows = tx.execute(wanted.order_by(_s.change.desc()))
    return [(row.version, row.adopted_by, row.adopted_at) for row in rows]


def put_code(tx: Tx, item: int, scheme: Scheme, codes: Sequence[str]) -> bool:
    """Set an item's code; answers whether the code is another than before.

    A new version that gives the same code only says so in the row; the history tells changes.
    """
    before = of_item(tx, item).get(scheme.id)
    made = {"version": scheme.version, "codes": list(codes)}
    if before is None:
        key = {"item_number": item, "scheme": scheme.id}
        tx.execute(sa.insert(grade_codes), key | made)
        return True
    if (before.version, before.codes) == (scheme.version, tuple(codes)):
        return False
    mine = sa.and_(_c.item_number == item, _c.scheme == scheme.id)
    tx.execute(sa.update(grade_codes).where(mine).values(made))
    if before.codes == tuple(codes):
        return False
    row = {
        "change": tx.change(), "item_number": item, "scheme": scheme.id,
        "before_version": before.version, "before": list(before.codes), "at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(grade_code_changes), row | made)
    return True


def of_item(tx: Tx, item: int) -> dict[str, ItemCode]:
    """An item's present codes, by scheme."""
    return of_items(tx, [item]).get(item, {})


def of_items(tx: Tx, items: Iterable[int]) -> dict[int, dict[str, ItemCode]]:
    """Present codes of many items, by item and scheme."""
    out: dict[int, dict[str, ItemCode]] = {}
    order = sorted(set(items))
    for at in range(0, len(order), AT_ONCE):
        chosen = sa.select(grade_codes).where(_c.item_number.in_(order[at : at + AT_ONCE]))
        for row in tx.execute(chosen):
            code = ItemCode(row.item_number, row.scheme, row.version, tuple(row.codes))
            out.setdefault(row.item_number, {})[row.scheme] = code
    return out


def counts(tx: Tx, scheme: str, *, set_number: int | None = None) -> dict[tuple[str, ...], int]:
    """How many settled items have which codes, copies not counted."""
    n = sa.func.count().label("n")
    wanted = sa.select(_c.codes, n).where(_c.scheme == scheme).group_by(_c.codes)
    if set_number is not None:
        here = sa.select(_i.number).where(_i.set_number == set_number)
        wanted = wanted.where(_c.item_number.in_(here))
    return {tuple(row.codes): int(row.n) for row in tx.execute(wanted)}


def history(tx: Tx, item: int) -> list[CodeChange]:
    """What changed in the codes of an item, the first first."""
    wanted = sa.select(grade_code_changes).where(_h.item_number == item)
    return [_changed(row) for row in tx.execute(wanted.order_by(_h.change))]


def changed(tx: Tx, scheme: str, *, after: int = 0, limit: int = 100) -> list[CodeChange]:
    """What changed in a scheme's codes after a change number, in order."""
    wanted = sa.select(grade_code_changes).where(_h.scheme == scheme, _h.change > after)
    return [_changed(row) for row in tx.execute(wanted.order_by(_h.change).limit(limit))]


@lru_cache(maxsize=64)
def _proven(text: str) -> Scheme:
    """A stored table, proven once a process: rows of it never change."""
    return Scheme.parse(json.loads(text))


def _changed(row: sa.Row[Any]) -> CodeChange:
    return CodeChange(
        change=row.change, item=row.item_number, scheme=row.scheme, at=row.at,
        before_version=row.before_version, before=tuple(row.before), version=row.version,
        codes=tuple(row.codes),
    )  # fmt: skip
