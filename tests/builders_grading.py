"""Makes what grading tests need in a database alone: open sets without files, and their people."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.model.access import Permission, Principal, Role
from breakwater.model.facts import Activity, AgeBand, ChildFacts, ItemFacts, Maturity, Sex
from breakwater.model.grading import GradeItem, ItemState, SetState, item_id
from breakwater.records import gradesets
from breakwater.records.database import Database
from breakwater.review.grading.answering import Saved
from breakwater.review.grading.derive import Schemes
from breakwater.review.grading.grade import Gradings
from breakwater.review.grading.stacks import Stacks
from tests import builders

CHILD = ChildFacts(AgeBand.FROM_7, Sex.FEMALE, Maturity.PREPUBESCENT)
NOTHING = ItemFacts(Activity.NONE, (CHILD,))
SOMETHING = ItemFacts(Activity.POSING_OR_NUDITY, (CHILD,))


@dataclass(frozen=True)
class Room:
    """The verbs of grading over one database."""

    db: Database
    grading: Gradings
    stacks: Stacks
    schemes: Schemes

    @classmethod
    def of(cls, db: Database) -> Room:
        return cls(db, Gradings(db=db), Stacks(db=db), Schemes(db=db))

    def somebody(self, *roles: Role) -> Principal:
        """A person of the database, as a session gives them."""
        with self.db.transaction() as tx:
            made = builders.person(tx, "", *roles)
        allowed: frozenset[Permission] = frozenset().union(*(role.permissions for role in roles))
        return Principal(made.id, made.name, allowed, person=made.id)

    def open_set(self, count: int = 3, *, graders: int = 1, near: int = 0) -> int:
        """A set of so many items, and near copies of the first; answers its number."""
        with self.db.transaction() as tx:
            one = gradesets.start(
                tx, name="s", source="s", form="csv", by="test", graders=graders
            )  # fmt: skip
            first = gradesets.take_numbers(tx, count + near)
            made = [_item(one.number, first + at, graders) for at in range(count)]
            made += [
                _item(one.number, first + count + at, graders, leader=first, bits=at + 1)
                for at in range(near)
            ]
            gradesets.add(tx, made)
            gradesets.set_state(tx, one.number, SetState.OPEN)
        return one.number

    def grade(self, who: Principal, number: int, facts: ItemFacts = SOMETHING) -> int:
        """Answer the next item of a set; its number."""
        task = self.grading.next(who, number)
        assert task is not None
        assert isinstance(self.grading.save(who, task.number, facts, ms=3_000), Saved)
        return task.number

    def item(self, number: int) -> GradeItem:
        with self.db.read() as tx:
            return gradesets.item(tx, number)

    def result(self, number: int):
        """What holds for an item now; None while nothing does."""
        found = self.schemes.holding(number).results
        return found[-1] if found else None

    def codes(self, number: int) -> dict[str, tuple[str, ...]]:
        return {code.scheme: code.codes for code in self.schemes.holding(number).codes}


def _item(
    in_set: int, number: int, graders: int, *, leader: int | None = None, bits: int | None = None
) -> GradeItem:
    return GradeItem(
        id=item_id(number), number=number, set=in_set, row=number, type="image/png",
        state=ItemState.OPEN if leader is None else ItemState.NEAR, needed=graders,
        leader=leader, bits=bits, sha256=builders.value("sha256", f"item {number}").hex(),
    )  # fmt: skip
