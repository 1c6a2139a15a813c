"""A lead on the case page: what it says, every time more came, and the page that it leads to.

Words alone: what a lead leads to has its own page, with its own rights. Read by `read_case`.
"""

from __future__ import annotations

from typing import Final

from breakwater.linking.leads import JOINED, series_of
from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseKind
from breakwater.records import cases, exhibits, hub_members
from breakwater.web.pages.models_case import LeadView
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import later, say

CLOSES: Final = {
    CaseKind.QUARANTINE: (
        later("No action needed"),
        later("Closes the case. Entries stay in quarantine until somebody frees them."),
    ),
    CaseKind.LEAD: (
        later("Looked into"),
        later("Closes the lead. What it leads to stays as it is."),
    ),
}
"""Word and effect of closing where there is no item to judge."""

MOST: Final = 20
"""Reasons on one page, the newest first."""


def view(look: Look, found: Case) -> LeadView | None:
    """The section of the case page; None: it is no lead."""
    if found.kind is not CaseKind.LEAD:
        return None
    steps = [step for step in cases.history(look.tx, found.id) if step.what == JOINED]
    reasons = tuple(retold(step.note) for step in reversed(steps))[:MOST]
    series = series_of(look.tx, found)
    if series is not None:
        words = say("Series %(n)s has %(media)s media now.", n=series.number, media=series.media)
        return _linked(look, LeadView(words, reasons), f"/links/{series.number}")
    taken = exhibits.by_id(look.tx, found.subject)
    if taken is not None:
        words = say(
            "Exhibits %(reference)s: %(offered)s files, %(known)s of them known, %(bad)s not readable. %(taken)s wait for somebody.",
            reference=taken.reference, offered=taken.offered, known=taken.known, bad=taken.bad,
            taken=taken.taken,
        )  # fmt: skip
        where = f"/links/exhibits/{taken.number}"
        return _linked(look, LeadView(words, reasons), where, say("Open the exhibits"))
    if hub_members.is_member(look.tx, found.subject):
        words = say("Another organisation works on the same file. Call them before you go on.")
        return _linked(
            look, LeadView(words, reasons), "/links/deconfliction", say("Who else works on it")
        )
    return LeadView(say("It is in no series yet."), reasons)


def _linked(look: Look, view: LeadView, url: str, word: str = "") -> LeadView:
    """With the way to the series, for those who may see it."""
    if not look.may(Permission.LINK_READ):
        return LeadView(view.words, view.reasons, link=say("Investigators see what it leads to."))
    return LeadView(view.words, view.reasons, url, word or say("Open the series"))
