"""The desk's part of a hub's packs: written and taken in this process, or through the owner.

Mixed into `hubs.HereHub` and `hubs.OwnerHub`; the commands are in `cli.hub_packs`.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from breakwater.cli.desk import OPERATOR, Row

if TYPE_CHECKING:
    from breakwater.app import App


class HereHubPacks:
    """Writes and takes them in this process, which owns the installation meanwhile."""

    _app: App

    def hub_pack(self, member: str, asked: Row) -> tuple[bytes, Row]:
        """A pack, with where the next begins and how many rows it has."""
        from breakwater.cli.checking import checked
        from breakwater.web.api import hub_packs

        body = checked(hub_packs.PackIn, asked)
        answer = hub_packs.write_pack(member, body, self._app, OPERATOR)
        return bytes(answer.body), _facts(answer.headers)

    def hub_unpack(self, member: str, data: bytes, key: str) -> Row:
        """Take a member's pack, unsealed."""
        from breakwater.web.api import hub_packs
        from breakwater.web.api.media import known_id

        one, sender = known_id(member), hub_packs.public_key(key)
        taken = self._app.feeds.packs.take(OPERATOR, one, data, sender)
        return hub_packs.TakenOut.of(taken).model_dump(mode="json")


class OwnerHubPacks:
    """Asks the owner's API."""

    @abstractmethod
    def call(self, method: str, path: str, **how: Any) -> Any:
        """One request."""

    def hub_pack(self, member: str, asked: Row) -> tuple[bytes, Row]:
        """A pack, with where the next begins and how many rows it has."""
        path = f"/v1/hub/members/{member}/packs"
        answer = self.call("POST", path, json=asked, timeout=None)
        return bytes(answer.content), _facts(answer.headers)

    def hub_unpack(self, member: str, data: bytes, key: str) -> Row:
        """Take a member's pack, unsealed."""
        path = f"/v1/hub/members/{member}/packs/taken"
        return dict(self.call("POST", path, params={"key": key}, content=data, timeout=None).json())


def _facts(headers: Any) -> Row:
    return {
        "upto": int(headers["X-Hub-Through"]), "rows": int(headers["X-Hub-Rows"]),
        "member": int(headers["X-Hub-Member"]), "key": headers["X-Hub-Key"],
    }  # fmt: skip
