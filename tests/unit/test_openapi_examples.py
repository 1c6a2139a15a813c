"""Whoever reads the API's description finds an example of each body, and the examples are valid."""

import jsonschema_rs
import pytest

from breakwater.web.api import examples
from breakwater.web.server import ROUTERS, Application


@pytest.fixture(scope="module")
def document():
    api = Application(title="test", version="1")
    for router in ROUTERS:
        api.router.routes.extend(router.routes)
    return api.openapi()


def bodies(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found = {"request": operation.get("requestBody", {})}
            answers = operation.get("responses", {})
            found |= {code: answer for code, answer in answers.items() if code.startswith("2")}
            for which, part in found.items():
                for media_type, body in part.get("content", {}).items():
                    yield f"{method} {path} {which} {media_type}", media_type, body


def test_every_body_has_an_example_that_its_schema_allows(document):
    wrong = {}
    count = 0
    for place, media_type, body in bodies(document):
        if media_type.startswith("image/") or media_type == "multipart/form-data":
            continue
        count += 1
        if "examples" in body:
            continue
        if "example" not in body:
            wrong[place] = "none"
        elif media_type in examples.SHAPED:
            schema = dict(body["schema"]) | {"components": document["components"]}
            faults = jsonschema_rs.validator_for(schema).iter_errors(body["example"])
            if said := [f"{fault.instance_path}: {fault.message}"[:160] for fault in faults]:
                wrong[place] = said
    assert wrong == {}
    assert count > 150


def test_what_holds_itself_has_an_end():
    shapes = {"A": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/x/A"}}}}
    found = examples.of({"$ref": "#/x/A"}, shapes)
    for _ in range(examples.DEPTH):
        found = found["a"]
    assert found == {}
