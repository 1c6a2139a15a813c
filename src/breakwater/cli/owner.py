"""How a command finds the process that owns the installation, and how that process says so.

`serve` announces itself in `owner.json` (mode 0600, in the data directory): its address and an
API key that it made for this run and revokes at its end. It holds a lock on the file while it
lives, so that a file left behind by a crash is known for what it is. The file is locked and whole
before it has its name: nobody reads half of it, and who looks at an old one is in nobody's way.
Read by `cli.opening`. Tests: `tests/unit/test_cli_owner.py`.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """Where the owner listens, and the key it gives to commands of the same user.

    Attributes:
        url: of its API.
        key: a bearer token with the scopes of `serve.OWNER_SCOPES`.
        site: as people reach the console; passkeys need a name, so loopback is `localhost`.
        ca: file of its certificate, which alone is trusted; empty for plain HTTP.
        pid: of its process.
    """

    url: str
    key: str
    site: str = ""
    ca: str = ""
    pid: int = 0


def find(path: Path) -> Owner | None:
    """The living owner announced at this path; None when there is none."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # two who look see the same
            except BlockingIOError:
                return Owner(**json.load(file))
    except OSError:
        return None
    return None


@contextmanager
def announced(path: Path, owner: Owner) -> Iterator[None]:
    """Announce this process as the owner until the block ends."""
    fd, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            json.dump(asdict(owner), file)
            file.flush()
            Path(made).replace(path)
        finally:
            Path(made).unlink(missing_ok=True)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def trusting(certificate: str) -> Any:
    """Trust exactly the certificate that the owner announced, whatever name it carries."""
    import ssl

    if not certificate:
        return True
    pinned = ssl.create_default_context(cafile=certificate)
    pinned.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    pinned.check_hostname = False
    return pinned
