"""Links as rows, made by hand: media, edges and series as a page or a test wants them.

What finds and keeps them (`breakwater.linking`) is not asked: a test of what is shown says itself
what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.model.exhibit import Exhibit, ExhibitState, SetKind
from breakwater.model.ids import Id, new_id
from breakwater.model.link import EdgeState, LinkKind, MediumState, Origin
from breakwater.records import exhibits, identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables import nouns_link as t

ADA = "Ada Quist"


def medium(
    tx: Tx, number: int, *, case: Id | None = None, blob: Id | None = None,
    media_type: str = "image/jpeg", made_at: datetime | None = None, gone: bool = False,
    **facts: Any,
) -> Id:  # fmt: skip
    """One medium, looked at already."""
    made = new_id()
    tx.execute(
        sa.insert(t.link_media),
        {
            "number": number, "id": made, "origin": (Origin.CASE if case else Origin.EXHIBIT).value,
            "origin_id": case or new_id(), "case_id": case, "blob_id": blob,
            "media_type": media_type, "source": "photos", "sha256": None, "made_at": made_at,
            "added_at": tx.now, "state": MediumState.LOOKED.value, "fault": "", "version": 1,
            "points_id": None, "facts": facts, "gone_at": tx.now if gone else None,
        },
    )  # fmt: skip
    return made


def edge(
    tx: Tx, number: int, a: int, b: int, kind: LinkKind = LinkKind.COPY, *,
    state: EdgeState = EdgeState.MACHINE, score: float = 0.9, method: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """One edge, as a method found it or a person said."""
    tx.execute(
        sa.insert(t.link_edges),
        {
            "number": number, "a": min(a, b), "b": max(a, b), "kind": kind.value,
            "method": method or f"{kind.value} {number}", "version": "1", "score": score,
            "evidence": dict(evidence or {}), "state": state.value, "at": tx.now,
            "change": tx.change(),
        },
    )  # fmt: skip
    return number


def series(
    tx: Tx, number: int, members: Sequence[int], *, name: str = "", priority: str = "medium",
    since: datetime | None = None,
) -> Id:  # fmt: skip
    """One series of media."""
    made = new_id()
    row = {
        "number": number, "id": made, "founder": min(members), "in_use": number, "name": name,
        "priority": priority, "made_at": tx.now, "changed_at": since or tx.now, "row_version": 1,
    }  # fmt: skip
    tx.execute(sa.insert(t.link_series), row)
    tx.execute(
        sa.insert(t.link_members),
        [
            {"media_number": one, "series_number": number, "since": since or tx.now}
            for one in members
        ],
    )
    return made


def told(tx: Tx, number: int, what: str, words: str = "", by: str = ADA, **facts: Any) -> None:
    """One line of a series' history."""
    tx.execute(
        sa.insert(t.link_history),
        {
            "change": tx.change(), "series_number": number, "what": what, "words": words,
            "facts": facts, "by": by, "at": tx.now,
        },
    )  # fmt: skip


def child(tx: Tx, number: int, label: str, *outcomes: str) -> Id:
    """One child of a series, and what became of it."""
    made = new_id()
    tx.execute(
        sa.insert(t.link_victims),
        {"id": made, "series_number": number, "label": label, "by": ADA, "at": tx.now},
    )
    for outcome in outcomes:
        tx.execute(
            sa.insert(t.link_outcomes),
            {
                "change": tx.change(), "victim_id": made, "outcome": outcome, "words": "",
                "by": ADA, "at": tx.now,
            },
        )  # fmt: skip
    return made


def task(tx: Tx, number: int, words: str, *, done: bool = False) -> Id:
    """Something to do for a series."""
    made = new_id()
    tx.execute(
        sa.insert(t.link_tasks),
        {
            "id": made, "series_number": number, "words": words, "for_person": None,
            "due_at": None, "by": ADA, "at": tx.now,
            "done_at": tx.now if done else None, "done_by": ADA if done else None,
        },
    )  # fmt: skip
    return made


def alias(tx: Tx, number: int, in_use: int, *, founder: int) -> None:
    """A number that means another series now."""
    row = {
        "number": number, "id": new_id(), "founder": founder, "in_use": in_use, "name": "",
        "priority": "medium", "made_at": tx.now, "changed_at": tx.now, "row_version": 1,
    }  # fmt: skip
    tx.execute(sa.insert(t.link_series), row)


def place(tx: Tx, number: int, words: str, country: str, *, certain: bool) -> None:
    """Where a series is thought to be."""
    whose = tx.execute(
        sa.select(t.link_series.c.id).where(t.link_series.c.number == number)
    ).scalar_one()
    tx.execute(
        sa.insert(t.link_places),
        {
            "change": tx.change(), "series_number": number, "certain": certain, "words": words,
            "sealed": identities.seal(tx, whose, {"country": country}), "by": ADA,
            "at": tx.now,
        },
    )  # fmt: skip


def used(tx: Tx, most: int) -> None:
    """Numbers up to this one are given: what is found from now on has others."""
    for name in ("link_media", "link_edges", "link_series"):
        numbers.take(tx, name, most)


def exhibit_set(tx: Tx, reference: str, file: str, fault: str) -> None:
    """A set that was taken in, with one file that could not be read."""
    begun = exhibits.start(tx, reference=reference, source="", kind=SetKind.FOLDER, by=ADA)
    new = [
        Exhibit(f"file {n}", ExhibitState.UNKNOWN, size=n * 81_000, told={"path": f"DCIM/{n}.jpg"})
        for n in (1, 2)
    ]
    exhibits.add(tx, begun.number, [*new, Exhibit(file, ExhibitState.BAD, fault=fault)])
    exhibits.finish(tx, begun.number)
