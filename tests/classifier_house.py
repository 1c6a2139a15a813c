"""A classifier of brightness, added to an installation as an administrator adds one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from breakwater.app import App
from breakwater.classifiers.manage import Known
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from tests.builders_onnx import brightness, card

ADMIN = Principal(new_id(), "administrator", frozenset(Permission))


@dataclass(frozen=True)
class Model:
    """Bytes that can be read again, as a spool has them."""

    body: bytes

    @property
    def size(self) -> int:
        return len(self.body)

    @contextmanager
    def reader(self) -> Iterator[BinaryIO]:
        yield io.BytesIO(self.body)


def add(app: App, body: bytes | None = None, *, by: Principal = ADMIN, **changed: Any) -> Known:
    """Add one and have it loaded, as the regular turn does."""
    model = brightness() if body is None else body
    made = app.scoring.classifiers.add(card(model, **changed), Model(model), by)
    app.scoring.classifiers.refresh()
    return made
