"""Which measures of a code are on, since when, and what proves it.

`look` is called every few minutes and writes down what changed, with an audit entry: so the history
does not depend on anybody's memory. `report` answers what stands and looks again itself. Codes are
read from `codes/*.toml`. Contract: `tests/contract/test_measures.py`.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

from breakwater.errors import BadSettings, NotFound
from breakwater.model.compliance import Code, Compliance, Measure, MeasureState
from breakwater.records import measures
from breakwater.records.database import Database
from breakwater.transparency.checks import CHECKS, Look, Switches

CODES: Final = ("ofcom",)
LOOK_EVERY_S: Final = 300.0


class Measures:
    """Looks at measures and reports on them."""

    def __init__(self, *, db: Database, version: str, switches: Switches) -> None:
        self._db, self._version, self._switches = db, version, switches
        self.codes = {name: read(name) for name in CODES}

    def look(self) -> int:
        """Write down which measures went on or off; answers how many."""
        changed = 0
        with self._db.transaction() as tx:
            tx.lock_changes()
            before = measures.newest(tx)
            seen = Look.begin(tx, self._switches)
            for one in self._every():
                now, was = CHECKS[one.check](seen), before.get(one.id)
                if was is not None and was.on is now.on:
                    continue
                facts = {proof.what: proof.value for proof in now.proofs}
                measures.turn(tx, one.id, on=now.on, facts=facts)
                tx.audit(
                    "transparency", f"measure.{'on' if now.on else 'off'}", one.id, why=now.why
                )
                changed += 1
        return changed

    def report(self, code: str) -> Compliance:
        """How the measures of a code stand.

        Raises:
            NotFound: no such code.
        """
        found = self.codes.get(code)
        if found is None:
            raise NotFound(f"There is no code {code}; there are: {', '.join(self.codes)}.")
        self.look()
        with self._db.read() as tx:
            stand, seen = measures.newest(tx), Look.begin(tx, self._switches)
            return Compliance(
                found, tx.now, self._version,
                tuple(
                    MeasureState(
                        one, CHECKS[one.check](seen),
                        stand[one.id].at if one.id in stand else None,
                        tuple(measures.history(tx, one.id)),
                    )
                    for one in found.measures
                ),
            )  # fmt: skip

    def _every(self) -> list[Measure]:
        """Each measure once, also where several codes name it."""
        return list({one.id: one for code in self.codes.values() for one in code.measures}.values())


def read(name: str) -> Code:
    """A code from its file.

    Raises:
        BadSettings: a measure names a check that there is not.
    """
    text = (resources.files("breakwater") / "transparency" / "codes" / f"{name}.toml").read_text()
    said = tomllib.loads(text)
    found = tuple(Measure(**one) for one in said["measure"])
    if strange := [one.check for one in found if one.check not in CHECKS]:
        raise BadSettings(f"There is no check {', '.join(strange)} ({name}.toml).")
    return Code(name, said["title"], said["source"], said["edition"], found)
