"""The desk's part of links: each call of `/v1/links` by its name, here or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from breakwater.cli.desk import OPERATOR, Row

if TYPE_CHECKING:
    from breakwater.app import App


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        path: with `{}` for the number it is of.
        handler: its name in `web.api.links`, of deconfliction in `web.api.deconfliction`.
        body: name of its body in `web.api.link_shapes` or there.
    """

    method: str
    path: str
    handler: str
    body: str = ""


CALLS: Final = {
    "status": Call("GET", "status", "status"),
    "list": Call("GET", "series", "series_list"),
    "series": Call("GET", "series/{}", "series"),
    "change": Call("PATCH", "series/{}", "change", "SeriesChange"),
    "note": Call("POST", "series/{}/notes", "note", "SeriesNoteIn"),
    "lead": Call("POST", "series/{}/lead", "lead"),
    "medium": Call("GET", "media/{}", "medium"),
    "retry": Call("POST", "media/{}/retry", "retry"),
    "waiting": Call("GET", "waiting", "waiting"),
    "edge": Call("GET", "edges/{}", "edge"),
    "judge": Call("POST", "edges/{}/verdicts", "judge", "VerdictIn"),
    "children": Call("GET", "series/{}/children", "children"),
    "child": Call("POST", "series/{}/children", "child", "ChildIn"),
    "outcome": Call("POST", "series/{}/outcomes", "outcome", "OutcomeIn"),
    "places": Call("GET", "series/{}/places", "places"),
    "place": Call("POST", "series/{}/places", "place", "PlaceIn"),
    "rebuild": Call("POST", "rebuild", "rebuild"),
    "deconflict": Call("POST", "deconfliction", "ask_here", "HereQuestionIn"),
    "deconflicted": Call("GET", "deconfliction", "standing_here"),
    "deconflict_end": Call("DELETE", "deconfliction", "end_here"),
}


class HereLinks:
    """Does it in this process, which owns the installation meanwhile."""

    _app: App

    def links(
        self, call: str, of: int | None = None, body: Row | None = None, *, signer: str = "",
        **asked: Any,
    ) -> Row:  # fmt: skip
        """One call; answers what the API would."""
        from breakwater.cli.checking import checked
        from breakwater.web.api import deconfliction, link_shapes, links

        one = CALLS[call]
        handlers, bodies = (
            (deconfliction, deconfliction)
            if one.path.startswith("deconfliction")
            else (links, link_shapes)
        )
        given: dict[str, Any] = {"app": self._app, "who": OPERATOR, **asked}
        if of is not None:
            given["number"] = of
        if one.body:
            given["body"] = checked(getattr(bodies, one.body), body or {})
        if signer:
            given["who"] = links.for_person(self._app, OPERATOR, signer)
        return dict(getattr(handlers, one.handler)(**given).model_dump(mode="json"))


class OwnerLinks:
    """Asks the owner's API."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    def links(
        self, call: str, of: int | None = None, body: Row | None = None, *, signer: str = "",
        **asked: Any,
    ) -> Row:  # fmt: skip
        """One call; answers what the API did."""
        one = CALLS[call]
        params = {**asked, **({"signed_by": signer} if signer else {})}
        how: dict[str, Any] = {"json": body or {}} if one.body else {}
        path = f"/v1/links/{one.path.format(of)}"
        return dict(self.json(one.method, path, params=params, **how))
