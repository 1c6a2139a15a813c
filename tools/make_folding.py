"""Make `src/breakwater/comments/folding.txt`: how each Unicode character is folded for comparing.

In: ICU's library as Debian's libicu72 installs it (Unicode 15.0: compatibility forms, case,
UTS 39's confusables, classes). Out: a text table, the same bytes on every run. Run once for a new
Unicode version, with another `VERSION` of the table; models are trained for one version.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from pathlib import Path
from typing import Final

VERSION: Final = 2
ICU: Final = "72"
TARGET: Final = Path(__file__).resolve().parents[1] / "src/breakwater/comments/folding.txt"
LICENCE: Final = """\
Made from Unicode's data files (UnicodeData, CaseFolding, DerivedCoreProperties, Scripts,
emoji-data, UTS 39 confusables) as ICU holds them.
Copyright (C) 1991-2022 Unicode, Inc. Terms of use: https://www.unicode.org/copyright.html
Permission is hereby granted, free of charge, to any person obtaining a copy of data files and any
associated documentation to deal in the data files without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies, provided
that this notice appears with all copies. The data files are provided "as is", without warranty."""

HANGUL: Final = range(0xAC00, 0xD7A4)
SCRIPTS: Final = {25: "latin", 8: "cyrillic", 14: "greek", 0: "none", 1: "none"}
EAST: Final = {17, 18, 20, 22, 5}  # Han, Hangul, Hiragana, Katakana, Bopomofo stand beside Latin
DEFAULT_IGNORABLE, EMOJI_PRESENTATION, PICTOGRAPHIC = 5, 58, 64
MARKS, ENCLOSING, SPACING = 6, 7, 8
LETTERS: Final = {1, 2, 3, 4, 5, SPACING}
DIGIT, NUMBER, CONTROL, CURRENCY = 9, 10, 15, 25
LIKENED: Final = {"\u0138": "k", "\u028d": "m", "\u03b2": "b", "\u03bc": "m", "\u03c7": "x"}
"""Kra and turned w, to which UTS 39 likens small capitals; Greek letters whose capitals are ASCII's,
as case is folded before anything is likened."""

FULLY: Final = 8  # more rounds than any character needs


class Icu:
    """The calls that are needed of the library."""

    def __init__(self) -> None:
        ctypes.CDLL(f"libicudata.so.{ICU}", ctypes.RTLD_GLOBAL)
        self.uc = ctypes.CDLL(f"libicuuc.so.{ICU}", ctypes.RTLD_GLOBAL)
        self.spoof = ctypes.CDLL(f"libicui18n.so.{ICU}")
        error = ctypes.c_int(0)
        self.checker = self._pointer(self.spoof, "uspoof_open")(ctypes.byref(error))
        self.casefold = self._normaliser("unorm2_getNFKCCasefoldInstance")
        self.decompose = self._normaliser("unorm2_getNFKDInstance")

    def _pointer(self, library: ctypes.CDLL, name: str) -> ctypes._NamedFuncPointer:
        function = getattr(library, f"{name}_{ICU}")
        function.restype = ctypes.c_void_p
        return function

    def _normaliser(self, name: str) -> int:
        error = ctypes.c_int(0)
        return self._pointer(self.uc, name)(ctypes.byref(error))

    def unicode(self) -> str:
        """The version of Unicode that it holds."""
        numbers = (ctypes.c_uint8 * 4)()
        getattr(self.uc, f"u_getUnicodeVersion_{ICU}")(numbers)
        return ".".join(str(one) for one in numbers[:3])

    def normalise(self, normaliser: int, text: str) -> str:
        """One of the two normal forms."""
        units = text.encode("utf-16-le")
        out, error = ctypes.create_string_buffer(2048), ctypes.c_int(0)
        length = getattr(self.uc, f"unorm2_normalize_{ICU}")(
            ctypes.c_void_p(normaliser), units, ctypes.c_int32(len(units) // 2),
            out, ctypes.c_int32(1024), ctypes.byref(error),
        )  # fmt: skip
        return out.raw[: 2 * length].decode("utf-16-le")

    def prototype(self, text: str) -> str:
        """UTS 39's skeleton."""
        data = text.encode()
        out, error = ctypes.create_string_buffer(1024), ctypes.c_int(0)
        length = getattr(self.spoof, f"uspoof_getSkeletonUTF8_{ICU}")(
            ctypes.c_void_p(self.checker), ctypes.c_uint32(0), data, ctypes.c_int32(len(data)),
            out, ctypes.c_int32(1024), ctypes.byref(error),
        )  # fmt: skip
        return out.raw[:length].decode()

    def category(self, code: int) -> int:
        """General category, as ICU numbers it."""
        return int(getattr(self.uc, f"u_charType_{ICU}")(ctypes.c_int32(code)))

    def name(self, code: int) -> str:
        """As Unicode names it."""
        out, error = ctypes.create_string_buffer(256), ctypes.c_int(0)
        length = getattr(self.uc, f"u_charName_{ICU}")(
            ctypes.c_int32(code), ctypes.c_int(0), out, ctypes.c_int32(256), ctypes.byref(error)
        )
        return out.raw[:length].decode("ascii")

    def digit(self, code: int) -> int:
        """0 to 9 for a decimal digit of any script, else -1."""
        return int(getattr(self.uc, f"u_charDigitValue_{ICU}")(ctypes.c_int32(code)))

    def has(self, code: int, which: int) -> bool:
        """A binary property."""
        function = getattr(self.uc, f"u_hasBinaryProperty_{ICU}")
        return bool(function(ctypes.c_int32(code), ctypes.c_int(which)) & 0xFF)

    def script(self, code: int) -> str:
        """`latin`, `cyrillic`, `greek`, `east`, `none` or `other`."""
        error = ctypes.c_int(0)
        number = getattr(self.uc, f"uscript_getScript_{ICU}")(
            ctypes.c_int32(code), ctypes.byref(error)
        )
        return "east" if number in EAST else SCRIPTS.get(number, "other")


