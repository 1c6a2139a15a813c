"""A command finds the living owner of an installation, and never one that has died."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from breakwater.cli import owner
from breakwater.cli.owner import Owner, announced, find

ME = Owner("http://127.0.0.1:1", "key", "http://localhost:1", pid=1)
ANNOUNCE = """
import sys, time
from pathlib import Path
from breakwater.cli.owner import Owner, announced
with announced(Path(sys.argv[1]), Owner("http://127.0.0.1:1", "key", pid=7)):
    print("announced", flush=True)
    time.sleep(60)
"""


def test_nobody_owns_what_was_never_announced(tmp_path: Path):
    assert find(tmp_path / "owner.json") is None


def test_an_owner_is_found_while_it_lives_and_its_key_is_private(tmp_path: Path):
    place = tmp_path / "owner.json"
    with announced(place, ME):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert find(place) == ME
    assert not place.exists()


def test_a_file_left_behind_by_a_killed_owner_is_nobody(tmp_path: Path):
    place = tmp_path / "owner.json"
    process = subprocess.Popen([sys.executable, "-c", ANNOUNCE, str(place)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    found = find(place)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert found is not None
    assert found.pid == 7
    assert place.exists()
    assert find(place) is None


def test_a_new_owner_takes_the_place_of_a_dead_one(tmp_path: Path):
    place = tmp_path / "owner.json"
    place.write_text('{"url": "an older and much longer announcement that was left behind"}')
    with announced(place, ME):
        assert find(place) == ME


def test_who_looks_at_an_old_announcement_keeps_no_owner_from_starting(tmp_path: Path):
    place = tmp_path / "owner.json"
    place.write_text("{}")
    with place.open("r+") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        with announced(place, ME):
            assert find(place) == ME


def test_two_who_look_at_once_take_neither_for_an_owner(tmp_path: Path):
    place = tmp_path / "owner.json"
    place.write_text("{}")
    with place.open("r+") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert find(place) is None


def test_half_an_announcement_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place, seen = tmp_path / "owner.json", []
    write = json.dump

    def looked(*words: object) -> None:
        seen.append(find(place))
        write(*words)  # type: ignore[arg-type]
        seen.append(find(place))

    monkeypatch.setattr(owner.json, "dump", looked)
    with announced(place, ME):
        assert seen == [None, None]
        assert find(place) == ME
    assert list(tmp_path.iterdir()) == []
