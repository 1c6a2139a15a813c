"""What every benchmark shares: rows, targets, a table, and a JSON file of both.

A benchmark is a module `benchmarks/NAME.py` with `run() -> Result`. Its rows say what was measured
for whom; its targets say what was promised, met or not, from the same run. Written to
`benchmarks/results/NAME.json` with the machine, its load and the date, so that figures in the
documentation can be traced. `QUICK=1` asks a benchmark for its smallest honest size.
"""

import gc
import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: in which case, of which program, what, how much."""

    case: str
    subject: str
    measure: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised and what came out."""

    name: str
    value: float
    target: str
    met: bool

    @classmethod
    def at_least(cls, name: str, value: float, least: float) -> "Target":
        return cls(name, round(float(value), 3), f">= {least:g}", bool(value >= least))

    @classmethod
    def at_most(cls, name: str, value: float, most: float) -> "Target":
        return cls(name, round(float(value), 3), f"<= {most:g}", bool(value <= most))


@dataclass(frozen=True, slots=True)
class Result:
    """All rows and targets of one benchmark; notes say what a reader must know."""

    name: str
    rows: tuple[Row, ...]
    targets: tuple[Target, ...]
    notes: tuple[str, ...] = ()

    def value(self, case: str, subject: str, measure: str) -> float:
        """The figure of one row."""
        wanted = (case, subject, measure)
        for row in self.rows:
            if (row.case, row.subject, row.measure) == wanted:
                return row.value
        raise KeyError(wanted)


def quick() -> bool:
    """Whether the smallest honest size is asked for."""
    return bool(os.environ.get("QUICK"))


def times(call: Callable[..., object], arguments: Iterable[object]) -> np.ndarray:
    """Seconds of `call(argument)` for each argument, the collector held back."""
    taken = []
    gc.disable()
    try:
        for argument in arguments:
            start = time.perf_counter()
            call(argument)
            taken.append(time.perf_counter() - start)
    finally:
        gc.enable()
    return np.array(taken)


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def machine() -> dict[str, str | int]:
    """What the figures depend on."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count() or 0,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def measured(run: Callable[[], Result]) -> Result:
    """Run one benchmark, print its table and write its file."""
    before = os.getloadavg()
    result = run()
    after = os.getloadavg()
    show(result)
    record = {
        "name": result.name,
        "machine": machine(),
        "load": {"before": before, "after": after},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick(),
        "notes": result.notes,
        "rows": [asdict(row) for row in result.rows],
        "targets": [asdict(target) for target in result.targets],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{result.name}.json").write_text(json.dumps(record, indent=1) + "\n")
    return result


def show(result: Result) -> None:
    """Print the rows, then the targets, met or not."""
    console = Console()
    table = Table("case", "program", "measure", "value", "", title=result.name)
    for row in result.rows:
        table.add_row(row.case, row.subject, row.measure, f"{row.value:,.4g}", row.unit)
    console.print(table)
    promises = Table("target", "value", "promised", "")
    for target in result.targets:
        word = "met" if target.met else "[red]NOT MET[/red]"
        promises.add_row(target.name, f"{target.value:,.4g}", target.target, word)
    console.print(promises)
    for note in result.notes:
        console.print(note)
