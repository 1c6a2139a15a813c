"""A sender killed between any two steps loses no act: the service hears it again, with the same id."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from breakwater.model.act import ActKind, ActState, ActWhy, Lane, Subject
from breakwater.model.clock import SystemClock
from breakwater.model.event import EventType
from breakwater.records import platform_acts, webhooks
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.platform_acts import Ground
from breakwater.testing.platforms import Platform
from tests.integration.acting_site import standing_in

STEPS = ("claimed", "begun", "asked", "claimed", "asked", "kept")
ACTS = 3
SECRET = "whsec_" + "A" * 43 + "="


def test_a_killed_sender_loses_nothing_and_does_nothing_twice(sqlite_url, root_key, tmp_path):
    platform = Platform()
    db = open_database(sqlite_url, clock=SystemClock())
    Keyring.open(db, root_key)
    with standing_in(platform) as url:
        with db.transaction() as tx:
            webhooks.create(
                tx, url=url, service="photos", events=[EventType.ACT_WANTED], secret=SECRET
            )
            made = [
                platform_acts.want(
                    tx,
                    Subject(Lane.CONTENT, "photos", f"o{n}"),
                    ActKind.REMOVE,
                    Ground(ActWhy.LIST),
                ).id
                for n in range(ACTS)
            ]
        db.close()
        told = {"url": sqlite_url, "root": str(tmp_path / "root.key"), "steps": STEPS}
        done = subprocess.run(
            [sys.executable, str(Path(__file__).parent / "kill_acts.py")],
            input=json.dumps(told), capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    ended = json.loads(done.stdout)
    assert ended[0] == ended[2] == signal.SIGKILL
    assert ended[-1] == 0
    assert set(platform.came) == set(made)
    assert len(platform.came) > ACTS
    assert sorted(platform.did) == sorted(made)
    db = open_database(sqlite_url, clock=SystemClock())
    Keyring.open(db, root_key)
    with db.read() as tx:
        assert {platform_acts.get(tx, one).state for one in made} == {ActState.CONFIRMED}
    db.close()
