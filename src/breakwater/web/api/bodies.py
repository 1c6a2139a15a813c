"""Bodies that a handler reads itself, validated with the same models and the same faults."""

from __future__ import annotations

import json
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from breakwater.errors import BadInput

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], value: object) -> M:
    """Validate what the framework did not: raw JSON or the fields of a form."""
    try:
        raw = json.loads(value) if isinstance(value, bytes) else value
        return model.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(faults) from None
    except (ValueError, RecursionError):
        raise BadInput("The body is not JSON.") from None
