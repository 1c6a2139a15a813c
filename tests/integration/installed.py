"""An installation made in a moment: what `app.set_up` makes, without what is slow on purpose.

The recovery copy's passphrase costs more than a second by design, each password a third of one,
and every migration runs anew: here no copy is made, passwords are hashed with the least work, and
a database that was migrated once in this process is copied. All are tried at their full cost in
`test_cli.py`, in `tests/journey`, whose servers are processes of their own, and in
`tests/migration`.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from argon2 import PasswordHasher

from breakwater.access import door
from breakwater.app import set_up
from breakwater.media.sandbox import JailPool
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings, load

FILE = "breakwater.db"
door.PasswordHasher = functools.partial(PasswordHasher, time_cost=1, memory_cost=64)


def installed(settings: Settings) -> None:
    """Make everything that is missing; safe to repeat."""
    if not settings.root_key.exists():
        settings.root_key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        RootKey.create(settings.root_key)
    place = settings.data_dir / FILE
    if not settings.database_url and not place.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(_migrated(), place)
    set_up(settings)


@functools.cache
def shared_jail() -> JailPool:
    """One jail for all installations of this run: its zygote takes two seconds to warm up."""
    pool = JailPool(size=2)
    atexit.register(pool.close)
    return pool


@functools.cache
def _migrated() -> Path:
    """An empty database of today's schema."""
    place = Path(tempfile.mkdtemp(prefix="breakwater-schema-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    settings = load(
        data_dir=place / "data", root_key_file=place / "root.key", audit_dir=place / "checkpoints"
    )
    RootKey.create(settings.root_key)
    set_up(settings)
    return settings.data_dir / FILE
