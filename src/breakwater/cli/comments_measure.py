"""`breakwater comments calibrate | evaluate | replay | compare`: what a model does, in numbers.

In: a service's traffic, labelled rows, or files of the replay format; model packages. Out: a
calibration's folder, a report of one file, results as JSON, a verdict with reasons. Needs no
database; nothing that a file holds is printed. Registered by `cli.comments`. How:
docs/howto/weigh-comments.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.comments_encoder import EncoderAt, with_encoder
from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal
from breakwater.errors import BadInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakwater.comments.calibrate import Calibration
    from breakwater.comments.engine import Reader
    from breakwater.comments.measure import Measured
    from breakwater.comments.model import Package
    from breakwater.comments.replay import Outcome
    from breakwater.comments.replay_file import Replay
    from breakwater.comments.traffic import Forecast

SURROGATE: Final = (
    f"{WARN} A surrogate: no figure of it is a claim about what it stands for."
)  # fmt: skip
PackageAt = Annotated[
    Path | None, typer.Option("--package", help="A model's folder; without: the one that ships.")
]
CalibratedAt = Annotated[
    Path | None,
    typer.Option("--calibration", help="A folder of `calibrate`; without: half of the streams."),
]


def calibrate(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSONL: text,ts,stream,author, perhaps lang,service,kind.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="A new folder for the calibration.")],
    package: PackageAt = None,
    encoder: EncoderAt = None,
    lang: Annotated[str, typer.Option(help="Language of rows that name none.")] = "",
    service: Annotated[str, typer.Option(help="Service of rows that name none.")] = "default",
    pages: Annotated[float, typer.Option(help="Alarms one moderator answers in an hour.")] = 6.0,
    people: Annotated[float, typer.Option(help="On shift.")] = 5.0,
    streams: Annotated[float, typer.Option(help="That run at once, of the service.")] = 600.0,
    as_json: Json = False,
) -> None:
    """Learn from a service's own traffic, without labels, how often its chats would alarm."""
    from breakwater.comments.calibrate import Budget
    from breakwater.comments.rows import read_traffic
    from breakwater.comments.traffic import RATES, Kept, forecast, learned

    terminal = Terminal(as_json=as_json)
    held = _package(package)
    told = read_traffic(file, lang, service)
    terminal.say(f"Reading {len(told):,} messages twice …")
    with with_encoder(encoder, held) as reader:
        counts = learned(told, held, reader)
    asked = Budget(pages, people, streams)
    budgets = {"asked": asked, **{f"{rate:g}": Budget(rate, 1.0, 1.0) for rate in RATES}}
    rates = {
        name: {
            "per_stream_hour": budget.per_stream_hour,
            "levels": [_forecast(one) for one in forecast(counts, budget)],
        }
        for name, budget in budgets.items()
    }
    Kept(counts, held.id).save(out, held, rates)
    said = forecast(counts, asked)
    words = [f"{GOOD} {out}: {len(told):,} messages read; {_pages(said, asked)}"]
    words += list(dict.fromkeys(map(_forecast_words, said)))
    if held.card["surrogate"]:
        words.append(SURROGATE)
    terminal.result({"calibration": str(out), "rates": rates}, "\n".join(words))


def evaluate(
    rows: Annotated[Path, typer.Argument(help="Labelled rows the model did not learn from.")],
    *,
    package: PackageAt = None,
    html: Annotated[Path | None, typer.Option(help="Write a report of one file.")] = None,
    learned: Annotated[
        list[Path] | None, typer.Option(help="Rows it learned from, if its card marks no groups.")
    ] = None,
    calibration: CalibratedAt = None,
    disguises: Annotated[bool, typer.Option(help="Also measure under twenty disguises.")] = True,
    as_json: Json = False,
) -> None:
    """Measure a model on labelled rows; groups that it learned from are refused."""
    from breakwater.comments.measure import measure
    from breakwater.comments.report import page
    from breakwater.comments.rows import read_rows

    terminal = Terminal(as_json=as_json)
    held = _package(package)
    groups = {row.group for path in learned for row in read_rows(path)} if learned else None
    found = measure(
        read_rows(rows), held, learned=groups, counts=_counts(calibration, held), suite=disguises
    )
    if html is not None:
        _write(html, page(found, _tokens()))
    terminal.result(
        {**found.numbers(), "html": str(html) if html else None}, _measured(found, html)
    )


