"""What an installation needs once, and whether this host is fit: keys, schema, jail.

Called by `cli.serve`, `cli.demo` and the tests before `app.build`; safe to repeat.
"""

from __future__ import annotations

import secrets
import shlex

from breakwater.errors import Unfit
from breakwater.media.sandbox import JailPool
from breakwater.records import migrate
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings


def set_up(settings: Settings) -> str:
    """Make what is missing: directories, root key, schema, recovery copy. Safe to repeat.

    Returns:
        The passphrase of a recovery copy that was made now, to be shown once; else empty.
    """
    for directory in (
        settings.data_dir,
        settings.vault_dir,
        settings.index_dir,
        settings.spool_dir,
        settings.ingest_dir,
        settings.checkpoints,
    ):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = ""
    if not settings.root_key_command and not settings.root_key.exists():
        settings.root_key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        root = RootKey.create(settings.root_key)
        passphrase = "-".join(secrets.token_hex(4) for _ in range(5))
        root.write_recovery(settings.recovery_copy, passphrase=passphrase)
    migrate.upgrade(settings.database)
    return passphrase


def root_key(settings: Settings) -> RootKey:
    """Open the root key in force."""
    if settings.root_key_command:
        return RootKey.from_command(shlex.split(settings.root_key_command))
    return RootKey.from_file(settings.root_key)


def check_jail(pool: JailPool) -> None:
    """Refuse to serve when the jail does not hold or a codec is blind.

    Raises:
        Unfit: with the acts or codecs that failed.
    """
    escaped = [proof.act for proof in pool.prove() if not proof.holds]
    blind = [golden.name for golden in pool.golden() if not golden.ok]
    if escaped or blind:
        raise Unfit(
            f"The jail allows: {', '.join(escaped) or 'nothing'}. "
            f"Not decoded: {', '.join(blind) or 'nothing'}."
        )
