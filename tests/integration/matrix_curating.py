"""Entries of shared lists and questions about them, for `test_matrix_owners.py`.

Like `matrix_world`: each maker answers the id of a new thing, as the path spells it.
"""

from __future__ import annotations

from breakwater.model.hub_given import QueueWhy
from breakwater.records import banks, entries, hub_lists, hub_queue
from tests import builders
from tests.integration.matrix_world import Somebody, World


def entry(world: World, _of: Somebody) -> str:
    """An entry of a shared list."""
    with world.app.db.transaction() as tx:
        bank = banks.create(tx, name=f"CURATED_{world.next()}")
        hub_lists.share(tx, bank)
        return str(entries.add(tx, bank, [builders.signal("md5")])[0].number)


def gone(world: World, of: Somebody) -> str:
    """An entry that a curator withdrew."""
    number = entry(world, of)
    world.app.hub.curating.curate.withdraw(of.who, int(number), reason="because")
    return number


def question(world: World, of: Somebody) -> str:
    """An open question about an entry."""
    number = int(entry(world, of))
    with world.app.db.transaction() as tx:
        return hub_queue.ask(tx, number, QueueWhy.CONFLICT).id
