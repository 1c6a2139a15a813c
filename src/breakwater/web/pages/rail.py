"""The rail: which pages there are, in which group, and whom each is for.

A role sees only what it may open (law, "who may see what"); a page that does not exist yet is
not in the table, so that nothing leads nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Final

from breakwater.model.access import Permission
from breakwater.web.pages.models import Link, Viewer
from breakwater.web.pages.speech import say

LINKS: Final = (
    Link("overview", "Overview", "/", "Now"),
    Link("wall", "Live wall", "/live", "Now", Permission.STREAM_READ),
    Link("queue", "Queue", "/queue", "Now", Permission.CASE_READ),
    Link("duty", "On call", "/duty", "Now", Permission.CASE_READ),
    Link("spots", "Spot checks", "/spots", "Now", Permission.STREAM_CONTROL),
    Link("appeals", "Appeals", "/appeals", "Now", Permission.APPEAL_DECIDE),
    Link("grade", "Grade", "/grade", "Judge", Permission.GRADE_WRITE),
    Link("sets", "Sets", "/sets", "Judge", Permission.GRADE_IMPORT),
    Link("qa", "Quality", "/qa", "Judge", Permission.GRADE_QA),
    Link("rates", "Overturned", "/appeals/rates", "Judge", Permission.GRADE_QA),
    Link("links", "Links", "/links", "Know", Permission.LINK_READ),
    Link("banks", "Banks", "/banks", "Know", Permission.BANK_READ),
    Link("hub", "Hub", "/hub", "Know", Permission.HUB_READ),
    Link("transparency", "Figures", "/transparency", "Know", Permission.TRANSPARENCY_READ),
    Link("filings", "Reports", "/filings", "Know", Permission.FILING_READ),
    Link("holds", "Evidence", "/holds", "Know", Permission.HOLD_READ),
    Link("sanctions", "Sanctions", "/sanctions", "Know", Permission.SANCTION_READ),
    Link("requests", "Requests", "/requests", "Know", Permission.REQUEST_WRITE),
    Link("people", "People", "/people", "Run", Permission.PEOPLE_WRITE),
    Link(
        "wellbeing",
        "Wellbeing",
        "/wellbeing",
        "Run",
        Permission.MEDIA_VIEW,
        Permission.WELLBEING_READ,
    ),
    Link("audit", "Audit", "/audit", "Run", Permission.AUDIT_READ),
    Link("settings", "Settings", "/settings", "Run", Permission.SYSTEM_READ),
)


def links_for(viewer: Viewer) -> list[Link]:
    """The pages a viewer may open, in their language."""
    return [
        replace(link, word=say(link.word), group=say(link.group))
        for link in LINKS
        if link.permission is None or {link.permission, link.otherwise} & viewer.permissions
    ]


def rail_for(viewer: Viewer) -> list[tuple[str, list[Link]]]:
    """The same by group, in the table's order."""
    return [(group, list(links)) for group, links in groupby(links_for(viewer), lambda k: k.group)]
