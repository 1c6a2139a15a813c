"""Nothing is shown where the audit log's storage is read-only, full or locked: cases and sets alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from breakwater.app import App
from breakwater.errors import AuditUnavailable, BreakwaterError
from breakwater.model.access import Principal, Role
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import views
from tests.integration import test_review_views
from tests.integration.grade_site import make_set
from tests.integration.test_review_views import somebody

blocked = test_review_views.blocked


@contextmanager
def read_only(app: App) -> Iterator[None]:
    app.db.backend._raw.execute("PRAGMA query_only=ON")
    yield
    app.db.backend._raw.execute("PRAGMA query_only=OFF")


@contextmanager
def full(app: App) -> Iterator[None]:
    raw = app.db.backend._raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count={pages}")
    for size in (400, 1):  # the last page is filled to its end
        with suppress(BreakwaterError):
            while True:
                with app.db.transaction() as tx:
                    tx.audit("test", "fill", "x", words="x" * size)
    yield
    raw.execute("PRAGMA max_page_count=1000000")


@contextmanager
def locked(app: App) -> Iterator[None]:
    raw = app.db.backend._raw
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(app.db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()
    raw.execute(f"PRAGMA busy_timeout={patience}")


def seen_by(app: App, who: Principal) -> int:
    with app.db.read() as tx:
        return len(views.since(tx, Id(str(who.person)), tx.now.replace(year=2000)))


def nothing_then_shown(app: App, who: Principal, look: Callable[[], object], fault) -> None:
    """Refused while the fault lasts, without a decode; shown and written down afterwards."""
    with fault(app), pytest.raises(AuditUnavailable):
        look()
    assert seen_by(app, who) == 0
    look()
    assert seen_by(app, who) == 1


@pytest.mark.parametrize("fault", [read_only, full, locked])
def test_no_picture_of_a_case_or_a_set_without_its_audit_row(app, blocked, monkeypatch, fault):
    decoded: list[int] = []
    still = app.pool.still

    def counting(*args, **options):
        decoded.append(1)
        return still(*args, **options)

    monkeypatch.setattr(app.pool, "still", counting)
    who = somebody(app, Role.REVIEWER)
    nothing_then_shown(
        app, who,
        lambda: app.review.views.look(
            who, case=blocked.case, item=blocked.id, frame=0, level=Level.S3, reason="review"
        ),
        fault,
    )  # fmt: skip
    grader, number = somebody(app, Role.GRADER), make_set(app, 1)
    task = app.review.grading.next(grader, number)
    nothing_then_shown(
        app, grader,
        lambda: app.review.grade_views.look(
            grader, set_number=number, item=task.item, frame=0, level=Level.S3, reason="grading"
        ),
        fault,
    )  # fmt: skip
    assert len(decoded) == 2, "nothing was decoded for what was refused"
