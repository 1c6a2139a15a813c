"""Things of somebody's own, one of each noun that a path can name, made by the verbs themselves.

For `test_matrix_owners.py`: each maker answers the id of a new thing that belongs to a person or
key, as the path spells it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import numpy as np

from breakwater.banks.manage import NewBank, NewEntry, Provenance
from breakwater.exchange.manage import NewFeed
from breakwater.live.servers import NewServer
from breakwater.model.access import MACHINE_SCOPES, Principal, Role
from breakwater.model.appeal import Claim
from breakwater.model.copies import FramePrints
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.exchange import Credentials
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.grading import GradeItem, ItemState, SetState, item_id
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.quality import AlarmKind
from breakwater.model.queue import BulkKind
from breakwater.model.routing import Ruleset
from breakwater.model.server import ServerKind
from breakwater.model.signal import Signal
from breakwater.model.signin import Signed
from breakwater.records import (
    banks,
    decisions,
    gradesets,
    linked_accounts,
    people,
    quality,
    reels,
    routing,
    views,
)
from breakwater.review.duty.rota import Planned
from tests.integration.served import OPERATOR, Served
from tests.integration.test_intake import submit

SEEN = DecisionFacts(item=ItemFacts(Activity.POSING_OR_NUDITY))


@dataclass
class Somebody:
    """A person or a machine, and how they send requests."""

    client: httpx.Client
    who: Principal
    session: Id | None = None


@dataclass
class World:
    """A served installation and things in it."""

    served: Served
    count: int = 0
    known: dict[tuple[str, str], Somebody] = field(default_factory=dict)

    @property
    def app(self) -> Any:
        return self.served.app

    def person(self, name: str, *roles: Role) -> Somebody:
        """Always the same person for a name and their roles."""
        key = name, " ".join(sorted(roles))
        if key not in self.known:
            made = self.served.person(*roles)
            self.known[key] = self.signed_in(made.id)
        return self.known[key]

    def signed_in(self, person: Id) -> Somebody:
        link = self.app.access.people.link(person, "test")
        _, token = self.app.access.people.consume_link(link)
        who = self.app.access.sessions.resume(token)
        headers = {"X-CSRF-Token": self.served.api.state.gate.csrf(who)}
        cookies = {self.served.api.state.gate.cookie: token}
        return Somebody(self.served.client(headers=headers, cookies=cookies), who, who.session)

    def machine(self, service: str) -> Somebody:
        key, token = self.app.access.keys.create(
            OPERATOR, name=service, service=service, scopes=sorted(MACHINE_SCOPES)
        )
        who = Principal(key.id, service, MACHINE_SCOPES, service=service)
        return Somebody(self.served.client(token), who)

    def next(self) -> int:
        self.count += 1
        return self.count


Make = Callable[[World, Somebody], str]


def session(world: World, of: Somebody) -> str:
    made = world.signed_in(of.who.id).session
    return str(made)


def passkey(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        made = people.add_passkey(
            tx, of.who.id, credential=os.urandom(16), public_key=b"k", sign_count=0, name="key"
        )
    return made.id


def account(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        return linked_accounts.link(
            tx, of.who.id, issuer="https://login.example", subject=f"s-{world.next()}"
        ).id


def upload(world: World, of: Somebody) -> str:
    return upload_of(world, of).id


def upload_of(world: World, of: Somebody) -> Any:
    """Something that cannot be read: it is held, and has a case."""
    service = of.who if of.who.service else world.machine("photos").who
    return submit(world.app, b"\x89PNG\r\n\x1a\n" + os.urandom(64), service)


def case(world: World, of: Somebody) -> str:
    """A case that this person works on."""
    made = Id(str(upload_of(world, of).case))
    world.app.review.queue.take(of.who, made)
    return made


def decision(world: World, of: Somebody) -> str:
    made = case(world, of)
    said = world.app.review.decisions.decide(
        of.who, made, DecisionKind.NOT_ILLEGAL, reason="a garden"
    )
    return str(said.id)


def part(world: World, of: Somebody) -> str:
    """A resumable upload that was announced."""
    about = {"service": of.who.service, "surface": "public", "size": 100}
    begun = of.client.post("/v1/uploads", json=about)
    assert begun.status_code == 201, begun.text
    return begun.headers["Location"].rpartition("/")[2]


def view(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        made = views.start(tx, person=of.who.id, item=new_id(), level=Level.S3, reason="review")
    return made.id


def bank(world: World, _of: Somebody) -> str:
    name = f"BANK_{world.next()}"
    world.app.banks.create(NewBank(name), OPERATOR)
    return name


def cutting_bank(world: World, of: Somebody) -> str:
    """A bank that this person wants to cut by itself."""
    name = bank(world, of)
    cuts = world.app.enforcement.bank_cuts
    signed = Signed(Id(of.who.id), cuts.to_sign(name, of.who), "password", world.app.clock.now())
    cuts.propose(name, of.who, signed, reason="because")
    return name


def entry(world: World, of: Somebody) -> str:
    name = bank(world, of)
    signal = Signal.parse(f"pdq:{os.urandom(32).hex()}")
    (made,) = world.app.banks.add(name, [NewEntry(signal)], OPERATOR)
    return str(made.number)


def reel(world: World, _of: Somebody) -> str:
    """A known video of one frame."""
    prints = FramePrints(
        0.0, np.zeros(1, np.uint8), np.frombuffer(os.urandom(32), np.uint8).reshape(1, 32),
        np.full(1, 100, np.uint8),
    )  # fmt: skip
    with world.app.db.transaction() as tx:
        held = banks.create(tx, name=f"R_{world.next()}")
        made = reels.add(
            tx, bank=held, label="clip", source="test", duration_s=1.0, frames=[prints], by="test"
        )
    return str(made.number)


def resting(world: World, of: Somebody) -> str:
    """An entry in quarantine."""
    number = entry(world, of)
    world.app.banks.quarantine(int(number), OPERATOR, "because")
    return number


def key(world: World, of: Somebody) -> str:
    made, _ = world.app.access.keys.create(of.who, name="key", scopes=["bank:read"])
    return made.id


def webhook(world: World, of: Somebody) -> str:
    made, _ = world.app.webhooks.create(
        "https://service.example/h", "", ("verdict.completed",), of.who
    )
    return made.id


def media_server(world: World, of: Somebody) -> str:
    name = f"edge-{world.next()}"
    new = NewServer(name, ServerKind.NGINX_RTMP, control_url="http://127.0.0.1:9")
    return world.app.live.servers.add(new, of.who).config.name


def feed(world: World, of: Somebody) -> str:
    name, by = f"feed-{world.next()}", of.who
    bank = world.app.banks.create(NewBank(f"FEED_{world.next()}"), by)
    keys = Credentials(user="harbour", password="lighthouse")
    new = NewFeed(name, "ncmec", bank.name, "https://peer.invalid", credentials=keys)
    return world.app.exchange.feeds.add(new, by).name


def human(world: World, _of: Somebody) -> str:
    return world.served.person(Role.GRADER).id


def oneself(_world: World, of: Somebody) -> str:
    return of.who.id


def shift(world: World, of: Somebody) -> str:
    now = world.app.clock.now()
    begin = now + timedelta(hours=2 * world.next())
    somebody = world.person("mod", Role.LIVE_MODERATOR).who.id
    (made,) = world.app.review.duty.plan(
        world.person("boss", Role.ADMIN).who, [Planned(somebody, begin, begin + timedelta(hours=1))]
    )
    return made.id


def call(world: World, of: Somebody) -> str:
    return world.app.review.duty.test(of.who).id


def device(world: World, of: Somebody) -> str:
    made, _ = world.app.review.devices.enrol_here(of.who, f"Desk {world.next()}")
    return made.id


def negative(world: World, of: Somebody) -> str:
    """A known-harmless entry that waits for a second person."""
    name = bank(world, of)
    signal = Signal.parse(f"pdq:{os.urandom(32).hex()}")
    (made,) = world.app.banks.add(
        name, [NewEntry(signal, 100)], of.who, Provenance(negative=True, note="a logo")
    )
    return str(made.number)


def proposed(world: World, of: Somebody) -> str:
    """A case that is urgent by this person's word and waits for a second person's."""
    made = case(world, of)
    world.app.review.decisions.decide(
        of.who, Id(made), DecisionKind.DANGER_NOW, reason="a child may be in danger"
    )
    return made


def decided(world: World, of: Somebody) -> str:
    """A case that this person closed."""
    made = case(world, of)
    world.app.review.decisions.decide(of.who, Id(made), DecisionKind.NOT_ILLEGAL, reason="a garden")
    return made


def standing_decision(world: World, made: str) -> str:
    """The decision on a case."""
    with world.app.db.read() as tx:
        said = decisions.standing(tx, Id(made))
    assert said is not None
    return str(said.id)


def graded_set(world: World, _of: Somebody) -> str:
    """A set of one item that nobody has graded."""
    with world.app.db.transaction() as tx:
        one = gradesets.start(tx, name="set", source="somebody", form="csv", by="test")
        number = gradesets.take_numbers(tx, 1)
        made = GradeItem(
            id=item_id(number), number=number, set=one.number, row=1, state=ItemState.OPEN,
            type="image/png", sha256=os.urandom(32).hex(), needed=one.graders,
        )  # fmt: skip
        gradesets.add(tx, [made])
        gradesets.set_state(tx, one.number, SetState.OPEN)
    return str(one.number)


def task(world: World, of: Somebody) -> str:
    """An item that this grader was given."""
    return str(world.app.review.grading.next(of.who, int(graded_set(world, of))).number)


def gradeless(world: World, of: Somebody) -> str:
    """An item that nobody was given yet."""
    number = int(graded_set(world, of))
    with world.app.db.read() as tx:
        return str(gradesets.page(tx, number)[0].number)


def alarm(world: World, _of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        made = quality.raise_alarm(tx, AlarmKind.AGREEMENT, str(world.next()), {})
        assert made is not None
        return made.id


def bulk_act(world: World, of: Somebody) -> str:
    chosen = [Id(str(upload_of(world, of).case))]
    kind, value = BulkKind.PRIORITY, "high"
    seen = world.app.review.bulk.preview(of.who, kind, value, chosen)
    done = world.app.review.bulk.apply(
        of.who, kind, value, chosen, token=seen.token, reason="because"
    )
    return str(done.id)


def version(world: World, _of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        return str(routing.create(tx, Ruleset(), note="nothing apart", by="test").number)


def loosening(world: World, of: Somebody) -> str:
    """Somebody's wish for looser limits; named by whose they are."""
    world.app.review.exposure.loosen(of.who, "because", daily=270)
    return of.who.id


def table(world: World, of: Somebody) -> str:
    """A scheme of which somebody proposed another version; one waits at a time."""
    found = {one.id: one for one in world.app.review.schemes.every()}["uk_abc"].plain()
    proposed = world.app.review.adopting
    for waits in proposed.waiting(of.who):
        proposed.refuse(of.who, waits.scheme.id)
    proposed.propose(of.who, found | {"version": f"2030-{world.next()}"}, reason="because")
    return "uk_abc"


def appeal(world: World, of: Somebody) -> str:
    made = upload_of(world, of)
    by = of.who if of.who.service else world.machine("photos").who
    return str(world.app.review.appeals.file(by, made.id, claim=Claim.OTHER, words="no").id)


def appeal_of_own_decision(world: World, of: Somebody) -> str:
    """An appeal against what this person decided."""
    made = upload_of(world, of)
    world.app.review.queue.take(of.who, Id(str(made.case)))
    world.app.review.decisions.decide(
        of.who, Id(str(made.case)), DecisionKind.ILLEGAL, reason="because", facts=SEEN
    )
    by = world.machine("photos").who
    return str(world.app.review.appeals.file(by, made.id, claim=Claim.OTHER, words="no").id)
