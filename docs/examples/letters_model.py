"""An encoder to try `breakwater comments encoder` with: it adds up what letters speak for.

Run it as `python letters_model.py samples/rows.jsonl letters`: it counts letters in labelled rows
and writes `letters/model.onnx` and `letters/card.toml`. The input is `x`, float32, 1 x 1 x 38 x 96:
a column for each character, a row for each letter of the alphabet below, row 0 for any other; the
output is `probability`, float32, 1 x 1, from 0 to 1. A real encoder, a small convolutional network
over characters, is exported to the same form. It shows the form and is good for nothing else.
"""

import hashlib
import json
import math
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bright_model import OPSET, node, part, tensor, weights, whole

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 "
WIDE = 96
CARD = """\
id = "letters"
version = "1"
name = "letters of advertising"
purpose = "Shows what an encoder of comments is. It says nothing of people."
owner = "Trust and safety, Example Ltd"
licence = "Apache-2.0"
sha256 = "{sha256}"
threshold = 0.8
jurisdictions = ["*"]
expires = {expires}

[input]
width = {wide}
height = {high}
colour = "grey"
layout = "nchw"
scale = {scale}

[output]
name = "probability"
"""


def letters(rows: Path) -> list[float]:
    """What each letter speaks for, 0 for any other character."""
    counts = {0: Counter(), 1: Counter()}
    for line in rows.read_text("utf-8").splitlines():
        row = json.loads(line)
        counts[row["label"]].update(row["text"].lower())
    total = {label: held.total() + len(ALPHABET) for label, held in counts.items()}
    return [0.0] + [
        math.log((counts[1][one] + 1) / total[1]) - math.log((counts[0][one] + 1) / total[0])
        for one in ALPHABET
    ]


def model(each: list[float]) -> bytes:
    """A sum over all columns, through a sigmoid."""
    nodes = [
        node("Flatten", ["x"], "flat"), node("Gemm", ["flat", "w", "b"], "z"),
        node("Sigmoid", ["z"], "probability"),
    ]  # fmt: skip
    spread = [one for one in each for _ in range(WIDE)]
    held = [weights("w", (len(spread), 1), spread), weights("b", (1,), [0.0])]
    graph = b"".join(part(1, one) for one in nodes) + part(2, "letters")
    graph += b"".join(part(5, one) for one in held)
    graph += part(11, tensor("x", 1, 1, len(each), WIDE)) + part(12, tensor("probability", 1, 1))
    return whole(1, 8) + part(2, "letters_model.py") + part(7, graph) + part(8, whole(2, OPSET))


def write(rows: Path, folder: Path) -> None:
    """Make the folder with the model and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    body = model(letters(rows))
    (folder / "model.onnx").write_bytes(body)
    card = CARD.format(
        sha256=hashlib.sha256(body).hexdigest(), wide=WIDE, high=len(ALPHABET) + 1, scale=1 / 255,
        expires=datetime.now(UTC).date() + timedelta(days=365),
    )  # fmt: skip
    (folder / "card.toml").write_text(card, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