class Folder:
    """What becomes of one character."""

    def __init__(self) -> None:
        self.icu = Icu()

    def enclosed(self, code: int) -> str:
        """Letters in circles and squares that no normal form opens."""
        for first in (0x1F150, 0x1F170, 0x1F1E6):
            if first <= code < first + 26:
                return chr(ord("a") + code - first)
        return ""

    def small(self, one: str) -> str:
        """A small capital as its letter: UTS 39 leaves most of them, and likens others to them."""
        if one in LIKENED:
            return LIKENED[one]
        before, found, letter = self.icu.name(ord(one)).partition("LATIN LETTER SMALL CAPITAL ")
        return letter.lower() if found and not before and len(letter) == 1 else one

    def like(self, one: str) -> str:
        """What it looks like; ASCII stays, but for what all look like `l` (UTS 39 and case)."""
        if one == "i":
            return "l"
        code = ord(one)
        if code < 0x80 or code in HANGUL or self.icu.category(code) == CURRENCY:
            return one
        if one in LIKENED:
            return LIKENED[one]
        likened = self.icu.prototype(one).replace("rn", "m")  # UTS 39 writes m as rn
        return "".join(map(self.small, likened))

    def once(self, text: str) -> str:
        """One round: forms and case, decomposed, without marks, digits as 0 to 9, look-alikes."""
        out = []
        for one in self.icu.normalise(
            self.icu.decompose, self.icu.normalise(self.icu.casefold, text)
        ):
            if self.icu.category(ord(one)) in {MARKS, ENCLOSING}:
                continue
            digit = self.icu.digit(ord(one))
            out.append(str(digit) if digit >= 0 else self.like(one))
        return "".join(out)

    def folded(self, code: int) -> str:
        """The fixed point."""
        text = self.enclosed(code) or chr(code)
        for _ in range(FULLY):
            after = self.once(text)
            if after == text:
                return text
            text = after
        raise ValueError(f"U+{code:04X} has no fixed point")

    def flags(self, code: int, target: str) -> str:
        """`f`: a letter in another form; `c`: it only looks like what it is folded to."""
        if code < 0x250 or not target or not target[0].isascii() or not target[0].isalnum():
            return ""
        plain = self.icu.normalise(
            self.icu.decompose, self.icu.normalise(self.icu.casefold, chr(code))
        )
        base = "".join(
            one for one in plain if self.icu.category(ord(one)) not in {MARKS, ENCLOSING}
        )
        if self.enclosed(code):
            return "f" if code < 0x1F1E6 else ""
        if base[:1].isascii() and base != chr(code) and plain[:1] == base[:1] and base:
            composed = self.icu.script(code) == "latin" and len(plain) > len(base)
            return "" if composed else "f"
        return "c" if not base[:1].isascii() and self.icu.digit(code) < 0 else ""

    def kind(self, code: int, target: str) -> str:  # noqa: PLR0911 - one answer a class
        """How it is read: letter, gap, mark, stacked mark, invisible, emoji, broken."""
        category = self.icu.category(code)
        if 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            return "broken"
        if self.icu.has(code, DEFAULT_IGNORABLE):
            return "invisible"
        if category == CONTROL:
            return "gap" if chr(code) in "\t\n\r\x0b\x0c\x85" else "broken"
        if category == ENCLOSING or 0x334 <= code <= 0x338:
            return "overlay"
        if category == MARKS:
            return "mark"
        if target != chr(code) or category in LETTERS or category in {DIGIT, NUMBER}:
            return "letter" if target else "gap"
        pictorial = self.icu.has(code, PICTOGRAPHIC) or self.icu.has(code, EMOJI_PRESENTATION)
        return "emoji" if pictorial and code >= 0x203C else "gap"


def ranges(codes: list[int]) -> str:
    """Ascending numbers as hexadecimal ranges."""
    out: list[list[int]] = []
    for code in codes:
        if out and code == out[-1][1] + 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return " ".join(f"{low:X}" if low == high else f"{low:X}-{high:X}" for low, high in out)


def main() -> None:
    """Write the table and say how much it holds."""
    folder = Folder()
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    maps: dict[tuple[str, str], list[int]] = defaultdict(list)
    for code in range(0x110000):
        broken = 0xD800 <= code < 0xE000
        target = chr(code) if broken or code in HANGUL else folder.folded(code)
        kind = folder.kind(code, target)
        if kind == "gap" and not broken and len(target) != 1:
            target = " "
        kinds[kind, "none" if broken else folder.icu.script(code)].append(code)
        if kind in {"letter", "gap"} and target != chr(code):
            maps[target, folder.flags(code, target)].append(code)
    lines = [f"# {line}" for line in LICENCE.splitlines()]
    lines += [f"version {VERSION}", f"unicode {folder.icu.unicode()}"]
    lines += [
        f"kind {kind} {script} {ranges(codes)}" for (kind, script), codes in sorted(kinds.items())
        if (kind, script) != ("gap", "none")
    ]  # fmt: skip
    lines += [
        f"map {','.join(f'{ord(one):X}' for one in target)} {flags or '-'} {ranges(codes)}"
        for (target, flags), codes in sorted(maps.items())
    ]
    TARGET.write_text("\n".join(lines) + "\n", "ascii")
    print(f"{sum(map(len, maps.values())):,} characters folded, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
