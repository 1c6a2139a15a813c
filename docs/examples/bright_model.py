"""A classifier that says how bright a picture is, made of nothing but the standard library.

Run it as `python bright_model.py bright`: it writes `bright/model.onnx` (241 bytes) and
`bright/card.toml`, which `breakwater classifier add ./bright` takes. The model is ONNX with opset
13; its input is `x`, float32, 1 x 3 x 224 x 224 (batch, RGB, height, width); its output is
`probability`, float32, 1 x 1, from 0 to 1. A model of your own is exported to the same form.
Field numbers are those of onnx/onnx.proto.
"""

import hashlib
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

SIDE, OPSET, FLOAT = 224, 13, 1
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STEEP = 12.0

CARD = """\
id = "bright"
version = "1"
name = "a bright picture"
purpose = "Shows what a classifier is. It says nothing of people."
owner = "Trust and safety, Example Ltd"
licence = "Apache-2.0"
sha256 = "{sha256}"
threshold = 0.8
jurisdictions = ["*"]
expires = {expires}

[input]
width = {side}
height = {side}
colour = "rgb"
layout = "nchw"
scale = {scale}
mean = {mean}
std = {std}

[output]
name = "probability"
"""


def varint(number: int) -> bytes:
    """A whole number in seven bits a byte."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def whole(field: int, value: int) -> bytes:
    """A field that is a number."""
    return varint(field << 3) + varint(value)


def part(field: int, body: bytes | str) -> bytes:
    """A field that is text or a message."""
    raw = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def weights(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    """Numbers within the model."""
    sizes = b"".join(whole(1, size) for size in shape)
    return (
        sizes + whole(2, FLOAT) + part(8, name) + part(9, struct.pack(f"<{len(values)}f", *values))
    )


def tensor(name: str, *shape: int) -> bytes:
    """What goes in or comes out."""
    sizes = b"".join(part(1, whole(1, size)) for size in shape)
    return part(1, name) + part(2, part(1, whole(1, FLOAT) + part(2, sizes)))


def node(kind: str, takes: list[str], gives: str) -> bytes:
    """One step."""
    return b"".join(part(1, name) for name in takes) + part(2, gives) + part(4, kind)


def bright() -> bytes:
    """The mean of all pixels, 0 to 1, through a sigmoid around one half.

    The card says that pixels go in as (pixel / 255 - mean) / std; the weights turn it back.
    """
    nodes = [
        node("GlobalAveragePool", ["x"], "means"),
        node("Flatten", ["means"], "flat"),
        node("Gemm", ["flat", "w", "b"], "z"),
        node("Sigmoid", ["z"], "probability"),
    ]
    held = [
        weights("w", (3, 1), [STEEP * one / 3 for one in STD]),
        weights("b", (1,), [STEEP * (sum(MEAN) / 3 - 0.5)]),
    ]
    graph = b"".join(part(1, one) for one in nodes) + part(2, "bright")
    graph += b"".join(part(5, one) for one in held)
    graph += part(11, tensor("x", 1, 3, SIDE, SIDE)) + part(12, tensor("probability", 1, 1))
    return whole(1, 8) + part(2, "bright_model.py") + part(7, graph) + part(8, whole(2, OPSET))


def write(folder: Path) -> None:
    """Make the folder with the model and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    model = bright()
    (folder / "model.onnx").write_bytes(model)
    card = CARD.format(
        sha256=hashlib.sha256(model).hexdigest(), side=SIDE, scale=1 / 255, mean=list(MEAN),
        std=list(STD), expires=datetime.now(UTC).date() + timedelta(days=365),
    )  # fmt: skip
    (folder / "card.toml").write_text(card, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
