"""The desk's part of exhibits: in this process, or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final

from breakwater.cli.desk import OPERATOR, Row
from breakwater.errors import BadInput

if TYPE_CHECKING:
    from breakwater.app import App

ASK_EVERY_S: Final = 1.0
MOST: Final = 500


class HereExhibits:
    """Does it in this process, which owns the installation meanwhile."""

    _app: App

    def take_exhibits(self, fields: Row, signer: str) -> Row:
        """Take a set in, to its end."""
        from breakwater.cli.checking import checked
        from breakwater.web.api import exhibits

        by = exhibits.for_person(self._app, OPERATOR, signer)
        wanted = checked(exhibits.ExhibitsIn, fields).noun()
        done = self._app.exhibiting.exhibits.load(by, wanted)
        return exhibits.ExhibitSetOut.of(done).model_dump(mode="json")

    def exhibit_sets(self) -> list[Row]:
        """Sets, the newest first."""
        from breakwater.web.api import exhibits

        found = exhibits.sets(self._app, OPERATOR)
        return [one.model_dump(mode="json") for one in found.sets]

    def exhibits(self, number: int, state: str, *, names_for: str = "") -> Row:
        """The first files of a set, of one state or all; with paths for an investigator."""
        from breakwater.model.exhibit import ExhibitState
        from breakwater.web.api import exhibits

        if state and state not in set(ExhibitState):
            raise BadInput(f"A state is one of: {', '.join(ExhibitState)}.")
        chosen = ExhibitState(state) if state else None
        found = exhibits.files(
            number, self._app, OPERATOR, state=chosen, limit=MOST, names=bool(names_for),
            signed_by=names_for,
        )  # fmt: skip
        return found.model_dump(mode="json")


class OwnerExhibits:
    """Asks the owner's API; its worker reads the files."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    def take_exhibits(self, fields: Row, signer: str) -> Row:
        """Have the owner's worker take a set in, and wait for it."""
        path, params = "/v1/exhibit-imports", {"signed_by": signer}
        made: Row = self.json("POST", path, json=fields, params=params)
        while made["state"] == "taking":
            time.sleep(ASK_EVERY_S)
            made = self.json("GET", f"/v1/exhibits/{made['number']}")
        if made["state"] == "failed":
            raise BadInput(made["fault"])
        return made

    def exhibit_sets(self) -> list[Row]:
        """Sets, the newest first."""
        return list(self.json("GET", "/v1/exhibits")["sets"])

    def exhibits(self, number: int, state: str, *, names_for: str = "") -> Row:
        """The first files of a set, of one state or all; with paths for an investigator."""
        asked = {"limit": MOST, **({"state": state} if state else {})}
        if names_for:
            asked |= {"names": True, "signed_by": names_for}
        found: Row = self.json("GET", f"/v1/exhibits/{number}/files", params=asked)
        return found
