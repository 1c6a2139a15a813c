"""Exhibits as rows: sets, how far each is, and every file of it with what became of it.

Paths, sources and times are sealed for the row they stand in, and so is the checkpoint, which names
a path. A set is found again by its reference, so that an import that was cut short goes on. Bad rows
are rows like others. Fed by `linking.exhibits`. Contract: `tests/contract/test_exhibits.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.exhibit import Exhibit, ExhibitSet, ExhibitState, SetKind, SetState
from breakwater.model.ids import Id, new_id
from breakwater.records import identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import cases
from breakwater.records.tables.nouns_link import exhibit_sets, exhibits, link_media
from breakwater.records.texts import storable

AT_ONCE: Final = 400
LONGEST: Final = 200
_s, _e, _m = exhibit_sets.c, exhibits.c, link_media.c


def start(tx: Tx, *, reference: str, source: str, kind: SetKind, by: str) -> ExhibitSet:
    """Begin a set, or take up the one of this reference as far as it is.

    Raises:
        Conflict: the reference is another kind's.
    """
    storable(reference, source)
    tx.lock_changes()
    row = tx.execute(sa.select(exhibit_sets).where(_s.reference == reference)).one_or_none()
    if row is not None:
        known = _set(tx, row)
        if known.kind is not kind:
            raise Conflict("Another set has this reference.")
        if known.state is SetState.FAILED:
            _put(tx, known.number, state=SetState.TAKING.value)
        return get(tx, known.number)
    number, made = numbers.take(tx, "exhibit_sets"), new_id()
    tx.execute(
        sa.insert(exhibit_sets),
        {
            "number": number, "id": made, "reference": reference, "source": source,
            "kind": kind.value, "state": SetState.TAKING.value, "checkpoint": _closed(tx, made, {}),
            "offered": 0, "taken": 0, "known": 0, "bad": 0, "by": by, "at": tx.now,
            "done_at": None,
        },
    )  # fmt: skip
    return get(tx, number)


def get(tx: Tx, number: int) -> ExhibitSet:
    """One set.

    Raises:
        NotFound: there is none of this number.
    """
    row = tx.execute(sa.select(exhibit_sets).where(_s.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"exhibit set {number}")
    return _set(tx, row)


def by_id(tx: Tx, which: Id) -> ExhibitSet | None:
    """The set of an id; None: it is no set's."""
    row = tx.execute(sa.select(exhibit_sets).where(_s.id == which)).one_or_none()
    return None if row is None else _set(tx, row)


