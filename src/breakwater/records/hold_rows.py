"""Rows of what was held are emptied when its time is over: names, addresses, texts, what was sent.

What is only ever added (decisions, verdicts, alarms, account data as told) stays, sealed where it
names somebody. Called by `reporting.preserving.ending` after two people agreed; the databases
refuse it while a hold stands. Contract: `tests/contract/test_preserving.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from breakwater.model.chat import KeptState
from breakwater.model.ids import Id
from breakwater.records import chat_alarms, identities, uploads
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chats, kept_comments
from breakwater.records.tables.nouns_filing import filing_drafts, filing_papers, filing_steps
from breakwater.records.tables.nouns_intake import cases
from breakwater.records.tables.nouns_intake import uploads as upload_rows
from breakwater.records.tables.nouns_stream import stream_publishers, stream_viewers, streams
from breakwater.records.tables.nouns_watcher import viewer_acts

_k, _w = kept_comments.c, stream_viewers.c


def forget_media(tx: Tx, upload: Id) -> None:
    """The law of the seat does not let an upload's media be kept; facts and account data are."""
    change = sa.update(upload_rows).where(upload_rows.c.id == upload)
    tx.execute(change.values(blob_id=None, change=tx.change()))


def empty(tx: Tx, case: Id, table: str, row: Id) -> bool:
    """Empty what a row of a case says of people; False where it is only ever added and stays.

    Raises:
        Held: a hold stands.
    """
    if table == chats.name:  # other cases of the same chat have reasons of their own
        chat_alarms.clear(tx, row, case)
        return True
    act = _ACTS.get(table)
    if act is None:
        return False
    act(tx, row)
    return True


def _upload(tx: Tx, upload: Id) -> None:
    if uploads.find(tx, upload) is not None:
        uploads.forget_evidence(tx, upload)


def _case(tx: Tx, case: Id) -> None:
    tx.execute(sa.update(cases).where(cases.c.id == case).values(account_sealed=None))
    tx.execute(
        sa.update(kept_comments)
        .where(_k.case_id == case)
        .values(
            state=KeptState.REMOVED.value, sealed=None, author_key=None, held=False,
            change=tx.change(),
        )
    )  # fmt: skip


def _stream(tx: Tx, stream: Id) -> None:
    tx.execute(sa.delete(viewer_acts).where(viewer_acts.c.stream_id == stream))
    tx.execute(sa.delete(stream_viewers).where(_w.stream_id == stream))
    for table, whose in (
        (streams, streams.c.id),
        (stream_publishers, stream_publishers.c.stream_id),
    ):
        for found in tx.execute(sa.select(table.c.id, table.c.sealed).where(whose == stream)).all():
            said = identities.unseal(tx, Id(found.id), found.sealed)
            bare = {name: "" if isinstance(value, str) else None for name, value in said.items()}
            sealed = identities.seal(tx, Id(found.id), bare)
            tx.execute(sa.update(table).where(table.c.id == found.id).values(sealed=sealed))


def _filing(tx: Tx, filing: Id) -> None:
    steps = sa.select(filing_steps.c.id).where(filing_steps.c.filing_id == filing)
    tx.execute(sa.delete(filing_papers).where(filing_papers.c.step_id.in_(steps)))
    tx.execute(sa.delete(filing_drafts).where(filing_drafts.c.filing_id == filing))


_ACTS: Final[Mapping[str, Callable[[Tx, Id], None]]] = {
    "uploads": _upload,
    "cases": _case,
    "streams": _stream,
    "filings": _filing,
}
