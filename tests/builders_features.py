"""A tiny model of local features made by hand: how steep a place is, and random sums of its patch.

Scores are the size of a Laplacian; descriptors are sizes of `DIM` random sums over 16 x 16 pixels
that add up to nothing, so that a negative has those of its positive. No model of anybody's is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.builders_likeness import graph, numbers
from tests.builders_onnx import node, weights

DIM = 48
WIDTH, HEIGHT = 320, 240
STEP = 4


def model(
    *, note: float = 0.0, dim: int = DIM, width: int = WIDTH, height: int = HEIGHT
) -> bytes:  # fmt: skip
    """Grey in; `scores` (1, 1, h, w) and `descriptors` (1, dim, h/4, w/4) out.

    With another `note` it is another file that answers the same.
    """
    chance = np.random.default_rng(1)
    coarse = chance.normal(size=(dim, 4, 4))
    patches = np.kron(coarse - coarse.mean(axis=(1, 2), keepdims=True), np.ones((4, 4))) / 256
    peak = np.full((5, 5), -1 / 16)
    peak[1:4, 1:4] = 1 / 9
    peak -= peak.mean()
    nodes = [
        node("Conv", ["x", "wp"], ["p"], numbers("kernel_shape", [5, 5]), numbers("pads", [2] * 4)),
        node("Abs", ["p"], ["scores"]),
        node("Conv", ["x", "wd"], ["d"], numbers("kernel_shape", [16, 16]),
             numbers("strides", [STEP] * 2), numbers("pads", [6] * 4)),
        node("Abs", ["d"], ["descriptors"]),
    ]  # fmt: skip
    held = [
        weights("wp", (1, 1, 5, 5), peak.reshape(-1).tolist()),
        weights("note", (1,), [note]),
        weights("wd", (dim, 1, 16, 16), patches.reshape(-1).tolist()),
    ]
    outs: dict[str, Sequence[int]] = {
        "scores": (1, 1, height, width),
        "descriptors": (1, dim, height // STEP, width // STEP),
    }
    return graph(nodes, held, (1, 1, height, width), outs)


def card(body: bytes, **changed: Any) -> str:
    """A card for it; a value of None leaves the line out."""
    known: dict[str, Any] = {
        "name": "patches", "version": "1", "sha256": hashlib.sha256(body).hexdigest(),
        "licence": "Apache-2.0", "dim": DIM, "most": 800, "least": 0.01,
    }  # fmt: skip
    parts: dict[str, dict[str, Any]] = {
        "input": {"width": WIDTH, "height": HEIGHT, "colour": "grey"},
        "output": {"scores": "scores", "descriptors": "descriptors"},
    }
    for name, value in changed.items():
        table, _, key = name.rpartition("__")
        (parts[table] if table else known)[key] = value
    lines = [_line(key, value) for key, value in known.items() if value is not None]
    for table, rows in parts.items():
        lines += [f"[{table}]", *(_line(key, v) for key, v in rows.items() if v is not None)]
    return "\n".join(lines) + "\n"


def folder(into: Path, *, note: float = 0.0, **changed: Any) -> Path:
    """A model's folder as an operator lays it down."""
    into.mkdir(parents=True, exist_ok=True)
    body = model(note=note)
    (into / "model.onnx").write_bytes(body)
    (into / "features.toml").write_text(card(body, **changed), "utf-8")
    return into


def _line(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{key} = {str(value).lower()}"
    return f"{key} = {value!r}" if not isinstance(value, str) else f'{key} = "{value}"'
