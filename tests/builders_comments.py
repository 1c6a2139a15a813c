"""Chats, episodes and a model to try them with: fruit is looked for, furniture is ordinary talk."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from breakwater.comments.model import Package
from breakwater.comments.replay import Chat
from breakwater.comments.rows import Row, Told
from breakwater.comments.train import About, split, train

FRUIT = ("apple", "pear", "plum", "cherry", "grape", "melon", "peach", "lemon")
WOOD = ("table", "chair", "shelf", "desk", "bed", "stool", "bench", "drawer")
REST = ("so nice", "what is this", "hello", "who is playing", "good song", "where are we", "no way")


def talk(draw: random.Random, words: Sequence[str]) -> str:
    return f"{draw.choice(REST)} {draw.choice(words)} {draw.choice(words)} {draw.randrange(1000)}"


def rows(groups: int = 24, each: int = 40, first: int = 0, lang: str = "en") -> list[Row]:
    draw = random.Random(first)
    return [
        Row(talk(draw, FRUIT if n % 2 else WOOD), bool(n % 2), f"g{first + group}", lang)
        for group in range(groups)
        for n in range(each)
    ]


@lru_cache(maxsize=2)
def package(*, augment: bool = False, name: str = "fruit-1") -> Package:
    about = About(name, "Fruit from furniture", "a test", "ours", surrogate=True)
    return train(split(rows()), about, sources={}, bits=14, augment=augment).package


def chat(
    name: str, *, minutes: float = 25.0, per_minute: float = 25.0, words: Sequence[str] = WOOD
) -> Chat:
    """One chat of ordinary talk, the same every time."""
    draw = random.Random(name)
    step = 60.0 / per_minute
    count = int(minutes * per_minute)
    told = [
        Told(talk(draw, words), n * step, "", f"{name}{draw.randrange(40)}", "en")
        for n in range(count)
    ]
    return Chat(name, tuple(told))


def chats(count: int = 8, **how: Any) -> list[Chat]:
    return [chat(f"s{n}", **how) for n in range(count)]


def episode(accounts: int = 5, per_minute: float = 6.0, words: Sequence[str] = FRUIT) -> list[Told]:
    draw = random.Random(5)
    step = 60.0 / per_minute
    return [
        Told(talk(draw, words), n * step, "", f"e{n % accounts}", "en")
        for n in range(int(8 * per_minute))
    ]


def written(path: Path, head: dict[str, Any], lines: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in (head, *lines)), "utf-8")
    return path


def streams_file(path: Path, held: Iterable[Chat]) -> Path:
    """Chats as a file of the replay format, in the order of their times."""
    lines = [
        {"stream": one.id, "at": told.at, "author": told.author, "text": told.text}
        for one in held
        for told in one.told
    ]
    lines.sort(key=lambda one: one["at"])
    return written(path, {"replay": 1, "kind": "streams", "lang": "en"}, lines)


def episodes_file(path: Path, held: dict[str, Sequence[Told]], *places: dict[str, Any]) -> Path:
    lines = [
        {"episode": name, "at": told.at, "author": told.author, "text": told.text}
        for name, told_ in held.items()
        for told in told_
    ]
    head = {"replay": 1, "kind": "episodes", "lang": "en", "surrogate": True}
    return written(path, head, [*lines, *places])
