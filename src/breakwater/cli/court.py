"""The desk's part of acts on services and legal requests: in this process, or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from breakwater.cli.desk import OPERATOR, Row

if TYPE_CHECKING:
    from breakwater.app import App

ACTS: Final = 200
"""Acts of one look: the API's limit."""


class HereCourt:
    """Does it in this process, which owns the installation meanwhile."""

    _app: App

    def acts(self, *, failing: bool = False) -> Row:
        """The newest acts on services, or those that were not confirmed."""
        from breakwater.web.api import acts

        found = acts.every(self._app, OPERATOR, failing=failing, limit=ACTS)
        return found.model_dump(mode="json")

    def retry_act(self, act: str) -> Row:
        """Try one again; it is sent by whoever serves."""
        from breakwater.web.api import acts

        return acts.retry(act, self._app, OPERATOR).model_dump(mode="json")

    def request_counts(self, period: Row) -> list[Row]:
        """How many legal requests of a period, by kind."""
        from breakwater.web.api import legal_requests

        since, until = (datetime.fromisoformat(period[name]) for name in ("since", "until"))
        found = legal_requests.counts(self._app, since, until)
        return [one.model_dump(mode="json") for one in found.counts]


class OwnerCourt:
    """Asks the owner's API."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    def acts(self, *, failing: bool = False) -> Row:
        """The newest acts on services, or those that were not confirmed."""
        found: Row = self.json("GET", "/v1/acts", params={"failing": failing, "limit": ACTS})
        return found

    def retry_act(self, act: str) -> Row:
        """Try one again."""
        done: Row = self.json("POST", f"/v1/acts/{quote(act, safe='')}/retry", json={})
        return done

    def request_counts(self, period: Row) -> list[Row]:
        """How many legal requests of a period, by kind."""
        return list(self.json("GET", "/v1/request-counts", params=period)["counts"])
