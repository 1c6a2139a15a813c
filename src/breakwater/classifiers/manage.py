"""Classifiers added, switched and removed; which of them run; loudly told when one does not.

In comes a card and a model that an administrator answers for; the model is tried in the jail
before it is kept. Where policy says so a second person agrees before it gives a first score.
Every act is an audit row. `refresh` is a regular turn: what shall run here runs, or is shown not
to. Fed by `web.api.classifiers` and pages; tests: `tests/contract/test_classifiers.py`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final, Protocol

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.classifier import (
    Card,
    Classifier,
    ClassifierState,
    Step,
    Trouble,
)
from breakwater.model.ports import Blob
from breakwater.observe import Metrics, logger
from breakwater.recognition.scoring import Scorers, Standing, Tried
from breakwater.records import classifiers
from breakwater.records.database import Database, Tx

PURPOSE: Final = "classifiers"
"""Key of the vault that wraps models."""

SYSTEM: Final = "system"
KEPT: Final = timedelta(days=1)
"""Sums whose subject is forgotten are looked for once they are this old."""

_log = logger("classifiers")


class Bytes(Protocol):
    """A model that can be read again."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def reader(self) -> AbstractContextManager[BinaryIO]:
        """From its start."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A classifier with how it does in this process; None where it does not run."""

    classifier: Classifier
    here: Standing | None = None


