"""The desk's part of the hub: each call of `/v1/hub` by its name, here or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from breakwater.cli.desk import OPERATOR, Row
from breakwater.cli.hub_pack_desk import HereHubPacks, OwnerHubPacks

if TYPE_CHECKING:
    from breakwater.app import App


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        path: with `{}` for what it is of.
        handler: its name in `web.api.hub`.
        of: the handler's word for what it is of.
        body: name of its body in `web.api.hub_shapes`.
    """

    method: str
    path: str
    handler: str
    of: str = ""
    body: str = ""


CALLS: Final = {
    "members": Call("GET", "members", "members"),
    "take_in": Call("POST", "members", "take_in", body="MemberIn"),
    "member": Call("GET", "members/{}", "member", "id"),
    "change": Call("PATCH", "members/{}", "change", "id", "MemberChange"),
    "give_key": Call("POST", "members/{}/keys", "give_key", "id", "HubKeyIn"),
    "revoke_key": Call("DELETE", "keys/{}", "revoke_key", "id"),
    "lists": Call("GET", "lists", "lists"),
    "share": Call("PUT", "lists/{}", "share", "name", "ListIn"),
    "unshare": Call("DELETE", "lists/{}", "unshare", "name"),
    "rules": Call("GET", "rules", "rules"),
    "add_rule": Call("POST", "rules", "add_rule", body="RuleIn"),
    "end_rule": Call("POST", "rules/{}/end", "end_rule", "id", "WhyIn"),
    "simulate": Call("POST", "simulate", "simulate", body="SimulateIn"),
    "publications": Call("GET", "publications", "publications"),
    "publish": Call("POST", "publications/{}", "propose_publication", "number", "WhyIn"),
    "health": Call("GET", "health", "health"),
}
"""What a second person agrees to is done in the console: no command agrees."""


class HereHub(HereHubPacks):
    """Does it in this process, which owns the installation meanwhile."""

    _app: App

    def hub(self, call: str, of: str = "", body: Row | None = None) -> Row:
        """One call; answers what the API would."""
        from breakwater.cli.checking import checked
        from breakwater.errors import NotFound
        from breakwater.web.api import hub, hub_shapes

        one = CALLS[call]
        given: dict[str, Any] = {"app": self._app, "who": OPERATOR}
        if one.of == "number" and not of.isdigit():
            raise NotFound(f"contribution {of}")
        if one.of:
            given[one.of] = int(of) if one.of == "number" else of
        if one.body:
            given["body"] = checked(getattr(hub_shapes, one.body), body or {})
        answer = getattr(hub, one.handler)(**given)
        return dict(answer.model_dump(mode="json"))


class OwnerHub(OwnerHubPacks):
    """Asks the owner's API."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    def hub(self, call: str, of: str = "", body: Row | None = None) -> Row:
        """One call; answers what the API did."""
        one = CALLS[call]
        path = f"/v1/hub/{one.path.format(quote(of, safe=''))}"
        return dict(self.json(one.method, path, **({"json": body or {}} if one.body else {})))
