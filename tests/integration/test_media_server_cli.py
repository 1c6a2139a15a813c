"""`breakwater media-server` enters a server whose printed configuration works as it stands."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from breakwater.errors import BadInput
from breakwater.live.recipes import Wanted, recipe
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from tests.integration.rtmp import USER, need_programs
from tests.integration.test_cli import Installation
from tests.ports import free_port


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("servers"), ready=True)


def test_the_recipe_works_as_it_is_printed(here: Installation, wait_until) -> None:
    need_programs()
    control, rtmp, hls = free_port(), free_port(), free_port()
    added = here.run(
        "media-server", "add", "edge", "--service", "live", "--json",
        "--control", f"http://127.0.0.1:{control}", "--rtmp", f"rtmp://127.0.0.1:{rtmp}",
        "--hls", f"http://127.0.0.1:{hls}/hls",
    )  # fmt: skip
    assert added.code == 0, added.err
    away = here.run("media-server", "check", "edge")
    assert away.code == 1
    assert "does not answer" in away.out
    directory = Path(tempfile.mkdtemp(prefix="breakwater-recipe-", dir="/dev/shm"))
    try:
        made = here.run(
            "media-server", "recipe", "edge", "--into", str(directory), "--json",
            "--directory", str(directory), "--base", "http://127.0.0.1:8700",
        )  # fmt: skip
        assert made.code == 0, made.err
        assert added.json["hook_path"] in made.json["files"]["nginx.conf"]
        running = run_steps(directory, made.json["steps"])
        try:
            wait_until(lambda: listens(control))
            checked = here.run("media-server", "check", "edge", "--json")
            words = {one["words"]: one["ok"] for one in checked.json["findings"]}
            assert checked.code == 1, "no hook has come yet"
            assert [word for word, ok in words.items() if not ok] == [
                "no hook has come yet: publish a test stream"
            ]
        finally:
            running.terminate()
            running.wait(timeout=10)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run_steps(directory: Path, steps: list[str]) -> subprocess.Popen[bytes]:
    """What the recipe says to do, but for the packages: they are there."""
    for step in steps[1:-1]:
        if not step.startswith("put "):
            subprocess.run(["sh", "-c", step], check=os.geteuid() == 0)
    command = [*steps[-1].split(), "-g", "daemon off;", "-e", str(directory / "error.log")]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--", *command]
    return subprocess.Popen(command)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.02)
        return False
    return True


def test_servers_are_listed_without_passes_and_removed(here: Installation) -> None:
    made = here.run("media-server", "add", "dock", "--json").json
    entered = here.run("media-server", "add", "pier")
    for said in ("No address was given", "No service is named"):
        assert said in entered.err
    assert "needs its recipe anew" in entered.out
    base = ("--base", "http://127.0.0.1:8700", "--into", str(here.home))
    written = here.run("media-server", "recipe", "pier", *base, "--directory", str(here.home))
    assert ("chown" in written.err, "put " in written.err) == (True, False), written.err
    assert "put breakwater.htpasswd" in here.run("media-server", "recipe", "pier", *base).err
    (taken := here.home / "taken").write_text("kept")
    nowhere = here.run("media-server", "recipe", "pier", *base[:2], "--into", str(taken / "conf"))
    assert (nowhere.code, "There can be no folder" in nowhere.err) == (65, True), nowhere.err
    listed = here.run("media-server", "list", "--json")
    assert "dock" in {one["name"] for one in listed.json}
    for field in ("password", "watch_pass", "signing_secret", "hook_path"):
        assert made[field] not in listed.out
    again = here.run("media-server", "add", "dock")
    assert (again.code, "Settings, Live streams, Change" in again.err) == (75, True), again.err
    for wrong, said in {
        "10.1.2.3:18090": "takes an address such as http://127.0.0.1:18090",
        "http://10.1.2.3:18090": "BREAKWATER_MEDIA_SERVER_NETWORKS",
        "http://[fd00::7]:18090": "BREAKWATER_MEDIA_SERVER_NETWORKS",
    }.items():
        refused = here.run("media-server", "add", "far", "--control", wrong)
        assert (refused.code, said in refused.err) == (65, True), refused.err
        assert "pattern" not in refused.err
    wrong = here.run("media-server", "add", "UPPER", "--json")
    assert wrong.code == 65
    assert json.loads(wrong.out)["detail"].startswith("name:")
    assert here.run("media-server", "remove", "dock").code == 0
    assert here.run("media-server", "check", "dock").code == 66


@pytest.mark.parametrize("place", ["/x; daemon on", "/x\ny", "/x{}", '/x"', "/$x"])
def test_a_configuration_cannot_be_broken_out_of(place: str) -> None:
    config = ServerConfig(new_id(), "edge", ServerKind.NGINX_RTMP, "live")
    shared = ServerSecrets("user", "pass", "token", "", "watch")
    for wanted in (Wanted("http://127.0.0.1:1", Path(place)), Wanted(f"http://h{place}")):
        with pytest.raises(BadInput):
            recipe(config, shared, wanted)
    with pytest.raises(BadInput, match="http only"):
        recipe(config, shared, Wanted("https://bw.example"))
