"""Tiny likeness models made by hand, and drawings that they take for faces: nobody's likeness.

The detector has YuNet's twelve outputs and finds magenta squares of 32 pixels and more; a
"face" is such a square with a pattern of light and dark. The model answers the pattern: the mean
of each of 4 x 4 x 3 cells, less a grey. No model and no face of anybody is needed to test with.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.builders_onnx import node, number, part, tensor, weights, whole

DIM = 48
SIDE = 96
"""Of a drawn face, pixels."""


def whole_numbers(name: str, values: Sequence[int]) -> bytes:
    """Weights that are whole numbers, such as the shape of a `Reshape`."""
    raw = struct.pack(f"<{len(values)}q", *values)
    return whole(1, len(values)) + whole(2, 7) + part(8, name) + part(9, raw)


def numbers(name: str, values: Sequence[int]) -> bytes:
    """An attribute of several whole numbers."""
    return part(1, name) + b"".join(whole(8, one) for one in values) + whole(20, 7)


def graph(
    nodes: Sequence[bytes], held: Sequence[bytes], shape: Sequence[int],
    outs: dict[str, Sequence[int]],
) -> bytes:  # fmt: skip
    body = b"".join(part(1, one) for one in nodes) + part(2, "graph")
    body += b"".join(part(5, one) for one in held) + part(11, tensor("x", shape))
    body += b"".join(part(12, tensor(name, size)) for name, size in outs.items())
    return (
        whole(1, 8)
        + part(2, "breakwater-tests")
        + part(7, body)
        + part(8, part(1, "") + whole(2, 13))
    )


def detector() -> bytes:
    """YuNet's format: magenta squares are faces, seen at stride 32 alone."""
    nodes: list[bytes] = []
    held: list[bytes] = []
    outs: dict[str, Sequence[int]] = {}
    for kind in ("cls", "obj", "bbox", "kps"):
        for stride in (8, 16, 32):
            name = f"{kind}_{stride}"
            count = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}[kind]
            flat = [0.0] * (count * 3 * stride * stride)
            bias = {
                "cls": [-50.0], "obj": [50.0], "bbox": [0.5, 0.5, 1.1, 1.1],
                "kps": [-0.1, 0.0, 1.1, 0.0, 0.5, 0.5, 0.1, 1.0, 0.9, 1.0],
            }[kind]  # fmt: skip
            if name == "cls_32":  # blue + red - 2 green: 255 of each is magenta
                cell = stride * stride
                flat = [1 / cell] * cell + [-2 / cell] * cell + [1 / cell] * cell
                flat = [0.5 * one for one in flat]
                bias = [-235.0]
            held += [
                weights(f"w_{name}", (count, 3, stride, stride), flat),
                weights(f"b_{name}", (count,), bias),
                whole_numbers(f"s_{name}", [1, -1, count]),
            ]
            nodes.append(
                node("Conv", ["x", f"w_{name}", f"b_{name}"], [f"c_{name}"],
                     numbers("kernel_shape", [stride, stride]), numbers("strides", [stride, stride]))
            )  # fmt: skip
            last = f"c_{name}"
            if count == 1:
                nodes.append(node("Sigmoid", [last], [f"g_{name}"]))
                last = f"g_{name}"
            nodes += [
                node("Transpose", [last], [f"t_{name}"], numbers("perm", [0, 2, 3, 1])),
                node("Reshape", [f"t_{name}", f"s_{name}"], [name]),
            ]
            outs[name] = (1, (640 // stride) ** 2, count)
    return graph(nodes, held, (1, 3, 640, 640), outs)


def recogniser(side: int = 112, *, dim: int = DIM, grey: float = 110.0) -> bytes:
    """A model whose vector is the picture in 4 x 4 x 3 cells."""
    step = side // 4
    cell = step * step
    flat: list[float] = []
    for out in range(3):
        for colour in range(3):
            flat += [1 / cell if out == colour else 0.0] * cell
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], numbers("kernel_shape", [step, step]),
             numbers("strides", [step, step])),
        node("Flatten", ["c"], ["y"], number("axis", 1)),
    ]  # fmt: skip
    held = [weights("w", (3, 3, step, step), flat), weights("b", (3,), [-grey] * 3)]
    return graph(nodes, held, (1, 3, side, side), {"y": (1, dim)})


def card(model: bytes, finder: bytes, *, kind: str = "sface", **changed: Any) -> str:
    """A card for both files; a value of None leaves the line out."""
    known: dict[str, Any] = {
        "name": "squares", "version": "1", "sha256": hashlib.sha256(model).hexdigest(),
        "licence": "Apache-2.0", "modality": "face", "dim": DIM, "metric": "cosine",
        "threshold_lead": 0.95, "threshold_strong": 0.99, "recogniser": kind,
    }  # fmt: skip
    parts: dict[str, dict[str, Any]] = {
        "detector": {
            "sha256": hashlib.sha256(finder).hexdigest(), "licence": "Apache-2.0", "score": 0.8,
        }
    }  # fmt: skip
    if kind == "embedding":
        parts["preprocess"] = {
            "width": 64,
            "height": 64,
            "scale": 1.0,
            "output": "y",
            "margin": 0.1,
        }
    for name, value in changed.items():
        table, _, key = name.rpartition("__")
        (parts[table] if table else known)[key] = value
    lines = [_line(key, value) for key, value in known.items() if value is not None]
    for table, rows in parts.items():
        lines += [f"[{table}]", *(_line(k, v) for k, v in rows.items() if v is not None)]
    return "\n".join(lines) + "\n"


def folder(into: Path, called: str = "squares", **changed: Any) -> Path:
    """A model's folder as an operator lays it down; answers the folder of all models."""
    here = into / called
    here.mkdir(parents=True)
    kind = changed.get("kind", "sface")
    model = recogniser(
        changed.pop("side", 112 if kind == "sface" else 64), grey=changed.pop("grey", 110.0)
    )
    finder = detector()
    (here / "model.onnx").write_bytes(model)
    (here / "detector.onnx").write_bytes(finder)
    (here / "provider.toml").write_text(card(model, finder, **changed), "utf-8")
    return into


def drawing(*faces: tuple[int, int, int], size: tuple[int, int] = (640, 384)) -> np.ndarray:
    """A grey picture with drawn faces: x, y and which one; x and y in steps of 32.

    The same number draws the same pattern, another number another one.
    """
    wide, high = size
    ramp = np.linspace(60, 140, wide, dtype=np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], high, 0), 3, 2)
    for x, y, who in faces:
        draws = np.random.default_rng(who)
        light = np.kron(draws.choice([70, 215], (3, 3)), np.ones((32, 32), int))
        light[32:64, 32:64] = 255
        square = picture[y : y + SIDE, x : x + SIDE]
        square[..., 0] = square[..., 2] = light
        square[..., 1] = 0
    return picture


def png(pixels: np.ndarray) -> bytes:
    """A drawing as a file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def _line(key: str, value: Any) -> str:
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
