"""Codes from facts: derived when an item is settled, and anew when a table changes.

In comes a result; out go the codes of every scheme in force. A new table is first tried on all
of history (`try_out` lists what would change), then adopted by two people
(`review.grading.adopting`), which asks for a job that derives history anew and keeps what changed. Facts are never touched: only what law makes of them
(reference: classification, "store facts, derive every scheme"). Fed by `review.grading.grade` and
`web.api.grading`. Tests: `tests/contract/test_review_derive.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from breakwater.errors import Conflict
from breakwater.model.grading import GradeItem, GradeResult, ItemCode
from breakwater.model.ids import Id
from breakwater.model.scheme import Scheme
from breakwater.model.work import Beat, JobKind
from breakwater.records import gradesets, grading, jobs, schemes
from breakwater.records.database import Database, Tx
from breakwater.review.grading.schemes import shipped

JOB: Final = "grading.rederive"
SHIPPED: Final = "breakwater"
"""Who adopted the tables that came with the program."""

BATCH: Final = 500
"""Items derived anew in one transaction: a fraction of a second, so that others get their turn."""

EXAMPLES: Final = 200
"""Items of a trial that are named one by one; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One item whose code would change."""

    item: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a table would change.

    Attributes:
        items: settled items that were looked at.
        moves: how many would go from which codes to which, the most first.
        examples: the first of them.
    """

    scheme: str
    version: str
    items: int
    moves: tuple[tuple[tuple[str, ...], tuple[str, ...], int], ...]
    examples: tuple[Example, ...]

    @property
    def changed(self) -> int:
        """Items whose code would change."""
        return sum(count for _, _, count in self.moves)


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds for one item.

    Attributes:
        results: its own, the first first; the leader's present one for copies and stacks.
        codes: by every scheme, in the order of their ids.
    """

    item: GradeItem
    results: tuple[GradeResult, ...]
    codes: tuple[ItemCode, ...]


def tables(tx: Tx) -> Mapping[str, Scheme]:
    """The schemes in force; a shipped one that was never adopted is adopted now."""
    found = schemes.current(tx)
    missing = [scheme for scheme in shipped() if scheme.id not in found]
    for scheme in missing:
        schemes.adopt(tx, scheme, by=SHIPPED)
    return found | {scheme.id: scheme for scheme in missing}


def codes(tx: Tx, result: GradeResult) -> None:
    """Derive the codes of a result by every scheme in force, in its transaction."""
    for scheme in tables(tx).values():
        schemes.put_code(tx, result.item, scheme, scheme.derive(result.facts).codes)


def adoptable(tx: Tx, scheme: Scheme) -> None:
    """Refuse a version that is here already: its table never changes.

    Raises:
        Conflict: with this table or another one.
    """
    tables(tx)
    if any(version == scheme.version for version, _, _ in schemes.versions(tx, scheme.id)):
        raise Conflict(f"Version {scheme.version} of {scheme.id} is here already. Name a new one.")


def put_in_force(tx: Tx, scheme: Scheme, *, by: Id, second: Id, reason: str) -> Scheme:
    """Put a table in force and have history derived anew; two people agreed to it.

    Raises:
        Conflict: the version is here already with another table.
    """
    tables(tx)
    if schemes.adopt(tx, scheme, by=by):
        about = {"scheme": scheme.id, "version": scheme.version}
        jobs.enqueue(tx, JOB, about, dedup_key=f"{JOB}:{scheme.id}:{scheme.version}")
        tx.audit(second, "scheme.adopt", scheme.id, **about, proposed_by=by, reason=reason)
    return scheme


class Schemes:
    """Reads tables and tries them."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def every(self) -> list[Scheme]:
        """The tables in force, shipped ones that nobody adopted yet too."""
        with self._db.read() as tx:
            known = {scheme.id: scheme for scheme in shipped()} | schemes.current(tx)
        return [known[name] for name in sorted(known)]

    def holding(self, number: int) -> Holding:
        """What holds for an item, by its own answers or by those of the item it is a copy of.

        Raises:
            NotFound: no such item.
        """
        with self._db.read() as tx:
            item = gradesets.item(tx, number)
            now = grading.present(tx, item)
            own = grading.results(tx, number)
            codes = schemes.of_item(tx, now.item) if now else {}
        inherited = () if now is None else (replace(now, item=number),)
        ordered = tuple(replace(codes[name], item=number) for name in sorted(codes))
        return Holding(item, tuple(own) or inherited, ordered)

    def try_out(self, table: Mapping[str, Any]) -> Difference:
        """Say what a table would change, over all settled items; nothing is kept.

        Raises:
            BadInput: the table has a hole or another fault.
        """
        scheme = Scheme.parse(table)
        moves: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
        examples: list[Example] = []
        items = 0
        with self._db.read() as tx:
            for batch in _settled(tx):
                now = schemes.of_items(tx, [result.item for result in batch])
                items += len(batch)
                for result in batch:
                    code = now.get(result.item, {}).get(scheme.id)
                    before = code.codes if code else ()
                    after = scheme.derive(result.facts).codes
                    if before == after:
                        continue
                    moves[before, after] += 1
                    if len(examples) < EXAMPLES:
                        examples.append(Example(result.item, before, after))
        ordered = tuple((*move, count) for move, count in moves.most_common())
        return Difference(scheme.id, scheme.version, items, ordered, tuple(examples))

    def rederive(self, payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        """Derive the codes of all settled items by one scheme anew; idempotent."""
        with self._db.read() as tx:
            scheme = schemes.get(tx, payload["scheme"])
            total = grading.count_settled(tx)
        done, after = 0, 0
        while True:
            with self._db.transaction() as tx:
                tx.lock_changes()
                batch = grading.settled(tx, after=after, limit=BATCH)
                for result in batch:
                    schemes.put_code(tx, result.item, scheme, scheme.derive(result.facts).codes)
            if not batch:
                break
            done, after = done + len(batch), batch[-1].item
            beat(min(1.0, done / (total or 1)))
        self._finished(scheme, done)

    def _finished(self, scheme: Scheme, items: int) -> None:
        with self._db.transaction() as tx:
            tx.audit(
                SHIPPED, "scheme.rederived", scheme.id, version=scheme.version, items=items
            )  # fmt: skip

    def job_kinds(self) -> tuple[JobKind, ...]:
        """What takes longer than a request."""
        return (JobKind(JOB, self.rederive),)


def _settled(tx: Tx) -> Iterator[list[GradeResult]]:
    after = 0
    while batch := grading.settled(tx, after=after, limit=BATCH):
        yield batch
        after = batch[-1].item
