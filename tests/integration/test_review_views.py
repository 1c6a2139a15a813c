"""Protects the one promise of looking: written down before the first byte, or not shown.

Real database, vault and jail; ordinary pictures.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.errors import (
    AuditUnavailable,
    BadInput,
    Conflict,
    ExposureLimit,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseState
from breakwater.model.exposure import Limits
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.upload import Upload
from breakwater.model.viewing import CAP_MS
from breakwater.records import audit, cases, people, uploads, views
from tests.integration.conftest import photo
from tests.integration.test_intake import pdq_of, submit

KNOWN = 1


@pytest.fixture
def blocked(app: App, machine: Principal) -> Upload:
    """A blocked upload with a case and kept bytes."""
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(KNOWN))], machine)
    return submit(app, photo(KNOWN, form="JPEG", quality=80), machine)


def somebody(app: App, *roles: Role, name: str = "") -> Principal:
    """A person of the database, as a session gives them."""
    with app.db.transaction() as tx:
        made = people.create(tx, name=name or f"Person {new_id()}", roles=frozenset(roles))
    allowed: frozenset[Permission] = frozenset().union(*(role.permissions for role in roles))
    return Principal(made.id, made.name, allowed, person=made.id, session=new_id())


def look(app: App, who: Principal, upload: Upload, **changes: object) -> object:
    asked = {
        "case": upload.case, "item": upload.id, "frame": 0, "level": Level.S3, "reason": "review",
    }  # fmt: skip
    return app.review.views.look(who, **(asked | changes))


def rows(app: App, upload: Upload) -> list[object]:
    with app.db.read() as tx:
        return list(views.of_item(tx, upload.id))


def test_a_look_is_written_down_with_who_what_why_and_how_long(app, blocked):
    who = somebody(app, Role.REVIEWER)
    shown = look(app, who, blocked)
    assert shown.picture[:4] == b"RIFF"
    app.review.views.end(who, shown.view, 1840)
    (kept,) = rows(app, blocked)
    assert (kept.person, kept.item, kept.frame, kept.level, kept.reason, kept.ms) == (
        who.id, blocked.id, 0, Level.S3, "review", 1840,
    )  # fmt: skip
    with app.db.read() as tx:
        entries = audit.page(tx, actor=who.id)
    assert [entry.action for entry in entries] == ["view.end", "view.start"]
    assert entries[1].facts["level"] == "s3"


def test_the_row_is_committed_before_the_first_byte_is_made(app, blocked, monkeypatch):
    seen = []
    still = app.pool.still

    def watching(*args, **options):
        seen.append(len(rows(app, blocked)))
        return still(*args, **options)

    monkeypatch.setattr(app.pool, "still", watching)
    look(app, somebody(app, Role.REVIEWER), blocked)
    assert seen == [1]


def test_nothing_is_shown_when_the_audit_log_cannot_be_written(app, blocked):
    who = somebody(app, Role.REVIEWER)
    with sqlite3.connect(app.db.path) as raw:
        raw.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    raw.close()
    with pytest.raises(AuditUnavailable):
        look(app, who, blocked)
    with pytest.raises(AuditUnavailable):
        app.review.views.stills(who, case=blocked.case, frames=[(blocked.id, 0)])
    assert rows(app, blocked) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.QA_LEAD])
def test_those_who_run_or_audit_never_see_media(app, blocked, role):
    who = somebody(app, role)
    with pytest.raises(NotAllowed):
        look(app, who, blocked)
    with pytest.raises(NotAllowed):
        app.review.views.stills(who, case=blocked.case, frames=[(blocked.id, 0)])
    assert rows(app, blocked) == []


def test_colour_needs_a_permission_of_its_own(app, blocked):
    with pytest.raises(NotAllowed):
        look(app, somebody(app, Role.REVIEWER), blocked, level=Level.S4)
    assert look(app, somebody(app, Role.REPORT_OFFICER), blocked, level=Level.S4).picture


def test_nobody_browses_the_vault_by_way_of_another_case(app, machine, blocked):
    other = submit(app, photo(KNOWN, form="JPEG", quality=60), machine, account="acct-18")
    assert other.case != blocked.case
    with pytest.raises(NotAllowed):
        look(app, somebody(app, Role.REVIEWER), other, case=blocked.case)
    assert rows(app, other) == []


def test_a_case_is_kept_for_whoever_looks_and_refused_to_others(app, blocked):
    first, second = somebody(app, Role.REVIEWER, name="Sam"), somebody(app, Role.REVIEWER)
    look(app, first, blocked)
    look(app, first, blocked)
    with app.db.read() as tx:
        held = cases.get(tx, blocked.case)
    assert (held.state, held.held_by) == (CaseState.HELD, first.id)
    with pytest.raises(Conflict, match="Sam holds it"):
        look(app, second, blocked)
    assert {row.person for row in rows(app, blocked)} == {first.id}


def test_after_the_daily_cap_pictures_are_closed_and_cases_are_not(app, blocked):
    who = somebody(app, Role.REVIEWER)
    each = int(Limits().of("daily").total_seconds() * 1000)
    with app.db.transaction() as tx:
        long = views.start(
            tx, person=who.id, item=blocked.id, level=Level.S3, reason="x", cap_ms=each
        )
    with pytest.raises(ExposureLimit):
        look(app, who, blocked)
    with pytest.raises(ExposureLimit):
        app.review.views.stills(who, case=blocked.case, frames=[(blocked.id, 0)])
    assert [row.id for row in rows(app, blocked)] == [long.id]
    assert app.review.views.exposure(who).closed == "cap"


def test_a_look_whose_end_nobody_tells_is_charged_in_full(app, blocked):
    who = somebody(app, Role.REVIEWER)
    look(app, who, blocked)
    assert app.review.views.exposure(who).used == timedelta(milliseconds=CAP_MS)


def test_small_stills_are_one_row_and_cost_no_time(app, blocked):
    who = somebody(app, Role.REVIEWER)
    (still,) = app.review.views.stills(who, case=blocked.case, frames=[(blocked.id, 0)])
    assert 0 < len(still.picture) < 2000
    (row,) = rows(app, blocked)
    assert (row.level, row.charged_ms) == (Level.S1, 0)
    assert app.review.views.exposure(who).used == timedelta()
    with app.db.read() as tx:
        assert cases.get(tx, blocked.case).state is CaseState.OPEN


def test_a_frame_that_cannot_be_read_says_so_and_costs_nothing(app, machine):
    broken = submit(app, photo(3)[:400], machine)
    who = somebody(app, Role.REVIEWER)
    with pytest.raises(NotFound):
        look(app, who, broken)
    assert app.review.views.exposure(who).used == timedelta()


def test_nobody_ends_another_s_look_or_asks_for_nonsense(app, blocked):
    who = somebody(app, Role.REVIEWER)
    shown = look(app, who, blocked)
    with pytest.raises(NotFound):
        app.review.views.end(somebody(app, Role.REVIEWER), shown.view, 1)
    with pytest.raises(NotFound):
        app.review.views.end(who, Id(new_id()), 1)
    for wrong in ({"frame": -1}, {"reason": " "}):
        with pytest.raises(BadInput):
            look(app, who, blocked, **wrong)
    with pytest.raises(BadInput):
        app.review.views.stills(who, case=blocked.case, frames=[(blocked.id, 0)] * 25)


def test_bytes_that_are_gone_are_not_shown(app, blocked):
    with app.db.transaction() as tx:
        uploads.forget_evidence(tx, blocked.id)
    with pytest.raises(NotFound):
        look(app, somebody(app, Role.REVIEWER), blocked)
