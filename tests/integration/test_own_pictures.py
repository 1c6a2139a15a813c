"""What a person's own picture does on real parts: holds, never blocks, is decided, is withdrawn."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from breakwater.app import App, build
from breakwater.errors import BadInput, NotFound, TooManyRequests
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Role
from breakwater.model.bank import OWN_PICTURES, BankAction, EntryStatus
from breakwater.model.case import CaseKind
from breakwater.model.match import Action
from breakwater.model.own_picture import OwnPicture, State, worked
from breakwater.own_pictures.taking import SOURCE, Work
from breakwater.records import banks, cases, entries
from tests.integration import deciding
from tests.integration.conftest import photo, work
from tests.integration.deciding import ILLEGAL, K, decide, present, settings_in
from tests.integration.served import serving
from tests.integration.test_cli import Installation
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

set_up_once = deciding.set_up_once
PICTURE = Path(__file__).parents[1] / "data/images/bridge/square-256x256.jpg"


@pytest.fixture
def app(set_up_once, tmp_path, jail: JailPool, clock) -> Iterator[App]:
    shutil.copytree(set_up_once, tmp_path / "copy")
    opened = settings_in(tmp_path / "copy").model_copy(
        update={"own_pictures": True, "flood_entries_per_hour": 20}
    )
    running = build(opened, pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@pytest.fixture
def reviewer(app):
    return somebody(app, Role.REVIEWER, name="Ada")


def solved(app: App) -> tuple[Work, str]:
    asked = app.own_pictures.work()
    tries = (str(n) for n in itertools.count())
    return asked, next(n for n in tries if worked(asked.challenge, n, asked.bits))


def of(app: App, content: bytes) -> OwnPicture:
    """As a person's device makes it."""
    look = pdq_of(app, content)
    digest = hashlib.sha256(content).hexdigest()
    return OwnPicture.read(digest, look.signal.value.hex(), look.quality)


def send(app: App, *contents: bytes) -> str:
    return app.own_pictures.send([of(app, one) for one in contents], *solved(app))


def state(app: App, code: str) -> State:
    return app.own_pictures.status(code).state


def test_it_holds_and_opens_a_case_and_never_blocks(app, machine) -> None:
    code = send(app, photo(1))
    assert state(app, code) is State.LOOKING
    with app.db.transaction() as tx:
        tx.run("UPDATE banks SET action = 'block'")
    upload = submit(app, photo(1, form="JPEG", quality=80), machine)
    assert upload.verdict.action is Action.HOLD
    assert upload.verdict.matches[0].source == SOURCE
    assert (upload.verdict.matches[0].bank, upload.verdict.matches[0].verified) == (OWN_PICTURES, False)  # fmt: skip
    with app.db.read() as tx:
        assert cases.get(tx, upload.case).kind is CaseKind.UPLOAD
    assert state(app, code) is State.FOUND
    assert submit(app, photo(2), machine).verdict.action is Action.ALLOW
    with pytest.raises(BadInput, match="never block"):
        app.banks.update(OWN_PICTURES, machine, {"action": BankAction.BLOCK}, expected_change=None)


def test_what_passed_before_is_found_too(app, machine, worker) -> None:
    passed = submit(app, photo(1), machine)
    assert passed.verdict.action is Action.ALLOW
    code = send(app, photo(1))
    work(worker)
    assert present(app, passed).verdict.action is Action.HOLD
    assert state(app, code) is State.FOUND


def test_a_withdrawn_one_holds_nothing_more_and_releases_what_it_held(app, machine, worker) -> None:
    code, other = send(app, photo(1), photo(2)), send(app, photo(2))
    one, two = submit(app, photo(1), machine), submit(app, photo(2), machine)
    told = app.own_pictures.withdraw(code)
    assert told.state is State.WITHDRAWN
    work(worker)
    assert present(app, one).verdict.action is Action.ALLOW
    assert present(app, two).verdict.action is Action.HOLD, "somebody else still wants it"
    assert submit(app, photo(1, form="JPEG"), machine).verdict.action is Action.ALLOW
    assert app.own_pictures.withdraw(code) == told, "twice is once"
    assert state(app, other) is State.FOUND
    app.own_pictures.withdraw(other)
    work(worker)
    assert present(app, two).verdict.action is Action.ALLOW
    again = send(app, photo(1))
    assert state(app, again) is State.LOOKING


def test_a_reviewer_confirms_in_the_case(app, machine, worker, reviewer) -> None:
    code = send(app, photo(1))
    upload = submit(app, photo(1), machine)
    said = decide(app, reviewer, upload, K.ILLEGAL, reason="Seen whole.", facts=ILLEGAL)
    work(worker)
    assert state(app, code) is State.CONFIRMED
    app.review.decisions.undo(reviewer, said.id, "a slip")
    work(worker)
    assert state(app, code) is State.FOUND


def test_a_refused_one_stays_refused_however_often_it_is_sent(app, machine, worker, reviewer) -> None:  # fmt: skip
    """Somebody sends a famous picture to have it held: one decision ends that."""
    code = send(app, photo(1))
    upload, elsewhere = submit(app, photo(1), machine), submit(app, photo(1, form="JPEG"), machine)
    said = decide(app, reviewer, upload, K.NOT_ILLEGAL, reason="A bridge.")
    work(worker)
    assert state(app, code) is State.REFUSED
    assert present(app, elsewhere).verdict.action is Action.ALLOW
    again = send(app, photo(1))
    assert state(app, again) is State.REFUSED
    assert submit(app, photo(1), machine).verdict.action is Action.ALLOW
    app.own_pictures.withdraw(code)
    assert state(app, send(app, photo(1))) is State.REFUSED
    app.review.decisions.undo(reviewer, said.id, "a slip")
    work(worker)
    assert state(app, again) is State.FOUND


