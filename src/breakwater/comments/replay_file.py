"""Files of the replay format, version 1: streams, and episodes to lay into them.

In: JSONL, perhaps gzipped, whose first line is a head (`{"replay": 1, "kind": "streams", …}`).
Out: chats with times from their first message, and trials. Unknown members are refused, so that
what is said is what is read; no error quotes a line. The form: docs/reference/replay-format.md
and its JSON Schema. Tests: tests/unit/test_comments_replay.py.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from breakwater.comments.replay import FORM, TRIALS, Chat, Trial, halves, laid, placed
from breakwater.comments.rows import Told, fields_of, kind
from breakwater.errors import BadInput, NotFound

HEAD: Final = frozenset({"replay", "kind", "surrogate", "lang", "service", "about"})
STREAM: Final = frozenset({"stream", "at", "author", "text", "lang", "kind"})
EPISODE: Final = frozenset({"episode", "at", "author", "text", "lang", "kind"})
PLACE: Final = frozenset({"episode", "into", "begins"})
LONGEST_S: Final = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What was read.

    Attributes:
        inputs: digests and counts, for the outcome.
        chats: in the order of their ids.
        episodes: by id.
        places: episode, chat, second; empty: drawn.
    """

    inputs: Mapping[str, Any]
    surrogate: bool
    chats: tuple[Chat, ...] = field(repr=False)
    episodes: Mapping[str, tuple[Told, ...]] = field(repr=False)
    places: tuple[tuple[str, str, float], ...] = field(repr=False)

    def trials(self, *, own_traffic: bool, count: int = TRIALS) -> list[Trial]:
        """Chats with episodes; never one that thresholds are solved on.

        Args:
            own_traffic: thresholds come from half of the chats.
            count: chats for each episode, where the file names none.
        """
        chats = halves(self.chats)[1] if own_traffic else list(self.chats)
        known = {one.id: one for one in chats}
        drawn = self.places or placed(chats, self.episodes, count)
        return [
            laid(known[into], self.episodes[name], at) for name, into, at in drawn if into in known
        ]


def read(streams: Path, episodes: Path | None = None) -> Replay:
    """Both files.

    Raises:
        NotFound: a file is missing.
        BadInput: not of the format; the number of the line is said.
    """
    head, rows = _opened(streams, "streams")
    chats = _grouped(rows, head, STREAM, "stream")
    inputs: dict[str, Any] = {
        "streams_sha256": _digest(streams), "streams": len(chats),
        "messages": sum(map(len, chats.values())),
    }  # fmt: skip
    told: dict[str, tuple[Told, ...]] = {}
    places: list[tuple[str, str, float]] = []
    surrogate = bool(head.get("surrogate"))
    if episodes is not None:
        first, rows = _opened(episodes, "episodes")
        kept: list[tuple[int, Mapping[str, Any]]] = []
        for number, row in rows:
            if "into" in row:
                places.append(_place(row, number))
            else:
                kept.append((number, row))
        told = _grouped(iter(kept), {**head, **first}, EPISODE, "episode")
        _known(places, told, chats)
        surrogate = surrogate or bool(first.get("surrogate"))
        inputs |= {"episodes_sha256": _digest(episodes), "episodes": len(told)}
    held = tuple(Chat(name, one) for name, one in sorted(chats.items()))
    return Replay(inputs, surrogate, held, told, tuple(places))


def _opened(
    path: Path, wanted: str
) -> tuple[Mapping[str, Any], Iterator[tuple[int, Mapping[str, Any]]]]:
    """The head, and the rows after it with their numbers."""
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise BadInput(f"{path.name}: a replay is JSONL and ends in .jsonl or .jsonl.gz.")
    rows = enumerate(fields_of(path), 1)
    _, head = next(rows, (0, {}))
    if head.get("replay") != FORM or head.get("kind") != wanted or head.keys() - HEAD:
        raise BadInput(
            f'{path.name}: the first line is a head like {{"replay": {FORM}, "kind": "{wanted}"}}.'
        )
    return head, rows


def _grouped(
    rows: Iterator[tuple[int, Mapping[str, Any]]], head: Mapping[str, Any], known: frozenset[str],
    by: str,
) -> dict[str, tuple[Told, ...]]:  # fmt: skip
    """Messages by stream or episode, times from the first of each."""
    held: dict[str, list[Told]] = {}
    for number, row in rows:
        name = row.get(by)
        if not isinstance(name, str) or not name or row.keys() - known:
            raise BadInput(f"Row {number}: {by} is no text, or a member is not known.")
        held.setdefault(name, []).append(_told(row, head, number))
    if not held:
        raise BadInput(f"There is no {by} in the file.")
    found = {}
    for name, told in held.items():
        told.sort(key=lambda one: one.at)
        first = told[0].at
        if told[-1].at - first > LONGEST_S:
            raise BadInput(f"A {by} lasts more than a year.")
        found[name] = tuple(replace(one, at=one.at - first) for one in told)
    return found


def _told(row: Mapping[str, Any], head: Mapping[str, Any], number: int) -> Told:
    author, text = row.get("author"), row.get("text", "")
    if not isinstance(author, str) or not author or not isinstance(text, str):
        raise BadInput(f"Row {number}: author is empty, or text is no text.")
    lang = row.get("lang", head.get("lang")) or ""
    return Told(
        text, _number(row.get("at"), number), "", author, str(lang),
        str(head.get("service") or ""), kind(row.get("kind"), number),
    )  # fmt: skip


def _place(row: Mapping[str, Any], number: int) -> tuple[str, str, float]:
    if row.keys() != PLACE or not all(isinstance(row[one], str) for one in ("episode", "into")):
        raise BadInput(f"Row {number}: a place has episode, into and begins.")
    return row["episode"], row["into"], _number(row["begins"], number)


def _number(value: Any, number: int) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or value < 0
    ):
        raise BadInput(f"Row {number}: a time is seconds from 0.")
    return float(value)


def _known(
    places: Sequence[tuple[str, str, float]], told: Mapping[str, Any], chats: Mapping[str, Any]
) -> None:
    lost = sum(name not in told or into not in chats for name, into, _ in places)
    if lost:
        raise BadInput(f"{lost} places name an episode or a stream that is not in the files.")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
