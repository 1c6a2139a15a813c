"""Draws what methods found on two moments side by side: points, boxes, the offset line, both sounds.

In comes the evidence of a link, as its method kept it, and where a browser fits both frames in; out
go paths of SVG and words. What is not as it should be is not drawn. No picture is decoded here, no
sound is kept. Used by `pages.read_links_edge` and `pages.read_cutouts`. Tests:
`tests/unit/test_links_evidence.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from breakwater.web.pages import words
from breakwater.web.pages.models_links import OffsetLine, PointView, SoundView
from breakwater.web.pages.speech import figure, say, say_n

NUMBERED: Final = 12
"""Matched points that are numbered and joined by lines; the others are dots."""
DOTS: Final = 200
GAP: Final = 166.0
"""Where the second of two places of 160 by 90 begins."""
PAIRS: Final = 12
MOST_ROWS: Final = 60
Box = tuple[float, float, float, float]
WHOLE: Final[Box] = (0.0, 0.0, 160.0, 90.0)


def frames(evidence: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Pairs of frames of an evidence, those with the most points first kept in their order."""
    found = evidence.get("pairs")
    return (
        [one for one in found if isinstance(one, Mapping)][:PAIRS]
        if isinstance(found, list)
        else []
    )


def box_of(width: Any, height: Any) -> Box:
    """Where a frame of this size lies in a place of 160 by 90, as the browser fits it in."""
    known = isinstance(width, int | float) and isinstance(height, int | float)
    if not known or width <= 0 or height <= 0:
        return WHOLE
    scale = min(160 / width, 90 / height)
    wide, high = width * scale, height * scale
    return (160 - wide) / 2, (90 - high) / 2, wide, high


