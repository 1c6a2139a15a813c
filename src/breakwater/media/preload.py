"""Imports that decoders otherwise make when a file first asks for them.

Inside the jail nothing can be imported: PyAV loads a module when a video has a subtitle track,
Python one when metadata name an encoding. Each such file would be rejected though it is
valid. Called once by the zygote. Tests: `tests/integration/test_jail_valid.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

import av

_SKIPPED: Final = frozenset({"av.__main__", "av.datasets"})
"""The command line and a downloader of samples."""

_NAMED: Final = (
    "PIL.ExifTags", "PIL.ImageChops", "PIL.ImageColor", "PIL.ImageDraw", "PIL.ImageFilter",
    "PIL.ImageFont", "PIL.ImageMode", "PIL.ImageOps", "PIL.ImagePalette", "PIL.ImageSequence",
    "PIL.TiffTags", "mmap", "tempfile", "random", "xml.etree.ElementTree",
    "encodings.ascii", "encodings.cp1252", "encodings.cp437", "encodings.idna",
    "encodings.latin_1", "encodings.mac_roman", "encodings.shift_jis", "encodings.unicode_escape",
    "encodings.utf_16", "encodings.utf_16_be", "encodings.utf_16_le", "encodings.utf_32",
    "encodings.utf_8", "encodings.utf_8_sig",
)  # fmt: skip


def load_lazy_parts() -> None:
    """Import everything of PyAV, and what the others import late."""
    for part in pkgutil.walk_packages(av.__path__, "av."):
        if part.name not in _SKIPPED:
            importlib.import_module(part.name)
    for name in _NAMED:
        importlib.import_module(name)
