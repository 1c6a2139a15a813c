"""Sample values of the console's pages: one case, a queue, plain pictures."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta

from PIL import Image, ImageDraw

from breakwater.model.access import Permission
from breakwater.model.case import Priority
from breakwater.web.pages import words
from breakwater.web.pages.evidence import bits_of, turn_of
from breakwater.web.pages.models import (
    Mark,
    QueueRow,
)
from breakwater.web.pages.models_case import CaseView, EvidencePair, LogRow, Span, StripFrame
from breakwater.web.pages.timeline import Point, Sort, timeline

NOW = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
CASE = "0192f0c1-7d00-7000-8000-00000000002a"
ITEM = "0192f0c1-7d00-7000-8000-0000000000aa"
OK, WAIT, HELD, BAD = (
    Mark("ok", "Ready"), Mark("wait", "Waiting"), Mark("held", "Held"), Mark("bad", "Blocked"),
)  # fmt: skip

EVERYBODY = frozenset(Permission)

WHYS = (
    ("now", "Very close match: 4 of 256 bits differ (limit 31), mirrored left to right. Bank HOTLINE_A.", 1),
    ("now", "Exact match: the exact file (SHA-256). Bank HOTLINE_A.", 2),
    ("high", "Close match: 14 of 256 bits differ (limit 31). Bank PARTNER_B.", 9),
    ("high", "An upload that passed 6 days ago matches a new entry of HOTLINE_A.", 12),
    ("high", "Very close match: 6 of 256 bits differ (limit 31), in 3 frames of a video. Bank PARTNER_B.", 14),
    ("medium", "Similar match: 27 of 256 bits differ (limit 31). Bank OWN_FINDINGS holds for review.", 95),
    ("medium", "The file cannot be read: the content does not follow its format.", 140),
    ("medium", "Flood: entry 48,213 matched 412 uploads in one hour. It is quarantined.", 170),
    ("medium", "The decoder crashed on this file; its process was ended.", 190),
    ("low", "Similar match: 30 of 256 bits differ (limit 31). Bank OWN_FINDINGS holds for review.", 900),
    ("low", "The declared type is not the type of the file's content.", 1300),
)  # fmt: skip


def queue_rows() -> tuple[QueueRow, ...]:
    """Eleven cases of every priority."""
    rows = []
    for index, (priority, why, minutes) in enumerate(WHYS):
        opened = NOW - timedelta(minutes=minutes)
        due = opened + Priority(priority).due_in
        rows.append(
            QueueRow(
                id=CASE[:-2] + f"{index:02x}",
                number=1042 - index,
                priority=words.PRIORITY[Priority(priority)],
                why=why,
                due=words.due(due, NOW),
                waiting=words.since(opened, NOW),
                where=("photos, public", "video, live", "forum, profile")[index % 3],
                held_by="Sam Reed" if index == 3 else "",
            )
        )
    return tuple(rows)


def pdq_pair(seed: int, distance: int) -> tuple[bytes, bytes]:
    """A hash and one that differs in so many bits."""
    rng = random.Random(seed)
    known = rng.randbytes(32)
    own = bytearray(known)
    for bit in rng.sample(range(256), distance):
        own[bit // 8] ^= 1 << (bit % 8)
    return known, bytes(own)


def pairs() -> tuple[EvidencePair, ...]:
    """Three matched frames of one video."""
    made = []
    turns = ("flipy", "original", "rotate90")
    for index, (distance, view) in enumerate(zip((4, 6, 14), turns, strict=True)):
        known, own = pdq_pair(index, distance)
        turn, turn_words = turn_of(view)
        near = "Very close" if distance < 8 else "Close"
        made.append(
            EvidencePair(
                item=ITEM,
                frame=index * 12,
                at=words.timecode(index * 12 + 7),
                words=f"{near} match: {distance} of 256 bits differ (limit 31)",
                bank="HOTLINE_A",
                bank_url="/banks/HOTLINE_A",
                entry=48213 + index,
                kind="pdq",
                value=known.hex(),
                own_value=own.hex(),
                distance=distance,
                limit=31,
                bits_total=256,
                refusal="The source gives this hash only. No picture of the known side is kept here.",
                turn=turn,
                turn_words=turn_words,
                verified=True,
                labels=("category-1",),
                source="National hotline, list of 20 Nov",
                permitted_use="detection and reporting",
                bits=bits_of(known, own),
                acting=index != 2,
                why_not="" if index != 2 else words.WHY_NOT["quarantined"],
            )
        )
    return tuple(made)


def points() -> list[Point]:
    """A broadcast of twenty minutes: every sort of point, more than a page shows."""
    start = NOW - timedelta(minutes=20)
    at = [start + timedelta(seconds=10 * n) for n in range(120)]
    return [
        Point(Sort.OPENED, start + timedelta(minutes=6), "Case 1042"),
        *(Point(Sort.REPORT, start + timedelta(minutes=n), "Abuse shown live") for n in (5, 7, 12)),
        *(Point(Sort.VIEW, start + timedelta(minutes=8, seconds=20 * n)) for n in range(5)),
        Point(Sort.DECISION, start + timedelta(minutes=15), "Second opinion"),
        Point(Sort.SPAN, at[30], "5:00 to 8:00", until=at[48]),
        *(Point(Sort.RISK, moment, value=0.2 + 0.6 * (n / 120)) for n, moment in enumerate(at)),
        *(Point(Sort.COMMENTS, moment, value=n % 7) for n, moment in enumerate(at)),
    ]


def case_view() -> CaseView:
    """A video with three matched frames."""
    row = queue_rows()[0]
    return CaseView(
        id=CASE, number=1042, priority=row.priority, state=WAIT, why=row.why,
        due=row.due, opened=row.waiting, version=3, kind="An upload matched",
        rule="Blocked because a verified bank asks to block and the distance is within its limit.",
        verdict=BAD, item=ITEM, pairs=pairs(),
        strip=tuple(
            StripFrame(1 + i // 3, i * 5, words.timecode(7 + i * 4), f"{(4, 6, 14)[i // 3]} of 31", span=i % 3 == 0)
            for i in range(9)
        ),
        spans=(Span(12.0, 10.0, "0:07 to 0:13", 1), Span(38.0, 6.0, "0:19 to 0:23", 2), Span(70.0, 14.0, "0:31 to 0:40", 3)),
        file=(("Type", "video/mp4"), ("Size", "4.2 MB"), ("Pixels", "1280 × 720"), ("Length", "0:48, 1,440 frames"), ("Received", "21 Nov 2026, 14:01:07 UTC")),
        hashes=(("SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),),
        account=(("Service", "photos"), ("Account", "harbour-41"), ("Surface", "public"), ("Address", "Masked for your role"), ("Snapshot", "Taken 14:01:09 UTC")),
        earlier=queue_rows()[5:7], same=queue_rows()[2:3],
        history=(
            LogRow(words.at(NOW - timedelta(seconds=58)), "breakwater", "The account's data was taken from the service."),
            LogRow(words.at(NOW - timedelta(seconds=60)), "breakwater", "The bytes were kept in the vault, encrypted."),
            LogRow(words.at(NOW - timedelta(seconds=60)), "breakwater", "Opened with priority Now."),
        ),
        timeline=timeline(points()),
        warning="Likely category 1. Sound is off. 3 matched frames.", may_view=True,
    )  # fmt: skip


BAD_ACTION = Mark("bad", "Block")
HOLD_ACTION = Mark("held", "Hold for review")


def picture(width: int, height: int) -> bytes:
    """A plain gradient with a disc, as WebP."""
    image = Image.linear_gradient("L").resize((width, height))
    ImageDraw.Draw(image).ellipse((width * 0.3, height * 0.2, width * 0.7, height * 0.8), fill=190)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=60)
    return out.getvalue()
