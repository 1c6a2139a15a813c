"""Inside the jail: an operator's model and pictures of strangers, which meet nowhere else.

`media.child` imports this for the zygote of `recognition.scoring`; each child holds one model:
`load` reads it from a descriptor, walks it, runs it once; `score` reads RGB pixels from another
and answers one number. What goes wrong is a word in the answer (`model.classifier.Trouble`), never
a score. Nothing here can open or connect to anything. Tests: `tests/integration/test_scoring.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.media.wire import Answer, Job
from breakwater.model.classifier import Activation, Trouble
from breakwater.model.model_card import Colour, Fit, Layout
from breakwater.recognition.onnx_file import NotPlain, inspect

_held: dict[str, Any] = {}
"""The model of this child and how it is fed; one child holds one."""


def load(job: Job) -> Answer:
    """Read a model, refuse what is not plain, run it once on grey."""
    form = job.args["form"]
    try:
        body = job.source.read()
        facts = inspect(body)
        net = cv2.dnn.readNetFromONNX(np.frombuffer(body, np.uint8))
    except NotPlain as error:
        return _wrong(Trouble.UNREADABLE, str(error))
    except cv2.error as error:
        return _wrong(Trouble.UNREADABLE, f"OpenCV {cv2.__version__} says: {_first(error)}")
    except MemoryError:
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    if form["name"] not in facts.outputs:
        return _wrong(Trouble.WRONG_SHAPE, f"Its outputs are {', '.join(facts.outputs)[:200]}.")
    if not _fits(facts.shape, form):
        sizes = " x ".join(str(size or "any") for size in facts.shape)
        return _wrong(Trouble.WRONG_SHAPE, f"Its input is {sizes or 'of no known shape'}.")
    _held.update(net=net, form=form, input=facts.inputs[0])
    tried = _run(np.full((form["height"], form["width"], 3), 128, np.uint8))
    return Answer({**tried.header, "nodes": facts.nodes, "opset": facts.opset})


def score(job: Job) -> Answer:
    """One number for one picture."""
    height, width = int(job.args["height"]), int(job.args["width"])
    body = job.source.read(height * width * 3)
    return _run(np.frombuffer(body, np.uint8).reshape(height, width, 3))


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"load": load, "score": score}


def versions() -> Mapping[str, str]:
    """Of what reads and runs models."""
    return {"opencv": str(cv2.__version__)}


def warm() -> None:
    """Load what is used lazily; one thread, so that one classifier is one core at most."""
    cv2.setNumThreads(1)
    picture = np.zeros((4, 6, 3), np.uint8)
    for fit in Fit:
        tensor(picture, {
            "width": 2, "height": 2, "colour": Colour.RGB, "layout": Layout.NCHW, "fit": fit,
            "scale": 1.0, "mean": [0.0] * 3, "std": [1.0] * 3,
        })  # fmt: skip
    cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _run(pixels: NDArray[np.uint8]) -> Answer:
    form, net = _held["form"], _held["net"]
    started = time.monotonic()
    try:
        net.setInput(tensor(pixels, form), _held["input"])
        out = np.asarray(net.forward(form["name"]), np.float64).reshape(-1)
    except cv2.error as error:
        return _wrong(Trouble.WRONG_SHAPE, f"OpenCV {cv2.__version__} says: {_first(error)}")
    except MemoryError:
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    if form["index"] >= len(out):
        return _wrong(Trouble.WRONG_SHAPE, f"It answers {len(out)} numbers.")
    value = _activated(out, int(form["index"]), form["activation"])
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        return _wrong(Trouble.NO_NUMBER, "")
    return Answer({"value": value, "ms": (time.monotonic() - started) * 1000})


def tensor(pixels: NDArray[np.uint8], form: Mapping[str, Any]) -> NDArray[np.float32]:
    """The pixels as the card says they go in, with an axis for the batch of one."""
    if form["fit"] == Fit.CROP:
        pixels = _middle(pixels, form["width"] / form["height"])
    size = (form["width"], form["height"])
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    if form["colour"] == Colour.GREY:
        small = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[..., None]
    elif form["colour"] == Colour.BGR:
        small = small[..., ::-1]
    mean, std = (np.asarray(form[name], np.float32) for name in ("mean", "std"))
    values = (small.astype(np.float32) * np.float32(form["scale"]) - mean) / std
    if form["layout"] == Layout.NCHW:
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None])


def _fits(shape: tuple[int, ...], form: Mapping[str, Any]) -> bool:
    """Whether what the card puts in is what the model declares."""
    colours = 1 if form["colour"] == Colour.GREY else 3
    size = (form["height"], form["width"])
    wanted = (1, colours, *size) if form["layout"] == Layout.NCHW else (1, *size, colours)
    return len(shape) == len(wanted) and all(
        a in {0, b} for a, b in zip(shape, wanted, strict=True)
    )


def _middle(pixels: NDArray[np.uint8], ratio: float) -> NDArray[np.uint8]:
    """The largest middle part whose width is `ratio` times its height."""
    height, width = pixels.shape[:2]
    wide, high = (
        min(width, max(1, round(height * ratio))),
        min(height, max(1, round(width / ratio))),
    )
    top, left = (height - high) // 2, (width - wide) // 2
    return pixels[top : top + high, left : left + wide]


def _activated(out: NDArray[np.float64], index: int, how: str) -> float:
    if how == Activation.NONE:
        return float(out[index])
    if how == Activation.SIGMOID:
        return float(1.0 / (1.0 + np.exp(-np.clip(out[index], -700, 700))))
    powers = np.exp(out - out.max())
    return float(powers[index] / powers.sum())


def _wrong(trouble: Trouble, detail: str) -> Answer:
    return Answer({"trouble": trouble.value, "detail": detail[:300]})


def _first(error: cv2.error) -> str:
    """What OpenCV says, in one line."""
    return " ".join(str(error).split())[:200]
