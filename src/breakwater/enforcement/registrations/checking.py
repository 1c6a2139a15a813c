"""A registration is checked: allowed, watched or refused, with what it rests on.

In come identifiers in clear, which are hashed and forgotten; out goes an answer. Only what is
watched or refused leaves a row, an audit entry and an event, none of which says who it was.
Answers come from the database alone and need no worker. p99 ≤ 5 ms is measured by
`benchmarks/registrations.py`; tests: `tests/contract/test_registrations_check.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from breakwater.enforcement.registrations import policy
from breakwater.enforcement.registrations.normalise import Normaliser, is_card
from breakwater.enforcement.registrations.sanctioning import Rules
from breakwater.errors import BadInput
from breakwater.model.access import Principal
from breakwater.model.clock import iso
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.sanction import (
    Answer,
    Checked,
    Found,
    Identifier,
    IdentifierKind,
    Judgement,
    Registration,
)
from breakwater.observe import Metrics
from breakwater.records import identifiers, sanctions
from breakwater.records.database import Database, Tx

EVENTS: Final = {
    Answer.WATCH: EventType.REGISTRATION_WATCHED,
    Answer.REFUSE: EventType.REGISTRATION_REFUSED,
}
K = IdentifierKind


class Registrations:
    """Checks registrations."""

    def __init__(self, *, db: Database, make: Normaliser, rules: Rules, metrics: Metrics) -> None:
        """Take what it stands on."""
        self._db = db
        self._make = make
        self._rules = rules
        self._metrics = metrics

    def check(self, by: Principal, told: Registration, *, service: str = "") -> Checked:
        """What becomes of a registration.

        Args:
            by: who asks; a key of one service asks for that service.
            told: what the service knows of who registers.
            service: where they register, for a key of no one service.

        Raises:
            BadInput: there is nothing to compare, or a card's number stands in `payment`.
        """
        whose = by.service or service
        with self._db.read() as tx:
            at = min(told.at or tx.now, tx.now)
            asked, unread = self._asked(tx, told, whose, at)
            sanction, said, keys = self._judged(tx, asked, whose, at, told)
        done = Checked(said, unread=unread)
        if sanction is not None and not by.test:
            done = self._tell(by, sanction, said, whose, keys, unread)
        self._metrics.registrations.labels(done.judgement.answer.value).inc()
        return done

    def _asked(
        self, tx: Tx, told: Registration, service: str, at: datetime
    ) -> tuple[list[Identifier], tuple[str, ...]]:
        """Identifiers of a registration, and the fields that gave none."""
        if is_card(told.payment):
            raise BadInput("payment takes a fingerprint, never the number of a card.")
        make = self._make
        by_field = {
            "email": make.email(told.email, at),
            "phone": make.phone(told.phone, at),
            "device": self._hidden(tx, service, K.DEVICE, told.device, at)
            + make.device(told.device, at),
            "payment": self._hidden(tx, service, K.PAYMENT, told.payment, at)
            + make.payment(told.payment, at),
            "payment_bin": make.payment_bin(told.payment_bin, at),
            "address": make.address(told.address, at),
        }
        given = {name for name in by_field if getattr(told, name).strip()}
        if not given:
            raise BadInput("Tell at least one of: email, phone, device, payment, address.")
        asked = [one for made in by_field.values() for one in made]
        asked += [_shared(one) for one in asked if one.kind is K.DEVICE]
        unread = tuple(name for name, made in by_field.items() if name in given and not made)
        return asked, unread

    @staticmethod
    def _hidden(
        tx: Tx, service: str, kind: IdentifierKind, told: str, at: datetime
    ) -> list[Identifier]:
        key = identifiers.kept_elsewhere(tx, service, kind, told) if told and service else None
        return [] if key is None else [Identifier(kind, "", at, hidden=key)]

    def _judged(
        self, tx: Tx, asked: Sequence[Identifier], service: str, at: datetime, told: Registration
    ) -> tuple[Id | None, Judgement, list[str]]:
        """The gravest judgement by a sanction that stands this moment."""
        scope = "" if self._rules.across else service
        found = identifiers.find(tx, asked, service=scope)
        judged = policy.strongest(
            found, at, network_for=self._rules.network_for, shared_device=told.shared_device
        )
        for sanction, said in judged:
            if said.answer is Answer.ALLOW:
                break
            if sanctions.stands(tx, sanction):
                return sanction, said, _keys(found, sanction, said)
        return None, Judgement(Answer.ALLOW), []

    def _tell(  # noqa: PLR0917 - `check` names each
        self, by: Principal, sanction: Id, said: Judgement, service: str, keys: list[str],
        unread: tuple[str, ...],
    ) -> Checked:  # fmt: skip
        with self._db.transaction() as tx:
            if not sanctions.stands(tx, sanction):
                return Checked(Judgement(Answer.ALLOW), unread=unread)
            made = sanctions.hit(tx, sanction, said, service=service, by=by.id, keys=keys)
            clues = [one.value for one in said.clues]
            tx.audit(
                by.id, f"registration.{said.answer.value}", made, sanction=sanction, clues=clues
            )
            tx.emit(
                EVENTS[said.answer], made, service=service,
                told={
                    "registration": made, "service": service, "answer": said.answer.value,
                    "confidence": said.confidence, "clues": clues, "at": iso(tx.now),
                },
            )  # fmt: skip
        return Checked(said, made, sanction, unread)


def _shared(one: Identifier) -> Identifier:
    """The same device, should its sanctioned account have shared it."""
    return Identifier(K.DEVICE_SHARED, one.text, one.seen_at, one.hidden)


def _keys(found: Sequence[Found], sanction: Id, said: Judgement) -> list[str]:
    """Hashes of the clues that counted, and of the same thing said otherwise."""
    groups = {policy.TABLE[clue].group for clue in said.clues}
    return [
        one.key for one in found if one.sanction == sanction and policy.group_of(one.kind) in groups
    ]
