"""An example for every body in the OpenAPI document, made of its schema.

In: the finished document. Out: the same with `example` wherever a body had none, so that each
operation can be tried from the document alone. A field's own example comes first, then the word
for its name in `NAMED`, then its default or the least its limits allow.
Test: `tests/unit/test_openapi_examples.py` checks every example against its schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

DEPTH: Final = 6
"""Shapes that hold themselves are shown that deep."""
ID: Final = "01a201b8-a2ad-7d8f-9250-fee861239862"
HASH: Final = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
MOMENT: Final = "2026-03-01T12:00:00Z"
NAMED: Final[Mapping[str, Any]] = {
    "account": "acct-17", "also": [ID], "case": ID, "cases": [ID], "context": "uk", "entries": [7],
    "events": ["verdict.changed"], "file": "set-17.json", "id": ID, "labels": ["seen twice"],
    "media": "media", "minutes": 10, "name": "An example", "number": 7, "password": "four ordinary words here",
    "note": "Seen twice.", "permitted_use": "detection", "place": "https://photos.example/p/17",
    "port": 49152, "purpose": "Pictures that must not come back", "queue": "general",
    "reason": "Listed by mistake.", "reference": "obj-991", "roles": ["reviewer"], "service": "photos",
    "sha256": HASH, "signals": [f"sha256:{HASH}"], "source": "Example Hotline", "subject": ID,
    "token": "a-one-time-link-s-token", "upload": ID, "uploads": [ID], "user": "breakwater",
    "words": "This is a picture of my cat.",
}  # fmt: skip
SHAPED: Final = {"application/json", "application/x-www-form-urlencoded"}
TEXTS: Final = ("", "DEMO", "photos", HASH)
"""One of them fits each pattern of the API's texts."""
RAW: Final = {
    "text/csv": f"sha256\n{HASH}\n",
    "text/plain": "I-AM-ALIVE",
    "application/offset+octet-stream": "the next bytes",
}
PYTHON: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str, "array": list, "integer": int, "number": (int, float), "object": dict,
}  # fmt: skip


def fill(document: dict[str, Any]) -> None:
    """Give each body of requests, and of answers that succeed, an example."""
    shapes = document.get("components", {}).get("schemas", {})
    for methods in document["paths"].values():
        for operation in methods.values():
            answers = operation.get("responses", {}).items()
            parts = [answer for code, answer in answers if code.startswith("2")]
            for part in (operation.get("requestBody", {}), *parts):
                for media_type, body in part.get("content", {}).items():
                    _fill_body(body, media_type, shapes)


def _fill_body(body: dict[str, Any], media_type: str, shapes: Mapping[str, Any]) -> None:
    if "example" in body or "examples" in body:
        return
    if media_type in SHAPED:
        body["example"] = of(body.get("schema", {}), shapes)
    elif media_type in RAW:
        body["example"] = RAW[media_type]


def of(schema: Any, shapes: Mapping[str, Any], name: str = "", depth: int = DEPTH) -> Any:
    """One value that the schema allows."""
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        schema = shapes[schema["$ref"].rpartition("/")[2]]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const"):
        if key in schema:
            return schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return of(_first(schema[key]), shapes, name, depth)
    return _plain(schema, shapes, name, depth)


def _first(options: list[dict[str, Any]]) -> dict[str, Any]:
    """The first that is not null."""
    return next((one for one in options if one.get("type") != "null"), options[0])


def _plain(schema: dict[str, Any], shapes: Mapping[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type", "object")
    if _fits(schema, kind, name):
        return NAMED[name]
    if schema.get("default"):
        return schema["default"]
    value: Any = False if kind == "boolean" else None
    match kind:
        case "object":
            value = _object(schema, shapes, depth)
        case "array":
            value = _array(schema, shapes, depth)
        case "string":
            value = _string(schema)
        case "integer" | "number":
            value = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return value


def _fits(schema: dict[str, Any], kind: str, name: str) -> bool:
    """Whether the word for a name can stand here: a list of words is no list of shapes."""
    word = NAMED.get(name)
    if word is None or not isinstance(word, PYTHON.get(kind, ())):
        return False
    if isinstance(word, list):
        return isinstance(word[0], PYTHON.get(schema.get("items", {}).get("type"), ()))
    return not isinstance(word, str) or bool(re.search(schema.get("pattern", ""), word))


def _object(schema: dict[str, Any], shapes: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth == 0:
        return {}
    fields = schema.get("properties", {})
    required = set(schema.get("required", ()))
    shown = {
        name: of(field, shapes, name, depth - 1)
        for name, field in fields.items()
        if name in required or name in NAMED or "examples" in field
    }
    more = schema.get("additionalProperties")
    if not fields and isinstance(more, dict) and schema.get("minProperties"):
        shown["1"] = of(more, shapes, "", depth - 1)
    return shown


def _array(schema: dict[str, Any], shapes: Mapping[str, Any], depth: int) -> list[Any]:
    if depth == 0:
        return []
    if "prefixItems" in schema:
        return [of(item, shapes, "", depth - 1) for item in schema["prefixItems"]]
    return [of(schema.get("items", {}), shapes, "", depth - 1)]


def _string(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return MOMENT
    if "pattern" in schema:
        return next((text for text in TEXTS if re.search(schema["pattern"], text)), "")
    text = "an example"[: int(schema.get("maxLength", 100))]
    return text + "." * (int(schema.get("minLength", 0)) - len(text))