def test_what_only_resembles_it_says_nothing_of_it(app, machine, worker, reviewer) -> None:
    far = of(app, photo(1))
    flipped = bytearray(far.pdq.value)
    flipped[0] ^= 0xFF
    flipped[9] ^= 0xF0
    away = replace(far, sha256=far.sha256.parse(f"sha256:{'ab' * 32}"), pdq=replace(far.pdq, value=bytes(flipped)))  # fmt: skip
    code = app.own_pictures.send([away], *solved(app))
    upload = submit(app, photo(1), machine)
    assert (upload.verdict.action, upload.verdict.matches[0].distance) == (Action.HOLD, 12)
    decide(app, reviewer, upload, K.NOT_ILLEGAL, reason="Another picture.")
    work(worker)
    assert state(app, code) is State.LOOKING


def test_a_flood_waits_until_a_person_has_looked(app, machine) -> None:
    """The bank takes so many unsigned entries an hour and no more; one alarm, not one a request."""
    first = send(app, photo(1))
    rest = [send(app, *(photo(at * 10 + n) for n in range(5))) for at in (1, 2, 3)]
    assert [state(app, one) for one in (first, *rest)] == [
        State.LOOKING, State.LOOKING, State.RECEIVED, State.RECEIVED,
    ]  # fmt: skip
    with app.db.read() as tx:
        bank = banks.get(tx, OWN_PICTURES)
        assert len(cases.by_subject(tx, bank.id)) == 1
        held = entries.page(tx, bank, status=EntryStatus.QUARANTINED)
    assert submit(app, photo(30), machine).verdict.action is Action.ALLOW
    assert len(held) == 20


def test_work_is_asked_once_and_not_believed(app) -> None:
    asked, nonce = solved(app)
    picture = [OwnPicture.read("ab" * 32)]
    wrong = next(str(n) for n in itertools.count() if not worked(asked.challenge, str(n), 8))
    for work_, said in (
        (asked, wrong), (replace(asked, bits=1), nonce), (replace(asked, challenge="AAAA"), nonce),
        (replace(asked, challenge=""), nonce), (replace(asked, challenge="%%%"), nonce),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            app.own_pictures.send(picture, work_, said)
    for many in ([], [OwnPicture.read(f"{n:064x}") for n in range(21)]):
        with pytest.raises(BadInput, match="1 to 20"):
            app.own_pictures.send(many, asked, nonce)
    app.own_pictures.send(picture, asked, nonce)
    with pytest.raises(BadInput, match="used"):
        app.own_pictures.send(picture, asked, nonce)


def test_work_is_too_old_after_five_minutes(app, clock) -> None:
    asked, nonce = solved(app)
    clock.advance(301)
    with pytest.raises(BadInput, match="too old"):
        app.own_pictures.send([OwnPicture.read("ab" * 32)], asked, nonce)


def test_everybody_together_is_slowed_and_nobody_alone(app, clock) -> None:
    asked, nonce = solved(app)
    with pytest.raises(TooManyRequests) as slowed:  # noqa: PT012 - how many it takes is not the point
        for _ in range(1000):
            with pytest.raises(BadInput):
                app.own_pictures.send([], asked, nonce)
    clock.advance(float(slowed.value.facts["retry_after"]) + 1)
    with pytest.raises(BadInput, match="1 to 20"):
        app.own_pictures.send([], asked, nonce)


def test_a_code_of_nobody_finds_nothing(app) -> None:
    send(app, photo(1))
    for verb in (app.own_pictures.status, app.own_pictures.withdraw):
        with pytest.raises(NotFound):
            verb("0" * 25)
        with pytest.raises(BadInput):
            verb("hello")


def test_the_command_line_does_what_the_page_does(tmp_path) -> None:
    (tmp_path / "site").mkdir()
    here = Installation(tmp_path)
    note = tmp_path / "a.txt"
    note.write_text("words")
    hashed = here.run("own-picture", "hash", str(PICTURE), str(note), "--json")
    assert hashed.code == 0, hashed.err
    picture, file = hashed.json
    assert picture["sha256"] == hashlib.sha256(PICTURE.read_bytes()).hexdigest()
    assert (len(picture["pdq"]), picture["quality"]) == (64, 100)
    assert (file["sha256"], file["pdq"]) == (hashlib.sha256(b"words").hexdigest(), "")
    with serving(tmp_path / "site", own_pictures=True) as site:
        sent = here.run("own-picture", "send", str(PICTURE), "--at", site.url, "--json")
        assert sent.code == 0, sent.err
        code = sent.json["code"]
        look = here.run("own-picture", "status", code.lower(), "--at", site.url)
        assert "looking for it" in look.out
        done = here.run("own-picture", "withdraw", code, "--at", site.url, "--json")
        assert done.json == {"state": "withdrawn", "pictures": ["withdrawn"]}
        assert here.run("own-picture", "status", "hello", "--at", site.url).code == 65
    assert here.run("own-picture", "status", code, "--at", site.url).code == 69
