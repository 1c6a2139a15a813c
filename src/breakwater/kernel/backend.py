"""Which implementation runs: a compiled variant, or the NumPy twin.

Chosen once at import: the best variant this processor has, or what `BREAKWATER_KERNEL` names. A
missing extension is loud (a RuntimeWarning that `doctor` repeats), never an error: every answer
stays the same, only slower. `use` changes the choice for tests and measurements.
"""

import os
import warnings
from types import ModuleType
from typing import Final

from breakwater.kernel import twin

MISSING: Final = (
    "breakwater's compiled kernel is missing (no C compiler at install?): the NumPy twin serves, "
    "with the same answers at a small fraction of the speed. Reinstall with a C compiler."
)


class _Choice:
    """The implementation in use; Ring objects ask it when they are made."""

    __slots__ = ("compiled", "module")

    def __init__(self) -> None:
        self.compiled: ModuleType | None = None
        self.module: ModuleType = twin
        try:
            from breakwater.kernel import _kernel  # noqa: PLC0415 - may be absent
        except ImportError:
            warnings.warn(MISSING, RuntimeWarning, stacklevel=2)
        else:
            self.compiled = self.module = _kernel


chosen: Final = _Choice()


def variants() -> tuple[str, ...]:
    """Names that `use` accepts on this host, fastest first; the last is always `twin`."""
    compiled: tuple[str, ...] = () if chosen.compiled is None else chosen.compiled.variants()
    return (*compiled, *twin.variants())


def variant() -> str:
    """The name of the variant in use: `avx512`, `avx2`, `neon`, `portable` or `twin`."""
    name: str = chosen.module.variant()
    return name


def use(name: str) -> None:
    """Run the named variant from now on, in the whole process.

    Raises:
        ValueError: this host has no such variant.
    """
    if name == "twin":
        chosen.module = twin
        return
    if chosen.compiled is None:
        raise ValueError(f"no kernel variant {name!r}: {MISSING}")
    chosen.compiled.use(name)
    chosen.module = chosen.compiled


def _choose_from_environment() -> None:
    wanted = os.environ.get("BREAKWATER_KERNEL", "")
    if wanted:
        use(wanted)


_choose_from_environment()
