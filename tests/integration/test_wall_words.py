"""What the live wall says without a browser: where an empty one leads, and who gave an order."""

from __future__ import annotations

import pytest

from breakwater.cli.serve import owner_key
from breakwater.model.access import LOCAL_COMMANDS, LOCAL_OPERATOR, Permission, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.ids import new_id
from breakwater.model.stream import Control
from tests.integration.served import OPERATOR, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("wall-words"), live_watch=False) as running:
        yield running


def test_an_empty_wall_leads_an_administrator_to_where_servers_are_entered(served: Served) -> None:
    shown = served.browser(Role.ADMIN).get("/live").text
    assert '<a class="btn" href="/queue">' in shown
    assert '<a class="btn" href="/settings/live">Settings: Live streams</a>' in shown
    assert '"/settings/live">Settings:' not in served.browser(Role.REVIEWER).get("/live").text


def test_who_ordered_from_the_command_line_is_no_key(served: Served) -> None:
    app = served.app
    service = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")
    one = app.live.streams.begin(service, "", "own-1", Sender(account="acct-1"))
    with owner_key(app):
        local = next(k for k in app.access.keys.every() if k.name == LOCAL_COMMANDS)
    may = frozenset({Permission.STREAM_CONTROL})
    orders = (
        (Control.FROZEN, LOCAL_OPERATOR, "a command on this host"),
        (Control.OPEN, local.id, "a command on this host"),
        (Control.FROZEN, new_id(), "A key"),
    )
    browser = served.browser(Role.LIVE_MODERATOR)
    for to, by, called in orders:
        app.enforcement.wishes.want(Principal(by, "", may), one.id, to)
        assert f"ordered by {called} " in browser.get(f"/live?at={one.label}").text
