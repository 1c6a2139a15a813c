"""Protects callers from unclear errors, and private values from being repeated."""

from __future__ import annotations

import json

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from breakwater import errors
from breakwater.errors import BadSignal, BreakwaterError, NotAuthenticated, TooManyRequests
from breakwater.web.problem import MEDIA_TYPE, problem_of


def tree(root: type[BreakwaterError]) -> list[type[BreakwaterError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in tree(child))]


@pytest.mark.parametrize("kind", tree(BreakwaterError), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_is_a_whole_problem(kind: type[BreakwaterError]) -> None:
    response = problem_of(kind("Some detail."), reference="r-1").response()
    body = json.loads(bytes(response.body))
    assert response.media_type == MEDIA_TYPE
    assert response.status_code == body["status"] == kind.status
    assert body["type"] == f"urn:breakwater:error:{kind.code}"
    assert body["title"]
    assert body["reference"] == "r-1"


def test_codes_say_which_error_it_is() -> None:
    codes = [vars(kind)["code"] for kind in tree(BreakwaterError) if "code" in vars(kind)]
    assert len(codes) == len(set(codes))
    assert errors.BadInput.code in codes


def test_facts_are_members_and_never_replace_the_standard_ones() -> None:
    body = problem_of(BadSignal("Too short.", kind="pdq", status=1), reference="").body()
    assert body["kind"] == "pdq"
    assert body["status"] == BadSignal.status


def test_a_wait_is_a_header() -> None:
    response = problem_of(TooManyRequests("", retry_after=0.2), reference="").response()
    assert response.headers["retry-after"] == "1"
    assert problem_of(NotAuthenticated(), reference="").headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "error", [ValueError("203.0.113.9 secret"), KeyError("bw_x_y"), OSError(5)]
)
def test_an_unknown_error_says_only_its_reference(error: Exception) -> None:
    problem = problem_of(error, reference="0197")
    text = json.dumps(problem.body())
    assert problem.status == 500
    assert problem.reference == "0197"
    assert "secret" not in text
    assert "bw_x_y" not in text
    assert "203" not in text


def test_a_bare_error_of_the_tree_keeps_its_detail_to_itself() -> None:
    assert "private" not in json.dumps(problem_of(BreakwaterError("private"), reference="").body())


def test_a_validation_fault_names_its_field_and_not_its_value() -> None:
    error = RequestValidationError(
        [{"type": "x", "loc": ("body", "address"), "msg": "Takes an address.", "input": "canary"}]
    )
    problem = problem_of(error, reference="")
    assert problem.status == 422
    assert problem.detail == "address: takes an address."
    assert "canary" not in json.dumps(problem.body())


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 418, 501])
def test_the_framework_s_errors_are_problems_too(status: int) -> None:
    problem = problem_of(HTTPException(status, "framework words"), reference="r")
    assert problem.status == status
    assert problem.code
    assert problem.title
    assert "framework words" not in json.dumps(problem.body())
