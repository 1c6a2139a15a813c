"""An automatic cut, on both databases: who marks a bank, and who verified what it holds."""

from __future__ import annotations

import pytest
from tests import builders
from tests.contract.test_live_streams import SERVICE, begun, marked, now, seen, shows

from breakwater.banks.cutting import Cutting
from breakwater.errors import BadInput, NeedsSecondPerson, NeedsSignature, NotAllowed
from breakwater.live.streams import Streams
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import BankAction
from breakwater.model.copies import ReelStatus
from breakwater.model.ids import new_id
from breakwater.model.signin import Signed
from breakwater.model.stream import Control
from breakwater.records import reels

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def verbs(database):
    return Streams(db=database, service_of=lambda server: "clips" if server == "edge" else "")


@pytest.fixture
def stream(verbs, database):
    return begun(verbs, database)


def test_an_alert_is_not_believed_about_who_verified_its_video(verbs, database):
    """It says two; the rows say one, or another bank's, or withdrawn: frozen, and a person."""
    bank, elsewhere = marked(database), marked(database)
    one = shows(database, bank, "ada")
    other = shows(database, elsewhere) | {"bank": bank.name}
    withdrawn, good = shows(database, bank), shows(database, bank)
    with database.transaction() as tx:
        number = reels.by_id(tx, withdrawn["reference"]).number
        reels.set_status(tx, number, ReelStatus.WITHDRAWN, by="ada")
    nobody = good | {"reference": new_id()}
    for at, sight in enumerate((one, other, withdrawn, nobody, good)):
        stream = begun(verbs, database, f"live/{at}", client=str(at))
        found = verbs.alert(seen(stream, **sight))
        assert found.control is (Control.CUT if sight is good else Control.FROZEN), at


def test_two_people_mark_a_bank_and_one_takes_it_back(verbs, database, stream, clock):
    with database.transaction() as tx:
        bank = builders.bank(tx, action=BankAction.BLOCK)
        logs = builders.bank(tx, action=BankAction.LOG)
        ada, sam = (someone(builders.person(tx)) for _ in range(2))
    cutting = Cutting(db=database)
    with pytest.raises(NeedsSignature):
        cutting.propose(bank.name, ada, reason="verified")
    mine = signed_mark(cutting, bank, ada, clock)
    assert cutting.propose(bank.name, ada, mine, reason="verified").waiting is not None
    with pytest.raises(NeedsSecondPerson):
        cutting.confirm(bank.name, ada, mine)
    with pytest.raises(NeedsSignature):
        cutting.confirm(bank.name, sam)
    with pytest.raises(BadInput, match="something else"):
        cutting.confirm(bank.name, sam, mine)
    assert not cutting.get(bank.name).allowed
    assert cutting.confirm(bank.name, sam, signed_mark(cutting, bank, sam, clock)).allowed
    with pytest.raises(NotAllowed):
        cutting.forbid(bank.name, SERVICE)
    with pytest.raises(BadInput):
        cutting.propose(logs.name, ada, reason="verified")
    sight = shows(database, bank)
    verbs.alert(seen(stream, **sight))
    assert now(database, stream).control is Control.CUT
    assert not cutting.forbid(bank.name, ada).allowed
    other = begun(verbs, database, "live/015", client="20")
    verbs.alert(seen(other, **sight))
    assert now(database, other).control is Control.FROZEN


def signed_mark(cutting, bank, who, clock):
    return Signed(who.person, cutting.to_sign(bank.name, who), "password", clock.now())


def someone(person):
    return Principal(person.id, person.name, frozenset(Permission), person=person.id)
