"""One message, from text to nats: how many a second on one core, and the slowest of them.

Texts are the ordinary chat of the tests (CC-BY-4.0) and the shipped surrogate's model for polite
generated spam; figures say how fast the machinery is, and how often ordinary text shows a cue or
looks disguised. They are no claim about finding abuse. Seconds are of the processor, so that a
busy machine changes them little.
"""

import gzip
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, Row, Target, quick
from breakwater import kernel
from breakwater.comments import cues
from breakwater.comments.model import SHIPPED, load
from breakwater.comments.normalise import normalise, weight
from breakwater.comments.reader import MessageReader
from breakwater.model.comment import Cue

ORDINARY = Path(__file__).parents[1] / "tests/data/chat/ordinary.txt.gz"
BOOKS = {
    "10 MB of words": "what song is this " * 600_000,
    "10 MB of marks": "a" + "\u0301" * 5_000_000,
    "10 MB of one word": "ab" * 5_000_000,
    "10 MB of blanks": "a " * 5_000_000,
    "10 MB of ligatures": "\ufdfa" * 3_300_000,
}
PAGES = {
    "4,096 letters apart": "a b " * 1024,
    "4,096 emoji": "😀" * 4096,
    "4,096 signs": "a$" * 2048,
    "a phrase again and again": "how old are you " * 256,
    "numbers again and again": "12-34 " * 680,
    "an address that never ends": "a." * 2047 + "@",
    "a name that never ends": "a" * 4095 + "@",
    "a number that never ends": "1" * 4096,
    "numbers with blanks": "12 " * 1365,
}


def taken(call: Callable[[str], object], texts: Sequence[str]) -> np.ndarray:
    """Seconds of the processor for each text."""
    out = []
    for text in texts:
        began = time.thread_time()
        call(text)
        out.append(time.thread_time() - began)
    return np.array(out)


def speed(call: Callable[[str], object], texts: Sequence[str], rounds: int) -> float:
    """Calls a second of processor time."""
    for text in texts[:200]:
        call(text)
    began = time.process_time()
    for _ in range(rounds):
        for text in texts:
            call(text)
    return rounds * len(texts) / (time.process_time() - began)


def run() -> Result:
    """Measure all of it."""
    lines = gzip.decompress(ORDINARY.read_bytes()).decode("utf-8").splitlines()
    texts = [line for line in lines if not line.startswith("#")]
    reader = MessageReader(load(SHIPPED))
    weights = load(SHIPPED).weights
    rounds = 2 if quick() else 20
    case = "ordinary chat"
    calls: dict[str, Callable[[str], object]] = {
        "normalise": normalise,
        "normalise, hash and score": lambda text: kernel.text_weigh(
            normalise(text).skeleton.text, weights, 18
        ),
        "read whole": lambda text: reader.read(text, "en"),
        "read whole, language unknown": reader.read,
    }
    rows = [
        Row(case, name, "messages a second and core", speed(call, texts, rounds), "1/s")
        for name, call in calls.items()
    ]
    before = kernel.variant()
    kernel.use("twin")
    rows.append(Row(case, "read whole, no compiler", "messages a second and core",
                    speed(calls["read whole"], texts[:400], 1), "1/s"))  # fmt: skip
    kernel.use(before)
    took = taken(calls["read whole"], texts)
    rows.append(Row(case, "read whole", "p99", float(np.quantile(took, 0.99)) * 1e3, "ms"))
    slowest = {}
    for name, text in {**BOOKS, **PAGES}.items():
        took = taken(calls["read whole"], [text] * (20 if quick() else 100))
        slowest[name] = float(np.quantile(took, 0.99)) * 1e3
        rows.append(Row(name, "read whole", "p99", slowest[name], "ms"))
    result = Result("comments_text", (*rows, *_rates(texts)), ())
    targets = (
        Target.at_least(
            "messages a second and core, read whole",
            result.value(case, "read whole", "messages a second and core"),
            10_000,
        ),
        Target.at_most("p99 of the worst message, ms", max(slowest.values()), 20.0),
    )
    return Result("comments_text", result.rows, targets, NOTES)


SURROGATE = (
    "The model is the shipped surrogate for polite generated spam: its speed is any model's, its "
    "figures are no claim about abuse."
)
NOTES = (
    SURROGATE,
    "Of a message 4,096 characters are read; the rest is counted, and that is evidence.",
    "Times are of the processor: a busy machine adds what it takes for others.",
)


def _rates(texts: Sequence[str]) -> list[Row]:
    """How often ordinary messages show a cue, or look disguised."""
    shown: Counter[Cue] = Counter()
    for text in texts:
        shown.update(cues.shipped().find(normalise(text), "en"))
    disguised = [weight(normalise(text).skeleton.obfuscation) for text in texts]
    return [
        *(Row("ordinary chat", cue.value, "share that shows it", 100 * shown[cue] / len(texts), "%")
          for cue in Cue),
        *(Row("ordinary chat", f"disguise of weight {least} or more", "share",
              100 * float(np.mean([one >= least for one in disguised])), "%")
          for least in (3, 12, 24)),
    ]  # fmt: skip
