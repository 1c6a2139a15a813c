"""Adapters of services keep their contract: the signed webhook, to two services over real HTTP."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from breakwater.enforcement.platform.webhook import SignedWebhook
from breakwater.errors import Unavailable
from breakwater.intake.webhooks import rules
from breakwater.model.act import AckOutcome, ActKind
from breakwater.model.clock import SystemClock
from breakwater.model.event import EventType
from breakwater.network.fetch import Fetcher
from breakwater.records import webhooks
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.testing.platforms import Fault, Platform, PlatformContract, ask
from tests.integration.acting_site import documented, served, standing_in

SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture
def db(sqlite_url, root_key):
    opened = open_database(sqlite_url, clock=SystemClock())
    Keyring.open(opened, root_key)
    yield opened
    opened.close()


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


def connected(db, url, secret=SECRET):
    """An endpoint, and the adapter that asks it."""
    with db.transaction() as tx:
        made = webhooks.create(
            tx, url=url, service="photos", events=[EventType.ACT_WANTED], secret=secret
        )
    fetcher = Fetcher(rules(("127.0.0.0/8",)), db.clock)
    return SignedWebhook(db=db, clock=db.clock, fetcher=fetcher), made


class StandIn:
    """The stand-in behind the signed webhook."""

    def __init__(self, db, stack):
        self.platform = Platform()
        self.adapter, _ = connected(db, stack.enter_context(standing_in(self.platform)))

    def away(self):
        self.platform.fault = Fault.DOWN

    def cannot(self):
        self.platform.fault = Fault.CANNOT

    def state(self, fence):
        return self.platform.state.get(fence, "")

    def times(self, act):
        return Counter(self.platform.did)[act]


class Documented:
    """The receiver of the documentation behind the signed webhook."""

    def __init__(self, db, stack):
        self.shown, self.did, self.broken = documented(), [], None
        receiver = self.shown.Receiver(SECRET, self.carry_out)
        server = self.shown.serving(receiver, 0)
        self.adapter, _ = connected(db, stack.enter_context(served(server)))
        self.receiver = receiver

    def carry_out(self, act):
        if self.broken:
            raise self.broken
        self.did.append(act)

    def away(self):
        self.receiver.key = b"another secret than ours"

    def cannot(self):
        self.broken = self.shown.CannotDo("it is gone for good")

    def state(self, fence):
        return next((one["kind"] for one in reversed(self.did) if one["fence"] == fence), "")

    def times(self, act):
        return sum(one["act"] == act for one in self.did)


class TestStandIn(PlatformContract):
    """A service that answers at once."""

    @pytest.fixture(autouse=True)
    def _stage(self, db, stack):
        self.stage = lambda: StandIn(db, stack)


class TestDocumented(PlatformContract):
    """What the documentation shows is enough."""

    @pytest.fixture(autouse=True)
    def _stage(self, db, stack):
        self.stage = lambda: Documented(db, stack)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.LATER, AckOutcome.LATER),
        (Fault.GARBAGE, AckOutcome.LATER),
        (Fault.OTHER, AckOutcome.FAILED),
    ],
)
def test_only_a_word_about_this_act_acknowledges_it(db, stack, fault, outcome):
    stage = StandIn(db, stack)
    stage.platform.fault = fault
    assert stage.adapter.act(ask("photos", ActKind.HIDE)).outcome is outcome


def test_of_several_endpoints_all_must_have_done_it(db, stack):
    first, second = StandIn(db, stack), StandIn(db, stack)
    asked = ask("photos", ActKind.HIDE)
    second.platform.fault = Fault.LATER
    assert first.adapter.act(asked).outcome is AckOutcome.LATER
    second.platform.fault = Fault.LOST
    with pytest.raises(Unavailable):
        first.adapter.act(asked)
    second.platform.fault = Fault.NONE
    assert first.adapter.act(asked).outcome is AckOutcome.DONE
    assert (first.times(asked.act.id), second.times(asked.act.id)) == (1, 1)


def test_a_service_whose_endpoint_was_removed_is_still_owed_its_acts(db, stack):
    platform = Platform()
    adapter, made = connected(db, stack.enter_context(standing_in(platform)))
    with db.transaction() as tx:
        webhooks.remove(tx, made.id)
    assert adapter.listens("photos")
    with pytest.raises(Unavailable):
        adapter.act(ask("photos", ActKind.HIDE))
    assert not platform.came
