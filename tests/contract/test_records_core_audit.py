"""What was written down cannot be changed, dropped, moved or cut without `verify` saying so."""

from __future__ import annotations

import base64
import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from breakwater.errors import AppendOnly, AuditUnavailable, Tampered, Unavailable
from breakwater.records import audit, checkpoints, leaves
from breakwater.records.audit import Checkpointer
from breakwater.records.merkle import Frontier, leaf_hash
from breakwater.records.tables import core

A = core.audit


@pytest.fixture
def second_place(tmp_path):
    directory = tmp_path / "second"
    directory.mkdir()
    return directory


@pytest.fixture
def checkpointer(database, keyring, second_place):
    return Checkpointer(database, keyring, second_place)


def write(db, count: int, start: int = 0) -> None:
    with db.transaction() as tx:
        for n in range(start, start + count):
            tx.audit("person-1", "case.viewed", f"case-{n}", milliseconds=n, reason="q")


def check(db, second_place, keys=None):
    return audit.verify(db, second_place, keys=keys)


def kinds(report) -> set[str]:
    return {problem.kind for problem in report.problems}


def drop_guards(db) -> None:
    """What an attacker with the database's password does first."""
    with db.transaction() as tx:
        for act in ("update", "delete"):
            name = f"guard_audit_{act}"
            on = " ON audit" if db.dialect == "postgresql" else ""
            tx.execute(sa.text(f"DROP TRIGGER {name}{on}"))


def sql(db, statement: str, **params) -> None:
    with db.transaction() as tx:
        tx.execute(sa.text(statement), params)


def rewrite_head(db) -> None:
    """Make the head fit whatever rows are left, as a careful attacker would."""
    with db.transaction() as tx:
        edge = Frontier()
        for leaf in tx.execute(sa.select(A.c.leaf).order_by(A.c.number)).scalars():
            edge.append(bytes(leaf))
        values = {"size": edge.size, "frontier": edge.packed()}
        tx.execute(sa.update(core.audit_head).values(**values))


def rewrite_leaves(db) -> None:
    """And leaf hashes that fit the changed rows."""
    with db.transaction() as tx:
        for row in tx.execute(sa.select(A)).all():
            data = leaves.leaf_data(
                number=row.number, at=row.at, actor=row.actor, action=row.action,
                subject=row.subject, facts=row.facts,
            )  # fmt: skip
            tx.execute(sa.update(A).where(A.c.number == row.number).values(leaf=leaf_hash(data)))


def test_an_untouched_log_verifies_by_anybody(database, checkpointer, second_place, keyring):
    write(database, 250)
    checkpointer.write()
    write(database, 30, 250)
    report = check(database, second_place)
    assert report.ok, report.problems
    assert (report.size, report.checkpoints, report.covered) == (280, 1, 250)
    assert check(database, second_place, keyring).ok


def test_an_empty_log_verifies(database, second_place, keyring):
    assert check(database, second_place, keyring).ok


def test_an_entry_is_undone_with_its_transaction(database, second_place, keyring):
    write(database, 3)
    with pytest.raises(LookupError), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        tx.audit("p", "case.viewed", "x")
        raise LookupError
    write(database, 2)
    report = check(database, second_place, keyring)
    assert report.ok
    assert report.size == 5


