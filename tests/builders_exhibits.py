"""A house that takes exhibits in: the whole installation on any database, and ordinary pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from breakwater.app import App, build
from breakwater.model.exhibit import Exhibit
from breakwater.model.media import MediaLimits
from breakwater.model.signal import Fingerprints
from breakwater.records import banks, entries, exhibits
from breakwater.settings import load
from tests.integration.grading_sets import somebody
from tests.integration.installed import installed, shared_jail

__all__ = ["files_of", "house", "listed", "seized", "somebody"]


@contextmanager
def house(directory: Path, database_url: str, **settings: Any) -> Iterator[App]:
    """An installation on this database."""
    known: dict[str, Any] = {
        "data_dir": directory / "data", "root_key_file": directory / "keys" / "root.key",
        "audit_dir": directory / "checkpoints", "seat": "GB", "database_url": database_url,
    }  # fmt: skip
    chosen = load(**(known | settings))
    installed(chosen)
    app = build(chosen, pool=shared_jail(), decode=False)
    try:
        yield app
    finally:
        app.close()


def seized(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder of what was seized."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def listed(app: App, content: bytes, kind: str = "sha256") -> int:
    """A file in a list that acts, by one of its hashes; answers the entry."""
    value = hashlib.sha256(content).digest()
    if kind == "pdq":
        outcome = app.screener.fingerprint(
            io.BytesIO(content), declared="", limits=MediaLimits(), lane="test"
        )
        assert isinstance(outcome, Fingerprints)
        value = outcome.of("pdq")[0].signal.value
    with app.db.transaction() as tx:
        bank = banks.create(tx, name=f"KNOWN_{kind}", verified=True)
        (made,) = entries.add(tx, bank, [(kind, value, 100)])
    app.feed.catch_up()
    return made.number


def files_of(app: App, number: int) -> list[Exhibit]:
    """Every file of a set."""
    with app.db.read() as tx:
        return exhibits.page(tx, number, limit=1000)
