"""Spot checks over HTTP and in `doctor`: figures and frames without a name, answers by people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from breakwater.app.checks_live import spot_checks
from breakwater.model.access import Role
from breakwater.model.clock import iso
from breakwater.records import streams
from breakwater.records.tables import nouns_spot
from tests.integration.spot_house import SpotHouse, spot_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpotHouse]:
    with spot_house(tmp_path_factory.mktemp("spots-api")) as running:
        yield running


def test_figures_and_frames_name_no_broadcast(house: SpotHouse) -> None:
    stream = house.stream(viewers=450)
    strip = house.strip(stream)
    client = house.served.client(house.served.key("stream:read"))
    now = house.app.clock.now()
    answers = [
        client.get("/v1/spot-checks"),
        client.get(f"/v1/spot-checks/{strip.draw}"),
        client.get("/v1/spot-checks/rounds", params={
            "since": iso(now - timedelta(hours=1)), "until": iso(now + timedelta(hours=1)),
        }),
    ]  # fmt: skip
    assert [one.status_code for one in answers] == [200, 200, 200]
    for one in answers:
        for name in (stream.id, stream.label, stream.account, stream.name):
            assert name not in one.text
    every, draw, rounds = (one.json() for one in answers)
    assert every["figures"]["drawn"] == len(every["draws"]) == 1
    assert every["draws"][0] == draw
    assert (draw["stratum"], draw["viewers"], draw["inclusion"]) == ("v100-new", 450, 1.0)
    (stratum,) = rounds["rounds"][0]["strata"]
    assert (stratum["streams"], stratum["viewers"], stratum["drawn"]) == (1, 450, 1)
    design: dict[str, Any] = rounds["designs"][str(draw["design"])]
    assert design["viewers"] == {"0": 1, "10": 2, "100": 4, "1000": 8}


def test_people_answer_and_machines_do_not(house: SpotHouse) -> None:
    strip = house.strip()
    path = f"/v1/spot-checks/{strip.draw}/answer"
    machine = house.served.client(house.served.key())
    assert machine.post(path, json={"answer": "case"}).status_code == 403
    person = house.served.browser(Role.REVIEWER)
    unseen = person.post(path, json={"answer": "nothing"})
    assert unseen.status_code == 409
    done = person.post(path, json={"answer": "case"})
    assert done.status_code == 200
    with house.app.db.read() as tx:
        assert done.json()["case"] == streams.get(tx, strip.stream).case
    assert person.post(path, json={"answer": "case"}).status_code == 404


def test_what_is_asked_wrongly_is_refused(house: SpotHouse) -> None:
    client = house.served.client(house.served.key("stream:read"))
    now = house.app.clock.now()
    for path, params in (
        ("/v1/spot-checks", {"before": "yesterday"}),
        ("/v1/spot-checks/rounds", {"since": iso(now), "until": iso(now)}),
        ("/v1/spot-checks/rounds", {"since": iso(now - timedelta(days=40)), "until": iso(now)}),
    ):
        assert client.get(path, params=params).status_code in {400, 422}, (path, params)


def test_doctor_says_where_they_are_drawn_and_what_is_overdue(house: SpotHouse) -> None:
    def said(**facts: Any) -> tuple[str, str]:
        (found,) = spot_checks(house.app.settings.model_copy(update=facts))
        return found.state, found.found

    house.strip()
    assert said() == ("ok", "no broadcasts are watched")
    assert said(spot_checks_enabled=False) == ("ok", "off")
    state, words = said(live_watch=True)
    assert state == "ok"
    assert words.startswith("12 an hour in *; ")
    assert said(live_watch=True, spot_checks_jurisdictions=())[0] == "warn"
    with house.app.db.transaction() as tx:
        tx.execute(nouns_spot.spot_strips.update().values(expires_at=tx.now - timedelta(hours=1)))
    assert said()[0] == "bad"
    house.app.live.spots.purge()
    assert said()[0] == "ok"
