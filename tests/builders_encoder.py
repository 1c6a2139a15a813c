"""A tiny encoder of comments: letters that fruit has and furniture lacks, through a sigmoid."""

from __future__ import annotations

from collections import Counter

from tests import builders_onnx as made
from tests.builders_comments import FRUIT, WOOD

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 "
WIDE = 64


def letters(scale: float = 2.0) -> list[float]:
    """What each letter speaks for."""
    fruit, wood = (Counter("".join(words)) for words in (FRUIT, WOOD))
    return [scale * (fruit[one] - wood[one]) / 10 for one in ALPHABET]


def model(scale: float = 2.0, alphabet: str = ALPHABET) -> bytes:
    """A sum over letters, through a sigmoid; each column weighs alike."""
    rows = [0.0, *letters(scale)][: len(alphabet) + 1]
    nodes = [
        made.node("Flatten", ["x"], ["flat"], made.number("axis", 1)),
        made.node("Gemm", ["flat", "w", "b"], ["z"]),
        made.node("Sigmoid", ["z"], ["y"]),
    ]
    held = [
        made.weights("w", (len(rows) * WIDE, 1), [one for one in rows for _ in range(WIDE)]),
        made.weights("b", (1,), [0.0]),
    ]
    graph = b"".join(made.part(1, one) for one in nodes) + made.part(2, "graph")
    graph += b"".join(made.part(5, one) for one in held)
    graph += made.part(11, made.tensor("x", (1, 1, len(rows), WIDE)))
    graph += made.part(12, made.tensor("y", (1, 1)))
    opset = made.part(8, made.part(1, "") + made.whole(2, 13))
    return made.whole(1, 8) + made.part(2, "breakwater-tests") + made.part(7, graph) + opset


def card(body: bytes, **changed: object) -> str:
    how: dict[str, object] = {
        "id": "letters", "name": "letters of fruit", "input__width": WIDE,
        "input__height": len(ALPHABET) + 1, "input__colour": "grey", "input__layout": "nchw",
        **changed,
    }  # fmt: skip
    return made.card(body, **how)
