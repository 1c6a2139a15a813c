"""Every command on a real installation: in its own process, and through the owner's API.

The same tests run twice: `here` opens the installation itself, `owner` finds a running server.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from breakwater.cli import demo, main, owner
from breakwater.cli.demo_media import jpeg
from breakwater.cli.demo_photos import photo
from breakwater.cli.terminal import Terminal
from breakwater.errors import Conflict
from breakwater.model.access import Role
from breakwater.model.clock import SystemClock
from breakwater.records import banks, imports, people
from breakwater.records.database import open_database
from breakwater.settings import load
from tests.integration.installed import installed

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Installation:
    """A fresh installation of this run's own, driven by the real command line.

    `ready`: it was set up before, so its first command makes no key and no schema.
    """

    def __init__(self, home: Path, *, ready: bool = False) -> None:
        self.home = home
        if ready:
            here = {"data_dir": home / "data", "audit_dir": home / "checkpoints"}
            installed(load(root_key_file=home / "keys/root.key", **here))
        (home / "breakwater.toml").write_text(
            f'data_dir = "{home}/data"\nroot_key_file = "{home}/keys/root.key"\n'
            f'audit_dir = "{home}/checkpoints"\nport = 0\njail_children = 1\n'
        )
        self.environment = {"BREAKWATER_CONFIG": str(home / "breakwater.toml"), "COLUMNS": "200"}

    def run(self, *words: str, stdin: str = "") -> Done:
        """One command line, in this process: a hundred starts of Python would test nothing more."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in [name for name in os.environ if name.startswith("BREAKWATER_")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["breakwater", *words])
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            try:
                main()
                code = 0
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else 0
        return Done(code, out.getvalue(), err.getvalue())

    def serve(self) -> subprocess.Popen[bytes]:
        log = (self.home / "serve.log").open("wb")
        server = subprocess.Popen(
            [sys.executable, "-m", "breakwater", "serve"], stdout=log, stderr=log,
            env={**os.environ, **self.environment},
        )  # fmt: skip
        log.close()
        until = time.monotonic() + 60
        while owner.find(self.home / "data/owner.json") is None:
            assert server.poll() is None, (self.home / "serve.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        return server


@pytest.fixture(scope="module", params=["here", "owner"])
def place(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Installation]:
    installed = Installation(tmp_path_factory.mktemp(request.param))
    if request.param == "here":
        first = installed.run("db", "upgrade")
        assert first.code == 0, first.err
        assert "keep its passphrase apart" in " ".join(first.err.split())
        yield installed
        return
    server = installed.serve()
    try:
        yield installed
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def bank(place: Installation) -> str:
    """A bank with two good rows and two bad ones, and a mark of bytes and line ends in between."""
    lines = ["pdq,pdq_quality", f"{PDQ},100", "zz,1", "", f"{'0f' * 32},90"]
    (place.home / "list.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    made = place.run("bank", "create", "KNOWN", "--action", "block", "--purpose", "a test")
    assert made.code == 0, made.err
    loaded = place.run("bank", "import", "KNOWN", str(place.home / "list.csv"), "--json")
    assert loaded.code == 0, loaded.err
    assert (loaded.json["kept"], loaded.json["bad"]) == (2, loaded.json["rows"] - 2)
    return "KNOWN"


def test_a_known_hash_is_found_and_an_unknown_one_is_not(place: Installation, bank: str):
    found = place.run("lookup", "--json", f"pdq:{PDQ}", "md5:" + "00" * 16)
    assert found.code == 0, found.err
    first, second = found.json["results"]
    assert [match["bank"] for match in first["matches"]] == [bank]
    assert second["matches"] == []


def test_hashes_are_read_from_standard_input(place: Installation, bank: str):
    found = place.run("lookup", stdin=f"pdq:{PDQ}\n\n")
    assert f"in bank {bank}" in found.out


def test_banks_are_listed_with_what_can_be_matched(place: Installation, bank: str):
    rows = place.run("bank", "list", "--json").json
    assert [(row["name"], row["action"], row["entries"]) for row in rows] == [(bank, "block", 2)]
    assert "2 of 2" in place.run("bank", "list").out


def test_an_export_is_what_import_reads(place: Installation, bank: str):
    file = place.home / "out.csv"
    assert place.run("bank", "export", bank, str(file)).code == 0
    away = place.run("bank", "export", bank, str(file.parent / "nowhere" / "x.csv"))
    assert (away.code, "cannot be written" in away.err) == (65, True), away.err
    place.run("bank", "create", "AGAIN")
    again = place.run("bank", "import", "AGAIN", str(file), "--json").json
    assert (again["kept"], again["bad"]) == (2, 0)


def test_a_second_import_of_a_list_adds_nothing(place: Installation, bank: str):
    again = place.run("bank", "import", bank, str(place.home / "list.csv"), "--json").json
    assert again["kept"] == 0


def test_scan_says_what_would_be_held_and_keeps_nothing(place: Installation, bank: str):
    folder = place.home / "media"
    folder.mkdir()
    (folder / "new.jpg").write_bytes(jpeg(photo(40, width=320, height=240)))
    (folder / "text.jpg").write_text("not a picture")
    done = place.run("scan", "--json", str(folder))
    rows = {Path(row["file"]).name: row for row in map(json.loads, done.out.splitlines())}
    assert done.code == 1
    assert rows["new.jpg"]["action"] == "allow"
    assert rows["text.jpg"]["rule"] == "undecodable.unknown_type"


def test_scan_finds_a_known_picture_turned(place: Installation, bank: str):
    original = place.home / "original.jpg"
    original.write_bytes(jpeg(photo(41, width=640, height=480)))
    signals = place.run("hash", "--json", "--kind", "pdq", str(original)).json["signals"]
    (place.home / "one.csv").write_text("kind,value\n" + signals[0]["signal"].replace(":", ","))
    added = place.run("bank", "import", bank, str(place.home / "one.csv"), "--json")
    assert added.json.get("kept") == 1, added.out
    turned = place.home / "turned.jpg"
    turned.write_bytes(jpeg(photo(41, width=640, height=480).rotate(90, expand=True)))
    done = place.run("scan", str(turned))
    assert done.code == 1
    assert "block" in done.out
    assert "turned" in done.out


def test_the_audit_log_verifies_beside_whoever_owns_it(place: Installation, bank: str):
    done = place.run("audit", "verify", "--json")
    assert done.code == 0, done.out
    assert done.json["ok"] is True
    assert done.json["size"] >= 2


def test_figures_and_measures_are_written_whoever_owns_the_data(place: Installation, bank: str):
    period = ["--from", "2026-01-01", "--to", "2026-12-31"]
    told = place.run("transparency", "report", *period).json
    assert [one["surface"] for one in told["tables"]["matches"][:2]] == ["live", "public"]
    rows = place.run("transparency", "report", *period, "--form", "csv").out.splitlines()
    assert "matches,list,live,0,,," in rows
    paper = place.home / "figures.pdf"
    done = place.run("transparency", "report", *period, "--form", "pdf", "--out", str(paper))
    assert done.code == 0, done.err
    assert paper.read_bytes().startswith(b"%PDF-")
    code = place.run("compliance", "report", "ofcom").json
    assert {one["id"]: one["on"] for one in code["measures"]}["hash_matching"]
    for wrong in (
        ["transparency", "report", *period, "--form", "odt"],
        ["compliance", "report", "x"],
    ):
        assert place.run(*wrong).code != 0, wrong


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("bank", "import", "MISSING", "{list}"), 66, "not_found"),
        (("bank", "import", "KNOWN", "/no/such/file"), 66, "not_found"),
        (("bank", "create", "KNOWN"), 75, "conflict"),
        (("bank", "create", "lower case"), 65, "bad_input"),
        (("bank", "create", "OTHER", "--action", "shout"), 65, "bad_input"),
        (("lookup", "pdq:12"), 65, "bad_signal"),
        (("lookup", "nosuch:12"), 65, "unknown_kind"),
        (("hash", "/no/such/file"), 66, "not_found"),
    ],
)
def test_an_error_is_said_once_with_its_exit_code(
    place: Installation, bank: str, words: tuple[str, ...], code: int, name: str
):
    asked = [word.format(list=place.home / "list.csv") for word in words]
    done = place.run(*asked, "--json")
    assert done.code == code, done.out + done.err
    assert done.json["code"] == name
    assert "Traceback" not in done.err


