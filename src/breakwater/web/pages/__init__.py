"""The console: server-rendered pages for people (specification: reference, console).

`mount(api, reads=…)` adds every page, the static files and the event stream to an
application that already has the gate; `trouble.page_for` turns an error into a page. Pages
read through `reads.Reads` and see nothing but the frozen values of `models`. Looked at and
tested in a real browser by `tests/integration/test_console_browser.py`.
"""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from breakwater.web import events
from breakwater.web.pages import (
    account,
    acts,
    appeals,
    audit,
    banks,
    bulk,
    case,
    chat,
    classifiers,
    comments,
    danger,
    door,
    duty,
    filing,
    filings,
    grade,
    held,
    holds,
    hub,
    hub_entry,
    hub_followed,
    hub_queue,
    legal_requests,
    link_looks,
    links,
    links_acts,
    links_cutouts,
    links_deconflict,
    links_exhibits,
    links_likeness,
    links_search,
    live,
    looking,
    overview,
    own,
    own_picture,
    package,
    people,
    portal,
    qa,
    queue,
    received,
    reports,
    routing,
    sanctions,
    sets,
    settings,
    shell,
    spots,
    transparency,
    vics,
    viewers,
    wall,
    wall_chat,
    wellbeing,
    workstations,
)
from breakwater.web.pages.assets import Assets
from breakwater.web.pages.keytable import KeyTable
from breakwater.web.pages.reads import Console, Reads
from breakwater.web.pages.render import Renderer

__all__ = ["mount"]

ROUTERS: Final = (
    shell.router,
    account.router,
    door.router,
    overview.router,
    queue.router,
    reports.router,
    received.router,
    bulk.router,
    routing.router,
    case.router,
    acts.router,
    legal_requests.router,
    links_search.router,
    links_exhibits.router,
    links_cutouts.router,
    links_deconflict.router,
    links_likeness.router,
    links.router,
    links_acts.router,
    link_looks.router,
    chat.router,
    held.router,
    holds.router,
    hub.router,
    hub_followed.router,
    hub_entry.router,
    hub_queue.router,
    appeals.router,
    banks.router,
    audit.router,
    people.router,
    portal.router,
    own.router,
    own_picture.router,
    settings.router,
    live.router,
    classifiers.router,
    comments.router,
    looking.router,
    duty.router,
    filing.router,
    danger.router,
    filings.router,
    package.router,
    vics.router,
    grade.router,
    qa.router,
    sanctions.router,
    sets.router,
    spots.router,
    transparency.router,
    viewers.router,
    wall.router,
    wall_chat.router,
    wellbeing.router,
    workstations.router,
    events.router,
)


def mount(api: FastAPI, *, reads: Reads) -> None:
    """Add the console to an application."""
    api.state.console = Console(reads=reads, renderer=Renderer(Assets.read(), KeyTable.read()))
    for router in ROUTERS:
        api.router.routes.extend(router.routes)