class Classifiers:
    """Every classifier of the installation."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Blob,
        scorers: Scorers,
        metrics: Metrics,
        on: bool,
        people: int = 1,
    ) -> None:
        """Take what it stands on.

        Args:
            db: the database.
            vault: where models lie, sealed.
            scorers: runs them.
            metrics: which give scores and which do not.
            on: the switch of the whole; off, nothing is loaded and nothing scored.
            people: how many it takes before a new one gives scores, 1 or 2.
        """
        self._db, self._vault, self._scorers = db, vault, scorers
        self._metrics, self._people = metrics, people
        self.on = on
        self._shown: set[str] = set()

    def every(self) -> list[Known]:
        """All that were not removed."""
        here = self._scorers.standing()
        with self._db.read() as tx:
            found = classifiers.every(tx)
        return [Known(one, here.get(one.id)) for one in found]

    def get(self, name: str) -> Known:
        """The newest of a name. Raises `NotFound`."""
        with self._db.read() as tx:
            found = classifiers.named(tx, name)
        return Known(found, self._scorers.standing().get(found.id))

    def add(self, card_text: str, model: Bytes, by: Principal) -> Known:
        """Try a model in the jail and keep it with its card.

        Raises:
            NotAllowed: not by who runs the system.
            BadInput: a card that leaves something open, or a model that cannot be used.
            Conflict: this version is known.
        """
        _may(by)
        card = Card.parse(card_text)
        with self._db.read() as tx:
            if card.expired(tx.now):
                raise BadInput(Trouble.EXPIRED.words)
            _new(tx, card)
        with model.reader() as file:
            tried = self._scorers.attempt(card, file)
        if tried.trouble is not None:
            raise BadInput(f"{tried.trouble.words} {tried.detail}".strip())
        with model.reader() as file:
            blob = self._vault.put(file, purpose=PURPOSE)
        with self._db.transaction() as tx:
            made = classifiers.add(
                tx, card_text, size=model.size, blob=blob, by=by.id, person=by.person,
                people=self._people,
            )  # fmt: skip
            tx.audit(
                by.id, "classifier.add", made.id, name=card.id, version=card.version,
                sha256=card.sha256, people=self._people,
            )  # fmt: skip
            if made.wanted:
                self._replace(tx, made, by)
        return Known(made)

    def confirm(self, name: str, by: Principal) -> Known:
        """Agree as second person: from now on it gives scores, where the switch is on.

        Raises:
            NotAllowed: not a person who runs the system.
            NotFound: no such classifier.
            Conflict: nothing waits.
            NeedsSecondPerson: the person who added it.
        """
        _may(by)
        if by.person is None:
            raise NotAllowed("A person agrees; a key or a command cannot.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = classifiers.named(tx, name)
            if found.state is not ClassifierState.WAITING:
                raise Conflict("Nothing waits for a second person here.")
            if by.person in {found.person, found.by}:
                raise NeedsSecondPerson("Another person has to agree: you added it.")
            made = classifiers.step(tx, found.id, Step.CONFIRMED, by=by.person)
            tx.audit(by.person, "classifier.confirm", made.id, first=found.by)
            self._replace(tx, made, by)
        return Known(made)

    def switch(self, name: str, by: Principal, *, on: bool) -> Known:
        """Let it give scores, or not.

        Raises:
            NotAllowed: not by who runs the system.
            NotFound: no such classifier.
            Conflict: it waits for a second person, or is so already.
        """
        _may(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = classifiers.named(tx, name)
            if on and found.state is ClassifierState.WAITING:
                raise Conflict("It waits for a second person.")
            if found.wanted is on:
                raise Conflict("It is so already.")
            made = classifiers.step(tx, found.id, Step.ON if on else Step.OFF, by=by.id)
            tx.audit(by.id, "classifier.on" if on else "classifier.off", made.id)
            if on:
                self._replace(tx, made, by)
        return Known(made)

    def remove(self, name: str, by: Principal) -> Known:
        """Forget a model for good; what it said stays with its cases.

        Raises:
            NotAllowed: not by who runs the system.
            NotFound: no such classifier.
        """
        _may(by)
        with self._db.transaction() as tx:
            found = classifiers.named(tx, name)
            made = classifiers.step(tx, found.id, Step.REMOVED, by=by.id)
            tx.audit(by.id, "classifier.remove", made.id)
        self._vault.shred(made.blob)
        return Known(made)

    def check(self, name: str) -> tuple[Known, Tried]:
        """Try it now, whether or not it is on. Raises `NotFound`."""
        known = self.get(name)
        try:
            with self._vault.open(known.classifier.blob) as file:
                tried = self._scorers.attempt(known.classifier.card, file)
        except NotFound:
            tried = Tried(Trouble.UNREADABLE)
        with self._db.read() as tx:
            if tried.trouble is None and known.classifier.card.expired(tx.now):
                tried = Tried(Trouble.EXPIRED)
        return known, tried

    def refresh(self) -> None:
        """Run what shall run, and count what does; a regular turn."""
        with self._db.read() as tx:
            wanted = classifiers.wanted(tx) if self.on else []
        self._scorers.refresh(wanted)
        here = self._scorers.standing()
        names = {one.card.id for one in wanted}
        for gone in self._shown - names:
            self._metrics.classifier_up.remove(gone)
        for one in wanted:
            stands = here.get(one.id)
            self._metrics.classifier_up.labels(one.card.id).set(
                stands is not None and stands.trouble is None
            )
        self._shown = names

    def forget(self) -> None:
        """Drop sums of what is not known any more; a regular turn."""
        with self._db.transaction() as tx:
            classifiers.forget_before(tx, tx.now - KEPT)

    def told(self, one: Classifier, trouble: Trouble | None, detail: str) -> None:
        """One stopped giving scores, or gives some again: everybody is told."""
        if trouble is None:
            _log.info("classifier_works", classifier=one.card.id, version=one.card.version)
        else:
            self._metrics.alarms.labels("classifier").inc()
            _log.error(
                "classifier_failed", classifier=one.card.id, version=one.card.version,
                why=trouble.value, detail=detail,
            )  # fmt: skip
        with self._db.transaction() as tx:
            tx.lock_changes()
            now = classifiers.get(tx, one.id)
            if not now.wanted or now.trouble == (trouble.value if trouble else ""):
                return
            what = Step.WORKS if trouble is None else Step.FAILED
            classifiers.step(tx, one.id, what, by=SYSTEM, detail=trouble.value if trouble else "")
            tx.audit(SYSTEM, f"classifier.{what.value}", one.id, why=detail[:200])

    @staticmethod
    def _replace(tx: Tx, made: Classifier, by: Principal) -> None:
        """An older version of the same classifier is switched off."""
        for one in classifiers.every(tx):
            if one.card.id == made.card.id and one.id != made.id and one.wanted:
                classifiers.step(tx, one.id, Step.OFF, by=by.id, detail=made.card.version)
                tx.audit(by.id, "classifier.off", one.id, replaced_by=made.id)


def _may(by: Principal) -> None:
    if not by.may(Permission.SERVER_WRITE):
        raise NotAllowed("Who runs the system adds classifiers.")


def _new(tx: Tx, card: Card) -> None:
    """Refuse a version that is known before anything is kept."""
    for one in classifiers.every(tx, removed=True):
        if (one.card.id, one.card.version) == (card.id, card.version):
            raise Conflict(f"Version {card.version} of {card.id} was added before; name it anew.")
