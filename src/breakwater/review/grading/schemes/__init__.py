"""The scheme tables this program ships, one TOML file each; an installation adopts them once.

A newer table of a newer program is offered, never put in force by itself: changing a law table
changes history, and a person decides that (`review.grading.derive`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from breakwater.model.scheme import Scheme


@cache
def shipped() -> tuple[Scheme, ...]:
    """Every shipped table, read and proven, in the order of their ids."""
    here = resources.files(__package__)
    texts = [file.read_text("utf-8") for file in here.iterdir() if file.name.endswith(".toml")]
    schemes = (Scheme.parse(tomllib.loads(text)) for text in texts)
    return tuple(sorted(schemes, key=lambda scheme: scheme.id))
