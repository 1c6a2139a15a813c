"""Lines to copy: how a member's people reach the hub with each client.

In: where the hub is, a token (or words that stand for it), names of lists. Out: commands that run
as they stand. One source for `breakwater hub member key`, the member's page and the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from urllib.parse import quote as part

TRIAL_MD5 = "ddaa0bd5c0e39c13d30a4a395c76788e"
"""Of the picture of the test list (`web.pages.portal_trial`)."""
USER = "member"
"""The name that goes with a token where a client asks for name and password."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What to copy for one client."""

    client: str
    lines: tuple[str, ...]


def lines(site: str, token: str, lists: Sequence[str]) -> tuple[Lines, ...]:
    """Commands of every client.

    Args:
        site: of the hub, with its scheme.
        token: of the key.
        lists: names of what is shared; the first stands in the examples.
    """
    home = site.rstrip("/")
    address = f"{home}/hub/{part(lists[0] if lists else 'all')}"
    return (
        Lines("breakwater", (
            f"printf '%s' {quote(token)} > hub.key",
            "breakwater bank create HUB",
            f"breakwater exchange add hub --kind breakwater --bank HUB --url {quote(home)} --token-file hub.key",
            "breakwater exchange pull hub",
        )),
        Lines("threatexchange (Python)", (
            "from types import SimpleNamespace",
            "from threatexchange.exchanges.clients.ncmec.hash_api import NCMECHashAPI",
            f'api = NCMECHashAPI("{USER}", "{token}", SimpleNamespace(value="{address}"))',
            "api.status()",
        )),
        Lines("curl", (
            f"curl -H {quote(f'Authorization: Bearer {token}')} {quote(f'{home}/v1/hub/changes?after=0')}",
            f"curl -u {quote(f'{USER}:{token}')} {quote(f'{address}/v2/status')}",
        )),
    )  # fmt: skip


def trial(site: str) -> tuple[Lines, ...]:
    """Commands that try the way to the hub with its test list: ordinary pictures, nothing real.

    Args:
        site: of the hub, with its scheme.
    """
    home = f"{site.rstrip('/')}/portal"
    picture, listed = quote(f"{home}/test.jpg"), quote(f"{home}/test.csv")
    return (
        Lines("breakwater", (
            "breakwater bank create HUB_TEST --action log --purpose test",
            f"breakwater exchange add hub-test --kind csv --bank HUB_TEST --url {listed} --source 'test list' --label test --every 604800",
            "breakwater exchange pull hub-test",
            f"curl -o test.jpg {picture}",
            "breakwater hash test.jpg",
            f"breakwater lookup md5:{TRIAL_MD5}",
            "breakwater scan --all test.jpg",
        )),
        Lines("curl", (f"curl {listed}", f"curl -o test.jpg {picture}", "md5sum test.jpg")),
    )  # fmt: skip
