"""What a command says, checked as the API would take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from breakwater.errors import BadInput

if TYPE_CHECKING:
    from breakwater.cli.desk import Row

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], fields: Row) -> M:
    """What a command says, as the API would take it."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{where}: {first['msg']}.") from None
