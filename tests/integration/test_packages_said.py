"""What a package says of a case: what people said and where files came from, and nothing else."""

from __future__ import annotations

import json

from breakwater.model.access import Role
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.recipient import Reached
from breakwater.records import danger_calls
from tests.integration import deciding, packing
from tests.integration.conftest import photo
from tests.integration.deciding import K, decide
from tests.integration.packing import facts_of, verified
from tests.integration.served import OPERATOR
from tests.integration.test_intake import ADDRESS, submit
from tests.integration.test_review_views import somebody

house, case, good = packing.house, packing.case, packing.good
set_up_once = deciding.set_up_once


def test_a_paper_says_what_was_said_and_where_from_and_nothing_else(good):
    facts = facts_of(good)
    pictures = [one for one in facts["items"] if one["role"] == "upload"]
    assert [one["facts"] for one in pictures] == [[["activity", "non_penetrative"]]] * 3
    assert {(one["address"], one["port"]) for one in pictures} == {(ADDRESS, 40001)}
    assert [one["role"] for one in facts["decisions"]] == ["unknown"]
    schedule = (good / "papers/disclosure-schedule.csv").read_text("utf-8-sig")
    assert f"sent from {ADDRESS}, port 40001; activity: non_penetrative" in schedule
    assert "self_generated" not in schedule
    assert "illegal; the account's holder: unknown" in schedule
    assert not {"ready", "threads", "warm"} & {name for name, _ in facts["tools"]}


def test_who_stood_behind_a_danger_and_whom_they_called_go_along(house, tmp_path):
    app = house.app
    rae, sam = (somebody(app, Role.REVIEWER, name=name) for name in ("Rae D", "Sam D"))
    one = submit(app, photo(1, form="JPEG", quality=70), OPERATOR, account="acct-danger")
    decide(app, rae, one, K.DANGER_NOW, facts=DecisionFacts(role=AccountRole.SUSPECT))
    app.review.decisions.confirm(sam, one.case, deciding.signed(app, sam, one.case))
    with app.db.transaction() as tx:
        danger_calls.add(
            tx, one.case, contact="Police, emergency desk", outcome=Reached.TAKEN,
            words="Reference 12", by=rae.person,
        )  # fmt: skip
    folder = house.unpacked(one.case, tmp_path)
    (said,) = facts_of(folder)["decisions"]
    assert (said["kind"], said["second"]["name"], said["role"]) == (
        "danger_now",
        "Sam D",
        "suspect",
    )
    (told,) = (row for row in facts_of(folder)["items"] if row["name"] == "calls.json")
    (call,) = json.loads((folder / told["path"]).read_text())
    assert (call["contact"], call["words"], call["by"]) == (
        "Police, emergency desk",
        "Reference 12",
        "Rae D",
    )
    assert verified(folder).returncode == 0


def test_a_file_of_which_no_address_is_known_says_so(house, tmp_path):
    case = house.case()
    house.file(case, photo(5))
    assert (
        "The service told no address that it was sent from."
        in facts_of(house.unpacked(case, tmp_path))["gaps"]
    )
