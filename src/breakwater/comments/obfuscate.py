"""Twenty ways in which people disguise what they write, to measure how much of a model survives.

In: a text and a source of chance. Out: the text as somebody would write it who hides it from a
filter and not from a reader. Eight families are reserved: no training, no tuning and no change of
the normaliser may look at them, so that they show what an unseen disguise does. Everything is
deterministic for a seed. Source: reference chat, goals. Used by `evaluate` (as a suite) and
`train` (`augmented`, never a reserved family). Tests: tests/unit/test_comments_obfuscate.py.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadInput

Change = Callable[[str, random.Random], str]

ASCII: Final = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC: Final = str.maketrans("aceopxyijsABCEHKMOPTXIJS", "асеорхуіјѕАВСЕНКМОРТХІЈЅ")
GREEK: Final = str.maketrans("aivonptkuABEHIKMNOPTXYZ", "αιν\u03bfη\u03c1τκυΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
LEET: Final = {"o": "0", "i": "1", "e": "3", "s": "5", "t": "7", "a": "4", "b": "8", "g": "9"}
SIGNS: Final = {"a": "@", "s": "$", "i": "!", "l": "|", "t": "+"}
CAPITALS: Final = dict(zip(ASCII, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ", strict=True))
MARKS: Final = "\u0300\u0301\u0302\u0303\u0308\u030a\u0316\u0323\u0330\u0334\u0336"
UNSEEN: Final = "\u200b\u200c\u200d\u2060\ufeff"
SELECTORS: Final = "\ufe00\ufe01\ufe0e\u034f\u180b\U000e0061\U000e007f"
DIRECTION: Final = ("\u202d", "\u2066", "\u200e", "\u2068")
ENDS: Final = {"\u202d": "\u202c", "\u2066": "\u2069", "\u2068": "\u2069"}


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of disguise.

    Attributes:
        id: stable; stands in reports.
        reserved: only for measuring.
        about: in words, for reports.
    """

    id: str
    about: str
    change: Change
    reserved: bool = False

    def of(self, text: str, seed: str = "") -> str:
        """A text in this disguise; the same text and seed give the same."""
        said = f"{self.id}\0{seed}\0{text}".encode("utf-8", "surrogatepass")
        drawn = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big")
        return self.change(text, random.Random(drawn))  # noqa: S311 - a disguise, not a secret


def _form(first_lower: int, first_upper: int) -> Change:
    """Every letter of ASCII in another form of Unicode."""
    table = {ord(one): chr(first_lower + n) for n, one in enumerate(ASCII)}
    table |= {ord(one.upper()): chr(first_upper + n) for n, one in enumerate(ASCII)}
    return lambda text, _: text.translate(table)


def _letters(choose: Mapping[str, str], share: float) -> Change:
    """A share of the letters that have a stand-in, by it."""

    def change(text: str, draw: random.Random) -> str:
        return "".join(
            choose[one.lower()] if one.lower() in choose and draw.random() < share else one
            for one in text
        )

    return change


def _translated(table: Mapping[int, int], share: float) -> Change:
    def change(text: str, draw: random.Random) -> str:
        return "".join(one.translate(table) if draw.random() < share else one for one in text)

    return change


def _between(joints: str, share: float = 1.0) -> Change:
    """Something between the letters of words, in a share of the words."""

    def apart(word: str, draw: random.Random) -> str:
        if len(word) < 2 or draw.random() >= share:
            return word
        return draw.choice(joints).join(word)

    return lambda text, draw: " ".join(apart(word, draw) for word in text.split(" "))


def _spaced(text: str, draw: random.Random) -> str:
    """Half of the words with a blank after each letter, and wider gaps around them."""
    words = [" ".join(one) if draw.random() < 0.5 else one for one in text.split()]
    return "  ".join(words)


def _strewn(signs: str, share: float) -> Change:
    """A sign that shows nothing after a share of the characters."""

    def change(text: str, draw: random.Random) -> str:
        return "".join(one + (draw.choice(signs) if draw.random() < share else "") for one in text)

    return change


def _repeated(text: str, draw: random.Random) -> str:
    return "".join(
        one * draw.randint(2, 5) if one.isalpha() and draw.random() < 0.25 else one for one in text
    )


def _stacked(text: str, draw: random.Random) -> str:
    """Marks over and under half of the letters, up to six on one."""
    return "".join(
        one + "".join(draw.choices(MARKS, k=draw.randint(1, 6)))
        if one.isalpha() and draw.random() < 0.5
        else one
        for one in text
    )


