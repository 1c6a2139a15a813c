"""Stacks: near copies behind one graded picture, confirmed once instead of graded one by one.

When the leader is settled, a grader sees the small stills of its near copies together, takes
out what is not the same picture, and confirms the rest: they take the leader's facts from then
on. What was taken out waits for graders by itself. Fed by `web.pages.grade` and
`web.api.grading`. Tests: `tests/contract/test_review_stacks.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal
from breakwater.model.grading import ItemState, Stack
from breakwater.records import gradesets, grading
from breakwater.records.database import Database
from breakwater.review.grading.answering import LEASE, grader, opened

MOST_AT_ONCE: Final = 24
"""Near copies confirmed by one look: as many small stills as one page shows."""


class Stacks:
    """Gives out stacks and takes their confirmation."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def next(self, who: Principal, set_number: int) -> Stack | None:
        """A stack whose leader is settled, given to this person; None when none waits.

        Its members are at most 24; a larger stack comes again.

        Raises:
            NotAllowed: not by this role.
            Conflict: the set is not open.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            opened(tx, set_number)
            for leader in gradesets.stacks_waiting(tx, set_number):
                found = gradesets.stack(tx, leader)
                waiting = tuple(
                    one
                    for one in found.members
                    if one.state is ItemState.NEAR and one.set == set_number
                )[:MOST_AT_ONCE]
                for one in waiting:
                    grading.assign(tx, one, person, until=tx.now + LEASE)
                return Stack(found.leader, waiting)
        return None

    def confirm(
        self,
        who: Principal,
        leader: int,
        *,
        same: Collection[int],
        other: Collection[int] = (),
    ) -> Stack:
        """Confirm near copies, and take out those that are another picture.

        Args:
            who: whom the stack was given to.
            leader: number of the item whose facts the confirmed ones take.
            same: members that are the same picture.
            other: members that are not; each waits for graders by itself.

        Raises:
            NotAllowed: not by this role, or not of a stack they were given.
            BadInput: no members, one in both lists, or one of another stack.
            Conflict: the leader is not settled, or somebody was faster.
        """
        person = grader(who)
        named = {*same, *other}
        if not named or len(named) != len(same) + len(other):
            raise BadInput("Name each member of the stack once, as the same or as another picture.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            head = gradesets.item(tx, leader)
            if head.state is not ItemState.SETTLED:
                raise Conflict(f"Item {leader} is {head.state.value}; its stack waits for it.")
            members = {one.number: one for one in gradesets.stack(tx, leader).members}
            if not named <= set(members):
                raise BadInput(f"The stack of item {leader} has no such member.")
            for number in sorted(named):
                one = members[number]
                if grading.part_of(tx, number, person) is None:
                    raise NotAllowed("This stack was not given to you; take the next one.")
                if one.state is not ItemState.NEAR:
                    raise Conflict(f"Item {number} was confirmed or taken out meanwhile.")
                grading.release(tx, number, person)
                if number in same:
                    gradesets.change(tx, one, state=ItemState.SETTLED)
                else:
                    gradesets.change(
                        tx, one, state=ItemState.OPEN, leader_number=None, bits=None
                    )  # fmt: skip
            tx.audit(
                who.id, "grade.stack", head.id, same=sorted(same), other=sorted(other),
                set=head.set,
            )  # fmt: skip
            return gradesets.stack(tx, leader)