def administrator(place: Installation) -> str:
    """Somebody who may vouch: a server makes one at its start, commands alone make nobody."""
    if owner.find(place.home / "data/owner.json") is None:
        db = open_database(f"sqlite:///{place.home}/data/breakwater.db", clock=SystemClock())
        try:
            with db.transaction() as tx:
                if all(one.name != "Administrator" for one in people.every(tx)):
                    people.create(tx, name="Administrator", roles={Role.ADMIN})
        finally:
            db.close()
    return "Administrator"


def test_a_person_signs_for_a_list_whoever_owns_the_data(place: Installation, bank: str):
    file = place.home / "vouched.csv"
    file.write_text(f"pdq\n{'1e' * 32}\n")
    words = ("bank", "import", bank, str(file), "--json", "--signed-by")
    nobody = place.run(*words, "Nobody Known")
    assert (nobody.code, nobody.json["code"]) == (66, "not_found")
    done = place.run(*words, administrator(place))
    assert done.code == 0, done.out + done.err
    assert done.json["kept"] == 1
    db = open_database(
        f"sqlite:///{place.home}/data/breakwater.db", clock=SystemClock(), read_only=True
    )
    try:
        with db.read() as tx:
            (run,) = [
                run for run in imports.page(tx, banks.get(tx, bank)) if run.source == file.name
            ]
            assert run.signed_by is not None
            assert people.get(tx, run.signed_by).name == "Administrator"
    finally:
        db.close()


