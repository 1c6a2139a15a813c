"""The order in which the letters of a line are drawn where scripts run in both directions.

In: one line as it is read. Out: the same letters from left to right. Implements Unicode annex 9
(rules W1 to W7, N1, N2, I1, I2, L2 to L4) for lines of a paper in English, which run to the right,
so that the ending of a file's name stands at its end; explicit marks never come here, because they
are printed as code points (`letters.shown`). Pure. Tests:
`tests/unit/test_paper_letters.py`.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_RIGHT: Final = frozenset({"R", "AL", "AN"})
_DEPTH: Final = {"L": 0, "R": 1, "AN": 2, "EN": 2}
_NEUTRAL: Final = frozenset({"B", "S", "WS", "ON"})
_MIRRORS: Final = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))


def ordered(line: str) -> str:
    """The letters of a line from left to right."""
    kinds = [unicodedata.bidirectional(letter) or "L" for letter in line]
    if not _RIGHT & set(kinds):
        return line
    return "".join(_drawn(line, _levels(kinds)))


def _levels(kinds: list[str]) -> list[int]:
    """How deep each letter lies: even runs to the right, odd to the left."""
    return [_DEPTH[kind] for kind in _neutral(_weak(kinds))]


def _weak(kinds: list[str]) -> list[str]:
    """Rules W1 to W7: marks, numbers and what stands between them."""
    out = list(kinds)
    strong = "L"
    for at, kind in enumerate(out):
        if kind == "NSM":
            out[at] = out[at - 1] if at else "L"
        if kind in {"L", "R", "AL"}:
            strong = kind
        elif kind == "EN" and strong == "AL":
            out[at] = "AN"
    out = ["R" if kind == "AL" else kind for kind in out]
    for at in range(1, len(out) - 1):
        around = {out[at - 1], out[at + 1]}
        if (out[at] in {"ES", "CS"} and around == {"EN"}) or (out[at] == "CS" and around == {"AN"}):
            out[at] = out[at - 1]
    _spread(out)
    out = ["ON" if kind in {"ES", "ET", "CS", "BN"} else kind for kind in out]
    strong = "L"
    for at, kind in enumerate(out):
        if kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            out[at] = "L"
    return out


def _spread(kinds: list[str]) -> None:
    """Rule W5: signs of money and the like belong to the number they touch."""
    for order in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        before = ""
        for at in order:
            if kinds[at] == "ET" and before == "EN":
                kinds[at] = "EN"
            before = kinds[at]


def _neutral(kinds: list[str]) -> list[str]:
    """Rules N1 and N2: spaces and signs go with what stands on both sides, else with the line."""
    out, at = list(kinds), 0
    while at < len(out):
        if out[at] not in _NEUTRAL:
            at += 1
            continue
        end = at
        while end < len(out) and out[end] in _NEUTRAL:
            end += 1
        left = _side(out[at - 1]) if at else "L"
        right = _side(out[end]) if end < len(out) else "L"
        out[at:end] = [left if left == right else "L"] * (end - at)
        at = end
    return out


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _drawn(line: str, levels: list[int]) -> list[str]:
    """Rules L2 to L4: runs are turned round, the deepest first; brackets look the other way.

    A letter and the marks upon it stay together, the letter first.
    """
    starts = [at for at, letter in enumerate(line) if not at or not _mark(letter)]
    ends = [*starts[1:], len(line)]
    order = list(range(len(starts)))
    depth = [levels[start] for start in starts]
    for level in range(max(depth), 0, -1):
        order = _turned(order, depth, level)
    out = []
    for unit in order:
        whole = line[starts[unit] : ends[unit]]
        out.append(_MIRRORS.get(whole, whole) if depth[unit] % 2 else whole)
    return out


def _mark(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


def _turned(order: list[int], depth: list[int], level: int) -> list[int]:
    """Turn round every run that lies at least so deep."""
    out, start = list(order), 0
    while start < len(out):
        end = start
        while end < len(out) and depth[out[end]] >= level:
            end += 1
        out[start:end] = out[start:end][::-1]
        start = max(end, start + 1)
    return out
