"""Protects what lies in a set: only what one was given is shown, and each look is written first."""

from __future__ import annotations

import pytest

from breakwater.app import App
from breakwater.errors import NotAllowed, NotFound
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.grading import ItemState, item_id
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.records import audit, gradesets, views
from tests import builders
from tests.integration.grade_site import make_set


def somebody(app: App, role: Role = Role.GRADER) -> Principal:
    with app.db.transaction() as tx:
        made = builders.person(tx)
    return Principal(made.id, made.name, role.permissions, person=made.id)


def look(app: App, who: Principal, number: int, item: Id, frame: int = 0, level: Level = Level.S3):
    return app.review.grade_views.look(
        who, set_number=number, item=item, frame=frame, level=level, reason="grading",
        device="desk",
    )  # fmt: skip


@pytest.fixture
def ada(app: App) -> Principal:
    return somebody(app)


def test_a_look_is_kept_before_its_picture_and_names_set_item_and_workstation(app, ada):
    number = make_set(app, 2)
    task = app.review.grading.next(ada, number)
    shown = look(app, ada, number, task.item)
    assert shown.picture[8:12] == b"WEBP"
    with app.db.read() as tx:
        kept = views.get(tx, shown.view)
        (row,) = audit.page(tx, limit=1)
        one = gradesets.get(tx, number)
    assert (kept.person, kept.item, kept.level, kept.case) == (
        ada.person,
        task.item,
        Level.S3,
        None,
    )
    assert (row.action, row.facts["set"], row.facts["device"]) == ("view.start", one.id, "desk")


def test_nobody_browses_a_set(app, ada):
    number, other = make_set(app, 3), make_set(app, 1)
    task = app.review.grading.next(ada, number)
    for item in (item_id(task.number + 1), item_id(task.number + 3)):
        with pytest.raises(NotAllowed, match="not given to you"):
            look(app, ada, number, item)
    with pytest.raises(NotAllowed, match="not given to you"):
        look(app, ada, other, task.item)
    with pytest.raises(NotFound):
        look(app, ada, number, new_id())
    with pytest.raises(NotFound, match="1 frames"):
        look(app, ada, number, task.item, frame=1)
    with app.db.read() as tx:
        assert views.since(tx, ada.person, tx.now.replace(year=2000)) == []


def test_small_stills_of_the_next_item_come_with_this_one_and_are_one_row(app, ada):
    number = make_set(app, 3)
    task = app.review.grading.next(ada, number)
    ahead = app.review.grading.ahead(ada, number, besides=task.number)
    frames = [(task.item, 0), (ahead.item, 0)]
    stills = app.review.grade_views.stills(ada, set_number=number, frames=frames)
    assert [bool(still.picture) for still in stills] == [True, True]
    with app.db.read() as tx:
        (row,) = views.since(tx, ada.person, tx.now.replace(year=2000))
    assert (row.level, row.item, row.others) == (Level.S1, task.item, (ahead.item,))


def test_the_leader_of_a_stack_is_shown_to_whoever_compares_its_copies(app, ada):
    number = make_set(app, 2)
    ben = somebody(app)
    with app.db.transaction() as tx:
        leader, near = gradesets.page(tx, number)
        gradesets.change(tx, leader, state=ItemState.SETTLED)
        gradesets.change(tx, near, state=ItemState.NEAR, leader_number=leader.number, bits=4)
    app.review.stacks.next(ada, number)
    assert look(app, ada, number, leader.id).picture
    with pytest.raises(NotAllowed):
        look(app, ben, number, leader.id)


@pytest.mark.parametrize("role", [Role.QA_LEAD, Role.ADMIN, Role.AUDITOR, Role.REVIEWER])
def test_only_graders_see_what_is_graded_and_colour_is_another_permission(app, ada, role):
    number = make_set(app, 1)
    task = app.review.grading.next(ada, number)
    with pytest.raises(NotAllowed):
        look(app, somebody(app, role), number, task.item)
    with pytest.raises(NotAllowed, match="Colour"):
        look(app, ada, number, task.item, level=Level.S4)
    assert Permission.MEDIA_COLOUR not in Role.GRADER.permissions
