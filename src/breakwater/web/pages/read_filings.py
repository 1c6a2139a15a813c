"""Every report to an authority, and what may be sent to whom, from records and the table.

In comes the query of a page; out go its values. Used by `pages.filings`; tests:
`tests/integration/test_filings_pages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from breakwater.model.filing import Filing, FilingState
from breakwater.model.sending import DataClass, Occasion, RecipientKind, Sendings
from breakwater.records import filings
from breakwater.records.database import Tx
from breakwater.reporting import fallen
from breakwater.reporting.permits import Destination
from breakwater.web.pages import words
from breakwater.web.pages.models import Number, Option
from breakwater.web.pages.models_filings import FilingRow, FilingsList, SendingRow, SendingsView
from breakwater.web.pages.read_filing import mark
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

ROWS: Final = 50
ENDED: Final = tuple(one for one in FilingState if one.ends)
OPEN: Final = tuple(one for one in FilingState if not one.ends)
KINDS: Final[Mapping[str, str]] = Spoken({
    RecipientKind.CLEARING: later("A clearing house, such as NCMEC or a national centre"),
    RecipientKind.POLICE: later("Police"),
    RecipientKind.HOTLINE: later("A hotline"),
    RecipientKind.TEST: later("A recipient's test host"),
})  # fmt: skip
CLASSES: Final[Mapping[str, str]] = Spoken({
    DataClass.NOTICE: later("that something is ready"),
    DataClass.FACTS: later("what happened and where"),
    DataClass.HASHES: later("hashes"),
    DataClass.IDENTITY: later("who: accounts and addresses"),
    DataClass.MESSAGES: later("what was written"),
    DataClass.MEDIA: later("the files"),
    DataClass.VIEWERS: later("who watched"),
})  # fmt: skip
OCCASIONS: Final[Mapping[str, str]] = Spoken({
    Occasion.ALWAYS: later("At any time"),
    Occasion.DANGER: later("While somebody's life is in danger"),
    Occasion.REQUEST: later("On a lawful request"),
})  # fmt: skip


def listed(
    tx: Tx, to: Mapping[str, Destination], *, filed: bool, late: bool, recipient: str, after: int,
) -> FilingsList:  # fmt: skip
    """The list of reports."""
    fell = fallen.waiting(tx)
    rows = filings.listed(
        tx, ENDED if filed else OPEN, to=recipient, late=late and not filed, after=after,
        limit=ROWS + 1, newest=filed,
    )  # fmt: skip
    waits, moves, over = (
        sum(one) for one in zip((0, 0, 0), *filings.counts(tx).values(), strict=True)
    )
    wrong = (
        [] if late or after else [o for o in fell if not filed and recipient in {"", o.destination}]
    )
    query = {"filed": int(filed), "late": int(late), "to": recipient}
    here = "/filings?" + urlencode({name: value for name, value in query.items() if value})
    return FilingsList(
        numbers=(
            Number(words.count(over), say("Overdue"), late=over > 0),
            Number(words.count(waits + len(fell)), say("Wait for a person")),
            Number(words.count(moves), say("On their way")),
        ),
        rows=tuple(
            _row(one, to, tx.now, fell=one in fell) for one in (*wrong, *rows[:ROWS])
        ), filed=filed, late=late,
        recipients=(
            Option("", say("Every recipient"), not recipient),
            *(Option(n, one.title or n, n == recipient) for n, one in to.items()),
        ),
        clocks=tuple(
            (one.title or name, words.span(one.due), words.span(one.time_for(urgent=True)))
            for name, one in to.items()
        ),
        next_url=f"{here}&after={after + ROWS}" if len(rows) > ROWS else "",
        first_url=here if after else "",
    )  # fmt: skip


def _row(one: Filing, to: Mapping[str, Destination], now: datetime, *, fell: bool) -> FilingRow:
    where = to.get(one.destination)
    return FilingRow(
        number=one.number, url=f"/cases/{one.case}/report?n={one.number}",
        to=(where.title if where else "") or one.destination, state=mark(one.state, fell=fell),
        urgent=one.urgent,
        due=words.ago(one.finished_at, now) if one.finished_at else words.due(one.due_at, now),
        known=words.ago(one.knowledge_at, now),
        done=words.ago(one.finished_at, now) if one.finished_at else None,
        receipt=one.report_id, fault=one.fault,
    )  # fmt: skip


def sendings(table: Sendings, to: str, when: Occasion) -> SendingsView:
    """What may leave for a country."""
    kinds = tuple(
        (KINDS[kind], _answers(table, to, kind, when))
        for kind in RecipientKind
        if kind is not RecipientKind.TEST
    )
    occasions = tuple(Option(one.value, OCCASIONS[one], one is when) for one in Occasion)
    return SendingsView(table.seat, to, occasions, kinds)


def _answers(
    table: Sendings, to: str, kind: RecipientKind, when: Occasion
) -> tuple[SendingRow, ...]:
    found: dict[tuple[bool, str, bool], list[str]] = {}
    for data in DataClass:
        said = table.may(to, kind, data, when=when)
        says = said.basis or said.why_not
        found.setdefault((said.allowed, says, said.own), []).append(CLASSES[data])
    return tuple(
        SendingRow(tuple(what), allowed, retold(says), own)
        for (allowed, says, own), what in found.items()
    )
