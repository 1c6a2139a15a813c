"""What device and program left in a file: bytes in, a few normalised traits out, never content.

EXIF's camera, a JPEG's tables, a container's order, encoders' own words, the pattern of picture
groups. What is broken is as if it were not there: a file is never refused for it. Runs inside the
jail only, the parent reads traits as untrusted (`model.link_signals`). Which of them may link is
the finders' business (decision 0042). Tests: `tests/integration/test_links_traits.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Final

from breakwater.media import exif, traits_container, traits_jpeg, traits_stream
from breakwater.model.link import Trait, TraitKind
from breakwater.model.link_signals import LONGEST, MOST_TRAITS
from breakwater.model.media import Family, MediaType

_SERIALS: Final = {"BodySerialNumber": "", "LensSerialNumber": "lens "}
_SHORTEST_SERIAL: Final = 5
_LEAST_LETTERS: Final = 3
"""Of a serial number: `0000000` and `111111` are what programs write where there is none."""

_NO_SERIAL: Final = frozenset({"12345", "123456", "1234567", "12345678", "123456789", "1234567890",
    "012345", "0123456", "01234567", "012345678", "0123456789"})  # fmt: skip
_WORD: Final = re.compile(r"[^0-9a-z]+")


def of_file(source: BinaryIO, kind: MediaType) -> tuple[Trait, ...]:
    """Traits of one file, each once; none where it has none."""
    found = list(of_facts(exif.facts(source, kind)))
    if kind is MediaType.JPEG:
        found += traits_jpeg.of_file(source)
    elif kind.family is Family.VIDEO:
        found += traits_container.of_file(source, kind)
        found += traits_stream.of_file(source, kind)
    return tuple(_clean(found))[:MOST_TRAITS]


def of_facts(facts: Mapping[str, str]) -> Iterator[Trait]:
    """Camera, model and program by EXIF's names.

    A model alone never names a device: a hundred thousand telephones bear it. A serial number
    does, together with its make and model, unless it is one that programs make up.
    """
    make, model = facts.get("Make", ""), facts.get("Model", "")
    named = " ".join(one for one in (make, model) if one)
    for field, before in _SERIALS.items():
        serial = facts.get(field, "")
        if named and _is_serial(serial):
            plain = f"{before}{_plain(named)} {_plain(serial)}"
            yield Trait(TraitKind.CAMERA, plain, f"{before}{named}, {serial}")
    if named:
        yield Trait(TraitKind.CAMERA_MODEL, _plain(named), named)
    for field in ("Software", "HostComputer"):
        if said := facts.get(field):
            yield Trait(TraitKind.SOFTWARE, _plain(said), said)


def _is_serial(said: str) -> bool:
    plain = _plain(said).replace(" ", "")
    digits = any(one.isdigit() for one in plain)
    return (
        digits and len(plain) >= _SHORTEST_SERIAL and len(set(plain)) >= _LEAST_LETTERS
        and plain not in _NO_SERIAL
    )  # fmt: skip


def _plain(said: str) -> str:
    return _WORD.sub(" ", said.lower()).strip()


def _clean(found: Iterable[Trait]) -> Iterator[Trait]:
    """Each once, short and printable, as the parent wants them."""
    seen = set()
    for one in found:
        value, shown = _short(one.value), _short(one.shown)
        if value and (one.kind, value) not in seen:
            seen.add((one.kind, value))
            yield Trait(one.kind, value, shown)


def _short(said: str) -> str:
    return "".join(one for one in said if one.isprintable()).strip()[:LONGEST]
