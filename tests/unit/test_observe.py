"""Nothing private reaches a log: field names are dropped, values are masked (canaries)."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stderr

import pytest

from breakwater import observe

CANARIES = {
    "address 4": "203.0.113.77",
    "address 6": "2001:db8:85a3::8a2e:370:7334",
    "address 6 short": "2001:db8::1",
    "api key": "bw_0192f3a1b2c3_Zx9-secretsecretsecret",
    "bearer": "Bearer abcdef.ghijkl",
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "login link": "/login/Zx9secretsecretsecret",
    "mail": "somebody@example.org",
}


@pytest.fixture
def captured() -> io.StringIO:
    out = io.StringIO()
    with redirect_stderr(out):
        observe.configure(level="debug", form="json")
        yield out  # type: ignore[misc]


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_in_a_value_is_masked(captured: io.StringIO, name: str) -> None:
    observe.logger("test").warning("happened", note=f"before {CANARIES[name]} after")
    assert CANARIES[name] not in captured.getvalue()
    assert "before" in captured.getvalue()
    assert "after" in captured.getvalue()


@pytest.mark.parametrize("field", sorted(observe.FORBIDDEN))
def test_a_forbidden_field_is_dropped_at_any_depth(captured: io.StringIO, field: str) -> None:
    observe.logger("test").info("happened", **{field: "canary-1"}, nested={field: "canary-2"})
    assert "canary" not in captured.getvalue()


def test_bytes_never_appear(captured: io.StringIO) -> None:
    observe.logger("test").info("happened", blob=b"\x89PNG canary")
    assert "canary" not in captured.getvalue()
    assert "[11 bytes]" in captured.getvalue()


def test_other_libraries_logs_are_masked_too(captured: io.StringIO) -> None:
    logging.getLogger("some.library").warning("peer %s failed", "203.0.113.77")
    assert "203.0.113.77" not in captured.getvalue()
    assert "peer" in captured.getvalue()


def test_an_exception_is_masked(captured: io.StringIO) -> None:
    try:
        int("from 203.0.113.77")
    except ValueError:
        observe.logger("test").exception("failed")
    assert "203.0.113.77" not in captured.getvalue()


def test_ordinary_words_numbers_and_times_stay() -> None:
    for text in ("took 12:34:56", "version 13.0.0", "4 of 256 bits", "ratio 1:2"):
        assert observe.mask(text) == text


def test_each_line_is_json_with_its_room(captured: io.StringIO) -> None:
    observe.logger("banks").info("imported", rows=3)
    line = json.loads(captured.getvalue().splitlines()[-1])
    assert (line["event"], line["room"], line["rows"]) == ("imported", "banks", 3)
