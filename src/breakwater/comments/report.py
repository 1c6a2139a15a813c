"""One page about a model: what it does on rows it has not seen, with plots.

In: `measure.Measured`, and the console's colour tokens as CSS. Out: one HTML file that needs
nothing else: no script, no font, no picture from elsewhere (its policy forbids them). It holds
numbers and words of ours, ids and the card's words, never a message. Where texts or model stand in
for something else, it says so at its head and at each table. Written by `breakwater comments
evaluate --html`. Tests: tests/unit/test_comments_report.py, tests/integration/test_comments_page.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from breakwater.comments import plots
from breakwater.comments.measure import WANTED, Measured, Ranked, Share, Suite
from breakwater.comments.plots import Axes, Bar, Line, Range
from breakwater.comments.replay import ALL, Case, Outcome

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE: Final = """\
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
p{margin:.4rem 0;max-width:46rem}
.muted,caption,figcaption{color:var(--muted)}
.stands{border:2px solid var(--high);border-left-width:.6rem;background:var(--surface);padding:.6rem .9rem;margin:1rem 0;max-width:46rem}
.big{display:flex;flex-wrap:wrap;gap:.75rem;padding:0;margin:1rem 0;list-style:none}
.big li{background:var(--surface);border:1px solid var(--line);padding:.6rem .9rem;flex:1 1 13rem}
.big b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1rem;align-items:start}
figure{margin:0;background:var(--surface);border:1px solid var(--line);padding:.75rem}
svg{display:block;width:100%;height:auto;font:12px system-ui,sans-serif}
svg text{fill:var(--text)}
.wide{overflow-x:auto;background:var(--surface);border:1px solid var(--line);margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.5rem .75rem}
th,td{text-align:right;padding:.35rem .55rem;border-top:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:6rem}
.wide:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
@media print{body{font-size:12px}.wide,figure{break-inside:avoid}}
"""
STANDS_IN: Final = "Surrogate: "
NO_CLAIM: Final = "the texts or the model stand in for something else. No figure here is a claim about finding abuse."


def page(held: Measured, tokens: str) -> str:
    """The whole file.

    Args:
        held: what was measured.
        tokens: CSS that sets the colour variables for light and dark.
    """
    title = f"Comments: how {held.package} does"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="muted">{escape(str(held.card["title"]))}. For {escape(str(held.card["use"]))}.</p>',
    ]
    if held.surrogate or (held.outcome and held.outcome.surrogate):
        body.append(f'<p class="stands" role="note"><b>{STANDS_IN}</b>{NO_CLAIM}</p>')
    body += [_head(held), _ranking(held), _languages(held)]
    if held.suite:
        body.append(_disguises(held.suite, _mark(held)))
    body.append(_streams(held.outcome, _mark(held)) if held.outcome else _without(held.no_outcome))
    body.append(_card(held.card))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{tokens}{STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _mark(held: Measured) -> str:
    return STANDS_IN if held.surrogate else ""


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None or math.isinf(value) else f"{value:.{digits}f}"


def _between(share: Share | None) -> str:
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})" if share else "–"


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _figure(svg: str, words: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(words)}</figcaption></figure>"


def _head(held: Measured) -> str:
    """The few numbers that people look for first."""
    total = held.total
    said = [
        ("average precision", _between(total.precision)),
        ("recall where 1 % of ordinary texts are over", _between(total.recall)),
    ]
    if held.suite:
        said.append(
            ("of that recall left under disguise", f"{held.suite.mean():.3f}, unseen kinds {held.suite.mean(reserved=True):.3f}")
        )  # fmt: skip
    items = "".join(f"<li><b>{escape(value)}</b>{escape(words)}</li>" for words, value in said)
    return (
        f'<ul class="big">{items}</ul><p>Measured on {total.positives:,} texts of what is looked for and '
        f"{total.negatives:,} ordinary ones, of {total.groups:,} groups of which the model learned "
        "none; each text counts once. In brackets: 95 % intervals, by bootstrap over groups.</p>"
    )


def _ranking(held: Measured) -> str:
    ticks = [(n / 4, f"{n / 4:g}") for n in range(5)]
    curve = plots.lines(
        Axes("Precision by recall", "recall", "precision", (0, 1), (0, 1), ticks, ticks),
        [Line("precision", held.curve)],
    )
    every = [edge for row in held.spread.values() for edge, _ in row]
    most = 1.0
    series = []
    for name, row in held.spread.items():
        total = max(1, sum(count for _, count in row))
        shares = [(edge, 100.0 * count / total) for edge, count in row]
        most = max(most, *(share for _, share in shares))
        series.append(Line(name, shares, steps=True))
    low, high = min(every), max(every)
    marks = [low + (high - low) * n / 4 for n in range(5)]
    top = math.ceil(most / 10) * 10
    scores = plots.lines(
        Axes(
            "Share of texts by score", "score before calibration", "% of texts", (low, high), (0, top),
            [(one, f"{one:.1f}") for one in marks], [(top * n / 4, f"{top * n / 4:g}") for n in range(5)],
        ),
        series,
    )  # fmt: skip
    return (
        "<h2>Telling texts apart</h2>"
        f'<div class="pair">{_figure(curve, "Precision by recall, all languages.")}'
        f"{_figure(scores, 'Where the scores of both kinds of texts lie.')}</div>"
    )


def _languages(held: Measured) -> str:
    def row(one: Ranked) -> tuple[str, ...]:
        lang = "not said" if one.lang == "und" else one.lang
        if one.abstains:
            return (lang, f"{one.positives:,}", f"{one.negatives:,}", "abstains", "abstains")
        return (
            lang, f"{one.positives:,}", f"{one.negatives:,}", _between(one.precision), _between(one.recall),
        )  # fmt: skip

    return "<h2>By language</h2>" + _table(
        f"{_mark(held)}a language without counts in the package abstains; with fewer than 30 texts of a label nothing is said.",
        ("language", "looked for", "ordinary", "average precision", "recall at 1 %"),
        [row(held.total), *map(row, held.languages)],
    )


def _disguises(suite: Suite, mark: str) -> str:
    svg = plots.bars(
        "Share of recall left, by disguise",
        [Bar(one.family.replace("_", " "), one.share, one.reserved) for one in suite.attacked],
        WANTED,
    )
    rows = [
        (
            one.about, "reserved" if one.reserved else "open",
            _number(one.recall), _number(one.share), "yes" if one.share >= WANTED else "no",
        )
        for one in suite.attacked
    ]  # fmt: skip
    return (
        "<h2>Under disguise</h2>"
        f"<p>Every text that is looked for, in {len(suite.attacked)} disguises; the limit is that of ordinary texts as "
        f"written. As written, {suite.clean:.3f} are found. What disguise weighs by itself is left out.</p>"
        f'<div class="pair">{_figure(svg, "Outlines: reserved, which no training and no tuning may look at.")}'
        + _table(
            f"{mark}recall under disguise, and its share of recall as written",
            ("disguise", "kind", "recall", "share", f"≥ {WANTED:g}"), rows,
        )
        + "</div>"
    )  # fmt: skip


def _streams(held: Outcome, mark: str) -> str:
    cases = [one for one in held.cases if one.band == ALL]
    ranged = [
        Range(f"{one.target:g}/h, {one.band}", one.alarms.low, one.alarms.per_hour, one.alarms.high)
        for one in held.cases
        if one.alarms is not None
    ]
    parts = ["<h2>Over streams</h2>", f"<p>Thresholds come from {_from(held)}.</p>"]
    figures = []
    if ranged:
        svg = plots.ranges("False alarms with exact bounds", ranged, "false alarms per stream-hour")
        figures.append(_figure(svg, "By target and speed: counted, with exact 95 % bounds."))
    if any(one.found.seconds for one in cases):
        figures.append(
            _figure(_soon(cases), "Share of episodes found, by seconds from their first message.")
        )
    parts.append(f'<div class="pair">{"".join(figures)}</div>')
    parts.append(
        _table(
            f"{mark}false alarms per stream-hour (exact 95 % bounds) and episodes found",
            ("target", "messages/min", "stream-hours", "alarms", "per hour", "bounds", "episodes", "within 5 min", "within 10 min", "median s"),
            [_case(one) for one in held.cases if one.alarms or one.found.seconds],
        )
    )  # fmt: skip
    return "".join(parts)


def _from(held: Outcome) -> str:
    if held.own_traffic:
        return "half of the streams without episodes; the other half is measured"
    return "the service's calibration"


def _case(one: Case) -> tuple[str, ...]:
    rate, found = one.alarms, one.found
    told = bool(found.seconds)
    return (
        f"{one.target:g}/h", one.band, _number(rate.hours if rate else None, 1),
        str(rate.count) if rate else "–", _number(rate.per_hour if rate else None, 4),
        f"{rate.low:.4f} to {rate.high:.4f}" if rate else "–", str(len(found.seconds)),
        _number(found.within(300.0)) if told else "–", _number(found.within(600.0)) if told else "–",
        _number(found.median_s, 0) if told else "–",
    )  # fmt: skip


def _soon(cases: Sequence[Case]) -> str:
    """Share found by time, for each target."""
    series = []
    for one in cases[:4]:
        hits = sorted(second for second in one.found.seconds if second is not None)
        count = max(1, len(one.found.seconds))
        points = [(0.0, 0.0), *((second, (n + 1) / count) for n, second in enumerate(hits))]
        series.append(Line(f"{one.target:g}/h", [*points, (600.0, points[-1][1])], steps=True))
    return plots.lines(
        Axes(
            "Episodes found by time", "seconds", "share found", (0, 600), (0, 1),
            [(n * 120.0, f"{n * 120}") for n in range(6)], [(n / 4, f"{n / 4:g}") for n in range(5)],
        ),
        series,
    )  # fmt: skip


def _without(why: str) -> str:
    return f"<h2>Over streams</h2><p>Not measured. {escape(why)}</p>"


def _card(card: Mapping[str, Any]) -> str:
    failures = (
        "".join(f"<li>{escape(str(one))}</li>" for one in card["failures"]) or "<li>none named</li>"
    )
    data = (
        "".join(
            f"<li>{escape(str(one['name']))}: {escape(str(one['licence']))}</li>"
            for one in card["data"]
        )
        or "<li>not said</li>"
    )
    return (
        f"<h2>What the model is</h2><p>{escape(str(card['about']))}</p>"
        f"<h2>Known failures</h2><ul>{failures}</ul><h2>Learned from</h2><ul>{data}</ul>"
    )
