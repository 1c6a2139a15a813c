"""A real browser for the console's tests: the system's Chromium, the policy on, nothing remote.

Without its window (`chromium-headless-shell`) where that is installed: the same engine, a quarter
of the work.

`Guarded` fails a test on any violation of the content policy, any console error, any script
error and any request that leaves this machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-gpu", "--disable-dev-shm-usage",
]  # fmt: skip
expect.set_options(timeout=30_000)
"""What a page shows in the end counts; how soon is measured in `benchmarks/`."""
WATCH = """
addEventListener("securitypolicyviolation", (e) =>
  console.error(`POLICY ${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
"""


def modest(program: str, directory: Path) -> str:
    """The browser without the right to go before others, which root would give it, and watched.

    With it, two of its processes can wait for each other inside the kernel and let nothing else
    run: on a machine of two cores that is the end of every other test. See `warden`.
    """
    setpriv = shutil.which("setpriv")
    drop = (
        f"{setpriv} --bounding-set=-sys_nice --inh-caps=-sys_nice "
        if os.geteuid() == 0 and setpriv else ""
    )  # fmt: skip
    script = directory / "chromium"
    script.write_text(
        f'#!/bin/sh\necho $$ > {directory}/session\nexec {drop}{program} "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return str(script)


@contextmanager
def watched(place: Path) -> Iterator[None]:
    """Until the end, a warden over the browser that was started in `place`."""
    session, report = place / "session", place / "report"
    command = [sys.executable, "-S", str(Path(__file__).with_name("warden.py"))]
    warden = subprocess.Popen([*command, session.read_text().strip(), str(report)])
    try:
        yield
    finally:
        warden.terminate()
        warden.wait()
        if report.exists():
            print(report.read_text(), file=sys.__stderr__, flush=True)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for a module."""
    if CHROMIUM is None:
        pytest.fail("Chromium is missing: apt-get install chromium, or set CHROMIUM.")
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=modest(CHROMIUM, Path(place)), args=ARGUMENTS
        )
        with watched(Path(place)):
            try:
                yield browser
            finally:
                browser.close()


@dataclass
class Guarded:
    """A page and everything wrong that happened on it.

    Attributes:
        allowed: parts of console messages that this test expects (a refused request is one).
    """

    page: Page
    wrong: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)
        for name in ("press", "type", "down"):
            self._heard(name)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, name: str) -> None:
        """Let a key wait until the page's scripts listen: none is lost on a page that just came."""
        strike = getattr(self.page.keyboard, name)

        def waited(*keys: Any, **options: Any) -> None:
            self.page.wait_for_load_state()
            strike(*keys, **options)

        setattr(self.page.keyboard, name, waited)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        self.requests.append(f"{request.method} {parts.path}")
        if parts.hostname not in {"127.0.0.1", "localhost"}:
            self.wrong.append(f"left this machine: {request.url}")

    def check(self) -> None:
        """Fail on anything wrong that was not allowed."""
        bad = [w for w in self.wrong if not any(ok in w for ok in self.allowed)]
        assert not bad, bad


@contextmanager
def guarded(
    browser: Browser, *, width: int = 1440, height: int = 900, **options: Any
) -> Iterator[Guarded]:
    """A fresh context with one guarded page."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(30_000)
    watched = Guarded(context.new_page())
    try:
        yield watched
        watched.check()
    finally:
        context.close()


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve an ASGI application on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()
