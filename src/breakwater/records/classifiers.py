"""Operators' classifiers as rows: versions, the steps of their lives, sums of what they said.

Where a classifier stands is derived from its newest step of a kind. Fed by `classifiers.manage`,
`classifiers.casework` and `live.watching.classifying`; read by pages and doctor. Contract:
`tests/contract/test_records_classifiers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.classifier import Card, Classifier, ClassifierState, Step, Tally
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_classifier import (
    classifier_steps,
    classifier_tallies,
    classifiers,
)
from breakwater.records.tables.nouns_intake import uploads
from breakwater.records.tables.nouns_stream import streams
from breakwater.records.texts import storable

_c, _s, _t = classifiers.c, classifier_steps.c, classifier_tallies.c


def add(
    tx: Tx, card_text: str, *, size: int, blob: Id, by: Id, person: Id | None, people: int
) -> Classifier:
    """Keep a new version.

    Args:
        tx: the transaction.
        card_text: `card.toml` as it was given, valid.
        size: of the model, bytes.
        blob: the model in the vault.
        by: person or key.
        person: the person behind it; None for a command on the host.
        people: how many it takes to switch it on.

    Raises:
        Conflict: this version is known.
        BadInput: text that no database takes.
    """
    tx.lock_changes()
    card = Card.parse(card_text)
    storable(card_text)
    known = sa.select(_c.id).where(_c.name == card.id, _c.version == card.version)
    if tx.execute(known).first() is not None:
        raise Conflict(f"Version {card.version} of {card.id} was added before; name it anew.")
    made = new_id()
    row = {
        "id": made, "name": card.id, "version": card.version, "card": card_text,
        "sha256": card.sha256, "size": size, "blob_id": blob, "people": people,
        "added_by": by, "person_id": person, "added_at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(classifiers), row)
    return step(tx, made, Step.ADDED, by=by)


def step(tx: Tx, classifier: Id, what: Step, *, by: str, detail: str = "") -> Classifier:
    """Add a step to a classifier's life. Raises `NotFound`."""
    storable(detail)
    get(tx, classifier)
    row = {
        "change": tx.change(), "classifier_id": classifier, "step": what.value, "by": by,
        "detail": detail[:500], "at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(classifier_steps), row)
    return get(tx, classifier)


def get(tx: Tx, classifier: Id) -> Classifier:
    """One by its id. Raises `NotFound`."""
    found = _read(tx, _c.id == classifier)
    if not found:
        raise NotFound("There is no such classifier.")
    return found[0]


def named(tx: Tx, name: str, version: str = "") -> Classifier:
    """The newest version of a name that was not removed, or the one that is meant.

    Raises:
        NotFound: there is none.
    """
    storable(name, version)
    which = _c.name == name if not version else sa.and_(_c.name == name, _c.version == version)
    found = [one for one in _read(tx, which) if one.state is not ClassifierState.REMOVED]
    if not found:
        raise NotFound("There is no such classifier.")
    return found[-1]


def every(tx: Tx, *, removed: bool = False) -> list[Classifier]:
    """All of them, by name and age."""
    found = _read(tx, sa.true())
    return [one for one in found if removed or one.state is not ClassifierState.REMOVED]


def wanted(tx: Tx) -> list[Classifier]:
    """Those that shall give scores."""
    return [one for one in every(tx) if one.wanted]


def steps(tx: Tx, classifier: Id) -> list[tuple[Step, str, str, datetime]]:
    """What happened to one: step, by whom, detail, when; the first first."""
    rows = tx.execute(
        sa.select(classifier_steps).where(_s.classifier_id == classifier).order_by(_s.change)
    )
    return [(Step(row.step), row.by, row.detail, row.at) for row in rows]


def keep(tx: Tx, tallies: Iterable[Tally]) -> None:
    """Write sums; those of the same classifier and subject are replaced."""
    for one in tallies:
        which = (_t.classifier_id == one.classifier, _t.subject == one.subject)
        values = {
            "frames": one.frames, "over": one.over, "best": one.best, "best_s": one.best_s,
            "last_at": one.last_at or tx.now, "trouble": one.trouble,
        }  # fmt: skip
        done = tx.execute(sa.update(classifier_tallies).where(*which).values(**values))
        if not done.rowcount:
            row = {"classifier_id": one.classifier, "subject": one.subject, **values}
            tx.execute(sa.insert(classifier_tallies), row)


def tallies(tx: Tx, subject: Id) -> list[tuple[Classifier, Tally]]:
    """What classifiers said of a broadcast or an upload, the highest score first."""
    rows = tx.execute(
        sa.select(classifier_tallies).where(_t.subject == subject).order_by(_t.best.desc())
    ).all()
    return [(get(tx, Id(row.classifier_id)), _tally(row)) for row in rows]


def forget_before(tx: Tx, moment: datetime) -> int:
    """Drop sums whose broadcast or upload is not known any more; answers how many."""
    gone = [
        ~sa.select(table.c.id).where(table.c.id == _t.subject).exists()
        for table in (streams, uploads)
    ]
    return tx.execute(sa.delete(classifier_tallies).where(_t.last_at < moment, *gone)).rowcount


def _read(tx: Tx, which: sa.ColumnElement[bool]) -> list[Classifier]:
    rows = tx.execute(sa.select(classifiers).where(which).order_by(_c.name, _c.id)).all()
    lives: dict[Id, list[Any]] = {}
    mine = sa.select(classifier_steps).where(_s.classifier_id.in_([row.id for row in rows]))
    for one in tx.execute(mine.order_by(_s.change)):
        lives.setdefault(Id(one.classifier_id), []).append(one)
    return [_noun(row, lives.get(Id(row.id), [])) for row in rows]


def _noun(row: sa.Row[Any], life: Sequence[Any]) -> Classifier:
    state, since, trouble = _standing(row, life)
    return Classifier(
        id=Id(row.id), card=Card.parse(row.card), card_text=row.card, size=row.size,
        blob=Id(row.blob_id), by=Id(row.added_by),
        person=None if row.person_id is None else Id(row.person_id), people=row.people,
        added_at=row.added_at, state=state, since=since, trouble=trouble,
    )  # fmt: skip


def _standing(row: sa.Row[Any], life: Sequence[Any]) -> tuple[ClassifierState, datetime, str]:
    """Where one stands, since when, and why it fails while it does."""
    state = ClassifierState.WAITING if row.people > 1 else ClassifierState.ON
    since, trouble = row.added_at, ""
    for one in life:
        step = Step(one.step)
        if step is Step.REMOVED:
            return ClassifierState.REMOVED, one.at, ""
        if step in {Step.CONFIRMED, Step.ON, Step.OFF}:
            state = ClassifierState.OFF if step is Step.OFF else ClassifierState.ON
            since, trouble = one.at, ""
        elif step is Step.FAILED and state in {ClassifierState.ON, ClassifierState.FAILED}:
            state, since, trouble = ClassifierState.FAILED, one.at, one.detail
        elif step is Step.WORKS and state is ClassifierState.FAILED:
            state, since, trouble = ClassifierState.ON, one.at, ""
    return state, since, trouble


def _tally(row: sa.Row[Any]) -> Tally:
    return Tally(
        Id(row.classifier_id), Id(row.subject), row.frames, row.over, row.best, row.best_s,
        row.last_at, row.trouble,
    )  # fmt: skip
