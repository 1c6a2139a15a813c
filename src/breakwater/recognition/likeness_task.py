"""Inside the jail: an operator's likeness model and pictures of strangers, which meet nowhere else.

`media.child` imports this for the zygote of `recognition.likeness`; a child holds one detector
and one model. `detector` and `model` read an ONNX file from a descriptor, walk it and load it;
`faces` reads RGB pixels and answers boxes, and with `vectors` a vector each. What goes wrong is a
word in the answer (`model.classifier.Trouble`). Nothing here can open or connect to anything.
Tests: `tests/integration/test_likeness_jail.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.media.wire import Answer, Job
from breakwater.model.classifier import Trouble
from breakwater.recognition import score_task
from breakwater.recognition.onnx_file import NotPlain, inspect

MOST_FACES: Final = 32
_held: dict[str, Any] = {}
"""The two nets of this child and the card's words on them."""


def detector(job: Job) -> Answer:
    """Read a detector in YuNet's format and run it once on grey."""
    wish = job.args
    try:
        body = _plain(job)
        none = np.zeros(0, np.uint8)
        net: Any = cv2.FaceDetectorYN.create(
            "onnx", body, none, (320, 320), wish["score"], wish["nms"], 4 * MOST_FACES
        )
        _held.update(detector=net, smallest=wish["smallest"])
        _boxes(np.full((320, 320, 3), 128, np.uint8))
    except NotPlain as error:
        return _wrong(Trouble.UNREADABLE, str(error))
    except cv2.error as error:
        return _wrong(Trouble.UNREADABLE, f"OpenCV {cv2.__version__} says: {_first(error)}")
    except MemoryError:
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    return Answer({"ready": True})


def model(job: Job) -> Answer:
    """Read the model that makes vectors and run it once on grey: its length is the card's."""
    wish = job.args
    try:
        body = _plain(job)
        if wish["recogniser"] == "sface":
            net: Any = cv2.FaceRecognizerSF.create("onnx", body, np.zeros(0, np.uint8))
            _held.update(sface=net)
        else:
            facts = inspect(body.tobytes())
            if wish["output"] not in facts.outputs:
                said = ", ".join(facts.outputs)[:200]
                return _wrong(Trouble.WRONG_SHAPE, f"Its outputs are {said}.")
            net = cv2.dnn.readNetFromONNX(body)
            _held.update(net=net, input=facts.inputs[0], output=wish["output"])
            _held.update(form=wish["form"], margin=wish["margin"])
        face = np.array([[40, 40, 60, 60, 55, 60, 85, 60, 70, 75, 58, 88, 82, 88, 1]], np.float32)
        grey = np.full((160, 160, 3), 128, np.uint8)
        made = _vectors(grey, face)
    except NotPlain as error:
        return _wrong(Trouble.UNREADABLE, str(error))
    except cv2.error as error:
        return _wrong(Trouble.UNREADABLE, f"OpenCV {cv2.__version__} says: {_first(error)}")
    except MemoryError:
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    if made.shape != (1, wish["dim"]):
        return _wrong(Trouble.WRONG_SHAPE, f"Its vectors have {made.shape[-1]} numbers.")
    return Answer({"ready": True})


def faces(job: Job) -> Answer:
    """Boxes of one picture, 0 to 1 of its sides, with their scores; and a vector each if asked."""
    height, width = int(job.args["height"]), int(job.args["width"])
    body = job.source.read(height * width * 3)
    bgr = np.ascontiguousarray(np.frombuffer(body, np.uint8).reshape(height, width, 3)[..., ::-1])
    try:
        rows = _boxes(bgr)
        made = _vectors(bgr, rows) if job.args["vectors"] and len(rows) else np.zeros((0, 0))
    except cv2.error as error:
        return _wrong(Trouble.WRONG_SHAPE, f"OpenCV {cv2.__version__} says: {_first(error)}")
    except MemoryError:
        return _wrong(Trouble.TOO_MUCH_MEMORY, "")
    if not (np.isfinite(rows).all() and np.isfinite(made).all()):
        return _wrong(Trouble.NO_NUMBER, "")
    said = [
        [float(x / width), float(y / height), float(w / width), float(h / height), float(score)]
        for x, y, w, h, score in rows[:, [0, 1, 2, 3, 14]]
    ]
    return Answer({"faces": said}, made.astype("<f4").tobytes())


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {
    "detector": detector, "model": model, "faces": faces,
}  # fmt: skip


def versions() -> Mapping[str, str]:
    """Of what reads and runs models."""
    return {"opencv": str(cv2.__version__)}


def warm() -> None:
    """Load what is used lazily; one thread, so that a model is one core at most."""
    score_task.warm()
    cv2.dnn.blobFromImage(np.zeros((8, 8, 3), np.uint8))


def _plain(job: Job) -> NDArray[np.uint8]:
    body = job.source.read()
    inspect(body)
    return np.frombuffer(body, np.uint8)


def _boxes(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 15) rows of YuNet: box, five points, score; the surest first, large enough, within."""
    height, width = bgr.shape[:2]
    net = _held["detector"]
    net.setInputSize((width, height))
    _, found = net.detect(bgr)
    if found is None:
        return np.zeros((0, 15), np.float32)
    rows = np.asarray(found, np.float32).reshape(-1, 15)
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    ends = np.minimum(rows[:, :2] + rows[:, 2:4], (width, height))
    rows[:, :2] = np.maximum(rows[:, :2], 0)
    rows[:, 2:4] = ends - rows[:, :2]
    large = rows[:, 2:4].min(axis=1) >= _held["smallest"]
    return np.asarray(rows[large][:MOST_FACES], np.float32)


def _vectors(bgr: NDArray[np.uint8], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, dim) vectors as the model gives them."""
    return np.concatenate([_vector(bgr, row) for row in rows]).astype(np.float32, copy=False)


def _vector(bgr: NDArray[np.uint8], row: NDArray[np.float32]) -> NDArray[np.float32]:
    if "sface" in _held:
        net = _held["sface"]
        return np.array(net.feature(net.alignCrop(bgr, row[None])), np.float32).reshape(1, -1)
    x, y, wide, high = row[:4]
    more = _held["margin"]
    left, top = int(max(0, x - wide * more)), int(max(0, y - high * more))
    right, bottom = int(x + wide * (1 + more)) + 1, int(y + high * (1 + more)) + 1
    rgb = np.ascontiguousarray(bgr[top:bottom, left:right, ::-1])
    net = _held["net"]
    net.setInput(score_task.tensor(rgb, _held["form"]), _held["input"])
    return np.array(net.forward(_held["output"]), np.float32).reshape(1, -1)


def _wrong(trouble: Trouble, detail: str) -> Answer:
    return Answer({"trouble": trouble.value, "detail": detail[:300]})


def _first(error: cv2.error) -> str:
    """What OpenCV says, in one line."""
    return " ".join(str(error).split())[:200]
