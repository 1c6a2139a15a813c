"""Inside the jail: an operator's model of local features and pictures of strangers.

`media.child` imports this for the zygote of `recognition.features`; a child holds one model. `load`
reads an ONNX file from a descriptor, walks it, loads it and runs it once on grey; `points` reads RGB
pixels and answers points with their descriptors. What goes wrong is a word in the answer
(`model.classifier.Trouble`). Nothing here can open or connect to anything. Tests:
`tests/integration/test_links_features.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.media.wire import Answer, Job
from breakwater.model.classifier import Trouble
from breakwater.model.local_features import whole_bytes
from breakwater.recognition import score_task
from breakwater.recognition.onnx_file import NotPlain, inspect

CELL: Final = 8
_NEAR: Final = 9
"""Pixels: of points within four of one another the strongest stays."""

_EDGE: Final = 4
_held: dict[str, Any] = {}
"""The net of this child and its card's words."""


class _Shape(Exception):
    """What the model answers is not what its card says."""


def load(job: Job) -> Answer:
    """Read a model and run it once on grey."""
    wish = job.args
    try:
        body = job.source.read()
        facts = inspect(body)
        net: Any = cv2.dnn.readNetFromONNX(np.frombuffer(body, np.uint8))
        outputs = _outputs(wish, facts.outputs)
        _held.update(net=net, wish=wish, input=facts.inputs[0], outputs=outputs)
        _run(np.full((wish["form"]["height"], wish["form"]["width"], 3), 128, np.uint8))
    except NotPlain as error:
        return _wrong(Trouble.UNREADABLE, str(error))
    except (_Shape, cv2.error, MemoryError) as error:
        return _failed(error)
    return Answer({"ready": True})


def points(job: Job) -> Answer:
    """Points of one picture, in pixels of the card's input, the strongest first."""
    height, width = int(job.args["height"]), int(job.args["width"])
    body = job.source.read(height * width * 3)
    try:
        scores, field = _run(np.frombuffer(body, np.uint8).reshape(height, width, 3))
        found = _peaks(scores)
        vectors = _at(field, found)
    except (_Shape, cv2.error, MemoryError) as error:
        return _failed(error)
    if not np.isfinite(vectors).all():
        return _wrong(Trouble.NO_NUMBER, "")
    lengths = np.linalg.norm(vectors, axis=1)
    kept = lengths > 1e-9
    made = whole_bytes(vectors[kept] / lengths[kept, None])
    return Answer({"count": len(made)}, found[kept].astype("<f4").tobytes() + made.tobytes())


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"load": load, "points": points}


def versions() -> Mapping[str, str]:
    """Of what reads and runs models."""
    return {"opencv": str(cv2.__version__)}


def warm() -> None:
    """Load what is used lazily; one thread, so that a model is one core at most."""
    score_task.warm()
    cv2.dnn.blobFromImage(np.zeros((8, 8, 3), np.uint8))
    cv2.dilate(np.zeros((8, 8), np.float32), np.ones((3, 3), np.uint8))


def _outputs(wish: Mapping[str, Any], there: Sequence[str]) -> list[str]:
    wanted = [wish["scores"], wish["descriptors"]]
    if missing := [one for one in wanted if one not in there]:
        raise _Shape(f"It has no output {missing[0]!r}: {', '.join(there)[:200]}.")
    return wanted


def _run(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The map of scores, (h, w) of the input's pixels, and the field of descriptors."""
    wish, net = _held["wish"], _held["net"]
    form = wish["form"]
    net.setInput(score_task.tensor(pixels, form), _held["input"])
    raw, field = (np.asarray(one, np.float32) for one in net.forward(_held["outputs"]))
    if field.ndim != 4 or field.shape[:2] != (1, wish["dim"]) or min(field.shape[2:]) < 2:
        raise _Shape(f"Its descriptors are {_sizes(field)}.")
    size = (form["height"], form["width"])
    scores = _uncelled(raw, size) if wish["cells"] else _map(raw, size)
    if not np.isfinite(scores).all():
        raise _Shape("A score is no number.")
    return scores, field[0]


def _map(raw: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    if raw.ndim < 3 or raw.size != raw.shape[-1] * raw.shape[-2] or min(raw.shape[-2:]) < 2:
        raise _Shape(f"Its scores are {_sizes(raw)}.")
    flat: NDArray[Any] = raw.reshape(raw.shape[-2:])
    return np.asarray(cv2.resize(flat, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _uncelled(raw: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Of each cell its 64 pixels, by softmax with "none of them"."""
    high, wide = size[0] // CELL, size[1] // CELL
    if raw.shape != (1, CELL * CELL + 1, high, wide):
        raise _Shape(f"Its scores are {_sizes(raw)}.")
    powers = np.exp(raw[0] - raw[0].max(axis=0))
    shares = (powers / powers.sum(axis=0))[:-1]
    return np.asarray(
        shares.reshape(CELL, CELL, high, wide).transpose(2, 0, 3, 1).reshape(size), np.float32
    )


def _peaks(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 2) x and y of the strongest that are above their neighbours, away from the border."""
    wish = _held["wish"]
    highest = cv2.dilate(scores, np.ones((_NEAR, _NEAR), np.uint8))
    peak = (scores >= highest) & (scores > wish["least"])
    inner = np.zeros_like(peak)
    inner[_EDGE:-_EDGE, _EDGE:-_EDGE] = True
    rows, columns = np.nonzero(peak & inner)
    order = np.argsort(-scores[rows, columns], kind="stable")[: wish["most"]]
    return np.stack([columns[order], rows[order]], axis=1).astype(np.float32)


def _at(field: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, dim) descriptors at points, between the four nearest of the field."""
    form = _held["wish"]["form"]
    high, wide = field.shape[1:]
    x = np.clip((found[:, 0] + 0.5) * wide / form["width"] - 0.5, 0, wide - 1)
    y = np.clip((found[:, 1] + 0.5) * high / form["height"] - 0.5, 0, high - 1)
    left, top = (
        np.floor(one).astype(int).clip(0, most - 2) for one, most in ((x, wide), (y, high))
    )
    right, down = x - left, y - top
    near = [
        (field[:, top + b, left + a] * (right if a else 1 - right) * (down if b else 1 - down))
        for a in (0, 1)
        for b in (0, 1)
    ]
    return np.asarray(sum(near), np.float32).T


def _failed(error: Exception) -> Answer:
    if isinstance(error, MemoryError):
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    if isinstance(error, _Shape):
        return _wrong(Trouble.WRONG_SHAPE, str(error))
    words = " ".join(str(error).split())[:200]
    return _wrong(Trouble.WRONG_SHAPE, f"OpenCV {cv2.__version__} says: {words}")


def _sizes(values: NDArray[np.float32]) -> str:
    return " x ".join(map(str, values.shape))


def _wrong(trouble: Trouble, detail: str) -> Answer:
    return Answer({"trouble": trouble.value, "detail": detail[:300]})
