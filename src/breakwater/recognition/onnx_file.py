"""What an ONNX file holds, read field by field without running anything. Runs inside the jail.

A model is bytes from somebody: this walks its protobuf with bounds on depth and size and
refuses what is not plain weights and standard operators: data in other files, operators of
other domains, functions of its own, training parts. Source: onnx/onnx.proto (ModelProto,
GraphProto, NodeProto, TensorProto, AttributeProto), protobuf wire format. Used by
`recognition.score_task`; tests: `tests/unit/test_onnx_file.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

STANDARD: Final = frozenset({"", "ai.onnx"})
"""Domains of operators that every runtime knows."""
EXTERNAL: Final = 1
MOST_NODES: Final = 20_000
DEEPEST: Final = 8
"""Graphs within nodes (If, Loop)."""

_BEGINNINGS: Final = (
    (b"PK\x03\x04", "a zip archive"), (b"\x80\x02", "a pickle"), (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"), (b"\x80\x05", "a pickle"), (b"\x89HDF", "an HDF5 file"),
)  # fmt: skip


class NotPlain(Exception):
    """The file is not a plain ONNX model; its words say why."""


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What the walk found.

    Attributes:
        nodes: operators in all graphs.
        inputs: names of the graph's inputs that are not weights.
        outputs: names of its outputs.
        shape: of the input, as declared; 0 where anything may go in.
        opset: of the standard operators.
    """

    nodes: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    opset: int
    shape: tuple[int, ...] = ()


def inspect(body: bytes) -> OnnxFacts:
    """Walk a model.

    Raises:
        NotPlain: it is something else, or holds what is refused.
    """
    for beginning, what in _BEGINNINGS:
        if body.startswith(beginning):
            raise NotPlain(f"It is {what}, not an ONNX model.")
    graph, opset = b"", 0
    for number, value in _fields(memoryview(body)):
        if number == 7:
            graph = bytes(_part(value))
        elif number == 8:
            opset = max(opset, _opset(_part(value)))
        elif number == 20:
            raise NotPlain("It holds parts for training.")
        elif number == 25:
            raise NotPlain("It holds functions of its own.")
    if not graph:
        raise NotPlain("It holds no graph.")
    walk = _Walk()
    walk.graph(memoryview(graph), 0)
    inputs = tuple(name for name in walk.inputs if name not in walk.weights)
    if len(inputs) != 1 or not walk.outputs:
        raise NotPlain("A classifier has one input and at least one output.")
    return OnnxFacts(walk.nodes, inputs, tuple(walk.outputs), opset, walk.shapes[inputs[0]])


class _Walk:
    """One pass over a graph and those within it."""

    def __init__(self) -> None:
        self.nodes = 0
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.weights: set[str] = set()
        self.shapes: dict[str, tuple[int, ...]] = {}

    def graph(self, body: memoryview, depth: int) -> None:
        """Nodes, weights, inputs and outputs."""
        if depth > DEEPEST:
            raise NotPlain("Its graphs lie too deep within one another.")
        for number, value in _fields(body):
            if number == 1:
                self._node(_part(value), depth)
            elif number == 5:
                self.weights.add(_tensor(_part(value)))
            elif number == 15:
                raise NotPlain("It holds sparse weights.")
            elif depth == 0 and number == 11:
                name = _named(_part(value))
                self.inputs.append(name)
                self.shapes[name] = _shape(_part(value))
            elif depth == 0 and number == 12:
                self.outputs.append(_named(_part(value)))

    def _node(self, body: memoryview, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise NotPlain(f"It has more than {MOST_NODES:,} operators.")
        for number, value in _fields(body):
            if number == 7 and (domain := _text(_part(value))) not in STANDARD:
                raise NotPlain(f"It uses operators of the domain {domain[:60]!r}.")
            if number == 5:
                self._attribute(_part(value), depth)

    def _attribute(self, body: memoryview, depth: int) -> None:
        for number, value in _fields(body):
            if number in {5, 10}:
                _tensor(_part(value))
            elif number in {6, 11}:
                self.graph(_part(value), depth + 1)
            elif number in {22, 23}:
                raise NotPlain("It holds sparse weights.")


def _tensor(body: memoryview) -> str:
    """The name of weights that lie in this file."""
    name = ""
    for number, value in _fields(body):
        if number == 13 or (number == 14 and value == EXTERNAL):
            raise NotPlain("Its weights lie in another file.")
        if number == 8:
            name = _text(_part(value))
    return name


def _opset(body: memoryview) -> int:
    version = 0
    for number, value in _fields(body):
        if number == 1 and (domain := _text(_part(value))) not in STANDARD:
            raise NotPlain(f"It uses operators of the domain {domain[:60]!r}.")
        if number == 2 and isinstance(value, int):
            version = value
    return version


def _named(body: memoryview) -> str:
    return next((_text(_part(value)) for number, value in _fields(body) if number == 1), "")


def _shape(body: memoryview) -> tuple[int, ...]:
    """Sizes that a ValueInfoProto declares: type, tensor type, shape, dimensions."""
    found = [body]
    for wanted in (2, 1, 2):
        found = [
            _part(value) for one in found for number, value in _fields(one) if number == wanted
        ]
    sizes = []
    for one in found:
        for number, value in _fields(one):
            if number == 1:
                numbers = [size for kind, size in _fields(_part(value)) if kind == 1]
                sizes.append(numbers[0] if numbers and isinstance(numbers[0], int) else 0)
    return tuple(sizes)


def _fields(body: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers with their values: whole numbers, or bytes."""
    at, end = 0, len(body)
    while at < end:
        tag, at = _varint(body, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(body, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(body, at)
        elif wire in {1, 5}:
            size = 8 if wire == 1 else 4
        else:
            raise NotPlain("It is not an ONNX model.")
        if size > end - at or not number:
            raise NotPlain("It is cut short, or not an ONNX model.")
        yield number, body[at : at + size]
        at += size


def _varint(body: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(body) and shift < 70:
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise NotPlain("It is cut short, or not an ONNX model.")


def _part(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise NotPlain("It is not an ONNX model.")
    return value


def _text(value: memoryview) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise NotPlain("A name in it is not text.") from None
