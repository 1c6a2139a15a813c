"""What a route needs: declared on its function, enforced by `web.gate`, listed by the matrix.

A route without a declaration cannot be made (`GatedRoute` refuses it when it is defined), so
that no handler works by accident without a key. `tests/integration/test_matrix.py` walks all
routes × roles × scopes and asserts each cell against the running application.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from breakwater.model.access import Permission

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "__breakwater_need__"

SMALL_BODY: Final = 1 << 20
"""Bytes of an ordinary request body: JSON of a person or an administrator."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one route asks of the caller.

    Attributes:
        permission: the one it needs; None with `signed_in` or `anyone`.
        signed_in: any person with a session, whatever their roles.
        known: any person with a session and any API key, whatever they may do.
        anyone: nobody need be signed in.
        by_address: an allow-listed address may stand in for a key (older dialects).
        basic: a key may come as HTTP Basic, user = its id, password = its secret (ispws).
        test_keys: a test key may call it although it is not a safe method.
        body: largest request body in bytes; None for the streaming ones that count themselves.
        bare: the handler takes the raw request and skips the framework's machinery.
        why: for `anyone`, `known` and `signed_in`, the reason, shown in the matrix.
    """

    permission: Permission | None = None
    signed_in: bool = False
    known: bool = False
    anyone: bool = False
    by_address: bool = False
    basic: bool = False
    test_keys: bool = False
    body: int | None = SMALL_BODY
    bare: bool = False
    why: str = ""


def needs(
    permission: Permission,
    *,
    by_address: bool = False,
    test_keys: bool = False,
    body: int | None = SMALL_BODY,
    bare: bool = False,
    basic: bool = False,
) -> Callable[[F], F]:
    """Declare that a route needs a permission, of a key or of a person."""
    return _mark(
        Need(
            permission, by_address=by_address, test_keys=test_keys, body=body, bare=bare,
            basic=basic,
        )
    )  # fmt: skip


def signed_in(why: str, *, body: int | None = SMALL_BODY) -> Callable[[F], F]:
    """Declare that a route needs a person's session and nothing more, and why that is enough."""
    return _mark(Need(signed_in=True, why=why, body=body))


def known(why: str, *, body: int | None = SMALL_BODY) -> Callable[[F], F]:
    """Declare that a route needs a session or an API key and no permission, and why."""
    return _mark(Need(known=True, why=why, body=body))


def anyone(why: str, *, body: int | None = SMALL_BODY) -> Callable[[F], F]:
    """Declare that a route works for nobody in particular, and why that is safe."""
    return _mark(Need(anyone=True, why=why, body=body))


def need_of(endpoint: Callable[..., Any]) -> Need:
    """Read a declaration.

    Raises:
        TypeError: there is none; the route must not exist.
    """
    need: Need | None = getattr(endpoint, _MARK, None)
    if need is None:
        name = getattr(endpoint, "__qualname__", repr(endpoint))
        raise TypeError(
            f"{name} does not declare who may call it: use needs, signed_in, known or anyone."
        )
    return need


def _mark(need: Need) -> Callable[[F], F]:
    def declare(endpoint: F) -> F:
        setattr(endpoint, _MARK, replace(need))
        return endpoint

    return declare