def _swapped(text: str, draw: random.Random) -> str:
    """Two neighbours inside half of the longer words change places."""

    def swap(word: str) -> str:
        if len(word) < 4 or draw.random() < 0.5:
            return word
        at = draw.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return " ".join(swap(word) for word in text.split(" "))


def _directed(text: str, draw: random.Random) -> str:
    """Words inside marks of writing direction."""

    def wrap(word: str) -> str:
        mark = draw.choice(DIRECTION)
        return f"{mark}{word}{ENDS.get(mark, mark)}"

    return " ".join(wrap(word) for word in text.split(" "))


def _circled(text: str, _: random.Random) -> str:
    table = {ord(one): chr(0x24D0 + n) for n, one in enumerate(ASCII)}
    table |= {ord(one.upper()): chr(0x24B6 + n) for n, one in enumerate(ASCII)}
    return text.translate(table)


def _flags(text: str, draw: random.Random) -> str:
    """A third of the words in the letters that flags are made of."""
    table = {ord(one): chr(0x1F1E6 + n) for n, one in enumerate(ASCII)}
    return " ".join(
        one.lower().translate(table) if draw.random() < 1 / 3 else one for one in text.split(" ")
    )


def _joined(text: str, draw: random.Random) -> str:
    """Half of the blanks between words fall away."""
    return "".join("" if one == " " and draw.random() < 0.5 else one for one in text)


def _without_vowels(text: str, draw: random.Random) -> str:
    """Inner vowels of half of the longer words fall away."""

    def drop(word: str) -> str:
        if len(word) < 5 or draw.random() < 0.5:
            return word
        return word[0] + "".join(c for c in word[1:-1] if c not in "aeiou") + word[-1]

    return " ".join(drop(word) for word in text.split(" "))


def _parted(text: str, draw: random.Random) -> str:
    """A blank inside half of the longer words."""

    def part(word: str) -> str:
        if len(word) < 5 or draw.random() < 0.5:
            return word
        at = draw.randrange(2, len(word) - 1)
        return f"{word[:at]} {word[at:]}"

    return " ".join(part(word) for word in text.split(" "))


FAMILIES: Final = (
    Family("mathematical", "bold letters of mathematics", _form(0x1D41A, 0x1D400)),
    Family("small_capitals", "letters of phonetics", _letters(CAPITALS, 1.0)),
    Family("cyrillic", "look-alikes of Cyrillic inside words", _translated(CYRILLIC, 0.6)),
    Family("greek", "look-alikes of Greek inside words", _translated(GREEK, 0.6)),
    Family("zero_width", "characters without width", _strewn(UNSEEN, 0.3)),
    Family("spaced", "letters that stand apart", _spaced),
    Family("dotted", "dots between letters", _between(".", 0.5)),
    Family("digits", "digits for letters", _letters(LEET, 0.5)),
    Family("signs", "signs for letters", _letters(SIGNS, 0.5)),
    Family("repeated", "letters again and again", _repeated),
    Family("stacked", "marks over and under letters", _stacked),
    Family("swapped", "neighbouring letters change places", _swapped),
    Family("circled", "letters in circles", _circled, reserved=True),
    Family("selectors", "selectors, joiners and tags", _strewn(SELECTORS, 0.3), reserved=True),
    Family("direction", "marks of writing direction", _directed, reserved=True),
    Family("starred", "stars, strokes or lines between letters", _between("*-_~", 0.5), reserved=True),
    Family("flags", "letters that flags are made of", _flags, reserved=True),
    Family("joined", "blanks between words fall away", _joined, reserved=True),
    Family("vowels", "inner vowels fall away", _without_vowels, reserved=True),
    Family("parted", "a blank inside words", _parted, reserved=True),
)  # fmt: skip

OPEN: Final = tuple(one for one in FAMILIES if not one.reserved)


def family(name: str) -> Family:
    """One by its id.

    Raises:
        BadInput: there is none.
    """
    for one in FAMILIES:
        if one.id == name:
            return one
    raise BadInput(f"There is no disguise of that name; there are {len(FAMILIES)}.")


def augmented(text: str, seed: str = "") -> tuple[str, str]:
    """A text in one of the open disguises, and which; for training.

    Args:
        text: as written.
        seed: another one draws another disguise.
    """
    said = f"{seed}\0{text}".encode("utf-8", "surrogatepass")
    drawn = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big")
    one = OPEN[drawn % len(OPEN)]
    return one.of(text, seed), one.id