def test_check_looks_at_keys_log_and_vault_and_goes_on_without_a_root_key(
    place: Installation, bank: str, tmp_path: Path
):
    whole = place.run("db", "check", "--deep", "--json")
    assert (whole.code, whole.json["ok"], whole.json["findings"]) == (0, True, []), whole.out
    hidden = place.home / "keys/root.key"
    hidden.rename(tmp_path / "root.key")
    try:
        found = place.run("db", "check", "--json")
    finally:
        (tmp_path / "root.key").rename(hidden)
    assert found.code == 78
    assert [finding["part"] for finding in found.json["findings"]] == ["keys"]


def test_backup_and_restore_carry_everything(place: Installation, bank: str, tmp_path: Path):
    assert place.run("db", "check").code == 0
    copy = tmp_path / "backup"
    assert place.run("db", "backup", str(copy)).code == 0
    other = Installation(tmp_path)
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys/root.key").write_bytes((place.home / "keys/root.key").read_bytes())
    (tmp_path / "keys/root.key").chmod(0o600)
    restored = other.run("db", "restore", str(copy))
    assert restored.code == 0, restored.err
    assert other.run("lookup", f"pdq:{PDQ}").out.count(bank) == 1
    assert other.run("db", "restore", str(copy)).code == 75


def test_a_lost_root_key_comes_back_from_its_recovery_copy(place: Installation, tmp_path: Path):
    place.environment["BREAKWATER_PASSPHRASE"] = "six ordinary words for a test"
    copy = tmp_path / "copy.age"
    try:
        assert place.run("keys", "recovery", str(copy)).code == 0
        other = Installation(tmp_path)
        other.environment["BREAKWATER_PASSPHRASE"] = place.environment["BREAKWATER_PASSPHRASE"]
        assert other.run("keys", "restore", str(copy)).code == 0
        assert other.run("keys", "restore", str(copy)).code == 75
    finally:
        del place.environment["BREAKWATER_PASSPHRASE"]
    same = (tmp_path / "keys/root.key").read_bytes()
    assert same == (place.home / "keys/root.key").read_bytes()


def test_doctor_finds_this_host_fit_and_a_readable_key_unfit(place: Installation, bank: str):
    fit = place.run("doctor", "--json")
    assert fit.code == 0, fit.out
    assert {"jail", "codecs", "fsync", "kernel"} <= {check["name"] for check in fit.json["checks"]}
    key = place.home / "keys/root.key"
    key.chmod(0o644)
    try:
        assert place.run("doctor", "--quick").code == 78
    finally:
        key.chmod(0o600)


def test_a_set_for_graders_is_imported_with_what_became_of_each_item(
    place: Installation, bank: str
):
    folder = place.home / "seized"
    folder.mkdir()
    (folder / "new.jpg").write_bytes(jpeg(photo(60, width=320, height=240)))
    (folder / "again.jpg").write_bytes((folder / "new.jpg").read_bytes())
    (place.home / "set.csv").write_text("path,md5\nnew.jpg,\nagain.jpg,\ngone.jpg,\n,zz\n")
    done = place.run(
        "grade", "import", str(place.home / "set.csv"), "--media", str(folder), "--json"
    )
    assert done.code == 0, done.err
    assert done.json["counts"] == {"open": 1, "copy": 1, "missing": 1}
    assert (done.json["state"], done.json["rows_bad"], done.json["share"]) == ("open", 1, 1.0)
    assert done.json["reasons"][0][0] == 4
    listed = place.run("grade", "list", "--json").json
    assert [(row["name"], row["items"], row["waiting"]) for row in listed] == [("set", 3, 1)]
    broken = place.home / "broken.json"
    broken.write_text('{"value": [')
    failed = place.run("grade", "import", str(broken), "--media", str(folder))
    assert failed.code == 65
    assert "ends before its end" in " ".join(failed.err.split())


def test_a_link_made_on_the_host_lets_somebody_in_once(place: Installation, bank: str):
    name = administrator(place)
    made = place.run("people", "link", name, "--json")
    assert made.code == 0, made.out + made.err
    token = made.json["link"].rsplit("/login/", 1)[1]
    nobody = place.run("people", "link", "Nobody Known")
    assert nobody.code == 66
    assert '"Nobody Known"' in nobody.err
    running = owner.find(place.home / "data/owner.json")
    if running is not None:
        with httpx.Client(base_url=running.url, trust_env=False) as browser:
            codes = [
                browser.post(f"/login/{token}", headers={"Origin": running.site}).status_code
                for _ in range(2)
            ]
        assert codes[0] < 400 <= codes[1]


def test_a_demo_that_runs_is_not_wiped_and_an_older_one_is_said_to_be_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    home = tmp_path / "demo"
    said = Terminal(as_json=False)
    demo.prepare_home(home, said)
    assert home.stat().st_mode & 0o777 == 0o700
    (home / "data").mkdir()
    (home / "data/mine.txt").write_text("kept while it runs")
    there = owner.Owner("http://127.0.0.1:1", "", "http://localhost:1")
    with owner.announced(home / "data/owner.json", there):
        with pytest.raises(Conflict, match="A demo runs at http://localhost:1; end it first"):
            demo.prepare_home(home, said)
        assert (home / "data/mine.txt").exists()
    demo.prepare_home(home, said)
    assert not (home / "data").exists()
    assert "Removing the demo before" in capsys.readouterr().err
