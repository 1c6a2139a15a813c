"""The chain ends where the tables are, on both databases, keeps rows, and is whole or nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from breakwater.errors import DatabaseInUse, WrongSchema
from breakwater.records import guards, migrate
from breakwater.records.database import open_database
from breakwater.records.migrations import HEAD
from breakwater.records.sqlite import Owner

VERSIONS = Path(migrate.__file__).parent / "migrations" / "versions"
FROZEN = {
    "r0001_first.py": "2923628c50bdd02578dc39f21b13ab50a0086bf818c1e8f05ebbf21a13f62e58",
    "r0002_screened.py": "5719e1cbf2128f2eecd8926576d9f6f6797d0596f0578f10a018e71a58360967",
    "r0003_video_prints.py": "582c33f65a3894d174be896e8a7e6d1efc72e598d9dd5365bbf11c5aedc6217d",
    "r0004_decided.py": "4d7ed6754a83e9f0a80fbef8dc601d5f743913efaba91ddf3fe8dd1d52e3f4b4",
    "r0005_graded.py": "581d779bab8896815794d9bad02d30f46e2ba37d29370ad11a3e0716e2cead73",
    "r0006_protected.py": "408355a3a7531a70df4ecb5c7cf05058e6ebece5d3df2ed45e2af594a9e5c4c2",
    "r0007_live.py": "1d565b821d523f396aa9242c2168ed19b3ecbb9cc9fab8f604b21e849320b7a5",
    "r0008_comments.py": "8d4b95e32d459c0a841ac5bf0b7e21ff872df90c6f5b9c02e9b3ae1248946b18",
    "r0009_chats.py": "1e634696fe138633d7b5b0534936a9fbb68718e78475b82d5cdc93e8641955d6",
    "r0010_justice.py": "ae4854f99ba70e41972b8c9faffe48e06e24ae6e7d02d9a5eed668d47ee691dc",
    "r0011_court.py": "f33ce3ab8f690ad93ea27d8dd6942aa543963378cc09aae92cb909af515f2294",
    "r0012_hub.py": "7f4afbc738dbba8384077a09bbf45e0aa03c7a4534e0123c6c67714a03b53360",
    "r0013_person.py": "9c6e43703ec29faf7e9dee08c8de07482ff352841710e8158b1e05db9feb0284",
    "r0014_exchange.py": "db898b350895cc8ad5bc96879ed2ad613859ae31e21015b3eaabd28cc8733dbb",
    "r0015_links.py": "8464289fb33e7da31d02855608015e70875642ae67e099533e13303e92118a62",
    "r0016_hub_hours.py": "ab1e211e23665bcd46fa6ccf4fe184057332ac650ac538b3b10e93b4fa7e1455",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def test_the_chain_ends_where_the_tables_are(empty_url):
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == HEAD
    assert migrate.check(empty_url) == []


def test_a_difference_is_seen(empty_url):
    """The test above must be able to fail."""
    migrate.upgrade(empty_url)
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        on = " ON audit" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql("DROP INDEX ix_jobs_run_at")
        connection.exec_driver_sql("DROP TRIGGER guard_audit_delete" + on)
        connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN more TEXT")
    engine.dispose()
    found = "\n".join(migrate.check(empty_url))
    assert "ix_jobs_run_at" in found
    assert "guard_audit_delete" in found
    assert "more" in found


def test_an_upgrade_of_what_is_new_changes_nothing(empty_url, clock):
    migrate.upgrade(empty_url)
    before = dump(empty_url)
    migrate.upgrade(empty_url)
    assert dump(empty_url) == before
    open_database(empty_url, clock=clock).close()


def test_rows_of_the_first_schema_are_kept_by_the_rest_of_the_chain(empty_url):
    migrate.upgrade(empty_url, "0001")
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO banks (id, number, name, purpose, source, permitted_use, action, "
                "limits, enabled_share, verified, created_at, change, archived) VALUES "
                "('01890000-0000-7000-8000-000000000000', 1, 'DEMO', '', '', 'detection', 'hold', "
                "'{}', 1.0, false, '2026-01-01 00:00:00.000000', 1, false)"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO entries (number, bank_number, kind, value, status, negative, quality,"
                " created_s, change) VALUES (1, 1, 'md5', :value, 0, false, 100, 0, 2)"
            ),
            {"value": bytes(16)},
        )
    engine.dispose()
    before = dump(empty_url)
    migrate.upgrade(empty_url)
    after = dump(empty_url)
    assert {name: after[name] for name in before if name != "alembic_version"} == {
        name: rows for name, rows in before.items() if name != "alembic_version"
    }


def test_a_case_that_waited_before_queues_waits_still(empty_url):
    migrate.upgrade(empty_url, "0003")
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO cases (id, number, kind, subject_id, why, priority, urgency, state, "
                "service, opened_at, due_at, change, version) VALUES "
                "('01890000-0000-7000-8000-000000000001', 7, 'upload', "
                "'01890000-0000-7000-8000-000000000002', 'It matches.', 'high', 11, 'open', 'svc', "
                "'2026-01-01 00:00:00.000000', '2026-01-01 00:15:00.000000', 3, 1)"
            )
        )
    engine.dispose()
    migrate.upgrade(empty_url)
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        row = connection.execute(sa.text("SELECT number, state, queue FROM cases")).one()
    engine.dispose()
    assert tuple(row) == (7, "open", None)


def test_a_file_in_use_is_not_upgraded(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrate.upgrade(url, "0001")
    owner = Owner(tmp_path / "new.db")
    with pytest.raises(DatabaseInUse):
        migrate.upgrade(url)
    owner.release()
    migrate.upgrade(url)


def test_an_upgrade_that_is_killed_leaves_the_old_schema_or_the_new(empty_url):
    """kill -9 at many moments: never half a schema, and a second try always gets there."""
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        killed_upgrade(empty_url, delay)
        assert migrate.current(empty_url) in {"", HEAD}
        if migrate.current(empty_url) == HEAD:
            break
        assert set(dump(empty_url)) <= {"alembic_version"}
    migrate.upgrade(empty_url)
    assert migrate.check(empty_url) == []


def killed_upgrade(url: str, delay: float) -> None:
    code = (
        "import sys; from breakwater.records import migrate; "
        "print('go', flush=True); migrate.upgrade(sys.argv[1])"
    )
    child = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(delay)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()


def test_a_database_of_an_older_schema_is_not_opened(empty_url, clock):
    migrate.upgrade(empty_url, "0001")
    with pytest.raises(WrongSchema):
        open_database(empty_url, clock=clock)
    migrate.upgrade(empty_url)
    open_database(empty_url, clock=clock).close()


def test_every_guard_named_by_the_tables_is_there(empty_url):
    migrate.upgrade(empty_url)
    engine = sa.create_engine(empty_url)
    with engine.connect() as connection:
        assert guards.expected(engine.dialect.name) <= guards.present(connection)
    engine.dispose()


@pytest.mark.parametrize(("name", "digest"), FROZEN.items())
def test_a_released_revision_is_never_edited(name, digest):
    """Databases have run it: a change of the schema is a new revision."""
    assert hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest() == digest


def test_frozen_revisions_do_not_follow_the_tables():
    """A revision that imports the tables would change with them."""
    revisions = sorted(VERSIONS.glob("r*.py"))
    assert revisions
    for path in revisions:
        assert "records.tables" not in path.read_text()


def dump(url: str) -> dict[str, list[tuple]]:
    """Every row of every table."""
    engine = sa.create_engine(url)
    found = {}
    with engine.connect() as connection:
        for name in sorted(sa.inspect(connection).get_table_names()):
            table = sa.table(name)
            rows = connection.execute(sa.select(sa.text("*")).select_from(table)).all()
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    engine.dispose()
    return found
