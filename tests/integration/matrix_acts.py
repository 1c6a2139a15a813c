"""Acts on services and legal requests for `test_matrix_owners.py`: each maker answers the id of a new one."""

from __future__ import annotations

from breakwater.model.act import ActKind, ActWhy, Lane, Subject
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.request import Basis, Direction
from breakwater.records import cases, legal_requests, platform_acts
from breakwater.records.legal_requests import NewRequest
from breakwater.records.platform_acts import Ground
from tests.integration.matrix_world import Somebody, World
from tests.integration.served import OPERATOR


def act(world: World, of: Somebody) -> str:
    """One of the caller's service, on something new."""
    service = of.who.service or "photos"
    with world.app.db.transaction() as tx:
        about = Subject(Lane.CONTENT, service, f"object-{world.next()}")
        return platform_acts.want(tx, about, ActKind.HIDE, Ground(ActWhy.LIST)).id


def failing(world: World, of: Somebody) -> str:
    """One that nobody acknowledged."""
    made = act(world, of)
    with world.app.db.transaction() as tx:
        return platform_acts.give_up(tx, Id(made)).id


def case_of_act(world: World, _of: Somebody) -> str:
    """A case whose service takes acts: nobody listens at its address."""
    if not world.app.acting.acts.connected("photos"):
        world.app.webhooks.create("https://photos.example/acts", "photos", ["act.wanted"], OPERATOR)
    with world.app.db.transaction() as tx:
        made = cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="It looks like a boat.",
            priority=Priority.LOW, service="photos", account=f"acct-{world.next()}",
        )  # fmt: skip
        return made.id


def request(world: World, of: Somebody) -> str:
    """What an authority asks, entered by this person."""
    with world.app.db.transaction() as tx:
        new = NewRequest(
            Direction.INCOMING, "A court", "GB", Basis.ORDER, "An order", "12-3", "One account.",
            tx.now, tx.now,
        )  # fmt: skip
        return legal_requests.open_request(tx, new, by=of.who.id).id


def request_number(world: World, of: Somebody) -> str:
    """The same by its number."""
    made = request(world, of)
    with world.app.db.read() as tx:
        return str(legal_requests.get(tx, Id(made)).number)
