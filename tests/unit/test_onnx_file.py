"""What a model may hold: plain weights and standard operators, and nothing that reaches out."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders_onnx as made

from breakwater.recognition.onnx_file import NotPlain, inspect


def test_a_plain_model_is_read() -> None:
    facts = inspect(made.brightness())
    assert (facts.nodes, facts.inputs, facts.outputs, facts.opset) == (4, ("x",), ("y",), 13)
    assert facts.shape == (1, 3, 32, 32)


def hidden(inner: bytes) -> bytes:
    """A graph within a node, as If and Loop have it."""
    attribute = made.part(1, "then_branch") + made.part(6, inner) + made.whole(20, 5)
    return made.model([made.node("If", ["x"], ["y"], attribute)], [], 8, (1, 1))


DEEP = made.part(2, "inner")
for _ in range(12):
    DEEP = made.part(1, made.node("If", ["x"], ["y"], made.part(1, "t") + made.part(6, DEEP)))

REFUSED = {
    "weights elsewhere": (made.brightness(elsewhere="../../etc/passwd"), "another file"),
    "custom operators": (made.brightness(domain="com.example"), "com.example"),
    "custom within": (
        hidden(made.part(1, made.node("Act", ["x"], ["y"], domain="evil"))), "evil",
    ),
    "elsewhere within": (hidden(made.part(5, made.weights("w", (1,), [1], elsewhere="w"))), "another file"),
    "too deep": (hidden(DEEP), "too deep"),
    "functions": (made.brightness() + made.part(25, b"\x0a\x01f"), "functions"),
    "training": (made.brightness() + made.part(20, b""), "training"),
    "a pickle": (pickle.dumps({"weights": [1.0]}), "pickle"),
    "a zip": (b"PK\x03\x04" + b"\0" * 40, "zip"),
    "nothing": (b"", "no graph"),
    "noise": (b"garbage" * 50, "not an ONNX model"),
    "cut short": (made.brightness()[:-30], "cut short"),
    "two inputs": (
        made.whole(1, 8) + made.part(7, made.part(11, made.part(1, "a")) + made.part(11, made.part(1, "b"))),
        "one input",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_reaches_out_is_refused(name: str) -> None:
    body, word = REFUSED[name]
    with pytest.raises(NotPlain, match=word):
        inspect(body)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_bytes_of_strangers_never_raise_anything_else(noise: bytes, at: int) -> None:
    good = made.brightness()
    for body in (noise, good[:at] + noise + good[at:]):
        try:
            inspect(body)
        except NotPlain:
            continue
