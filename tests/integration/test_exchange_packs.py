"""Two installations and a file between them: a hub's list blocks at a member that no network reaches."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyrage
import pytest

from breakwater import app, settings
from breakwater.model.bank import Entry, Opinion
from breakwater.model.decision import UNDO
from breakwater.model.hub import Effect, ReleaseRule
from breakwater.model.ids import new_id
from breakwater.records import banks, entries, hub_feedback, hub_members, hub_rules
from breakwater.records.database import Tx
from tests.builders_hub import value
from tests.integration.conftest import photo
from tests.integration.test_cli import Done, Installation


@contextmanager
def inside(place: Installation) -> Iterator[app.App]:
    """The installation in this process, for what no command does (a second person, a reviewer)."""
    with pytest.MonkeyPatch.context() as patch:
        for name, said in place.environment.items():
            patch.setenv(name, said)
        running = app.build(settings.load())
    try:
        yield running
    finally:
        running.close()


def well(place: Installation, *line: str) -> Done:
    done = place.run(*line)
    assert done.code == 0, done.err + done.out
    return done


def rows(file: Path, *said: dict[str, str]) -> str:
    names = list(dict.fromkeys(name for one in said for name in one))
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(said)
    return str(file)


def identity(file: Path) -> tuple[str, str]:
    """A file as age-keygen writes it, and the public key."""
    made = pyrage.x25519.Identity.generate()
    file.write_text(f"# public key: {made.to_public()}\n{made}\n")
    return str(file), str(made.to_public())


class Two:
    """A hub with a list of two entries, one of them a picture's, and an island that follows it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.hub, self.island = (self._place(name) for name in ("hub", "island"))
        self.ours, self.public = identity(home / "island.age")
        self.theirs, self.seal = identity(home / "hub.age")
        self.picture = home / "picture.png"
        self.picture.write_bytes(photo(71))
        self.md5 = hashlib.md5(self.picture.read_bytes(), usedforsecurity=False).hexdigest()
        for line in (
            ("bank", "create", "HARBOUR"), ("hub", "list", "share", "HARBOUR"),
            ("hub", "member", "add", "A hotline", "--trusted"),
            ("hub", "member", "add", "An island", "--trusted"),
            ("hub", "member", "key", "An island", "--give"),
        ):  # fmt: skip
            well(self.hub, *line)
        self.give({"md5": self.md5, "category": "A1"}, {"md5": value("md5", 7), "category": "A1"})
        with inside(self.hub) as running, running.db.transaction() as tx:
            hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW, reason="two people agreed"))

    def _place(self, name: str) -> Installation:
        (self.home / name).mkdir()
        return Installation(self.home / name, ready=True)

    def give(self, *said: dict[str, str]) -> None:
        file = rows(self.home / "given.csv", *said)
        well(self.hub, "hub", "import", "HARBOUR", file, "--as", "A hotline")

    def pack(self, name: str, after: int = 0) -> tuple[str, Any]:
        file = str(self.home / name)
        line = ("hub", "pack", "An island", "--key", self.public, "--after", str(after))
        return file, well(self.hub, *line, "--to", file, "--json").json

    def enter(self, told: Any) -> None:
        well(self.island, "bank", "create", "FROM_HUB", "--action", "block")
        well(
            self.island, "exchange", "add", "hub", "--kind", "pack", "--bank", "FROM_HUB",
            "--option", f"key={told['key']}", "--option", f"member={told['member']}",
            "--option", f"seal={self.seal}", "--feedback", "--counts", "--every", "604800",
        )  # fmt: skip

    def take(self, file: str) -> Done:
        line = ("exchange", "take-pack", "hub", file, "--identity", self.ours, "--json")
        return self.island.run(*line)

    def judged(self) -> str:
        done = self.island.run("scan", str(self.picture), "--all", "--json")
        return str(done.json["action"])


@pytest.mark.parametrize("owned", [False, True], ids=["here", "owner"])
def test_a_list_goes_to_an_island_as_a_file_blocks_there_and_lets_go(
    tmp_path: Path, *, owned: bool
) -> None:
    two = Two(tmp_path)
    first, told = two.pack("1.pack")
    with ExitStack() as stack:
        if owned:
            server = two.island.serve()
            stack.callback(server.wait, timeout=30)
            stack.callback(server.terminate)
        two.enter(told)
        assert two.island.run("exchange", "take-pack", "hub", first).code != 0  # still sealed
        done = two.take(first)
        assert done.code == 0, done.err
        assert done.json["feed"]["entries"] == 2
        assert two.judged() == "block"
        again = two.take(first)
        assert again.code != 0
        assert f"after {told['upto']}" in again.out
        two.give({"md5": two.md5, "category": "A1", "status": "withdrawn"})
        second, _ = two.pack("2.pack", told["upto"])
        done = two.take(second)
        assert done.code == 0, done.err
        assert (done.json["feed"]["entries"], done.json["pull"]["gone"]) == (1, 1)
        assert two.judged() == "allow"


def test_what_the_island_says_and_gives_comes_back_and_counts_once(tmp_path: Path) -> None:
    two = Two(tmp_path)
    first, told = two.pack("1.pack")
    two.enter(told)
    assert two.take(first).code == 0
    with inside(two.island) as running, running.db.transaction() as tx:
        (one,) = of_value(tx, "FROM_HUB", 7)
        tx.now -= 2 * UNDO  # what may still be taken back goes nowhere
        entries.add_opinion(tx, one.number, Opinion.FALSE_POSITIVE, by="ada")
    own = rows(tmp_path / "own.csv", {"list": "HARBOUR", "md5": value("md5", 9), "category": "A1"})
    reply, lost = tmp_path / "back.pack", tmp_path / "again.pack"
    give = ("exchange", "give-pack", "hub", "--to")
    said = well(two.island, *give, str(reply), "--given", own, "--json").json
    assert (said["number"], said["feedback"], said["given"]) == (1, 1, 1)
    assert reply.stat().st_mode & 0o777 == 0o600
    well(two.island, *give, str(lost), "--again")
    assert lost.read_bytes() == reply.read_bytes()
    unpack = ("hub", "unpack", "An island", str(reply), "--key", said["key"])
    taken = well(two.hub, *unpack, "--identity", two.theirs, "--json").json
    assert (taken["feedback"], taken["given"], taken["passed"]) == (1, 1, 0)
    assert "already" in two.hub.run(*unpack, "--identity", two.theirs).err
    with inside(two.hub) as running, running.db.read() as tx:
        (one,) = of_value(tx, "HARBOUR", 7)
        words = hub_feedback.standing(tx, [one.number])[one.number]
        assert [one.member for one in words] == [hub_members.by_name(tx, "An island").id]
        assert of_value(tx, "HARBOUR", 9)


def of_value(tx: Tx, bank: str, number: int) -> list[Entry]:
    every = entries.page(tx, banks.get(tx, bank), limit=9)
    return [one for one in every if one.value.hex() == value("md5", number)]