def every(tx: Tx, *, before: int | None = None, limit: int = 100) -> list[ExhibitSet]:
    """Sets, the newest first."""
    wanted = sa.select(exhibit_sets).order_by(_s.number.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(_s.number < before)
    return [_set(tx, row) for row in tx.execute(wanted).all()]


def add(tx: Tx, set_number: int, drafts: Sequence[Exhibit]) -> list[Exhibit]:
    """Keep files of a set; answers them with number and id.

    Args:
        tx: the transaction.
        set_number: of the set.
        drafts: `same_as` 0 stands for the first of these with the same bytes.
    """
    if not drafts:
        return []
    first = numbers.take(tx, "exhibits", len(drafts))
    made = [
        replace(one, number=first + at, set_number=set_number, id=new_id())
        for at, one in enumerate(drafts)
    ]
    of_bytes: dict[str, int] = {}
    for one in made:
        of_bytes.setdefault(one.sha256, one.number)
    made = [replace(one, same_as=of_bytes[one.sha256]) if one.same_as == 0 else one for one in made]
    rows = [
        {
            "number": one.number, "id": one.id, "set_number": set_number,
            "reference": one.reference[:LONGEST], "sha256": bytes.fromhex(one.sha256) or None,
            "md5": bytes.fromhex(one.md5) or None, "sha1": bytes.fromhex(one.sha1) or None,
            "size": one.size, "sealed": identities.seal(tx, Id(str(one.id)), one.told),
            "state": one.state.value, "fault": one.fault, "known_entry": one.known_entry,
            "same_as": one.same_as, "blob_id": one.blob, "media_number": None,
        }
        for one in made
    ]  # fmt: skip
    tx.execute(sa.insert(exhibits), rows)
    return made


def linked(tx: Tx, number: int, medium: int) -> None:
    """Say which medium stands for an exhibit."""
    tx.execute(sa.update(exhibits).where(_e.number == number).values(media_number=medium))


def progress(
    tx: Tx, number: int, checkpoint: Mapping[str, Any], *, taken: int, known: int, bad: int,
    offered: int,
) -> ExhibitSet:  # fmt: skip
    """Say how far a set is, in the transaction that took its files; counts are added."""
    before = get(tx, number)
    _put(
        tx, number, checkpoint=_closed(tx, before.id, checkpoint), offered=_s.offered + offered,
        taken=_s.taken + taken, known=_s.known + known, bad=_s.bad + bad,
    )  # fmt: skip
    return get(tx, number)


def finish(tx: Tx, number: int, *, fault: str = "") -> ExhibitSet:
    """A set was read to its end, or could not be."""
    before = get(tx, number)
    state = SetState.FAILED if fault else SetState.DONE
    said = {**before.checkpoint, "fault": fault}
    _put(
        tx, number, state=state.value, done_at=tx.now, checkpoint=_closed(tx, before.id, said)
    )  # fmt: skip
    return get(tx, number)


def page(
    tx: Tx, set_number: int, *, state: ExhibitState | None = None, after: int = 0,
    limit: int = 100, told: bool = False,
) -> list[Exhibit]:  # fmt: skip
    """Files of a set in their order; `told`: with what their examiner gave, unsealed."""
    wanted = sa.select(exhibits).where(_e.set_number == set_number, _e.number > after)
    if state is not None:
        wanted = wanted.where(_e.state == state.value)
    rows = tx.execute(wanted.order_by(_e.number).limit(limit)).all()
    return [_told(tx, row) if told else _noun(row) for row in rows]


def one(tx: Tx, number: int) -> Exhibit:
    """One exhibit with what the examiner told of it, unsealed.

    Raises:
        NotFound: there is none of this number.
    """
    row = tx.execute(sa.select(exhibits).where(_e.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"exhibit {number}")
    return _told(tx, row)


def of_media(tx: Tx, media: Collection[int]) -> dict[int, Exhibit]:
    """The exhibit behind each medium that is one."""
    found: dict[int, Exhibit] = {}
    for part in _parts(sorted(set(media))):
        for row in tx.execute(sa.select(exhibits).where(_e.media_number.in_(part))):
            found[int(row.media_number)] = _noun(row)
    return found


def same_file(tx: Tx, sha256s: Iterable[str]) -> dict[str, int]:
    """The first exhibit of each of these files that somebody is to judge, by SHA-256."""
    found: dict[str, int] = {}
    first = sa.func.min(_e.number).label("first")
    for part in _parts(sorted(set(sha256s))):
        keys = [bytes.fromhex(one) for one in part]
        rows = tx.execute(
            sa.select(_e.sha256, first)
            .where(_e.sha256.in_(keys), _e.state == ExhibitState.UNKNOWN.value)
            .group_by(_e.sha256)
        )
        found |= {row.sha256.hex(): int(row.first) for row in rows}
    return found


def judged(tx: Tx, sha256s: Iterable[str]) -> set[str]:
    """Which of these files a person has judged: they stand in a case that is closed."""
    found: set[str] = set()
    for part in _parts(sorted(set(sha256s))):
        keys = [bytes.fromhex(one) for one in part]
        rows = tx.execute(
            sa.select(_m.sha256)
            .join_from(link_media, cases, cases.c.id == _m.case_id)
            .where(_m.sha256.in_(keys), cases.c.state == sa.literal_column("'closed'"))
        )
        found |= {value.hex() for value in rows.scalars()}
    return found


def counts(tx: Tx, set_number: int) -> dict[ExhibitState, int]:
    """Files of a set by what became of them."""
    n = sa.func.count().label("n")
    rows = tx.execute(
        sa.select(_e.state, n).where(_e.set_number == set_number).group_by(_e.state)
    )  # fmt: skip
    return {ExhibitState(row.state): int(row.n) for row in rows}


def _told(tx: Tx, row: sa.Row[Any]) -> Exhibit:
    return replace(_noun(row), told=identities.unseal(tx, Id(row.id), row.sealed))


def _put(tx: Tx, number: int, **values: Any) -> None:
    tx.execute(sa.update(exhibit_sets).where(_s.number == number).values(**values))


def _closed(tx: Tx, row: Id, facts: Mapping[str, Any]) -> str:
    return base64.b64encode(identities.seal(tx, row, facts)).decode()


def _set(tx: Tx, row: sa.Row[Any]) -> ExhibitSet:
    said = identities.unseal(tx, Id(row.id), base64.b64decode(row.checkpoint))
    return ExhibitSet(
        number=int(row.number), id=Id(row.id), reference=row.reference, source=row.source,
        kind=SetKind(row.kind), state=SetState(row.state), offered=int(row.offered),
        taken=int(row.taken), known=int(row.known), bad=int(row.bad), by=row.by, at=row.at,
        done_at=row.done_at, checkpoint=said,
    )  # fmt: skip


def _noun(row: sa.Row[Any]) -> Exhibit:
    return Exhibit(
        reference=row.reference, state=ExhibitState(row.state), size=int(row.size),
        sha256=(row.sha256 or b"").hex(), md5=(row.md5 or b"").hex(), sha1=(row.sha1 or b"").hex(),
        fault=row.fault, known_entry=row.known_entry, same_as=row.same_as,
        blob=None if row.blob_id is None else Id(row.blob_id), medium=row.media_number,
        number=int(row.number), set_number=int(row.set_number), id=Id(row.id),
    )  # fmt: skip


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for at in range(0, len(values), AT_ONCE):
        yield values[at : at + AT_ONCE]
