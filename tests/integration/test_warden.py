"""The warden over the tests' browser sees what spins in the kernel, and ends what goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import warden

IN_THE_KERNEL = "while True: open('/dev/urandom', 'rb').read(1 << 24)"
IN_ITSELF = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warden, "STEP_S", 0.1)
    monkeypatch.setattr(warden, "SPINNING_S", 0.3)
    monkeypatch.setattr(warden, "SHARE", 0.2)
    monkeypatch.setattr(warden, "GIVEN_UP", 2)


def watched(program: str, report: Path) -> int:
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as process:
        warden.watch(process.pid, report)
        return process.wait(timeout=30)


def test_what_spins_in_the_kernel_is_told_and_ended(tmp_path: Path) -> None:
    report = tmp_path / "report"
    assert watched(IN_THE_KERNEL, report) == -9
    assert report.read_text().count("spins in the kernel") == 2


def test_what_works_for_itself_is_left_alone(tmp_path: Path) -> None:
    report = tmp_path / "report"
    assert watched(IN_ITSELF, report) == 0
    assert not report.exists()