def replay(
    streams: Annotated[Path, typer.Argument(help="Streams of the replay format (JSONL).")],
    *,
    episodes: Annotated[Path | None, typer.Option(help="Episodes to lay into them.")] = None,
    package: PackageAt = None,
    encoder: EncoderAt = None,
    calibration: CalibratedAt = None,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="Streams for each episode.")] = 5,
    out: Annotated[
        Path | None, typer.Option("--json", help="Write the result here; only numbers.")
    ] = None,
) -> None:
    """Replay chats as they came: false alarms per stream-hour, seconds until an episode alarms."""
    from breakwater.comments.replay_file import read

    terminal = Terminal(as_json=False)
    held = _package(package)
    with with_encoder(encoder, held) as reader:
        found = _replayed(read(streams, episodes), held, calibration, trials, reader=reader)
    if out is not None:
        _write(out, json.dumps(found.numbers(), indent=1, sort_keys=True) + "\n")
    _show(terminal, found)


def compare(
    champion: Annotated[Path, typer.Argument(help="The package that is used.")],
    challenger: Annotated[Path, typer.Argument(help="The package that wants its place.")],
    *,
    replay: Annotated[Path, typer.Option(help="Streams of the replay format (JSONL).")],
    episodes: Annotated[Path, typer.Option(help="Episodes to lay into them.")],
    rule: Annotated[
        Path | None, typer.Option(help="TOML; without: no more false alarms, no less found.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="Streams for each episode.")] = 5,
    as_json: Json = False,
) -> None:
    """Replay the same chats with two models and say whether the second may take the first's place."""
    from breakwater.comments.promote import Rule, decide
    from breakwater.comments.replay_file import read

    terminal = Terminal(as_json=as_json)
    wanted = Rule.parse(_text(rule)) if rule else Rule()
    held = read(replay, episodes)
    old, new = (
        _replayed(held, _package(path), None, trials, (wanted.target,))
        for path in (champion, challenger)
    )
    verdict = decide(old, new, wanted)
    words = [
        f"{GOOD} {new.package} may take the place of {old.package}."
        if verdict.promoted
        else f"{BAD} {old.package} stays; {new.package} is not promoted."
    ]
    words += [f"  {GOOD if one.good else BAD} {one.words}" for one in verdict.reasons]
    if any(one.surrogate for one in (old, new)):
        words.append(SURROGATE)
    value = {**verdict.numbers(), "replays": [one.numbers() for one in (old, new)]}
    terminal.result(value, "\n".join(words))
    if not verdict.promoted:
        raise typer.Exit(BadInput.exit_code)


def _package(path: Path | None) -> Package:
    from breakwater.comments.model import SHIPPED, load

    return load(path or SHIPPED)


def _counts(folder: Path | None, package: Package) -> Calibration | None:
    from breakwater.comments.traffic import Kept, Still

    return Kept.load(folder, package, Still).counts if folder else None


def _replayed(
    held: Replay, package: Package, calibration: Path | None, trials: int,
    rates: Sequence[float] = (), *, reader: Reader | None = None,
) -> Outcome:  # fmt: skip
    from breakwater.comments.replay import Setup, run
    from breakwater.comments.traffic import RATES

    counts = _counts(calibration, package)
    setup = Setup(package, reader, counts, rates=tuple(rates) or RATES)
    return run(
        held.chats, setup, held.inputs, surrogate=held.surrogate,
        trials=held.trials(own_traffic=counts is None, count=trials),
    )  # fmt: skip


def _forecast(one: Forecast) -> dict[str, Any]:
    return {
        "service": one.service, "lang": one.lang, "band": one.band.value, "level": one.level.value,
        "abstains": one.solved.abstains, "target": one.solved.target,
        "threshold": None if one.solved.abstains else round(one.solved.threshold, 4),
        "stream_hours": round(one.solved.hours, 3), "cautious": one.solved.cautious,
        "beyond_counts": one.solved.fitted, "predicted_per_stream_hour": one.predicted,
        "seen_exact_95": [one.seen.low, one.seen.high] if one.seen else None,
    }  # fmt: skip


def _forecast_words(one: Forecast) -> str:
    where = f"{one.service}, {one.lang or 'und'}, {one.band.value} a minute"
    if one.seen is None:
        return f"  {WARN} {where}: abstains, too little was seen"
    where += f", {one.level.value}"
    bound = f"at most {one.seen.high:.3f}" if one.seen.count == 0 else f"{one.seen.low:.3f} to {one.seen.high:.3f}"  # fmt: skip
    few = ", few hours: set higher than it will be" if one.solved.cautious else ""
    return (
        f"  {where}: from {one.solved.threshold:.2f} nats, {one.predicted:.4f} alarms per stream-hour "
        f"(seen in {one.solved.hours:.1f} h: {bound}{few})"
    )


def _pages(said: Sequence[Forecast], budget: Any) -> str:
    cells: dict[tuple[str, str, str], float] = {}
    for one in said:
        key = (one.service, one.lang, one.band.value)
        cells[key] = cells.get(key, 0.0) + (one.predicted or 0.0)
    most = max(cells.values(), default=0.0)
    return (
        f"at most {most * budget.streams:.1f} alarms an hour over {budget.streams:g} streams, "
        f"where {budget.pages * budget.people:g} can be answered."
    )


def _measured(found: Measured, html: Path | None) -> str:
    def said(share: Any) -> str:
        return f"{share.value:.3f} (95 %: {share.low:.3f} to {share.high:.3f})" if share else "–"

    total = found.total
    lines = [
        (
            f"{GOOD} {found.package}: {total.positives:,} and {total.negatives:,} texts of "
            f"{total.groups:,} groups, none of which it learned from"
        ),
        f"  average precision: {said(total.precision)}",
        f"  recall at 1 % false: {said(total.recall)}",
    ]
    if found.suite:
        lines.append(
            f"  left under disguise: {found.suite.mean():.3f} of that recall; of kinds it never saw "
            f"{found.suite.mean(reserved=True):.3f}"
        )
    if found.outcome is None:
        lines.append(f"  over streams: not measured. {found.no_outcome}")
    else:
        lines += _cases(found.outcome)
    if html:
        lines.append(f"{GOOD} {html}")
    if found.surrogate:
        lines.append(SURROGATE)
    return "\n".join(lines)


def _cases(found: Outcome) -> list[str]:
    lines = []
    for one in found.cases:
        if one.alarms is None and not one.found.seconds:
            continue
        words = f"  at {one.target:g} per stream-hour, {one.band}:"
        if one.alarms:
            words += (
                f" {one.alarms.count} false alarms in {one.alarms.hours:.1f} h "
                f"({one.alarms.low:.4f} to {one.alarms.high:.4f} per hour)"
            )
        if one.found.seconds:
            words += (
                f"; of {len(one.found.seconds)} episodes {one.found.within(300.0):.2f} within 5 min, "
                f"{one.found.within(600.0):.2f} within 10"
            )
        lines.append(words)
    return lines


def _show(terminal: Terminal, found: Outcome) -> None:
    said = found.inputs
    words = [f"{GOOD} {said['streams']:,} streams, {said['messages']:,} messages", *_cases(found)]
    if found.surrogate:
        words.append(SURROGATE)
    terminal.result(found.numbers(), "\n".join(words))


def _tokens() -> str:
    """The console's colours, without their comment."""
    path = Path(__file__).parents[1] / "web/static/tokens.css"
    return re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL).strip() + "\n"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise NotFound(f"{path} cannot be written: {error.strerror}.") from None
