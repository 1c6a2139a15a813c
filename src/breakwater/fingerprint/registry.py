"""The kinds of hashes that are installed here, with how each is made and how it is searched.

PDQ and the exact hashes are built in. A licensed algorithm (PhotoDNA) comes as an operator's
package that names a `Plugin` under the entry point group `breakwater.signal_kinds`; its
hasher runs inside the jail and its index factory serves the matcher, because a distance that
only the library knows cannot use the ring. Contract suite: `breakwater.testing.signal_kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import Unfit
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import BUILTIN, Measure, SignalKind, register_kind

GROUP: Final = "breakwater.signal_kinds"

Hasher = Callable[[NDArray[np.uint8]], tuple[bytes, int] | None]
"""Pixels (h, w, 3) RGB or (h, w) grey, C-contiguous, to value and quality 0..100.

None when the algorithm has no value for such a picture (too small, featureless). It runs
inside the jail: everything it needs must be loaded when it was made, no file can be opened.
"""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an operator's package brings for one kind.

    Attributes:
        kind: the noun; its name may be a built-in LICENSED one (`photodna`) or a new one.
        hasher: makes values from pixels; None when only values from lists are compared.
        index_factory: searches values; needed for LICENSED kinds, None for the others.
    """

    kind: SignalKind
    hasher: Hasher | None = None
    index_factory: IndexFactory | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """The installed kinds: built-in ones that need no library, and plug-ins."""

    plugins: Mapping[str, Plugin]

    @classmethod
    def of(cls, plugins: Iterable[Plugin]) -> Registry:
        """Take plug-ins and make their kinds known.

        Raises:
            Unfit: two for one kind, a built-in kind changed, or a LICENSED one without index.
        """
        found: dict[str, Plugin] = {}
        for plugin in plugins:
            _check(plugin, found)
            found[plugin.kind.name] = plugin
            register_kind(plugin.kind)
        return cls(found)

    @classmethod
    def installed(cls) -> Registry:
        """Everything that installed packages bring; each is loaded and called once.

        Raises:
            Unfit: a plug-in cannot be loaded; the detail names it.
        """
        return cls.of(_load(point) for point in sorted(entry_points(group=GROUP)))

    @property
    def kinds(self) -> tuple[SignalKind, ...]:
        """Kinds that can be matched here."""
        own = [kind for kind in BUILTIN.values() if kind.measure is not Measure.LICENSED]
        brought = [p.kind for p in self.plugins.values() if p.kind.name not in _OWN]
        return (*own, *brought)

    @property
    def hashers(self) -> Mapping[str, Hasher]:
        """Plug-ins' hashers by kind, for the jail."""
        return {n: p.hasher for n, p in self.plugins.items() if p.hasher is not None}

    @property
    def index_factories(self) -> Mapping[str, IndexFactory]:
        """Plug-ins' index factories by kind, for the matcher."""
        return {n: p.index_factory for n, p in self.plugins.items() if p.index_factory is not None}


_OWN: Final = frozenset(k.name for k in BUILTIN.values() if k.measure is not Measure.LICENSED)


def _check(plugin: Plugin, found: Mapping[str, Plugin]) -> None:
    kind = plugin.kind
    if kind.name in found:
        raise Unfit(f"Two plug-ins bring the signal kind {kind.name}; remove one.")
    if kind.name in BUILTIN and kind != BUILTIN[kind.name]:
        raise Unfit(f"A plug-in changes the built-in signal kind {kind.name}.")
    if kind.measure is Measure.LICENSED and plugin.index_factory is None:
        raise Unfit(f"The plug-in for {kind.name} brings no index; nothing else can compare it.")


def _load(point: EntryPoint) -> Plugin:
    """Load one entry point: a `Plugin`, or a function without arguments that makes one."""
    try:
        found = point.load()
        plugin = found if isinstance(found, Plugin) else found()
    except Exception as error:  # foreign code may raise anything while it loads
        raise Unfit(f"The plug-in {point.name} cannot be loaded: {type(error).__name__}") from error
    if not isinstance(plugin, Plugin):
        raise Unfit(f"The plug-in {point.name} is no Plugin.")
    return plugin
