"""The story of the wall, through public faces only: commands, HTTP and the console in Chromium.

A service starts breakwater, lists a picture it knows, and is asked to take uploads. The known
picture and its edited copies are blocked, the unknown one passes, what cannot be read waits; a
person signs in by the one-time link, finds the case, reads why, and sees the two pictures only
while a key is held. A list that grows finds what passed; a withdrawn entry frees what it held;
the audit log verifies in the end, and does not once it was touched.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageOps

from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo

BREAKWATER = [sys.executable, "-m", "breakwater"]
FIELDS = {"service": "photos", "surface": "public", "account": "acct-17", "address": "203.0.113.9"}


class Installation:
    """One installation as its operator has it: a folder, a command, a server."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = {
            k: v for k, v in os.environ.items() if not k.startswith("BREAKWATER_")
        } | {
            "BREAKWATER_DATA_DIR": str(place / "data"),
            "BREAKWATER_ROOT_KEY_FILE": str(place / "keys" / "root.key"),
            "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
            "BREAKWATER_LOG_FORMAT": "json",
            "COLUMNS": "400",
        }
        self.said: list[str] = []
        self.server: subprocess.Popen[str] | None = None
        self.url = ""
        self.key = ""
        self.link = ""

    def command(self, *words: str, fails: bool = False) -> Any:
        done = subprocess.run(
            [*BREAKWATER, *words, "--json"], env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        return json.loads(done.stdout or done.stderr.splitlines()[-1])

    def start(self) -> None:
        self.server = subprocess.Popen(
            [*BREAKWATER, "serve", "--port", "0"], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        owner = self.place / "data" / "owner.json"
        for _ in range(1200):
            assert self.server.poll() is None, "".join(self.said)
            try:
                told = json.loads(owner.read_text())
                self.url, self.key = told["url"], told["key"]
                if self.link and httpx.get(f"{self.url}/ready").status_code == 200:
                    return
            except (OSError, ValueError, httpx.HTTPError):
                pass
            time.sleep(0.05)
        raise AssertionError("".join(self.said))

    def _listen(self) -> None:
        assert self.server is not None
        assert self.server.stdout is not None
        for line in self.server.stdout:
            self.said.append(line)
            found = re.search(r"(http://\S+/login/\S+)", line)
            if found:
                self.link = found.group(1)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.server is not None and self.server.stdout is not None:
            self.server.send_signal(how)
            self.server.wait(timeout=60)
            self.listener.join(timeout=10)
            self.server.stdout.close()
            self.server = None

    def upload(self, content: bytes, mime: str = "", **fields: str) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.url}/v1/media",
            headers={"Authorization": f"Bearer {self.key}"},
            data=FIELDS | fields,
            files={"file": ("a", content, mime or "application/octet-stream")},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()
        return verdict

    def verdict(self, upload: str) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.url}/v1/verdicts/{upload}", headers={"Authorization": f"Bearer {self.key}"}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def until(self, upload: str, action: str) -> dict[str, Any]:
        """Wait for a verdict to become `action`."""
        for _ in range(1200):
            found = self.verdict(upload)
            if found["action"] == action:
                return found
            time.sleep(0.05)
        raise AssertionError(found)


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("wall")
    (place / "keys").mkdir()
    found = Installation(place)
    found.start()
    yield found
    found.stop()


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def copies(content: bytes) -> dict[str, bytes]:
    """What people do to a picture before they upload it again."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return {
        "as it is": content,
        "smaller": encoded(picture.resize((400, 300)), "JPEG", quality=70),
        "as WebP": encoded(picture, "WEBP", quality=60),
        "grey": encoded(ImageOps.grayscale(picture), "PNG"),
        "mirrored": encoded(ImageOps.mirror(picture), "PNG"),
        "turned": encoded(picture.rotate(90, expand=True), "JPEG", quality=85),
    }


@pytest.fixture(scope="module")
def picture(wall: Installation) -> bytes:
    """A picture that the service knows, listed by the commands an operator types."""
    content = photo(1, (800, 600), "JPEG", quality=90)
    file = wall.place / "known.jpg"
    file.write_bytes(content)
    wall.command("bank", "create", "KNOWN", "--action", "block")
    hashed = wall.command("hash", str(file), "--kind", "pdq")
    value = re.search(r"\b[0-9a-f]{64}\b", json.dumps(hashed))
    assert value is not None
    listed = wall.place / "list.csv"
    listed.write_text(f"pdq\n{value.group(0)}\n")
    wall.command("bank", "import", "KNOWN", str(listed))
    return content


def test_copies_are_blocked_and_the_unknown_passes(wall: Installation, picture: bytes) -> None:
    for name, copy in copies(picture).items():
        verdict = wall.upload(copy)
        assert verdict["action"] == "block", name
        assert verdict["matches"][0]["bank"] == "KNOWN"
        assert "of 256 bits differ (limit 31)" in verdict["reason"]
    assert wall.upload(photo(2, (800, 600)))["action"] == "allow"
    unreadable = wall.upload(picture[: len(picture) // 3])
    assert unreadable["action"] == "hold"
    assert unreadable["rule"].startswith("undecodable.")


def test_without_a_key_nothing_works_but_health(wall: Installation) -> None:
    assert httpx.get(f"{wall.url}/health").status_code == 200
    answer = httpx.post(f"{wall.url}/v1/lookups", json={"signals": ["pdq:" + "0" * 64]})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


def test_a_person_sees_why_and_the_pictures_only_while_a_key_is_held(
    wall: Installation, picture: bytes
) -> None:
    wall.upload(copies(picture)["mirrored"])
    assert wall.link, "".join(wall.said)
    with chromium() as browser, guarded(browser) as watched:
        page = watched.page
        page.goto(wall.link)
        page.get_by_role("button", name="Sign in once").click()
        page.wait_for_url("**/me/credential")
        page.get_by_role("textbox", name="New password").fill("correct horse battery staple")
        page.get_by_role("button", name="Save the password").click()
        home = wall.link.partition("/login/")[0]
        page.wait_for_url(f"{home}/")
        page.goto(f"{home}/queue")
        page.wait_for_selector("table")
        assert "of 256 bits differ" in page.inner_text("main")
        page.goto(f"{home}/banks")
        assert "KNOWN" in page.inner_text("main")
        page.goto(f"{home}/audit")
        assert "Blocked an upload" in page.inner_text("main")
    used = httpx.post(wall.link, headers={"Accept": "text/html"})
    assert used.status_code == 401, "a one-time link lets in once"


def test_a_growing_list_finds_what_passed_and_a_withdrawal_frees_it(wall: Installation) -> None:
    content = photo(3, (640, 480))
    passed = wall.upload(content)
    assert passed["action"] == "allow"
    listed = wall.place / "more.csv"
    listed.write_text(f"sha256\n{passed['sha256']}\n")
    wall.command("bank", "import", "KNOWN", str(listed))
    found = wall.until(passed["id"], "block")
    assert found["revision"] == 2
    entry = found["matches"][0]["entry"]
    answer = httpx.delete(
        f"{wall.url}/v1/entries/{entry}", headers={"Authorization": f"Bearer {wall.key}"}
    )
    assert answer.is_success, answer.text
    assert wall.upload(content)["action"] == "allow"
    wall.until(passed["id"], "allow")


def test_killed_and_started_again_it_remembers_everything_acknowledged(
    wall: Installation, picture: bytes
) -> None:
    before = [wall.upload(copy) for copy in copies(picture).values()]
    wall.stop(signal.SIGKILL)
    wall.start()
    for verdict in before:
        again = wall.verdict(verdict["id"])
        assert (again["action"], again["case"]) == ("block", verdict["case"])
    assert wall.upload(picture)["action"] == "block"


def test_the_audit_log_verifies_until_it_is_touched(wall: Installation) -> None:
    wall.stop()
    assert wall.command("audit", "verify")
    with sqlite3.connect(wall.place / "data" / "breakwater.db") as raw:
        names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("UPDATE audit SET action = 'nothing.happened' WHERE number = 2")
    wall.command("audit", "verify", fails=True)
    canaries = ("acct-17", "203.0.113.9", wall.key, wall.link.rsplit("/", 1)[-1])
    logged = [line for line in wall.said if line.startswith("{")]
    for canary in canaries:
        assert not any(canary in line for line in logged), canary
