"""Acts that pages have signed anew: what the form sends, checked; `parts/sign.html` draws it.

A form carries a password, or what the browser's passkey answered (`js/sign.js`). Used by the live
wall, the case page and the settings of live streams.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import Form

from breakwater.access.signing import Proof
from breakwater.errors import BadInput

UNREADABLE: Final = "The passkey did not sign this. Nothing was confirmed; sign again."
Password = Annotated[str, Form(max_length=1024)]
Credential = Annotated[str, Form(max_length=20_000)]


def proof_of(password: str, credential: str) -> Proof:
    """What a form carries; raises `BadInput` for what no browser's passkey answered."""
    return Proof(_read(credential), password)


def _read(credential: str) -> dict[str, Any] | None:
    """What the browser's passkey answered, as the form carries it."""
    if not credential:
        return None
    try:
        answer = json.loads(credential)
    except (ValueError, RecursionError):
        raise BadInput(UNREADABLE) from None
    if not isinstance(answer, dict):
        raise BadInput(UNREADABLE)
    return answer
