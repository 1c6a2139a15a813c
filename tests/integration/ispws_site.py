"""A receiving server in a process of its own, which misbehaves on request; for those who send.

`receiving(tmp_path)` starts `breakwater reports serve --dialect ispws --faults` on a free port and
waits until it answers. `Receiver.fault(…)` plans faults, `reports()` lists what was received,
`shift(hours=25)` moves its clock, `restart()` starts it again after a crash, on the same port
with the same data and key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from breakwater.settings import load
from tests.integration.installed import installed
from tests.ports import free_port

START_S = 60.0


@dataclass
class Receiver:
    """A running receiving server.

    Attributes:
        url: base of the interface, `http://127.0.0.1:PORT/ispws`.
        user, password: of a key that may file reports.
    """

    directory: Path
    port: int
    screen: bool
    url: str = ""
    user: str = ""
    password: str = ""
    process: subprocess.Popen[str] | None = None
    opened: list[httpx.Client] = field(default_factory=list)

    @property
    def control(self) -> str:
        return self.url.removesuffix("/ispws") + "/ispws-faults"

    def start(self) -> None:
        """Start, and make a key the first time."""
        known = {name: value for name, value in os.environ.items() if "BREAKWATER" not in name}
        log = (self.directory / "log").open("a")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "breakwater", "reports", "serve", "--dialect", "ispws",
                "--faults", "--json", "--port", str(self.port),
                *(() if self.screen else ("--no-screen",)), *(() if self.user else ("--key", "site")),
            ],
            env=known | {
                "BREAKWATER_DATA_DIR": str(self.directory / "data"),
                "BREAKWATER_ROOT_KEY_FILE": str(self.directory / "keys" / "root.key"),
                "BREAKWATER_AUDIT_DIR": str(self.directory / "checkpoints"),
                "BREAKWATER_JAIL_CHILDREN": "1",
            },
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.directory / "log").read_text()[-3000:]
        said = json.loads(line)
        self.url = said["url"]
        self.user, self.password = said.get("user", self.user), said.get("password", self.password)
        end = time.monotonic() + START_S
        while True:
            try:
                if httpx.get(self.control, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.02)

    def stop(self) -> int:
        """End it; answers its exit status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def crashed(self) -> int:
        """Wait until it has ended by itself; answers its exit status."""
        assert self.process is not None
        status = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def restart(self) -> None:
        """Start again on the same port with the same data."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.start()

    def client(self, *, user: str = "", password: str = "") -> httpx.Client:
        """A client with the key's credentials; its base is the interface."""
        auth = (user or self.user, password or self.password)
        made = httpx.Client(base_url=self.url, auth=auth, timeout=60)
        self.opened.append(made)
        return made

    def fault(self, call: str, fault: str, **about: Any) -> None:
        """Plan one fault of `ispws_faults.KINDS`."""
        self.plan(faults=[{"call": call, "fault": fault, **about}])

    def plan(self, **wanted: Any) -> None:
        """Plan many: `faults=[…]`, `seed=…`, `shift_s=…`."""
        httpx.post(self.control, json=wanted, timeout=30).raise_for_status()

    def shift(self, *, hours: float) -> None:
        """Move the server's clock forward."""
        self.plan(shift_s=hours * 3600)

    def forget(self) -> None:
        """No more faults."""
        httpx.delete(self.control, timeout=30).raise_for_status()

    def calls(self) -> list[dict[str, str]]:
        """Calls that came, and which fault struck each."""
        found: list[dict[str, str]] = httpx.get(self.control, timeout=30).json()["calls"]
        return found

    def reports(self) -> list[dict[str, Any]]:
        """Everything that was received."""
        answer = httpx.get(self.control + "/reports", timeout=60)
        found: list[dict[str, Any]] = answer.json()["reports"]
        return found


@contextmanager
def receiving(directory: Path, *, screen: bool = False) -> Iterator[Receiver]:
    """A receiving server until the block ends; without screening it starts faster."""
    installed(
        load(
            data_dir=directory / "data", root_key_file=directory / "keys" / "root.key",
            audit_dir=directory / "checkpoints",
        )
    )  # fmt: skip
    site = Receiver(directory, free_port(), screen)
    try:
        site.start()
        yield site
    finally:
        for client in site.opened:
            client.close()
        if site.process is not None and site.process.poll() is None:
            site.stop()
