"""Accounts with cases of which somebody says that the holder is a suspect, and who registers."""

from __future__ import annotations

from breakwater.app.sanctioning import Rules
from breakwater.enforcement.registrations.checking import Registrations
from breakwater.enforcement.registrations.emails import Providers
from breakwater.enforcement.registrations.normalise import Normaliser
from breakwater.enforcement.registrations.releasing import Releasing
from breakwater.enforcement.registrations.sanctioning import Sanctioning
from breakwater.geo import Atlas
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.sanction import Answer, Registration
from breakwater.observe import Metrics
from breakwater.records import (
    accounts,
    audit,
    cases,
    decisions,
    sanctions,
    stream_people,
    streams,
)

KEY = Principal(new_id(), "sign-up", frozenset({Permission.REGISTRATION_CHECK}), service="clips")
OTHER = Principal(new_id(), "other", frozenset({Permission.REGISTRATION_CHECK}), service="photos")
HOME = "81.2.69.142"
NEIGHBOUR = "81.2.69.9"
TOLD = {
    "emails": ["Heron.Quill+old@GoogleMail.com", "heron+tag@reedbed.example"],
    "phones": ["030 901820", "+44 20 7946 0123"],
    "devices": ["5F1A-77C0-22B9-A6E1", {"kind": "android", "id": "heron-tablet-77"}],
    "payments": [{"fingerprint": "pm_heron_1Nf8aKQ2", "bin": "424242"}],
    "registration_address": HOME,
    "logins": [{"address": "2001:218::1", "port": 4711, "device": "heron-laptop-31"}],
}
S, C, U = AccountRole.SUSPECT, AccountRole.APPARENT_CHILD, AccountRole.UNKNOWN


def person(*roles: Role) -> Principal:
    made = new_id()
    held = frozenset().union(*(role.permissions for role in roles))
    return Principal(made, "somebody", held, person=made)


REVIEWER, COLLEAGUE = person(Role.REVIEWER), person(Role.REVIEWER)


class House:
    """Accounts with cases, and whoever registers."""

    def __init__(self, database, clock, **rules) -> None:
        self.db, self.clock = database, clock
        made = Rules(**rules)
        self.make = Normaliser(Providers.read(), "DE", resolve=Atlas(None, clock).resolve)
        self.metrics = Metrics()
        self.sanctioning = Sanctioning(db=database, make=self.make, rules=made)
        self.releasing = Releasing(db=database, rules=made)
        self.registrations = Registrations(
            db=database, make=self.make, rules=made, metrics=self.metrics
        )

    def case(self, account="heron", *, told=None, service="clips", **sender):
        """A case about a broadcast of an account, whose service told what it knows."""
        whose = Sender(service=service, account=account, **sender)
        with self.db.transaction() as tx:
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=whose)
            stream_people.join(tx, stream.id, whose)
            made = cases.open(
                tx, kind=CaseKind.STREAM, subject=stream.id, why="Seen.", priority=Priority.HIGH,
                service=service, account=account,
            )  # fmt: skip
            streams.set_case(tx, stream.id, made.id)
            if told is not None:
                accounts.put(tx, service, account, told, taken_at=tx.now)
        return made

    def decide(self, case, kind=DecisionKind.ILLEGAL, role=S, *, heard=True, **facts):
        with self.db.transaction() as tx:
            said = decisions.add(
                tx, case=case.id, kind=kind, by=REVIEWER.person, reason="Seen whole.",
                facts=DecisionFacts(role=role), **facts,
            )  # fmt: skip
        if heard:
            self.hear(case)
        return said

    def hear(self, case) -> None:
        event = Event(new_id(), EventType.CASE_DECIDED, case.id, self.clock.now())
        self.sanctioning.on_decided(event)

    def sanctioned(self, account="heron", **facts):
        case = self.case(account, told=TOLD, **facts)
        self.decide(case)
        return case

    def all(self, **which):
        with self.db.read() as tx:
            return sanctions.page(tx, **which)

    def ask(self, by=KEY, **told):
        return self.registrations.check(by, Registration(**told))

    def answer(self, by=KEY, **told) -> Answer:
        return self.ask(by, **told).judgement.answer

    def acts(self) -> list[str]:
        with self.db.read() as tx:
            return [row.action for row in audit.page(tx, limit=200)]
