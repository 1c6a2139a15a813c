"""Shared lists: which banks members receive, how wide, and until when.

Sharing alone releases nothing: a rule does. A red list (FIRST, TLP 2.0) never becomes wider,
because what was given to it was given under that promise. Contract:
`tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from breakwater.errors import Conflict, NotFound
from breakwater.hub.members import must_read, must_run
from breakwater.model.access import Principal
from breakwater.model.hub import SharedList
from breakwater.records import banks, hub_lists
from breakwater.records.database import Database

RED = "red"


class Lists:
    """Which banks are shared."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def share(
        self, by: Principal, name: str, *, tlp: str = "amber", open: bool = True  # noqa: A002 - as the noun says it
    ) -> SharedList:  # fmt: skip
        """Share a bank, or change how it is shared.

        Args:
            by: who.
            name: of the bank.
            tlp: its traffic light.
            open: members may give to it.

        Raises:
            NotAllowed: not by those who run the hub.
            NotFound: no such bank.
            BadInput: not a colour, or the bank is no longer used.
            Conflict: it is red, and would become wider.
        """
        must_run(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            bank = banks.get(tx, name)
            known = [one for one in hub_lists.every(tx, ended=True) if one.bank == bank.id]
            if known and known[0].tlp == RED and tlp != RED:
                raise Conflict("A red list never becomes wider; share another bank.", bank=name)
            done = hub_lists.share(tx, bank, tlp=tlp, open=open)
            tx.audit(by.id, "hub.share", bank.id, name=name, tlp=tlp, open=open)
            return done

    def end(self, by: Principal, name: str) -> SharedList:
        """Share a bank no more; members are told that its entries are gone.

        Raises:
            NotAllowed: not by those who run the hub.
            NotFound: it was never shared.
        """
        must_run(by)
        with self._db.transaction() as tx:
            one = hub_lists.by_name(tx, name)
            done = hub_lists.end(tx, one.bank_number)
            tx.audit(by.id, "hub.unshare", one.bank, name=name)
            return done

    def every(self, by: Principal, *, ended: bool = False) -> list[SharedList]:
        """Shared lists by name; raises `NotAllowed`."""
        must_read(by)
        with self._db.read() as tx:
            return hub_lists.every(tx, ended=ended)

    def get(self, by: Principal, name: str) -> SharedList:
        """One list by name; raises `NotAllowed`, `NotFound`."""
        found = [one for one in self.every(by, ended=True) if one.name == name]
        if not found:
            raise NotFound(f"shared list {name}")
        return found[0]
