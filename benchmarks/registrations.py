"""A check of who registers, over a million keyed hashes of sanctioned accounts, by real HTTP.

A real `breakwater serve` with its own SQLite file on this disk; a load generator in this process.
Fillers are random hashes in the form that the tables have; a few sanctions are made by the verb
itself, so that hits run through all of it: the decision they rest on, row, audit, event, fsync.
"""

import os
import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.harness import Result, Row, Target, quick
from benchmarks.http import command, noted, serving
from benchmarks.load import closed_loop, json_post, open_loop
from breakwater.app import App, build
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import accounts, cases, decisions
from breakwater.records.tables.nouns_sanction import sanction_keys, sanctions
from breakwater.settings import load

HASHES = 20_000 if quick() else 1_000_000
EACH = 8
"""Hashes by which one account is known."""
KNOWN = 50
SECONDS = 2.0 if quick() else 15.0
RATE = 100
HITS = 0.02
"""Share of registrations in which a sanctioned account is found."""
NOTES = (
    "Load and server share the machine.",
    f"{HITS:.0%} of the mixed checks find a sanctioned account and are written down, fsynced.",
)
COLUMNS = ("key", "kind", "version", "sanction_id", "seen_at", "until")


def run() -> Result:
    """Measure checks that find nobody, a mix, and those that always find somebody."""
    rows: list[Row] = []
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as name:
        place = Path(name)
        os.environ |= {
            "BREAKWATER_DATA_DIR": str(place / "data"),
            "BREAKWATER_ROOT_KEY_FILE": str(place / "root.key"),
            "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
        }
        command("bank", "create", "BENCH")
        key = filled()
        with serving() as (where, _, _):
            host = f"{where[0]}:{where[1]}"
            calm = [asked(n, key, host) for n in range(1000)]
            found = [asked(n, key, host, known=n % KNOWN) for n in range(200)]
            mixed = [found[n] if n % round(1 / HITS) == 0 else calm[n] for n in range(200)]
            case = f"checks over {HASHES:,} hashes"
            closed = closed_loop(where, calm, connections=4, seconds=SECONDS)
            steady = open_loop(where, calm, connections=8, rate=RATE, seconds=SECONDS)
            mix = open_loop(where, mixed, connections=8, rate=RATE, seconds=SECONDS)
            hits = open_loop(where, found, connections=8, rate=RATE / 2, seconds=SECONDS)
            noted(rows, case, "nobody found, as fast as it goes", closed)
            noted(rows, case, f"nobody found, open loop at {RATE}/s", steady)
            noted(rows, case, f"mixed, open loop at {RATE}/s", mix)
            noted(rows, case, f"always found, open loop at {RATE // 2}/s", hits)
    targets.append(Target.at_most(f"p99 at {RATE}/s, nobody found, ms", steady.percentile(0.99), 5))
    targets.append(Target.at_most(f"p99 at {RATE}/s, mixed, ms", mix.percentile(0.99), 5))
    return Result("registrations", tuple(rows), tuple(targets), NOTES)


def asked(number: int, key: str, host: str, known: int | None = None) -> bytes:
    """One prepared check, with every field that a registration has."""
    who = f"stranger-{number}" if known is None else f"known-{known}"
    told = {
        "email": f"{who}+new@gmail.com", "phone": f"+49301{number:07d}",
        "device": f"{who}-device-{number}", "payment": f"pm_{who}_{number:06d}",
        "payment_bin": "424242", "address": f"81.2.{number % 250}.{number // 250 + 1}",
    }  # fmt: skip
    return json_post("/v1/registrations/check", told, key, host)


def filled() -> str:
    """Sanctions in the database; answers a key that may check."""
    app = build(load(), decode=False)
    try:
        for number in range(KNOWN):
            app.sanctions.sanctioning.on_decided(decided(app, f"known-{number}"))
        filler(app)
        operator = Principal(new_id(), "bench", frozenset(Permission))
        scopes = [Permission.REGISTRATION_CHECK.value]
        assert Permission.REGISTRATION_CHECK in MACHINE_SCOPES
        return app.access.keys.create(operator, name="bench", service="bench", scopes=scopes)[1]
    finally:
        app.close()


def decided(app: App, account: str) -> Event:
    """A case of which somebody said that the account's holder is a suspect."""
    with app.db.transaction() as tx:
        case = _case(tx, account)
        told = {"emails": [f"{account}@gmail.com"], "devices": [f"{account}-device"]}
        accounts.put(tx, "bench", account, told, taken_at=tx.now)
        _said(tx, case)
    return Event(new_id(), EventType.CASE_DECIDED, case.id, app.clock.now())


def filler(app: App) -> None:
    """Random hashes, by the thousand, under sanctions that nothing else knows."""
    until = datetime.now(UTC) + timedelta(days=365)
    with app.db.transaction() as tx:
        case = _case(tx, "filler")
        decision = _said(tx, case)
    made = [new_id() for _ in range(HASHES // EACH)]
    for start in range(0, len(made), 5_000):
        some = made[start : start + 5_000]
        with app.db.transaction() as tx:
            change = tx.change()
            tx.insert_many(
                sanctions,
                ("id", "number", "service", "account_key", "case_id", "decision_id", "at", "until",
                 "round", "change"),
                [
                    (one, 1_000_000 + start + at, "bench", secrets.token_bytes(32), case.id,
                     decision, tx.now, until, 1, change)
                    for at, one in enumerate(some)
                ],
            )  # fmt: skip
            tx.insert_many(
                sanction_keys, COLUMNS,
                [
                    (secrets.token_bytes(32), "email", 1, one, tx.now, until)
                    for one in some
                    for _ in range(EACH)
                ],
            )  # fmt: skip


def _case(tx, account: str) -> Case:  # type: ignore[no-untyped-def]
    return cases.open(
        tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Bench.", priority=Priority.LOW,
        service="bench", account=account,
    )  # fmt: skip


def _said(tx, case: Case) -> Id:  # type: ignore[no-untyped-def]
    return decisions.add(
        tx, case=case.id, kind=DecisionKind.ILLEGAL, by=new_id(), reason="Bench.",
        facts=DecisionFacts(role=AccountRole.SUSPECT),
    ).id  # fmt: skip
