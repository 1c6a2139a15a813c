"""The history of an entry: where it came from, who gave it when, what was said and decided.

Rows of five tables in one order, that of changes. Read by curators (`hub.curate`). Contract:
`tests/contract/test_hub_curate.py`.
"""

from __future__ import annotations

from typing import Any

from breakwater.model.bank import Entry
from breakwater.model.hub_given import Happening, Question
from breakwater.records import entries, hub_feedback, hub_given, hub_queue
from breakwater.records.database import Tx


def of_entry(tx: Tx, entry: Entry) -> list[Happening]:
    """Everything that happened to an entry, the first first."""
    number = entry.number
    found = [_came(tx, entry)]
    for step in entries.history(tx, number):
        facts: dict[str, Any] = {
            "before": step.before.value if step.before else "", "after": step.after.value,
            "reason": step.reason,
        }  # fmt: skip
        found.append(Happening(step.change, "moved", step.at, step.by, facts))
    words = hub_given.said(tx, number)
    labels = hub_given.labels_of(tx, [row.import_number for row in words if row.import_number])
    for row in words:
        what = "given" if row.gives else "taken_back"
        facts = {
            "category": row.category, "labels": list(labels.get(row.import_number, ())),
            "reason": row.reason, "import": row.import_number,
        }  # fmt: skip
        found.append(Happening(row.change, what, row.at, row.member_id, facts))
    for change, one in hub_feedback.said(tx, number):
        facts = {
            "opinion": one.opinion.value if one.opinion else "", "reasons": list(one.reasons),
            "note": one.note, "kind": one.kind_of_signal,
        }  # fmt: skip
        found.append(Happening(change, "feedback", one.at, one.member, facts))
    for asked in hub_queue.of_entry(tx, number):
        found += _asked(asked)
    return sorted(found, key=lambda one: (one.at is not None and one.at, one.change))


def _came(tx: Tx, entry: Entry) -> Happening:
    number = hub_given.import_of(tx, entry.number)
    batch = None if number is None else hub_given.of_import(tx, number)
    labels = {} if number is None else hub_given.labels_of(tx, [number])
    facts = {
        "import": number, "category": batch.category if batch else "",
        "labels": list(labels.get(number or 0, ())),
        "way": batch.way.value if batch else "", "source": entry.source,
    }  # fmt: skip
    return Happening(0, "came", entry.created_at, batch.member if batch else "", facts)


def _asked(one: Question) -> list[Happening]:
    found = [Happening(0, "asked", one.at, "hub", {"why": one.why.value, **one.facts})]
    if one.settled_at is not None and one.outcome is not None:
        facts = {"why": one.why.value, "outcome": one.outcome.value, "note": one.note}
        found.append(Happening(one.change, "settled", one.settled_at, one.settled_by, facts))
    return found
