"""A service's own traffic, without labels, to the counts that its thresholds rest on.

In: messages of a service (`comments.rows.Told`) and a model's package. Out: a `Calibration` by
service, language and speed, the alarms it predicts for a budget of people's time, and a folder
that keeps it: `calibration.json`, `rates.json`, `SHA256SUMS`. The traffic is read twice: first for
what scores are ordinary, then, with these known, for how high ten minutes come. Nobody looked at
these messages: what alarms among them counts as ordinary, so thresholds err towards silence. No
text is kept. Read by `breakwater comments calibrate`, `replay` and whoever runs an engine.
Source: reference chat, "The budget is people's". Tests: tests/unit/test_comments_traffic.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from breakwater.comments.calibrate import Band, Budget, Calibration, Cell
from breakwater.comments.engine import Engine, Read, Reader
from breakwater.comments.evaluate import Rate
from breakwater.comments.limits import limit
from breakwater.comments.model import Package
from breakwater.comments.peaks import Solved
from breakwater.comments.reader import MessageReader
from breakwater.comments.rows import Told
from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.comment import Cue, Level

RATES: Final = (0.05, 0.02, 0.01, 0.002)
"""Alarms per stream-hour that figures are stated at."""

COUNTS, FORECAST, SUMS = "calibration.json", "rates.json", "SHA256SUMS"
FORM: Final = 1
REMEMBERED: Final = 200_000
_ANY: Final = Budget(1.0, 1.0, 1_000.0)
_SECRET: Final = bytes(32)
"""Keys hashes that live as long as a run; the same every time, so that two runs agree."""


class Remembering:
    """Reads by a package alone, and the same words once; lists look at what came before."""

    def __init__(self, package: Package | None) -> None:
        """Take the package."""
        self._reader = MessageReader(package)
        self._held: dict[tuple[str, str | None], Read] = {}

    def read(
        self,
        text: str,
        lang: str | None = None,
        ago: Mapping[Cue, float] | None = None,  # noqa: ARG002 - it matters to lists only
    ) -> Read:
        """One message."""
        found = self._held.get((text, lang))
        if found is None:
            if len(self._held) >= REMEMBERED:
                self._held.clear()
            found = self._held[text, lang] = self._reader.read(text, lang)
        return found


class Still(Calibration):
    """Counts that nothing changes: a run over them is the same every time."""

    def observe(self, service: str, lang: str, band: Band, raw: float, at: float) -> None:
        """Nothing is learned."""

    def block(
        self, service: str, lang: str, band: Band, peaks: Mapping[Level, float],
        sources: Mapping[Level, int] | None = None,
    ) -> None:  # fmt: skip
        """Nothing is learned."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one cell and level will do at a budget.

    Attributes:
        solved: its threshold and what that rests on.
        seen: alarms that this threshold would have given on the traffic.
    """

    service: str
    lang: str
    band: Band
    level: Level
    solved: Solved
    seen: Rate | None

    @property
    def predicted(self) -> float | None:
        """Alarms per stream-hour; None: it abstains. Beyond what was counted, the target itself."""
        if self.seen is None:
            return None
        return max(self.seen.per_hour, self.solved.target if self.solved.fitted else 0.0)


def learned(
    told: Sequence[Told], package: Package | None, reader: Reader | None = None
) -> Calibration:
    """Counts of a service's traffic.

    Args:
        told: in the order of their times.
        package: None: lists, cues and behaviour only.
        reader: with lists or an encoder; None: the package alone.

    Raises:
        BadInput: no messages.
    """  # fmt: skip
    if not told:
        raise BadInput("There are no messages to calibrate on.")
    positives = package.positives if package else {}
    reader = reader or Remembering(package)
    nulls = Calibration(positives)
    _run(told, _engine(reader, nulls))
    counts = Calibration.restored(positives, nulls.snapshot())
    for key in cells_of(counts):
        cell = counts.cell(*key)
        cell.blocks, cell.peaks = 0, Cell().peaks  # those were of evidence before nulls were known
    engine = _engine(reader, counts)
    _run(told, engine)
    for stream in dict.fromkeys(one.stream for one in told):
        engine.decided(stream, found=False)
    for key in cells_of(nulls):
        counts.cell(*key).null = nulls.cell(*key).null  # each message once
    return counts


def forecast(counts: Calibration, budget: Budget) -> list[Forecast]:
    """By cell and level: thresholds for a budget, and alarms they would have given."""
    found = []
    for service, lang, band in cells_of(counts):
        for level, solved in counts.solve(service, lang, band, budget).items():
            peaks = counts.cell(service, lang, band).peaks[level]
            rung, held = None, solved
            if not solved.abstains and peaks.hours > 0:
                held = replace(solved, threshold=limit(solved, level))
                rung = Rate.of(round(peaks.rate(held.threshold) * peaks.hours), peaks.hours)
            found.append(Forecast(service, lang, band, level, held, rung))
    return found


def cells_of(counts: Calibration) -> Iterator[tuple[str, str, Band]]:
    """Every service, language and speed that was seen, in a fixed order."""
    held = {(one["service"], one["lang"], one["band"]) for one in counts.snapshot()["cells"]}
    order = list(Band)
    yield from sorted(
        ((service, lang, Band(band)) for service, lang, band in held),
        key=lambda one: (one[0], one[1], order.index(one[2])),
    )


def fingerprint(package: Package | None) -> str:
    """What scores depend on: other weights, other counts."""
    if package is None:
        return ""
    digest = hashlib.sha256(package.weights.tobytes())
    digest.update(repr((package.bits, package.scale, package.bias)).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A folder with counts."""

    counts: Calibration
    package_id: str

    def save(self, folder: Path, package: Package | None, rates: Mapping[str, Any]) -> None:
        """Write it into a folder that is new or empty.

        Raises:
            Conflict: something is there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Conflict(f"{folder} is not empty.")
        held = {
            COUNTS: {
                "form": FORM, "package": self.package_id, "weights": fingerprint(package),
                "counts": self.counts.snapshot(nameless=True),
            },
            FORECAST: rates,
        }  # fmt: skip
        files = {
            name: json.dumps(one, sort_keys=True).encode() + b"\n" for name, one in held.items()
        }
        for name, data in {**files, SUMS: _sums(files)}.items():
            (folder / name).write_bytes(data)

    @classmethod
    def load(
        cls, folder: Path, package: Package | None, kind: type[Calibration] = Calibration
    ) -> Self:
        """Read it for a package.

        Args:
            folder: that `save` wrote.
            package: that the counts must have been made with.
            kind: `Still` for counts that shall not change.

        Raises:
            NotFound: there is none.
            BadInput: it was changed, or made with another package.
        """  # fmt: skip
        files = {name: _bytes(folder / name) for name in (COUNTS, FORECAST)}
        if _bytes(folder / SUMS) != _sums(files):
            raise BadInput(
                f"{SUMS} does not fit the files: the calibration was changed or cut short."
            )
        try:
            held = json.loads(files[COUNTS])
            form, weights = held["form"], held["weights"]
            counts, name = held["counts"], str(held["package"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(f"{COUNTS} is not a calibration.") from None
        if form != FORM:
            raise BadInput(f"{COUNTS}: its form is not {FORM}.")
        if weights != fingerprint(package):
            raise BadInput(
                f"This calibration was made with {name or 'no package'}: calibrate anew."
            )
        return cls(kind.restored(package.positives if package else {}, counts), name)


def _engine(reader: Reader, counts: Calibration, budget: Budget = _ANY) -> Engine:
    return Engine(reader=reader, calibration=counts, budget=budget, secret=_SECRET)


def _run(told: Sequence[Told], engine: Engine) -> None:
    for number, one in enumerate(told):
        engine.take(one.stream, one.service, one.message(f"m{number}"))


def _sums(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode("ascii")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
