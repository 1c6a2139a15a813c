"""The rail: which pages there are, in which group, and whom each is for.

A role sees only what it may open (law, "who may see what"); a page that does not exist yet is
not in the table, so that nothing leads nowhere.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from breakwater.model.access import Permission
from breakwater.web.pages.models import Link, Viewer

LINKS: Final = (
    Link("overview", "Overview", "/", "Now"),
    Link("queue", "Queue", "/queue", "Now", Permission.CASE_READ),
    Link("banks", "Banks", "/banks", "Know", Permission.BANK_READ),
    Link("audit", "Audit", "/audit", "Run", Permission.AUDIT_READ),
)


def links_for(viewer: Viewer) -> list[Link]:
    """The pages a viewer may open."""
    return [k for k in LINKS if k.permission is None or k.permission in viewer.permissions]


def rail_for(viewer: Viewer) -> list[tuple[str, list[Link]]]:
    """The same by group, in the table's order."""
    return [(group, list(links)) for group, links in groupby(links_for(viewer), lambda k: k.group)]
