"""Forms of access logs: nginx's by its `log_format`, CloudFront's tables, lines of JSON.

Each form makes fields of one line of text; `fields.line_of` makes a request of them. A line that
does not fit is refused with a word and hurts no other. Patterns are made of negated classes
alone, so that no line takes more than one pass. Tests: `tests/property/test_access_logs.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, Protocol

from breakwater.errors import BadInput
from breakwater.viewers.fields import BadLine

COMBINED: Final = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)
FORMS: Final = ("nginx", "cloudfront", "json")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
MOST_VARIABLES: Final = 64
ADDRESSES: Final = frozenset({"remote_addr", "realip_remote_addr"})
"""What may hold a colon before the one that parts it from its port."""


class Form(Protocol):
    """How a line is taken apart."""

    def fields(self, line: str) -> Mapping[str, str] | None:
        """The fields of a line; None when it is a head or a remark.

        Raises:
            BadLine: it does not fit.
        """
        ...


class Nginx:
    """Lines as a `log_format` of nginx writes them."""

    def __init__(self, log_format: str = COMBINED) -> None:
        """Read a format.

        Raises:
            BadInput: it names no address, time or request, or is none.
        """
        self._pattern = _compiled(log_format)

    def fields(self, line: str) -> Mapping[str, str] | None:
        """By name of variable."""
        found = self._pattern.fullmatch(line)
        if found is None:
            raise BadLine("other_form")
        return found.groupdict()


class CloudFront:
    """Standard logs: a head names the columns, tabs part them."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def fields(self, line: str) -> Mapping[str, str] | None:
        """By name of column; date and time joined."""
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                self._names = line.removeprefix("#Fields:").split()
            return None
        cells = line.split("\t")
        if not self._names or len(cells) < len(self._names):
            raise BadLine("other_form")
        found = dict(zip(self._names, cells, strict=False))
        found["timestamp"] = f"{found.get('date', '')}T{found.get('time', '')}+00:00"
        found.pop("time", None)
        found["cs(User-Agent)"] = found.get("cs(User-Agent)", "").replace("%20", " ")
        return found


class JsonLines:
    """One object a line."""

    def fields(self, line: str) -> Mapping[str, str] | None:
        """Its members that are text or numbers."""
        if not line.strip():
            return None
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise BadLine("other_form") from None
        if not isinstance(found, dict):
            raise BadLine("other_form")
        return {
            name: str(value)
            for name, value in found.items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }


def form_of(name: str, log_format: str = "") -> Form:
    """A form by its name.

    Raises:
        BadInput: there is none of this name, or its format cannot be read.
    """
    if name == "nginx":
        return Nginx(log_format or COMBINED)
    if name == "cloudfront":
        return CloudFront()
    if name == "json":
        return JsonLines()
    raise BadInput(f"The form of a log is one of {', '.join(FORMS)}.")


def _compiled(log_format: str) -> re.Pattern[str]:
    """Each variable takes what stands before the first letter of what follows it."""
    found = list(_VARIABLE.finditer(log_format))
    names = [one[1] or one[2] for one in found]
    if not {"remote_addr"} <= set(names) or not {"request", "request_uri", "uri"} & set(names):
        raise BadInput("A log_format needs $remote_addr and $request or $request_uri.")
    if not {"time_local", "time_iso8601", "msec"} & set(names) or len(names) > MOST_VARIABLES:
        raise BadInput("A log_format needs $time_local, $time_iso8601 or $msec.")
    parts = [re.escape(log_format[: found[0].start()])]
    for at, (one, name) in enumerate(zip(found, names, strict=True)):
        end = found[at + 1].start() if at + 1 < len(found) else len(log_format)
        literal = log_format[one.end() : end]
        if not literal and at + 1 < len(found):
            raise BadInput(f"Between ${name} and the next variable stands nothing.")
        takes = f"[^{re.escape(literal[0])}]*" if literal else ".*"
        if name in ADDRESSES and literal:
            takes = r"[0-9A-Fa-f:.]{2,45}"
        again = name in names[:at]
        parts.append(takes if again else f"(?P<{name}>{takes})")
        parts.append(re.escape(literal))
    return re.compile("".join(parts))
