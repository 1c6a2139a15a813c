"""Text folded for comparing, and its hashed features, in Python: the oracle of `_kernel`'s.

Same answers, code point for code point; the compiled one is a few hundred times as fast. Steps:
fold each character by the table (forms, case, look-alikes; marks and what shows nothing fall
away) → words → digits and signs that stand for letters, repeats → letters that stand apart are
joined, and again until nothing changes. Source: reference chat, level 0. Tests:
tests/property/test_comment_text.py runs both over the same strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

READ: Final = 4096
FOLDED: Final = 8192
GAP, LETTER, MARK, OVERLAY, INVISIBLE, EMOJI, BROKEN = range(7)
NONE, LATIN, CYRILLIC, GREEK, EAST, OTHER = range(6)
(INVISIBLES, MARKS, CONFUSABLES, FORMS, JOINED, LEET, SQUEEZED, MIXED, BROKENS, UNCOUNTED) = range(
    10
)
STACK: Final = 3  # marks on one letter that ordinary scripts use
LOOSE: Final = 3  # letters that stand apart before they are one word
ROUNDS: Final = 4  # of joining that mind the widths of gaps
SIGNS: Final = frozenset(map(ord, "@$!|"))
STANDS_FOR: Final = {ord(a): ord(b) for a, b in zip("013457@$!|", "oleastasll", strict=True)}
SPACE: Final = 0x20

MASK: Final = (1 << 64) - 1
SEED: Final = 0xCBF29CE484222325
WORD_SEED: Final = 0x9AE16A3B2F90404F
PRIME: Final = 0x100000001B3
GOLDEN: Final = 0x9E3779B97F4A7C15
WORD: Final = 7  # stands where an n-gram has its length


@dataclass(slots=True)
class _Point:
    """One folded code point, and where it comes from."""

    code: int
    kind: int
    script: int
    confusable: bool


@dataclass(slots=True)
class _Token:
    codes: list[int]
    gap: int = 0  # code points between it and the next
    emoji: bool = False


@dataclass(slots=True)
class _Table:
    blocks: Any
    cells: Any
    pool: Any

    def cell(self, code: int) -> int:
        """What the table says of a code point; 0 outside of it."""
        at = int(self.blocks[code >> 8]) * 256 + (code & 255)
        return int(self.cells[at]) if at < len(self.cells) else 0

    def target(self, code: int, cell: int) -> list[int]:
        """What it becomes."""
        length, start = cell >> 8 & 31, cell >> 13
        if length == 0 or start + length > len(self.pool):
            return [SPACE if 0xD800 <= code < 0xE000 else code]
        found = [int(one) for one in self.pool[start : start + length]]
        return [one if one < 0x110000 and not 0xD800 <= one < 0xE000 else SPACE for one in found]


@dataclass(slots=True)
class _Reading:
    """The state while characters are read."""

    table: _Table
    counts: list[int]
    points: list[_Point] = field(default_factory=list)
    stacked: int = 0
    joins: bool = False  # the last visible one belongs to a script that needs no joiners

    def read(self, code: int) -> bool:
        """Take one character; False: there is no room."""
        cell = self.table.cell(code)
        kind, script = cell & 7, cell >> 3 & 7
        if kind in {MARK, OVERLAY}:
            self.stacked += 1
            self.counts[MARKS] += kind == OVERLAY or self.stacked > STACK
            return True
        if kind == INVISIBLE:
            self.counts[INVISIBLES] += self.joins
            return True
        target = [SPACE] if kind == BROKEN else self.table.target(code, cell)
        if len(self.points) + len(target) > FOLDED:
            return False
        self.stacked = 0
        self.joins = kind == LETTER and script not in {EAST, OTHER}
        self.counts[BROKENS] += kind == BROKEN
        self.counts[FORMS] += cell >> 6 & 1
        for number, one in enumerate(target):
            own = self.table.cell(one) & 7
            self.points.append(_Point(one, own, script, bool(cell >> 7 & 1) and number == 0))
        return True


def _parts(code: int) -> Sequence[int]:
    """A Hangul syllable's letters (Unicode, 3.12); else the code point."""
    if not 0xAC00 <= code < 0xD7A4:
        return (code,)
    number = code - 0xAC00
    parts = [0x1100 + number // 588, 0x1161 + number % 588 // 28]
    return [*parts, 0x11A7 + number % 28] if number % 28 else parts


def _read(table: _Table, text: str, counts: list[int]) -> list[_Point]:
    reading = _Reading(table, counts)
    for number, one in enumerate(text[:READ]):
        if not all(reading.read(part) for part in _parts(ord(one))):
            counts[UNCOUNTED] += min(len(text), READ) - number
            break
    counts[UNCOUNTED] += max(0, len(text) - READ)
    return reading.points


def _digit(code: int) -> bool:
    return 0x30 <= code <= 0x39


def _letter(code: int) -> bool:
    """Of a code point inside a word: neither digit nor sign."""
    return not _digit(code) and code not in SIGNS


def _within(points: list[_Point]) -> list[bool]:
    """Which code points belong to words: letters, digits, and signs between them."""
    after: list[_Point | None] = [None] * len(points)
    for at in range(len(points) - 2, -1, -1):
        after[at] = after[at + 1] if points[at + 1].code in SIGNS else points[at + 1]
    out: list[bool] = []
    for at, point in enumerate(points):
        if point.code not in SIGNS:
            out.append(point.kind == LETTER)
            continue
        following = after[at]
        ahead = following is not None and following.kind == LETTER
        ahead_letter = ahead and following is not None and not _digit(following.code)
        before = at > 0 and out[at - 1]
        before_letter = before and not _digit(points[at - 1].code)
        between = before and ahead and (before_letter or ahead_letter)
        leads = point.code == ord("$") and not before and ahead_letter
        out.append(between or leads)
    return out


def _tokens(points: list[_Point], counts: list[int]) -> list[_Token]:
    within = _within(points)
    tokens: list[_Token] = []
    at = 0
    while at < len(points):
        start = at
        if points[at].kind == EMOJI:
            at += 1
            tokens.append(_Token([points[start].code], 0, True))
        elif within[at]:
            while at < len(points) and within[at]:
                at += 1
            word = points[start:at]
            tokens.append(_Token([one.code for one in word]))
            _suspect(word, counts)
        else:
            at += 1
            if tokens:
                tokens[-1].gap += 1
    return tokens


def _suspect(word: list[_Point], counts: list[int]) -> None:
    scripts = {one.script for one in word} - {NONE, EAST}
    mixed = len(scripts) > 1
    counts[MIXED] += mixed
    counts[CONFUSABLES] += sum(
        one.confusable and (mixed or one.script in {NONE, LATIN}) for one in word
    )


def _plainer(codes: list[int], counts: list[int]) -> list[int]:
    """Digits and signs for letters, and repeats, in a word that has letters."""
    letters = [at for at, one in enumerate(codes) if _letter(one)]
    if not letters:
        return codes
    out: list[int] = []
    run = 0
    for at, one in enumerate(codes):
        code = STANDS_FOR.get(one, one)
        counts[LEET] += code != one and letters[0] < at < letters[-1]
        if out and out[-1] == code and not _digit(code):
            run += 1
            counts[SQUEEZED] += run > 2
            continue
        run = 1
        out.append(code)
    return out


def _joined(tokens: list[_Token], counts: list[int], minding: bool) -> tuple[list[_Token], bool]:
    """Letters that stand apart as words, split where the gap is wider than the narrowest."""
    out: list[_Token] = []
    changed = False
    at = 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and not tokens[end].emoji and len(tokens[end].codes) == 1:
            end += 1
        run = tokens[at:end]
        letters = sum(not _digit(one.codes[0]) for one in run)
        if len(run) < LOOSE or 2 * letters < len(run):
            out += run or [tokens[at]]
            at = max(end, at + 1)
            continue
        changed = True
        counts[JOINED] += len(run)
        narrow = min(one.gap for one in run[:-1])
        word = _Token([])
        for number, one in enumerate(run):
            word.codes += one.codes
            word.gap = one.gap
            if number == len(run) - 1 or (minding and one.gap > narrow):
                out.append(word)
                word = _Token([])
        at = end
    return out, changed


def _skeleton(points: list[_Point], counts: list[int]) -> list[int]:
    tokens = _tokens(points, counts)
    changed, rounds = True, 0
    while changed:
        for one in tokens:
            if not one.emoji:
                one.codes = _plainer(one.codes, counts)
        tokens, changed = _joined(tokens, counts, rounds < ROUNDS)
        rounds += 1
    out: list[int] = []
    for one in tokens:
        room = READ - len(out) - (1 if out else 0)
        if out and len(one.codes) > room:
            break
        out += ([SPACE] if out else []) + one.codes[:room]
    return out


def text_fold(
    blocks: Any, cells: Any, pool: Any, text: str
) -> tuple[str, str, tuple[int, ...], int]:
    """Skeleton, folded text with its gaps, the ten counts, and the skeleton's key."""
    table = _Table(
        np.frombuffer(blocks, np.uint16),
        np.frombuffer(cells, np.uint32),
        np.frombuffer(pool, np.uint32),
    )
    if len(table.blocks) != 0x1100:
        raise ValueError("blocks must have 4352 items")
    counts = [0] * 10
    points = _read(table, text, counts)
    plain = "".join(chr(one.code) for one in points)
    skeleton = _skeleton(points, counts)
    return "".join(map(chr, skeleton)), plain, tuple(counts), text_key(skeleton)


def _mixed(value: int) -> int:
    """MurmurHash3's finaliser for 64 bits."""
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def text_key(codes: Sequence[int]) -> int:
    """64 bits of a text: FNV-1a over code points, mixed."""
    value = SEED
    for code in codes:
        value = (value ^ code) * PRIME & MASK
    return _mixed(value)


def _features(text: str, bits: int) -> set[int]:
    if not 8 <= bits <= 18:
        raise ValueError(f"bits must be 8 to 18, got {bits}")
    if not text:
        return set()
    if len(text) > FOLDED:
        raise ValueError(f"the text has more than {FOLDED} code points")
    codes = [SPACE, *map(ord, text), SPACE]
    found = set()
    for start in range(len(codes)):
        value = SEED
        for length, code in enumerate(codes[start : start + 5], 1):
            value = (value ^ code) * PRIME & MASK
            if length > 1:
                found.add(_mixed(value ^ length * GOLDEN & MASK) >> 64 - bits)
    for word in text.split(" "):
        if word:
            value = WORD_SEED
            for one in word:
                value = (value ^ ord(one)) * PRIME & MASK
            found.add(_mixed(value ^ WORD * GOLDEN & MASK) >> 64 - bits)
    return found


def text_features(text: str, bits: int) -> bytes:
    """Distinct hashed character 2- to 5-grams and words: ascending 4-byte numbers."""
    return np.array(sorted(_features(text, bits)), np.uint32).tobytes()


def text_weigh(text: str, bits: int, weights: Any) -> tuple[int, int]:
    """The sum of the weights of the distinct features, and how many features there are."""
    held = np.frombuffer(weights, np.int16)
    if not 8 <= bits <= 18 or len(held) != 1 << bits:
        raise ValueError("weights must have 2**bits items")
    found = _features(text, bits)
    return sum(int(held[one]) for one in found), len(found)
