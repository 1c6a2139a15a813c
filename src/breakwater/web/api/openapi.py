"""Pieces of the OpenAPI document that the framework cannot see: raw bodies and problems.

The document is the contract: clients are generated from it and schemathesis fuzzes it
(`tests/integration/test_api_fuzz.py`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from breakwater.web.api.shapes import ProblemOut
from breakwater.web.problem import MEDIA_TYPE

_MEANING = {
    400: "The request cannot be read.",
    401: "No key, or not a good one.",
    403: "Not by this key, or not here.",
    404: "Not there, or not for you.",
    409: "Changed by somebody else, or there already.",
    413: "Too large.",
    422: "Understood and wrong; `detail` says how to correct it.",
    429: "Over the key's limit; see Retry-After.",
    503: "A part cannot be reached; nothing was lost.",
}


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The errors a route answers, as problem+json."""
    schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        code: {
            "description": _MEANING.get(code, HTTPStatus(code).phrase),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for code in codes
    }


def body_of(
    schema: dict[str, Any], media_type: str = "application/json", example: str = ""
) -> dict[str, Any]:
    """A request body that the handler reads itself."""
    said = {"schema": schema, **({"example": example} if example else {})}
    return {"requestBody": {"required": True, "content": {media_type: said}}}


def json_of(model: type[BaseModel], example: Any = None) -> dict[str, Any]:
    """A JSON request body that the handler reads itself."""
    extra = body_of(flat(model))
    if example is not None:
        extra["requestBody"]["content"]["application/json"]["example"] = example
    return extra


def form_of(
    model: type[BaseModel], *, file: str, alternative: type[BaseModel] | None = None
) -> dict[str, Any]:
    """A multipart body: the model's fields beside a file; and perhaps JSON instead."""
    schema = flat(model)
    schema["properties"] = {
        file: {"type": "string", "format": "binary", "description": "The bytes."},
        **schema["properties"],
    }
    schema["required"] = [file, *schema.get("required", [])]
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    if alternative is not None:
        content["application/json"] = {"schema": flat(alternative)}
    return {"requestBody": {"required": True, "content": content}}


def flat(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema with its definitions put where they are used."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    found: dict[str, Any] = _resolved(schema, definitions)
    return found


def _resolved(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            name = str(part["$ref"]).rpartition("/")[2]
            rest = {key: value for key, value in part.items() if key != "$ref"}
            return _resolved(definitions[name] | rest, definitions)
        return {key: _resolved(value, definitions) for key, value in part.items()}
    if isinstance(part, list):
        return [_resolved(item, definitions) for item in part]
    return part
