"""A registration is checked: allowed, watched or refused, with what it rests on.

In come identifiers in clear, which are hashed and forgotten; out goes an answer. Only what is
watched or refused leaves a row, an audit entry and an event, none of which says who it was; they
are durable before the answer goes out (docs/decisions/0033). That nobody is known may be proven
in memory (`records.known_keys`), anything else comes from the database. p99 ≤ 5 ms is measured
by `benchmarks/registrations.py`; tests: `tests/contract/test_registrations_check.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A registration as it is compared. Never kept: it holds identifiers in clear.

    Attributes:
        by: who asks.
        service: where they register.
        at: when.
        known_by: what was told, made comparable.
        unread: fields that gave nothing to compare.
        shared_device: the service knows that several people use the device.
    """

    by: Principal
    service: str
    at: datetime
    known_by: tuple[Identifier, ...] = field(repr=False)
    unread: tuple[str, ...] = ()
    shared_device: bool = False


class Registrations:
    """Checks registrations."""

    def __init__(self, *, db: Database, make: Normaliser, rules: Rules, metrics: Metrics) -> None:
        """Take what it stands on."""
        self._db = db
        self._make = make
        self._rules = rules
        self._metrics = metrics

    @property
    def quick(self) -> bool:
        """Whether `nobody` can prove anything, so that asking it first is worth it."""
        return self._db.known_keys.ready

    def check(self, by: Principal, told: Registration, *, service: str = "") -> Checked:
        """What becomes of a registration.

        Args:
            by: who asks; a key of one service asks for that service.
            told: what the service knows of who registers.
            service: where they register, for a key of no one service.

        Raises:
            BadInput: there is nothing to compare, or a card's number stands in `payment`.
        """
        asked = self.ask(by, told, service=service)
        return self.nobody(asked) or self.search(asked)

    def ask(self, by: Principal, told: Registration, *, service: str = "") -> Asked:
        """Make what is told comparable, without the database.

        Raises:
            BadInput: as `check`.
        """
        whose, now = by.service or service, self._db.clock.now()
        at = min(told.at or now, now)
        made, unread = self._made(told, whose, at)
        return Asked(by, whose, at, tuple(made), unread, told.shared_device)

    def nobody(self, asked: Asked) -> Checked | None:
        """The answer where memory proves that nobody is known by any of it; else None.

        No SQL and no waiting: it may be asked on an event loop.
        """
        if not identifiers.none_known(self._db, asked.known_by):
            return None
        return self._counted(Checked(Judgement(Answer.ALLOW), unread=asked.unread))

    def search(self, asked: Asked) -> Checked:
        """The answer as the database has it; what is watched or refused is durable with it."""
        with self._db.read() as tx:
            found, judged = self._judged(tx, asked)
            if asked.by.test:
                judged = [one for one in judged if sanctions.stands(tx, one[0])]
        done = Checked(judged[0][1] if judged else Judgement(Answer.ALLOW), unread=asked.unread)
        if judged and not asked.by.test:
            done = self._tell(asked, found, judged)
        return self._counted(done)

    def _counted(self, done: Checked) -> Checked:
        self._metrics.registrations.labels(done.judgement.answer.value).inc()
        return done

    def _made(
        self, told: Registration, service: str, at: datetime
    ) -> tuple[list[Identifier], tuple[str, ...]]:
        """Identifiers of a registration, and the fields that gave none."""
        if is_card(told.payment):
            raise BadInput("payment takes a fingerprint, never the number of a card.")
        make = self._make
        by_field = {
            "email": make.email(told.email, at),
            "phone": make.phone(told.phone, at),
            "device": self._hidden(service, K.DEVICE, told.device, at)
            + make.device(told.device, at),
            "payment": self._hidden(service, K.PAYMENT, told.payment, at)
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

    def _hidden(
        self, service: str, kind: IdentifierKind, told: str, at: datetime
    ) -> list[Identifier]:
        if not (told and service):
            return []
        key = identifiers.kept_elsewhere(self._db.keys, service, kind, told)
        return [] if key is None else [Identifier(kind, "", at, hidden=key)]

    def _judged(self, tx: Tx, asked: Asked) -> tuple[list[Found], list[tuple[Id, Judgement]]]:
        """What is found, and judgements that are not "allow", the gravest first."""
        scope = "" if self._rules.across else asked.service
        found = identifiers.find(tx, asked.known_by, service=scope)
        judged = policy.strongest(
            found, asked.at, network_for=self._rules.network_for,
            shared_device=asked.shared_device,
        )  # fmt: skip
        return found, [one for one in judged if one[1].answer is not Answer.ALLOW]

    def _tell(
        self, asked: Asked, found: Sequence[Found], judged: Sequence[tuple[Id, Judgement]]
    ) -> Checked:
        """Write down the gravest judgement by a sanction that stands this moment."""
        with self._db.transaction() as tx:
            standing = next((one for one in judged if sanctions.stands(tx, one[0])), None)
            if standing is None:
                return Checked(Judgement(Answer.ALLOW), unread=asked.unread)
            sanction, said = standing
            keys, by = _keys(found, sanction, said), asked.by.id
            made = sanctions.hit(tx, sanction, said, service=asked.service, by=by, keys=keys)
            clues = [one.value for one in said.clues]
            tx.audit(by, f"registration.{said.answer.value}", made, sanction=sanction, clues=clues)
            tx.emit(
                EVENTS[said.answer], made, service=asked.service,
                told={
                    "registration": made, "service": asked.service, "answer": said.answer.value,
                    "confidence": said.confidence, "clues": clues, "at": iso(tx.now),
                },
            )  # fmt: skip
        return Checked(said, made, sanction, asked.unread)


def _shared(one: Identifier) -> Identifier:
    """The same device, should its sanctioned account have shared it."""
    return Identifier(K.DEVICE_SHARED, one.text, one.seen_at, one.hidden)


def _keys(found: Sequence[Found], sanction: Id, said: Judgement) -> list[str]:
    """Hashes of the clues that counted, and of the same thing said otherwise."""
    groups = {policy.TABLE[clue].group for clue in said.clues}
    return [
        one.key for one in found if one.sanction == sanction and policy.group_of(one.kind) in groups
    ]
