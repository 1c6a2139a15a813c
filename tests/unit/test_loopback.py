"""A namespace without any network gets its loopback, so that the demo runs in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "loopback.py"
TALK = (
    "import socket; a = socket.create_server(('127.0.0.1', 0)); "
    "socket.create_connection(a.getsockname(), 5)"
)


def alone(*command):
    """Run in a network namespace that has nothing but a loopback that is down."""
    options = ["-n"] if os.geteuid() == 0 else ["-rn"]
    if subprocess.run(["unshare", *options, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces here")
    return subprocess.run(
        ["unshare", *options, *command], check=False, capture_output=True, text=True
    )


def test_loopback_is_raised_where_it_is_all_there_is():
    assert alone(sys.executable, "-c", TALK).returncode != 0
    raised = alone("sh", "-c", f'"{sys.executable}" "{SCRIPT}" && "{sys.executable}" -c "{TALK}"')
    assert raised.returncode == 0, raised.stderr


def test_who_may_not_is_told_what_to_do():
    if os.geteuid() != 0:
        pytest.skip("only root can give up being root")
    done = alone("setpriv", "--bounding-set=-net_admin", sys.executable, str(SCRIPT))
    assert (done.returncode, "ip link set lo up" in done.stderr) == (1, True)
