"""Templates to responses: one environment, autoescaping, the same shell round every page.

A handler gives the page's name, its view and its viewer; the shell adds rail, keys, theme and
the session's CSRF token. Templates see nothing but values of `pages.models`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Principal
from breakwater.web.gate import caller, gate_of
from breakwater.web.languages import gettext, ngettext, offered, pgettext, speaking
from breakwater.web.pages import words
from breakwater.web.pages.assets import Assets
from breakwater.web.pages.keytable import KeyTable
from breakwater.web.pages.models import Found, Viewer
from breakwater.web.pages.rail import links_for, rail_for
from breakwater.web.pages.speech import say

FOLDER: Final = Path(__file__).parent.parent / "templates"
THEME: Final = "breakwater-theme"
THEMES: Final = frozenset({"light", "dark"})


class Renderer:
    """Makes pages and fragments."""

    def __init__(self, assets: Assets, keys: KeyTable) -> None:
        self.assets = assets
        self._keys = keys
        self._jinja = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._jinja.policies["ext.i18n.trimmed"] = True
        self._jinja.install_gettext_callables(  # type: ignore[attr-defined] # the extension adds it
            gettext, ngettext, newstyle=True, pgettext=pgettext
        )
        self._jinja.globals["static"] = assets.url
        self._jinja.globals["keys"] = keys
        self._jinja.filters["short"] = words.short

    def page(
        self,
        request: Request,
        name: str,
        *,
        viewer: Viewer,
        now: datetime,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Render a page within the shell, or a fragment that needs the shell's values."""
        context = {
            "page": name,
            "section": "",
            "viewer": viewer,
            "rail": rail_for(viewer),
            "found": found_pages(viewer),
            "first_run": False,
            "query": {"q": request.query_params.get("q", "")[:200]},
            "now": words.at(now),
            "csrf": csrf_of(request),
            "theme": theme_of(request),
            "here": request.url.path,
        }
        return self._html(name, context | values, status)

    def bare(
        self, request: Request, name: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render a page for somebody who is not signed in."""
        context = {"page": name, "csrf": csrf_of(request), "theme": theme_of(request)}
        return self._html(name, context | values, status)

    def _html(self, name: str, context: dict[str, Any], status: int) -> HTMLResponse:
        spoken = {"language": speaking(), "languages": offered()}
        html = self._jinja.get_template(f"{name}.html").render(context | spoken)
        return HTMLResponse(html, status_code=status, headers={"Content-Language": speaking().tag})


def found_pages(viewer: Viewer) -> list[Found]:
    """What the palette offers before anything is typed."""
    return [Found(link.word, link.url, say("Page")) for link in links_for(viewer)]


def csrf_of(request: Request) -> str:
    """The CSRF token of the session; empty when nobody is signed in."""
    who: Principal | None = caller(request)
    return gate_of(request).csrf(who) if who is not None and who.session is not None else ""


def theme_of(request: Request) -> str:
    """The chosen theme; empty follows the system."""
    theme = request.cookies.get(THEME, "")
    return theme if theme in THEMES else ""
