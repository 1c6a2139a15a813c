"""Evidence packages for `test_matrix_owners.py`: each maker answers the id of a new one."""

from __future__ import annotations

from typing import Any

from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.sending import RecipientKind
from breakwater.records import cases
from breakwater.reporting.packages.packages import NewKey, Wish
from breakwater.reporting.vics.exports import VicsWish
from tests.integration.matrix_world import Somebody, World
from tests.integration.packing import police


def case(world: World, _of: Somebody) -> str:
    """A case without media."""
    with world.app.db.transaction() as tx:
        return cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="It looks like a boat.",
            priority=Priority.LOW, service="photos", account=f"acct-{world.next()}",
        ).id  # fmt: skip


def key(world: World, of: Somebody) -> str:
    """A recipient's key."""
    whom = police()
    new = NewKey("Police", "GB", RecipientKind.POLICE, whom.key, whom.receipt_key)
    return world.app.packages.desk.add_key(of.who, new).id


def waiting(world: World, of: Somebody) -> str:
    """A case whose package waits for a second person."""
    made = Id(case(world, of))
    wish = Wish((Id(key(world, of)),), "because", media=False)
    world.app.packages.desk.propose(of.who, made, wish)
    return made


def package(world: World, of: Somebody) -> str:
    """A sealed package."""
    made = Id(waiting(world, of))
    second = world.person("second", Role.INVESTIGATOR)
    agreed = world.app.packages.desk.confirm(second.who, made)
    world.app.packages.maker.run(agreed.id, 3, lambda _: None)
    return agreed.id


VICS = {"context": "US", "reference": "K-2026-0815", "country": "GB"}


def vics(world: World, of: Somebody) -> str:
    """A case of which an export as VICS waits for a second person."""
    made = Id(case(world, of))
    world.app.packages.vics.propose(of.who, made, VicsWish(**VICS))
    return made


def with_key(world: World, _made: str) -> dict[str, Any]:
    """Proposes a package to a new key."""
    return {"json": {"keys": [_new_key(world)], "reason": "because", "media": False}}


def form_key(world: World, _made: str) -> dict[str, Any]:
    """The same, by the page's form."""
    return {"data": {"key": _new_key(world), "reason": "because", "content": "facts"}}


def _new_key(world: World) -> str:
    return key(world, world.person("officer", Role.REPORT_OFFICER))
