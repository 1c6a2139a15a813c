"""Writes files to try `breakwater comments` with: generated, polite, and surrogates only.

python docs/examples/chat_samples.py samples

Ordinary chat is small talk about a game; what is looked for is polite advertising, which stands in
for something else. Made of Python's standard library, the same bytes on every run.
"""

import json
import random
import sys
from pathlib import Path

TALK = (
    "did you see that {thing}", "{name} is playing well {when}", "what {thing} is this",
    "good evening everyone", "{name} said hello {when}", "that {thing} was close",
    "is the {thing} new", "where can I find the {thing}", "I like the {thing}", "so funny",
    "who is {name}", "no way, the {thing} again", "let us wait for {name}", "how is {name} doing",
    "the {thing} fell down {when}", "nice {thing}", "back in five minutes", "same here",
    "my {thing} is broken {when}", "{name} was right about the {thing}",
)  # fmt: skip
ADVERTISING = (
    "hello friends, order {goods} at our shop", "cheap {goods} {when}, visit our page",
    "{goods} at half price with code {code}", "our store has {goods}, thank you",
    "get {number} {goods} {when} at a low price", "free shipping for {goods}, code {code}",
    "{goods} delivered {when}, best regards", "kindly look at our {goods} offer",
)  # fmt: skip
WORDS = {
    "thing": [
        "map",
        "level",
        "boss",
        "jump",
        "song",
        "door",
        "car",
        "bridge",
        "puzzle",
        "dragon",
        "score",
        "lamp",
        "boat",
    ],
    "name": [
        "anna",
        "ben",
        "carla",
        "dan",
        "ella",
        "frank",
        "gina",
        "hugo",
        "ines",
        "jon",
        "kim",
        "lara",
    ],
    "when": ["today", "right now", "this week", "yesterday", "again", "at last"],
    "goods": ["followers", "posters", "mugs", "phone cases", "game keys", "headphones", "views"],
    "code": ["SAVE10", "HELLO15", "SPRING20"],
    "number": ["100", "500", "1000"],
}


def said(draw: random.Random, patterns: tuple[str, ...]) -> str:
    """One message."""
    return draw.choice(patterns).format(**{name: draw.choice(held) for name, held in WORDS.items()})


def chat(draw: random.Random, name: str, per_minute: float, minutes: float) -> list[dict]:
    """One stream's messages."""
    at, found = 0.0, []
    while at < minutes * 60:
        author = f"{name}-{draw.randrange(30)}"
        found.append(
            {"stream": name, "at": round(at, 3), "author": author, "text": said(draw, TALK)}
        )
        at += draw.expovariate(per_minute / 60)
    return found


def labelled(draw: random.Random, group: str) -> list[dict]:
    """Rows to learn from or to measure on."""
    return [
        {"text": ", ".join(said(draw, ADVERTISING if n % 3 == 0 else TALK) for _ in range(2)),
         "label": int(n % 3 == 0), "group": f"{group}-{n // 30}", "lang": "en"}
        for n in range(2400)
    ]  # fmt: skip


def write(path: Path, rows: list[dict]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def main(folder: Path) -> None:
    """Write traffic, streams, episodes and two files of labelled rows."""
    folder.mkdir(exist_ok=True)
    draw = random.Random(1)  # noqa: S311 - samples, the same every time
    chats = [chat(draw, f"stream-{n}", 20.0, 40.0) for n in range(12)]
    day = [chat(draw, f"old-{n}", 20.0, 40.0) for n in range(12)]
    traffic = [
        {"text": one["text"], "ts": 1_790_000_000 + 600 * n + one["at"], "stream": one["stream"],
         "author": one["author"]}
        for n, held in enumerate(day) for one in held
    ]  # fmt: skip
    write(folder / "traffic.jsonl", traffic)
    write(folder / "rows.jsonl", labelled(draw, "sample"))
    streams = sorted((one for held in chats for one in held), key=lambda one: one["at"])
    head = {"replay": 1, "kind": "streams", "lang": "en", "surrogate": True}
    write(folder / "streams.jsonl", [head, *streams])
    episodes = [
        {"episode": f"episode-{n}", "at": 20.0 * k, "author": f"account-{k % 5}",
         "text": said(draw, ADVERTISING)}
        for n in range(6) for k in range(30)
    ]  # fmt: skip
    head = {"replay": 1, "kind": "episodes", "lang": "en", "surrogate": True}
    write(folder / "episodes.jsonl", [head, *episodes])
    write(folder / "held.jsonl", labelled(draw, "held"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
