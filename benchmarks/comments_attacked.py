"""How much of what a model finds is left when people disguise it: twenty families, eight reserved.

Surrogates only: the generated advertising that the shipped model was made for, and advertising text
messages (CC-BY-4.0) against a technical help channel. Parts never share an advertisement, in any
wording, nor an hour of the channel. Recall is read where 1 % of ordinary texts as written are over;
what disguise weighs by itself is left out. The reserved families were fixed before they were run.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import comments_chats as texts
from benchmarks.harness import Row, Target, quick
from breakwater.comments.measure import WANTED, Suite, measure
from breakwater.comments.rows import Row as Labelled
from breakwater.comments.train import About, split, train

OURS = "breakwater"
PLAIN = "learned without disguises"
ABOUT = About(
    "bench-attacked", "Polite advertising against ordinary chatter", "A surrogate.", "CC-BY-4.0",
    surrogate=True,
)  # fmt: skip
BLOCK = 150


def messages() -> list[Labelled]:
    """Advertising text messages by their first words, the channel by stretches of a day."""
    spam = [
        Labelled(text, True, f"spam {texts.campaign(text)}", "en")
        for text in texts.messages()[True]
    ]
    channel = [
        Labelled(line.text, False, f"day {day}, {at // BLOCK}", "en")
        for day, lines in enumerate(texts.days())
        for at, line in enumerate(lines)
    ]
    return [*spam, *channel]


def in_pieces() -> list[Labelled]:
    """The same advertising, a few words at a time, as people write in chats."""
    draw = np.random.default_rng(20261122)
    return [
        replace(row, text=piece)
        for row in messages()
        for piece in (texts.pieces(row.text, draw) if row.label else [row.text])
    ]


def generated() -> list[Labelled]:
    """What the shipped surrogate is made of."""
    script = Path(__file__).parents[1] / "tools/make_surrogate.py"
    made: list[Labelled] = runpy.run_path(str(script))["rows"]()
    return made


def suite(rows: Sequence[Labelled], *, augment: bool) -> Suite:
    """Learn on a part, attack another."""
    parts = split(rows, seed="polite")
    package = train(parts, ABOUT, sources={}, augment=augment).package
    found = measure(parts["test"], package).suite
    if found is None:
        raise ValueError("the disguises were not run")
    return found


def measured() -> tuple[list[Row], list[Target]]:
    """Rows and targets for `make bench NAME=comments`."""
    rows: list[Row] = []
    targets: list[Target] = []
    corpora = {"generated advertising": generated()}
    if not quick():
        corpora["advertising text messages"] = messages()
        corpora["the same in pieces of 3 to 6 words"] = in_pieces()
    for name, held in corpora.items():
        for subject, augment in ((OURS, True), (PLAIN, False)):
            found = suite(held, augment=augment)
            rows += _rows(f"disguised: {name}", subject, found)
            if augment:
                for words, kinds in (("20 families", None), ("8 unseen", True)):
                    share = found.mean(reserved=kinds)
                    targets.append(
                        Target.at_least(
                            f"recall left under disguise, {words}, {name}", share, WANTED
                        )
                    )
    return rows, targets


def _rows(case: str, subject: str, found: Suite) -> Iterable[Row]:
    yield Row(case, subject, "recall as written", found.clean, "share")
    yield Row(case, subject, "left, mean of 20 families", found.mean(), "of it")
    yield Row(case, subject, "left, mean of 8 unseen", found.mean(reserved=True), "of it")
    for one in found.attacked:
        unseen = " (unseen)" if one.reserved else ""
        yield Row(case, subject, f"left: {one.about}{unseen}", one.share, "of it")
