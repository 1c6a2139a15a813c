"""Tiny ONNX models made by hand, byte by byte: no model of anybody's is needed to test with.

Numbers are those of onnx/onnx.proto. `brightness` answers the sigmoid of a picture's mean
brightness: bright pictures near 1, dark ones near 0.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

DAY = "2099-01-01"


def varint(number: int) -> bytes:
    out = b""
    number &= (1 << 64) - 1
    while True:
        byte, number = number & 127, number >> 7
        if not number:
            return out + bytes([byte])
        out += bytes([byte | 128])


def whole(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def part(field: int, body: bytes | str) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def weights(
    name: str, dims: Sequence[int], values: Sequence[float], *, elsewhere: str = ""
) -> bytes:
    body = b"".join(whole(1, size) for size in dims) + whole(2, 1) + part(8, name)
    if elsewhere:
        return body + part(13, part(1, "location") + part(2, elsewhere)) + whole(14, 1)
    return body + part(9, struct.pack(f"<{len(values)}f", *values))


def tensor(name: str, dims: Sequence[int]) -> bytes:
    shape = b"".join(part(1, whole(1, size)) for size in dims)
    return part(1, name) + part(2, part(1, whole(1, 1) + part(2, shape)))


def number(name: str, value: int) -> bytes:
    return part(1, name) + whole(3, value) + whole(20, 2)


def node(
    kind: str, takes: Sequence[str], gives: Sequence[str], *attributes: bytes, domain: str = ""
) -> bytes:
    body = b"".join(part(1, one) for one in takes) + b"".join(part(2, one) for one in gives)
    body += part(4, kind) + b"".join(part(5, one) for one in attributes)
    return body + (part(7, domain) if domain else b"")


def model(
    nodes: Sequence[bytes],
    held: Sequence[bytes],
    side: int,
    out: Sequence[int],
    *,
    domain: str = "",
) -> bytes:
    graph = b"".join(part(1, one) for one in nodes) + part(2, "graph")
    graph += b"".join(part(5, one) for one in held)
    graph += part(11, tensor("x", (1, 3, side, side))) + part(12, tensor("y", out))
    opsets = part(8, part(1, "") + whole(2, 13))
    if domain:
        opsets += part(8, part(1, domain) + whole(2, 1))
    return whole(1, 8) + part(2, "breakwater-tests") + part(7, graph) + opsets


def brightness(
    side: int = 32, *, elsewhere: str = "", domain: str = "", steep: float = 12.0
) -> bytes:
    """Mean brightness, 0 to 1, through a sigmoid around one half."""
    nodes = [
        node("GlobalAveragePool", ["x"], ["mean"]),
        node("Flatten", ["mean"], ["flat"], number("axis", 1)),
        node("Gemm", ["flat", "w", "b"], ["z"]),
        node("Sigmoid", ["z"], ["y"], domain=domain),
    ]
    held = [
        weights("w", (3, 1), [steep / 3] * 3, elsewhere=elsewhere),
        weights("b", (1,), [-steep / 2]),
    ]
    return model(nodes, held, side, (1, 1), domain=domain)


def shares(side: int = 8) -> bytes:
    """Three raw numbers, the means of red, green and blue; no activation."""
    nodes = [
        node("GlobalAveragePool", ["x"], ["mean"]),
        node("Flatten", ["mean"], ["y"], number("axis", 1)),
    ]
    return model(nodes, [], side, (1, 3))


def no_number(side: int = 8) -> bytes:
    """Divides by what is nought for a black picture: no number then."""
    nodes = [
        node("GlobalAveragePool", ["x"], ["mean"]),
        node("Flatten", ["mean"], ["flat"], number("axis", 1)),
        node("Gemm", ["flat", "w", "b"], ["z"]),
        node("Div", ["z", "z"], ["y"]),
    ]
    held = [weights("w", (3, 1), [1 / 3] * 3), weights("b", (1,), [0.0])]
    return model(nodes, held, side, (1, 1))


def endless(side: int = 512, layers: int = 24, wide: int = 192) -> bytes:
    """Convolutions that take minutes on one core, out of few bytes by using one weight again."""
    nodes, last = [node("Conv", ["x", "first"], ["h0"], number("group", 1))], "h0"
    for layer in range(1, layers):
        name = f"h{layer}"
        nodes.append(node("Conv", [last, "again"], [name], number("group", 1)))
        last = name
    nodes += [
        node("GlobalAveragePool", [last], ["mean"]),
        node("Flatten", ["mean"], ["flat"], number("axis", 1)),
        node("Sigmoid", ["flat"], ["y"]),
    ]
    held = [
        weights("first", (wide, 3, 3, 3), [0.01] * (wide * 27)),
        weights("again", (wide, wide, 3, 3), [0.001] * (wide * wide * 9)),
    ]
    return model(nodes, held, side, (1, wide))


def card(body: bytes, *, side: int = 32, **changed: object) -> str:
    """A card for a model; a value of None leaves the line out."""
    known: dict[str, object] = {
        "id": "bright", "version": "1", "name": "a bright picture",
        "purpose": "Tests of this program; it says nothing of people.", "owner": "tests",
        "licence": "Apache-2.0", "sha256": hashlib.sha256(body).hexdigest(),
        "threshold": 0.8, "jurisdictions": ["*"], "expires": DAY,
    }  # fmt: skip
    form: dict[str, object] = {"width": side, "height": side}
    out: dict[str, object] = {"name": "y"}
    for name, value in changed.items():
        table, _, key = name.rpartition("__")
        {"": known, "input": form, "output": out}[table][key] = value
    lines = [_line(key, value) for key, value in known.items() if value is not None]
    lines += ["[input]", *(_line(key, value) for key, value in form.items())]
    lines += ["[output]", *(_line(key, value) for key, value in out.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, value: object) -> str:
    if key == "expires":
        return f"{key} = {value}"
    if isinstance(value, list):
        return f"{key} = [{', '.join(_value(one) for one in value)}]"
    return f"{key} = {_value(value)}"


def _value(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
