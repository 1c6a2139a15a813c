"""The desk's part of `breakwater hub import`: a file in a member's name, here or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakwater.cli.desk import OPERATOR, Progress, Row

if TYPE_CHECKING:
    from breakwater.app import App


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that is given in a member's name.

    Attributes:
        number: of the member.
        signed_by: name of the person here who vouches for it; empty: nobody.
    """

    path: Path
    number: int
    category: str = ""
    kind: str = ""
    vics: bool = False
    signed_by: str = ""


class HereHubFiles:
    """Loads it in this process, which owns the installation meanwhile."""

    _app: App

    def hub_import(self, name: str, file: GivenFile, progress: Progress) -> Row:
        """Give a file; `progress` is told the rows read so far."""
        from breakwater.app.curating import Batch
        from breakwater.model.access import Permission
        from breakwater.web.api.hub_given import GivenOut

        app, who = self._app, OPERATOR
        if file.signed_by:
            who = app.access.people.on_behalf(OPERATOR, file.signed_by, Permission.HUB_WRITE)
        batch = Batch(
            member=app.hub.contribute.name_of(file.number), category=file.category,
            kind=file.kind, vics=file.vics, signed=bool(file.signed_by),
        )  # fmt: skip
        done = app.hub.curating.files.load(
            who, name, file.path, batch, progress=lambda state: progress(state.rows)
        )
        return GivenOut.of_file(*done).model_dump(mode="json")


class OwnerHubFiles:
    """Sends it to the owner's API."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    def hub_import(self, name: str, file: GivenFile, progress: Progress) -> Row:
        """Give a file; how far it is shows at its end."""
        about = {
            "category": file.category, "kind": file.kind, "vics": file.vics,
            "signed_by": file.signed_by,
        }  # fmt: skip
        path = f"/v1/hub/lists/{name}/imports/{file.number}"
        with file.path.open("rb") as body:
            done: Row = self.json("POST", path, params=about, content=body, timeout=None)
        progress(done["rows"])
        return done
