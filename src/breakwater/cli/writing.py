"""Writes what comes in pieces to a file of the caller's: whole, private, or not at all.

Fed by `export` on both desks, by `privacy`, packs and recipes, with files of any size. Tests:
`tests/integration/test_cli_writing.py`, `tests/integration/test_packages.py`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from breakwater.errors import BadInput


def must_be_new(to: Path) -> None:
    """Refuse a file that stands already, or a folder that does not, before anything is asked for.

    Raises:
        BadInput: with what to do.
    """
    if to.exists():
        raise BadInput(f"{to} exists already. Name another file, or move that one away.")
    must_have_folder(to)


def must_have_folder(to: Path) -> None:
    """Refuse a file whose folder is not there, before anything is worked out.

    Raises:
        BadInput: with what to do.
    """
    if not to.parent.is_dir():
        raise BadInput(f"There is no folder {to.parent}. Make it first.")


def written(pieces: Iterable[bytes], to: Path) -> dict[str, Any]:
    """Write pieces to a file, readable by its owner alone; answers its size and SHA-256.

    Raises:
        BadInput: it cannot be written; what stood there before is untouched.
    """
    part = to.with_name(f"{to.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(to)
    except OSError as error:
        raise BadInput(
            f"{to} cannot be written: {error.strerror}. Make room, or name another place."
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return {"size": size, "sha256": digest.hexdigest()}
