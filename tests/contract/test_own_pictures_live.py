"""A hash that nobody checked stops no broadcast: it is looked at more closely, and a person decides."""

from __future__ import annotations

import pytest
from tests import builders
from tests.contract.test_live_streams import begun, now, seen

from breakwater.live.streams import Streams
from breakwater.model.bank import OWN_PICTURES, BankAction
from breakwater.model.stream import Control
from breakwater.records import banks

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def verbs(database):
    return Streams(db=database, service_of=lambda server: "clips" if server == "edge" else "")


def test_it_is_watched_and_a_case_whatever_the_bank_says(verbs, database) -> None:
    with database.transaction() as tx:
        banks.create(tx, name=OWN_PICTURES)
        tx.run("UPDATE banks SET action = 'block'")
        known = builders.bank(tx, action=BankAction.BLOCK)
    for at, (bank, control) in enumerate(
        ((OWN_PICTURES, Control.WATCHED), (known.name, Control.FROZEN))
    ):
        stream = begun(verbs, database, f"live/{at}", client=str(at))
        verbs.alert(seen(stream, kind="match", bank=bank, reference=None))
        assert now(database, stream).control is control, bank
        assert now(database, stream).case is not None
