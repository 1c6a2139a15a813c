"""Holds for `test_matrix_owners.py`: each maker answers the id of a new one."""

from __future__ import annotations

from typing import Any

from breakwater.model.ids import Id
from breakwater.records import holds
from tests.integration.matrix_filing import illegal_case
from tests.integration.matrix_world import Somebody, World

LATER = "2035-01-01T00:00:00Z"


def case(world: World, of: Somebody) -> str:
    """A case that a court holds."""
    made = Id(illegal_case(world, of))
    world.app.preserving.holding.order(of.who, made, reference="1 K 1", reason="Order")
    return made


def hold(world: World, of: Somebody) -> str:
    """The hold of such a case."""
    return _of(world, case(world, of))


def dated(world: World, of: Somebody) -> str:
    """A hold that has an end."""
    made = Id(illegal_case(world, of))
    until = world.app.clock.now().replace(year=2034)
    holding = world.app.preserving.holding
    return holding.order(of.who, made, reference="1 K 1", reason="Order", until=until).id


def waiting_case(world: World, of: Somebody) -> str:
    """A case whose hold somebody proposed to end."""
    made = case(world, of)
    world.app.preserving.holding.propose_end(of.who, _of(world, made), "They let go.")
    return made


def waiting(world: World, of: Somebody) -> str:
    """The hold of such a case."""
    return _of(world, waiting_case(world, of))


def form_confirm(world: World, made: str) -> dict[str, Any]:
    """The form that agrees to its end."""
    return {"data": {"hold": _of(world, made), "to": "confirm"}}


def _of(world: World, made: str) -> Id:
    with world.app.db.read() as tx:
        return holds.of_case(tx, Id(made))[-1].id
