"""What a page shows where an act is signed anew, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignForm:
    """One act to be signed.

    Attributes:
        words: what is signed, in a sentence.
        button: the act.
        method: what the viewer signs with: `passkey`, `password`, or empty for neither.
        action: where the form goes.
        options: where the browser gets a passkey's challenge.
        fields: hidden, name and value.
        back: the page that changes nothing.
        reason: the act asks for a reason, under this label; empty: it does not.
    """

    words: str
    button: str
    method: str
    action: str
    options: str
    back: str
    fields: tuple[tuple[str, str], ...] = ()
    reason: str = ""
