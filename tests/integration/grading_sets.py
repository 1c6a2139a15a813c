"""Sets to be graded, made of ordinary pictures: VICS files as other systems write them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from breakwater.app import App
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.ids import new_id
from breakwater.records import people
from tests.integration.conftest import photo

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#{}"


def somebody(app: App, *roles: Role) -> Principal:
    """A person of the database, as a session gives them."""
    with app.db.transaction() as tx:
        made = people.create(tx, name=f"Person {new_id()}", roles=frozenset(roles))
    allowed: frozenset[Permission] = frozenset().union(*(role.permissions for role in roles))
    return Principal(made.id, made.name, allowed, person=made.id, session=new_id())


def nearly(content: bytes) -> bytes:
    """Nearly the same picture: saved again with loss."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def video_like(seed: int) -> bytes:
    """An animation of two frames."""
    rng = np.random.default_rng(seed)
    frames = [Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)) for _ in range(2)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def media(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def entry(number: int, path: str, content: bytes | None = None, **said: Any) -> dict[str, Any]:
    """One Media entry, in the spelling of real exports."""
    made: dict[str, Any] = {"MediaID": number, "RelativeFilePath": path.replace("/", "\\")}
    if content is not None:
        made["MD5"] = hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
    return made | said


def vics(path: Path, entries: Sequence[Mapping[str, Any]], *, what: str = "Cases") -> Path:
    """A VICS 2.0 file with a byte-order mark."""
    value: Any = list(entries)
    if what == "Cases":
        value = [{"CaseID": "{6E0B1B7C-0000-4000-8000-000000000001}", "Media": value}]
    document = {"@odata.context": CONTEXT.format(what), "value": value}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    return path


def pictures(count: int, first: int = 1) -> dict[str, bytes]:
    """Ordinary pictures, no two alike."""
    return {f"files/{seed}.png": photo(seed) for seed in range(first, first + count)}
