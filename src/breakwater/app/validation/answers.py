"""The answers that ship with the program: files in `known/`, and `answers.json` that tells of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Any, BinaryIO, Self


@dataclass(frozen=True, slots=True)
class Answers:
    """Files and what is known of them.

    Attributes:
        said: `answers.json`; its members stand in `known/README.md`.
        files: their bytes by name.
    """

    said: Mapping[str, Any]
    files: Mapping[str, bytes]

    @classmethod
    def shipped(cls) -> Self:
        """Those of this installation."""
        folder = resources.files(__package__).joinpath("known")
        read = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
        return cls(json.loads(read["answers.json"]), read)

    def open(self, name: str) -> BinaryIO:
        """One file."""
        return BytesIO(self.files[name])