def test_entries_of_many_threads_make_one_tree(database, second_place, keyring):
    def one(n: int) -> None:
        with database.transaction() as tx:
            tx.audit(f"p{n}", "case.viewed", "x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(80)))
    report = check(database, second_place, keyring)
    assert report.ok
    assert report.size == 80


def test_the_table_itself_refuses_change_and_deletion(database):
    write(database, 2)
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(AppendOnly):
            sql(database, statement)


@pytest.mark.parametrize("careful", [False, True], ids=["plainly", "carefully"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'person-2' WHERE number = 7",
        "UPDATE audit SET action = 'case.closed' WHERE number = 7",
        "UPDATE audit SET subject = 'case-8' WHERE number = 7",
        """UPDATE audit SET facts = '{"reason":"q"}' WHERE number = 7""",
        "UPDATE audit SET at = '2026-01-01 00:00:00.000000+00:00' WHERE number = 7",
        "DELETE FROM audit WHERE number = 7",
        "DELETE FROM audit WHERE number = 0",
        "DELETE FROM audit WHERE number >= 15",
        "DELETE FROM audit",
    ],
)
def test_every_change_is_found(database, checkpointer, second_place, statement, careful):
    """Carefully: with leaf hashes and head made to fit. Only the kept checkpoint knows better."""
    write(database, 20)
    checkpointer.write()
    drop_guards(database)
    sql(database, statement.replace("+00:00", "" if database.dialect == "sqlite" else "+00:00"))
    if careful:
        if "DELETE" in statement:
            with database.transaction() as tx:
                rows = tx.execute(sa.select(A.c.number).order_by(A.c.number)).scalars().all()
                for new, old in enumerate(rows):
                    tx.execute(sa.update(A).where(A.c.number == old).values(number=new))
        rewrite_leaves(database)
        rewrite_head(database)
    report = check(database, second_place)
    assert not report.ok
    if careful:
        assert kinds(report) & {"root", "truncated"}


def test_reordered_entries_are_found(database, checkpointer, second_place):
    write(database, 20)
    checkpointer.write()
    drop_guards(database)
    for old, new in ((3, 99), (4, 3), (99, 4)):
        sql(database, "UPDATE audit SET number = :new WHERE number = :old", new=new, old=old)
    assert "changed" in kinds(check(database, second_place))
    rewrite_leaves(database)
    rewrite_head(database)
    assert kinds(check(database, second_place)) == {"root"}


def test_a_cut_after_the_last_checkpoint_breaks_the_seal(
    database, checkpointer, second_place, keyring
):
    write(database, 20)
    checkpointer.write()
    write(database, 9, 20)
    drop_guards(database)
    sql(database, "DELETE FROM audit WHERE number >= 25")
    rewrite_head(database)
    assert kinds(check(database, second_place, keyring)) == {"seal"}


def test_a_row_that_cannot_be_ours_is_a_problem_not_a_crash(database, checkpointer, second_place):
    write(database, 5)
    checkpointer.write()
    drop_guards(database)
    sql(database, "UPDATE audit SET facts = 'no json' WHERE number = 2")
    if database.dialect == "sqlite":
        sql(database, "UPDATE audit SET at = 'never' WHERE number = 3")
    assert "changed" in kinds(check(database, second_place))


@pytest.mark.timeout(3600)
def test_a_random_attack_is_always_found(database, checkpointer, second_place):
    write(database, 40)
    checkpointer.write()
    drop_guards(database)
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    with database.read() as tx:
        rows = [dict(row._mapping) for row in tx.execute(sa.select(A).order_by(A.c.number))]
    for _ in range(5_000 if os.environ.get("LONG") == "1" else 60):
        forged = [dict(row) for row in rows]
        victim = rng.randrange(len(forged))
        match rng.randrange(4):
            case 0:
                name = rng.choice(["actor", "action", "subject"])
                text = list(forged[victim][name])
                text[rng.randrange(len(text))] = "#"
                forged[victim][name] = "".join(text)
            case 1:
                del forged[victim]
            case 2:
                other = (victim + rng.randrange(1, len(forged))) % len(forged)
                forged[victim], forged[other] = forged[other], forged[victim]
            case _:
                del forged[rng.randrange(len(forged)) :]
        for number, row in enumerate(forged):
            row["number"] = number
            data = {k: v for k, v in row.items() if k != "leaf"}
            row["leaf"] = leaf_hash(leaves.leaf_data(**data))
        with database.transaction() as tx:
            tx.execute(sa.delete(A))
            if forged:
                tx.execute(sa.insert(A), forged)
        rewrite_head(database)
        assert not check(database, second_place).ok, f"seed {seed}"


def test_a_forged_checkpoint_is_found(database, checkpointer, second_place):
    write(database, 20)
    checkpointer.write()
    (path,) = checkpoints.files(second_place)
    note = path.read_text()
    lines = note.split("\n")
    other_root = base64.b64encode(bytes(32)).decode()
    forgeries = [
        note.replace("\n20\n", "\n19\n"),
        note.replace(lines[2], other_root),
        note.replace("time 2", "time 3"),
        note.replace(lines[0], "breakwater/" + "0" * 16),
        note[: note.index("—")],
        note[:-30] + "\n",
        note.replace("—", "-"),
        "",
        "\n\n",
    ]
    for forged in forgeries:
        path.write_text(forged)
        assert "forged" in kinds(check(database, second_place)), forged
    path.write_text(note)
    assert check(database, second_place).ok
    path.rename(path.with_name("000000000010.checkpoint"))
    assert "forged" in kinds(check(database, second_place))


def test_a_checkpoint_is_a_note_that_other_tools_read(database, checkpointer, second_place):
    """C2SP signed-note: name, size, root, blank line, em dash, name, base64 of id and signature."""
    write(database, 3)
    point = checkpointer.write()
    (path,) = checkpoints.files(second_place)
    origin, size, root, _time, empty, signature, end = path.read_text().split("\n")
    assert (size, empty, end) == ("3", "", "")
    assert base64.b64decode(root) == point.root
    dash, name, encoded = signature.split(" ")
    assert (dash, name) == ("—", origin)
    assert len(base64.b64decode(encoded)) == 4 + 64


def test_checkpoints_come_every_hundred_entries_or_sixty_seconds(database, checkpointer, clock):
    assert checkpointer.write_due() is None
    write(database, 99)
    assert checkpointer.write_due() is None
    write(database, 1, 99)
    assert checkpointer.write_due().size == 100
    write(database, 1, 100)
    assert checkpointer.write_due() is None
    clock.advance(61)
    assert checkpointer.write_due().size == 101
    clock.advance(600)
    assert checkpointer.write_due() is None


def test_the_thread_signs_what_is_due_and_the_rest_at_the_end(database, checkpointer, wait_until):
    checkpointer.start()
    write(database, 120)
    wait_until(lambda: list(checkpoints.files(checkpointer.directory)))
    write(database, 3, 120)
    checkpointer.close()
    assert [int(p.stem) for p in checkpoints.files(checkpointer.directory)] == [120, 123]


def test_a_log_shorter_than_what_was_signed_is_not_signed_again(database, keyring, checkpointer):
    write(database, 20)
    checkpointer.write()
    drop_guards(database)
    sql(database, "DELETE FROM audit WHERE number >= 10")
    rewrite_head(database)
    with pytest.raises(Tampered):
        Checkpointer(database, keyring, checkpointer.directory).write()


def test_a_second_place_that_cannot_be_written_says_so(database, keyring, tmp_path):
    write(database, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        Checkpointer(database, keyring, tmp_path / "file" / "x").write()


def test_checkpoints_of_a_rotated_key_still_verify(database, keyring, checkpointer, second_place):
    write(database, 5)
    checkpointer.write()
    keyring.rotate("audit")
    write(database, 5)
    checkpointer.write()
    report = check(database, second_place, keyring)
    assert report.ok, report.problems
    assert report.checkpoints == 2


@pytest.mark.parametrize("fault", ["trigger", "full", "head gone", "head wrong", "keys"])
def test_when_the_log_cannot_be_written_nothing_happens(database, clock, fault):
    write(database, 2)
    facts = {}
    if fault == "trigger":
        if database.dialect == "sqlite":
            sql(
                database,
                "CREATE TRIGGER t BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END",
            )
        else:
            sql(
                database,
                "CREATE TRIGGER t BEFORE INSERT ON audit EXECUTE FUNCTION breakwater_refuse()",
            )
    elif fault == "full":
        if database.dialect == "postgresql":
            sql(database, "ALTER TABLE audit ADD CONSTRAINT full_up CHECK (number < 2)")
        else:
            database.backend._raw.execute("PRAGMA max_page_count=1")
            facts["fill"] = "x" * 20_000
    elif fault == "head gone":
        sql(database, "DELETE FROM audit_head")
    elif fault == "head wrong":
        sql(database, "UPDATE audit_head SET size = 17")
    else:
        database.use_keys(None)
    with pytest.raises(AuditUnavailable), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        row = {"key": "view", "owner": "t", "epoch": 1, "until": clock.now()}
        tx.execute(sa.insert(core.leases), row)
        tx.audit("p", "media.viewed", "x", **facts)
    with database.read() as tx:
        assert tx.execute(sa.select(core.leases)).all() == []


def test_facts_that_are_no_json_are_refused(database):
    with pytest.raises(AuditUnavailable), database.transaction() as tx:
        tx.audit("p", "case.viewed", "x", what=object())
