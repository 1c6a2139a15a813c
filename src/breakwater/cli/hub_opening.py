"""What every command of `breakwater hub` begins with: the desk, and the member that a name means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakwater.cli.terminal import Terminal

if TYPE_CHECKING:
    from breakwater.cli.desk import Desk


def opened(as_json: bool) -> Any:
    """The desk of the installation that the settings name, as a context."""
    from breakwater import settings
    from breakwater.cli import opening

    return opening.at(settings.load(), Terminal(as_json=as_json))


def member_id(desk: Desk, name: str) -> str:
    """Id of a member by its name or id.

    Raises:
        NotFound: no member has that name.
    """
    from breakwater.errors import NotFound

    for one in desk.hub("members")["members"]:
        if name in {one["name"], one["id"]}:
            return str(one["id"])
    raise NotFound(f"member {name}")
