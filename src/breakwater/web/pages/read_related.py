"""What else there is around a case: the account's uploads and cases, and similar ones.

Everything is words: no picture of another case is shown beside this one. Read by `read_case`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseKind
from breakwater.model.ids import Id
from breakwater.model.upload import Upload
from breakwater.records import cases, duplicates, link_lists, uploads
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, QueueRow
from breakwater.web.pages.models_case import RelatedRow
from breakwater.web.pages.read_queue import Look, row_of
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import say

MOST: Final = 8
"""Rows of one list; the queue finds the rest."""


def earlier(look: Look, found: Case) -> tuple[QueueRow, ...]:
    """Other cases of the account, the newest first."""
    if not found.account:
        return ()
    every = cases.by_account(look.tx, found.service, found.account, MOST + 1)
    return tuple(row_of(look, other) for other in every if other.id != found.id)[:MOST]


def series(look: Look, found: Case) -> tuple[tuple[str, str], ...]:
    """Series that something kept of the case belongs to: address and words."""
    if not look.may(Permission.LINK_READ):
        return ()
    return tuple(
        (f"/links/{number}", f"{number} · {name}" if name else str(number))
        for number, name in link_lists.series_of_case(look.tx, found.id)[:MOST]
    )


def of_account(look: Look, found: Case, upload: Upload | None) -> tuple[RelatedRow, ...]:
    """Other uploads of the account, the newest first, those that passed too."""
    if not found.account:
        return ()
    every = uploads.by_account(look.tx, found.service, found.account, MOST + 1)
    own = upload.id if upload else None
    return _rows(look, [other for other in every if other.id != own][:MOST])


def similar(look: Look, upload: Upload | None, beside: Iterable[str]) -> tuple[RelatedRow, ...]:
    """Other uploads that match the same entries, those of the stack left out.

    Args:
        look: who looks.
        upload: the case is about.
        beside: ids of cases that are shown as duplicates already.
    """
    if upload is None:
        return ()
    shown = set(beside)
    found = duplicates.similar_to(look.tx, upload, limit=MOST + len(shown))
    return _rows(look, [other for other in found if other.case not in shown][:MOST])


def _rows(look: Look, found: list[Upload]) -> tuple[RelatedRow, ...]:
    return tuple(_row(look, upload) for upload in found)


def _row(look: Look, upload: Upload) -> RelatedRow:
    verdict = upload.verdict
    case = _case(look, upload.case)
    reference = upload.origin.reference if look.may(Permission.ACCOUNT_READ) else ""
    title = say("Case %(number)d", number=case.number) if case else reference or say("An upload")
    return RelatedRow(
        title=title,
        words=retold(verdict.reason) if verdict else say("Its verdict is not reached yet."),
        action=words.ACTION[verdict.action] if verdict else Mark("wait", say("Waiting")),
        at=words.ago(upload.received_at, look.now),
        url=f"/cases/{case.id}" if case else "",
        later=case is not None and case.kind is CaseKind.RETROACTIVE,
    )


def _case(look: Look, case: Id | None) -> Case | None:
    return cases.get(look.tx, case) if case else None
