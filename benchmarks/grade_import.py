"""How fast a set of two million files comes in, with how much memory, and through a kill -9.

Rows are generated: random hashes and paths of files that are not there, because absent media are
listed and not lost. The import runs in a process of its own, is killed half way, taken up again
and run to its end; then every row must be there once. Memory is the highest resident set of
either run (`VmHWM`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.harness import Result, Row, Target, quick
from breakwater import app as parts
from breakwater.app import App
from breakwater.cli.desk import OPERATOR
from breakwater.cli.opening import NoJail
from breakwater.records.rootkey import RootKey
from breakwater.records.tables.nouns_grading import grade_items
from breakwater.review.grading.sets import Loaded, NewSet
from breakwater.settings import Settings, load

CONTEXT: Final = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def write(path: Path, rows: int, form: str) -> None:
    """A file of so many rows, every thousandth of them bad."""
    drawn = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        if form == "csv":
            file.write("path,md5,sha1,category\n")
        else:
            file.write(f'{{"@odata.context": {json.dumps(CONTEXT)}, "value": [')
        for row in range(rows):
            md5 = "no hash" if row % 1_000 == 999 else f"{drawn.getrandbits(128):032X}"
            sha1, name = f"{drawn.getrandbits(160):040x}", f"files\\{row // 1000}\\{row}.jpg"
            if form == "csv":
                file.write(f"{name},{md5},{sha1},{row % 5}\n")
                continue
            entry = {"MediaID": row, "Category": row % 5, "MD5": md5, "SHA1": sha1.upper(),
                     "RelativeFilePath": name, "MediaSize": 1_234, "VictimIdentified": "true"}  # fmt: skip
            file.write((",\n" if row else "") + json.dumps(entry))
        file.write("" if form == "csv" else "]}")


def settings_in(place: Path) -> Settings:
    """An installation in a folder."""
    return load(
        data_dir=place / "data", root_key_file=place / "keys" / "root.key",
        audit_dir=place / "checkpoints",
    )  # fmt: skip


def opened(place: Path) -> App:
    """The installation, without a jail: nothing is decoded."""
    return parts.build(settings_in(place), pool=NoJail(), decode=False)


def high_mb(process: str) -> float:
    """The highest resident set of a process so far."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def child(place: Path, file: Path) -> None:
    """Import, and say after each window how far it is."""
    running = opened(place)

    def tell(state: Loaded) -> None:
        sys.stdout.write(f"{state.rows}\n")
        sys.stdout.flush()

    wanted = NewSet(file, place / "media", "bench", "bench")
    done = running.review.grade_sets.load(OPERATOR, wanted, progress=tell)
    told = {"high_mb": high_mb("self"), "rows": done.rows, "bad": done.bad,
            "resumed_at": done.resumed_at, "items": sum(done.by_state.values())}  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")
    running.close()


def imported(place: Path, file: Path, *, until: int = 0) -> tuple[float, list[str], float]:
    """One process; killed when it has told of so many rows. Seconds, its words, memory in MB."""
    command = [sys.executable, "-m", "benchmarks.grade_import", "--child", str(place), str(file)]
    began, words, high = time.perf_counter(), [], 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            words.append(line)
            if until and line.strip().isdecimal() and int(line) >= until:
                high = high_mb(str(process.pid))
                os.kill(process.pid, signal.SIGKILL)
                break
    return time.perf_counter() - began, words, high


def measure(rows: int, form: str) -> dict[str, Any]:
    """The whole run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "media").mkdir()
        (place / "keys").mkdir()
        settings = settings_in(place)
        RootKey.create(settings.root_key)
        parts.set_up(settings)
        file = place / f"set.{form}"
        write(file, rows, form)
        first_s, first, first_mb = imported(place, file, until=rows // 2)
        second_s, second, _ = imported(place, file)
        told = json.loads(second[-1])
        running = opened(place)
        with running.db.read() as tx:
            row = grade_items.c.row
            facts = tx.execute(sa.select(sa.func.count(row), sa.func.count(row.distinct()))).one()
        running.close()
        killed_at, resumed = int(first[-1]), told["resumed_at"]
        return {
            "form": form, "rows": rows, "file_mb": file.stat().st_size / 1e6,
            "rows_per_s": rows / (first_s + second_s), "seconds": first_s + second_s,
            "high_mb": max(first_mb, told["high_mb"]), "killed_at": killed_at,
            "resumed_at": resumed, "bad": told["bad"], "items": facts[0], "distinct": facts[1],
            "whole": facts[0] == facts[1] == rows - told["bad"] and resumed >= killed_at,
        }  # fmt: skip


def run() -> Result:
    """Both forms; `QUICK=1` asks for twenty thousand rows."""
    rows = 20_000 if quick() else 2_000_000
    found = [measure(rows, form) for form in ("vics", "csv")]
    lines = [
        Row(f"{one['form']}, {rows:,} rows", "breakwater", name, float(one[key]), unit)
        for one in found
        for name, key, unit in (
            ("rows a second, with a kill half way", "rows_per_s", "1/s"),
            ("highest memory", "high_mb", "MB"),
        )
    ]
    targets = [
        target
        for one in found
        for target in (
            Target.at_most(f"{one['form']}: memory in MB", float(one["high_mb"]), 300),
            Target.at_least(f"{one['form']}: every row once after kill -9", float(one["whole"]), 1),
        )
    ]
    return Result("grade_import", tuple(lines), tuple(targets))


if __name__ == "__main__":
    child(Path(sys.argv[2]), Path(sys.argv[3]))
