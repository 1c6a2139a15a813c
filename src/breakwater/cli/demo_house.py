"""The demo's houses: a folder with its settings each, and a server over it in its own process.

In: a folder that the demo may empty. Out: settings, and where a running server is. The demo has
two: its own, and that of a member of its hub.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from breakwater.cli.terminal import WARN, Terminal
from breakwater.errors import BreakwaterError, Conflict, Unavailable

if TYPE_CHECKING:
    from breakwater.cli.owner import Owner
    from breakwater.settings import Settings

START_S: Final = 60.0
CONFIG: Final = "BREAKWATER_CONFIG"


def prepare_home(home: Path, terminal: Terminal) -> Path:
    """Empty the demo's own folder and write its settings; answers their file.

    Only a folder that the demo made (it has a marker) is emptied, and only while no demo runs.

    Raises:
        Conflict: a demo runs there, or the folder is somebody else's.
    """
    from breakwater.cli import owner

    marker = home / ".breakwater-demo"
    runs = owner.find(home / "data" / "owner.json")
    if runs is not None:
        raise Conflict(f"A demo runs at {runs.site or runs.url}; end it first (Ctrl-C there).")
    if home.exists() and any(home.iterdir()):
        if not marker.exists():
            raise Conflict(f"{home} is not empty and not a demo's. Choose another with --home.")
        terminal.say(f"{WARN} Removing the demo before this one, with all that was in it: {home}")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    marker.touch()
    place = home.resolve()
    chosen = {
        "data_dir": place / "data",
        "root_key_file": place / "keys" / "root.key",
        "audit_dir": place / "checkpoints",
        "host": "127.0.0.1",
        "comments_package": "surrogate",
    }
    lines = [f"{name} = {json.dumps(str(value))}\n" for name, value in chosen.items()]
    lines.append('webhook_private_networks = ["127.0.0.0/8"]\n')
    file = place / "breakwater.toml"
    file.write_text("".join(lines) + "port = 0\n", "utf-8")
    return file


def add(file: Path, chosen: Mapping[str, Any]) -> None:
    """Write further settings."""
    file.chmod(0o600)
    with file.open("a", encoding="utf-8") as more:
        more.writelines(f"{name} = {json.dumps(value)}\n" for name, value in chosen.items())


def only(file: Path) -> None:
    """Let this file be the only source of settings, here and in servers started from here."""
    for name in [name for name in os.environ if name.startswith("BREAKWATER_")]:
        if name != "BREAKWATER_KERNEL":
            del os.environ[name]
    os.environ[CONFIG] = str(file)


@contextmanager
def server(settings: Settings, home: Path) -> Iterator[Owner]:
    """`breakwater serve` as its own process, until the block ends."""
    log = home / "serve.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "breakwater", "serve", "--no-link"], stdout=output, stderr=output,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield _announced(process, settings, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _announced(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> Owner:
    """Wait until the server says where it is and that it is ready.

    Raises:
        Unavailable: it ended, or took longer than a minute.
    """
    from breakwater.cli import owner
    from breakwater.cli.remote import Client

    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        found = owner.find(settings.owner_token)
        if found is not None:
            try:
                with Client(found.url, timeout=10) as client:
                    client.call("GET", "/ready")
            except BreakwaterError:
                found = None
        if found is not None:
            return found
        time.sleep(0.1)
    tail = log.read_text("utf-8", "replace")[-1500:]
    raise Unavailable(f"The server did not start; the end of {log}:\n{tail}")
