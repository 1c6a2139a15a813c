"""Protects readers: the colour table keeps its contrast, and shapes stay apart without colour.

Computed from `static/tokens.css` itself. Contrast by WCAG 2.2; colour-blind sight by the
matrices of Machado, Oliveira and Fernandes (2009), severity 1.0; distance by CIEDE2000
(Sharma, Wu and Dalal 2005).
"""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

from breakwater.web.pages.assets import FOLDER, Assets

CSS = (FOLDER / "tokens.css").read_text(encoding="utf-8")
TABLE = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)", CSS
    )
}
THEMES = ("light", "dark")
GROUNDS = ("bg", "surface", "raised")

SIGHT = {
    "normal": np.eye(3),
    "protan": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deutan": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritan": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    high, low = sorted((float(linear(c) @ weights) for c in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> tuple[float, float, float]:
    xyz = np.array([
        [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]) @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])  # fmt: skip
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def ciede2000(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    dl, dc = l2 - l1, c2 - c1
    turn = h2 - h1
    if c1 * c2 == 0:
        turn = 0.0
    elif turn > 180:
        turn -= 360
    elif turn < -180:
        turn += 360
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    if c1 * c2 == 0:
        mh = h1 + h2
    elif abs(h1 - h2) <= 180:
        mh = (h1 + h2) / 2
    else:
        mh = (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    t = (
        1 - 0.17 * math.cos(math.radians(mh - 30)) + 0.24 * math.cos(math.radians(2 * mh))
        + 0.32 * math.cos(math.radians(3 * mh + 6)) - 0.20 * math.cos(math.radians(4 * mh - 63))
    )  # fmt: skip
    sl = 1 + 0.015 * (ml - 50) ** 2 / math.sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    rt = (
        -2
        * math.sqrt(mc**7 / (mc**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((mh - 275) / 25) ** 2))))
    )
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh))


def test_the_distance_is_that_of_the_published_test_data():
    # Sharma, Wu and Dalal 2005, table 1, pairs 1, 7 and 25.
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, 0, 0), (50, -1, 2)) == pytest.approx(2.3669, abs=1e-4)
    assert ciede2000((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(
        1.2644, abs=1e-4
    )


def test_the_table_has_every_token_of_the_specification():
    assert set(TABLE) == {
        "bg", "surface", "raised", "text", "muted", "act", "ink", "edge", "line", "focus", "now",
        "high", "ok", "low", "fill",
    }  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("token", ["text", "muted", "act", "now", "high", "ok", "low"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(theme, token, ground):
    assert contrast(TABLE[token][theme], TABLE[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_buttons_and_on_the_mark_of_now(theme):
    assert contrast(TABLE["ink"][theme], TABLE["act"][theme]) >= 4.5
    assert contrast("#FFFFFF", TABLE["fill"][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("token", ["edge", "focus"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_controls_and_focus_can_be_seen_on_every_ground(theme, token, ground):
    assert contrast(TABLE[token][theme], TABLE[ground][theme]) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_severities_stay_apart_for_every_kind_of_sight(theme, sight):
    seen = {t: lab(SIGHT[sight] @ linear(TABLE[t][theme])) for t in ("now", "high", "ok", "low")}
    for one, other in itertools.combinations(seen, 2):
        assert ciede2000(seen[one], seen[other]) >= 12, (one, other)


def test_no_colour_stands_outside_the_table():
    css = (FOLDER / "console.css").read_text(encoding="utf-8")
    stray = [c for c in re.findall(r"#[0-9A-Fa-f]{3,8}\b", css) if c != "#FFF"]
    assert all(re.fullmatch(r"#000[0-9A-F]", colour) for colour in stray), stray


def test_the_style_sheet_stays_within_its_budget():
    assets = Assets.read()
    sheets = [assets.named(name) for name in ("tokens.css", "console.css")]
    assert sum(len(sheet.body) for sheet in sheets) <= 16 * 1024


def test_scripts_of_every_page_stay_within_their_budget():
    assets = Assets.read()
    core = ["vendor/htmx.js", "vendor/idiomorph.js", "vendor/sse.js", "js/keys.js", "js/live.js",
            "js/shell.js", "js/plot.js", "vendor/uplot.js", "js/reveal.js"]  # fmt: skip
    sheets = ["tokens.css", "console.css", "vendor/uplot.css"]
    packed = sum(len(assets.named(name).packed) for name in core + sheets)
    assert packed + 12 * 1024 <= 150 * 1024, "with 12 KB for the page itself, compressed"
