"""Protects the hot path: hashes in, matches out, exact, in order, nothing kept unasked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from breakwater.errors import BreakwaterError
from breakwater.model.match import Match
from breakwater.model.signal import Signal
from breakwater.records import uploads
from breakwater.web.api.lookups import _strings, answer, json_object, packed, read_signal
from breakwater.web.api.requests import LookupIn
from breakwater.web.api.shapes import LookupOut
from tests.builders import match
from tests.integration.served import Served, serving


def pdq(seed: object) -> str:
    return hashlib.sha256(str(seed).encode()).hexdigest()


def near(value: str, bits: int) -> str:
    flipped = int(value, 16) ^ ((1 << bits) - 1)
    return f"{flipped:064x}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("lookups")) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    """With two banks: A holds ten hashes with labels, B one of them again."""
    made = served.client(served.key())
    for name, seeds in (("A", range(10)), ("B", range(1))):
        made.post(
            "/v1/banks", json={"name": name, "action": "block", "source": "us"}
        ).raise_for_status()
        signals = [{"signal": f"pdq:{pdq(seed)}"} for seed in seeds]
        body = {"signals": signals, "labels": ["demo"]}
        made.post(f"/v1/banks/{name}/entries", json=body).raise_for_status()
    return made


def look(client: httpx.Client, *signals: str, **more: Any) -> httpx.Response:
    return client.post("/v1/lookups", json={"signals": list(signals)} | more)


def test_answers_come_in_the_order_asked_nearest_first(client: httpx.Client) -> None:
    body = look(client, f"pdq:{pdq('x')}", f"pdq:{near(pdq(3), 5)}", f"pdq:{pdq(0)}").json()
    found = [[(m["bank"], m["distance"]) for m in r["matches"]] for r in body["results"]]
    assert found == [[], [("A", 5)], [("A", 0), ("B", 0)]]
    assert body["upload"] == ""


@pytest.mark.parametrize(("bits", "hit"), [(0, True), (31, True), (32, False), (60, False)])
def test_the_limit_is_exact(client: httpx.Client, bits: int, hit: bool) -> None:
    body = look(client, f"pdq:{near(pdq(5), bits)}").json()
    assert bool(body["results"][0]["matches"]) is hit


def test_a_match_says_all_there_is_to_know(client: httpx.Client) -> None:
    found = look(client, f"pdq:{near(pdq(4), 4)}").json()["results"][0]["matches"][0]
    assert found["value"] == pdq(4)
    assert found["words"].startswith("Very close match: 4 of 256 bits differ")
    assert (found["labels"], found["source"], found["acting"]) == (["demo"], "us", True)


def test_only_the_wanted_banks_answer(client: httpx.Client) -> None:
    body = look(client, f"pdq:{pdq(0)}", banks=["B"]).json()
    assert [m["bank"] for m in body["results"][0]["matches"]] == ["B"]
    assert look(client, f"pdq:{pdq(0)}", banks=["NONE"]).status_code == 404


def test_a_new_hash_is_found_and_a_withdrawn_one_is_not_at_once(client: httpx.Client) -> None:
    signal = f"pdq:{pdq('fresh')}"
    assert look(client, signal).json()["results"][0]["matches"] == []
    added = client.post("/v1/banks/A/entries", json={"signals": [{"signal": signal}]}).json()
    number = added["entries"][0]["number"]
    assert look(client, signal).json()["results"][0]["matches"][0]["entry"] == number
    client.delete(f"/v1/entries/{number}").raise_for_status()
    assert look(client, signal).json()["results"][0]["matches"] == []


def test_a_thousand_at_once_and_not_one_more(client: httpx.Client) -> None:
    many = [f"pdq:{pdq(n)}" for n in range(1000)]
    body = look(client, *many).json()
    assert [r["signal"] for r in body["results"]] == many
    assert sum(bool(r["matches"]) for r in body["results"]) >= 10
    assert look(client, *many, many[0]).status_code == 422


def test_every_exact_kind_is_looked_up(client: httpx.Client) -> None:
    signals = [f"md5:{'ab' * 16}", f"sha1:{'ab' * 20}", f"sha256:{'ab' * 32}"]
    body = {"signals": [{"signal": s} for s in signals]}
    client.post("/v1/banks/A/entries", json=body).raise_for_status()
    found = look(
        client, *[s.upper().replace("MD5", "md5").replace("SHA", "sha") for s in signals]
    ).json()
    assert [r["matches"][0]["distance"] for r in found["results"]] == [0, 0, 0]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b'{"signals": []}', b'{"signals": "pdq:00"}', b"{}",
        b'{"signals": [1]}', b'{"signals": [null]}', b'{"signals": ["pdq"]}', b'{"signals": ["pdq:"]}',
        b'{"signals": ["pdq:zz"]}', b'{"signals": ["nope:00"]}', b'{"signals": ["pdq:00"]}',
        b'{"signal": ["pdq:00"]}', b'{"signals": ["md5:%b"]}' % (b"a" * 33), b"[" * 30_000,
        b'{"signals": ["photodna:!!"]}', b"\xff\xfe", b'{"signals": ["\\ud800:00"]}',
        b'{"signals": ["pdq:' + b" " * 64 + b'"]}', b'{"signals": ["md5:' + b"0 " * 16 + b'"]}',
        json.dumps({"signals": [f"pdq:{'0' * 64}"], "banks": "A"}).encode(),
        json.dumps({"signals": [f"pdq:{'0' * 64}"], "banks": [1]}).encode(),
        json.dumps({"signals": [f"pdq:{'0' * 64}"], "remember": {}}).encode(),
        json.dumps({"signals": [f"pdq:{'0' * 64}"], "remember": 1}).encode(),
        json.dumps({"signals": [f"pdq:{'0' * 64}"], "remember": {"service": "s"}}).encode(),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_how_to_be_right(client: httpx.Client, body: bytes) -> None:
    reply = client.post("/v1/lookups", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"]


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    reply = client.post("/v1/lookups", content=b" " * (2 << 20))
    assert reply.status_code == 413


def test_another_method_is_told_so(client: httpx.Client) -> None:
    reply = client.get("/v1/lookups")
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")


def test_remembering_keeps_a_row_and_opens_a_case(served: Served, client: httpx.Client) -> None:
    named = {"service": "photos", "surface": "public", "reference": "obj-7"}
    body = look(client, f"pdq:{pdq(1)}", remember=named).json()
    assert body["results"][0]["matches"][0]["bank"] == "A"
    kept = client.get(f"/v1/verdicts/{body['upload']}").json()
    assert (kept["action"], kept["reference"]) == ("block", "obj-7")
    assert kept["case"]


def test_remembering_private_content_without_a_basis_is_refused(client: httpx.Client) -> None:
    named = {"service": "photos", "surface": "private", "reference": "obj-8", "jurisdiction": "DE"}
    reply = look(client, f"pdq:{pdq(1)}", remember=named)
    assert (reply.status_code, reply.json()["code"]) == (403, "scanning_not_permitted")


def test_a_test_key_remembers_nothing(served: Served, client: httpx.Client) -> None:
    named = {"service": "photos", "surface": "public", "reference": "obj-9"}
    test = served.client(served.key(test=True))
    assert look(test, f"pdq:{pdq(1)}").status_code == 200
    assert look(test, f"pdq:{pdq(1)}", remember=named).status_code == 403


def test_looking_up_keeps_nothing(served: Served, client: httpx.Client) -> None:
    def kept() -> int:
        with served.app.db.read() as tx:
            return len(uploads.recent(tx, 1000))

    before = kept()
    look(client, *[f"pdq:{pdq(n)}" for n in range(20)])
    assert kept() == before


SIGNALS = st.one_of(
    st.text(max_size=80),
    st.builds("{}:{}".format, st.sampled_from(["pdq", "md5", "sha1", "sha256", "photodna", "x"]),
              st.one_of(st.text(max_size=70), st.binary(max_size=40).map(bytes.hex),
                        st.binary(min_size=32, max_size=32).map(bytes.hex))),
)  # fmt: skip


@given(SIGNALS)
@settings(max_examples=500)
def test_the_short_way_reads_a_signal_as_the_noun_does(text: str) -> None:
    def outcome(read: Any) -> object:
        try:
            return read(text)
        except BreakwaterError as error:
            return type(error)

    assert outcome(read_signal) == outcome(Signal.parse)


@given(st.lists(SIGNALS, max_size=4), st.integers(0, 3))
@settings(max_examples=300)
def test_the_packed_way_reads_what_the_noun_reads_or_nothing(texts: list[str], good: int) -> None:
    texts = texts + [f"pdq:{pdq(n)}" for n in range(good)]
    values = packed(texts)
    if values:
        assert values == b"".join(Signal.parse(text).value for text in texts)
    assert packed([f"pdq:{pdq(n)}" for n in range(3)])
    assert not packed([f"pdq:{pdq(1)}", "pdq:" + " 0" * 32])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda c: st.lists(c, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["signals", "banks", "x"]), JSON, max_size=3))
@settings(max_examples=300)
def test_the_short_way_refuses_what_the_model_refuses(body: dict[str, Any]) -> None:
    def by_hand() -> bool:
        try:
            asked = json_object(json.dumps(body).encode())
            _strings(asked, "signals", 1)
            _strings(asked, "banks", 0)
        except BreakwaterError:
            return False
        return True

    def by_model() -> bool:
        try:
            LookupIn.model_validate_json(json.dumps(body))
        except ValidationError:
            return False
        return True

    if "\\u0000" not in json.dumps(body) and "\\ud" not in json.dumps(body):
        assert by_hand() == by_model()


@given(
    st.lists(st.tuples(st.text(max_size=20), st.lists(st.integers(1, 9), max_size=2)), max_size=5)
)
def test_the_answer_written_by_hand_is_what_the_document_says(
    pairs: list[tuple[str, list[int]]],
) -> None:
    texts = [text for text, _ in pairs]
    found: list[tuple[Match, ...]] = [tuple(match(n) for n in numbers) for _, numbers in pairs]
    body = LookupOut.model_validate_json(answer(texts, found))
    assert [r.signal for r in body.results] == texts
    assert [[m.entry for m in r.matches] for r in body.results] == [n for _, n in pairs]