def drawn(points: Sequence[Any], a: Box = WHOLE, b: Box = WHOLE) -> tuple[PointView, ...]:
    """Matched points on two places of 160 by 90 side by side; the first ones are numbered.

    Those that are numbered are spread over all of them.
    """
    step = max(1, len(points) // NUMBERED)
    first = points[::step][:NUMBERED]
    taken = {id(one) for one in first}
    order = [*first, *(one for one in points if id(one) not in taken)][: NUMBERED + DOTS]
    return tuple(
        PointView(n, *_on(x, y, a), *_on(u, v, b, GAP))
        for n, (x, y, u, v) in enumerate(order, start=1)
    )


def _on(x: Any, y: Any, box: Box, off: float = 0.0) -> tuple[float, float]:
    left, top, wide, high = box
    across, down = (min(1.0, max(0.0, float(share))) for share in (x, y))
    return round(off + left + across * wide, 1), round(top + down * high, 1)


def likeness(evidence: Mapping[str, Any], shown: int, a: Box = WHOLE, b: Box = WHOLE) -> str:
    """Boxes round what a model compared in a pair of frames; empty where it kept none."""
    every = evidence.get("likenesses")
    one = every[shown] if isinstance(every, list) and shown < len(every) else None
    sides = (
        [(one.get("a_box"), a, 0.0), (one.get("b_box"), b, GAP)] if isinstance(one, Mapping) else []
    )
    return "".join(_framed(part, box, off) for part, box, off in sides)


def _framed(part: Any, box: Box, off: float) -> str:
    """One box of x, y, width, height, 0..1 of its frame."""
    numbers = isinstance(part, list | tuple) and all(isinstance(n, int | float) for n in part)
    if not numbers or len(part) != 4:
        return ""
    x, y, wide, high = part
    (left, top), (right, low) = _on(x, y, box, off), _on(x + wide, y + high, box, off)
    return f"M{left:g} {top:g}H{right:g}V{low:g}H{left:g}Z"


def line(evidence: Mapping[str, Any]) -> OffsetLine | None:
    """Where each moment of one is in the other, as a line in a square of 100."""
    found = evidence.get("line")
    pairs = [
        (float(p[0]), float(p[1]))
        for p in (found if isinstance(found, list) else ())
        if isinstance(p, list | tuple) and len(p) == 2
    ]  # fmt: skip
    if len(pairs) < 2:
        return None
    wide, high = max(a for a, _ in pairs) or 1.0, max(b for _, b in pairs) or 1.0
    step = max(1, len(pairs) // MOST_ROWS)
    shown = sorted(pairs)[::step]
    at = [(round(100 * a / wide, 1), round(100 - 100 * b / high, 1)) for a, b in shown]
    first, last = shown[0], shown[-1]
    speed = (last[1] - first[1]) / (last[0] - first[0]) if last[0] > first[0] else 1.0
    return OffsetLine(
        path="M" + "L".join(f"{x:g} {y:g}" for x, y in at),
        dots="".join(f"M{x:g} {y:g}h0" for x, y in at),
        words=_line_words(first, last, speed),
        rows=tuple((words.timecode(a), words.timecode(b)) for a, b in shown[:: max(1, len(shown) // 20)]),
        a_end=words.timecode(wide), b_end=words.timecode(high),
    )  # fmt: skip


def sound(evidence: Mapping[str, Any]) -> SoundView | None:
    """How far two sounds agree, from their prints."""
    found = evidence.get("sound")
    if not isinstance(found, Mapping):
        return None
    wrong = min(1.0, max(0.0, float(found.get("error_rate", 0.5))))
    course = [min(1.0, max(0.0, float(one))) for one in found.get("course", ())]
    step = 100 / max(1, len(course) - 1)
    path = "M" + "L".join(f"{i * step:.3g} {90 * one + 5:.3g}" for i, one in enumerate(course))
    return SoundView(
        words=say(
            "%(n)s of 100 bits of the prints agree. Of unrelated sounds about 50 do.",
            n=figure(round(100 * (1 - wrong))),
        ),
        share=round(100 * (1 - wrong)), path=path if len(course) > 1 else "",
        facts=(
            (say("From"), words.timecode(float(found.get("a_s", 0)))),
            (say("In the other from"), words.timecode(float(found.get("b_s", 0)))),
            (say("Length"), say("%(n)s s", n=figure(round(float(found.get("seconds", 0)))))),
        ),
        waves=_waves(found),
    )  # fmt: skip


def _waves(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Both waveforms as bars about a middle line; none where one was not measured."""
    sides = [found.get(name) for name in ("a_wave", "b_wave")]
    drawn = []
    for side in sides:
        levels = side if isinstance(side, list) else []
        step = 100 / max(1, len(levels))
        high = [48 * min(255, max(1, int(one))) / 255 for one in levels]
        drawn.append("".join(
            f"M{(n + 0.5) * step:.4g} {50 - one:.3g}V{50 + one:.3g}" for n, one in enumerate(high)
        ))  # fmt: skip
    return tuple(drawn) if all(drawn) else ()


def _line_words(first: tuple[float, float], last: tuple[float, float], speed: float) -> str:
    said = say(
        "%(a)s to %(b)s of the first is %(c)s to %(d)s of the second.",
        a=words.timecode(first[0]), b=words.timecode(last[0]), c=words.timecode(first[1]),
        d=words.timecode(last[1]),
    )  # fmt: skip
    if abs(speed - 1) < 0.01:
        return said
    return f"{said} {say('It runs at %(n)s times the speed.', n=figure(speed, '0.00'))}"


def is_point(found: Any) -> bool:
    """Whether it is a point on both frames: x, y, u, v."""
    return isinstance(found, list | tuple) and len(found) == 4


def points_words(at: Mapping[str, Any], points: Sequence[PointView]) -> str:
    """What matching points say; empty where there are none."""
    if not points:
        return ""
    count = int(at.get("inliers", len(points)))
    return say_n(
        "%(n)s point matches by its surroundings and lies as the others do.",
        "%(n)s points match by their surroundings and lie as one rigid scene would.", count,
    )  # fmt: skip
