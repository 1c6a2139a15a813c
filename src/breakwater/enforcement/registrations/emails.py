"""E-mail addresses made one: the mailbox that every spelling is delivered to.

In comes an address as somebody typed it; out goes the mailbox by its provider's own rules, and
the same without a tag where nobody knows the rules. Rules are data: `providers.toml`, and an
operator's file of the same form. Domains by UTS #46 and RFC 5891, so that an international one
has one spelling. Tests: `tests/unit/test_registrations_normalise.py`.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import idna

from breakwater.errors import BadSettings

SHIPPED: Final = Path(__file__).parent / "providers.toml"
LONGEST: Final = 320
"""Characters: 64 before the @ and 255 behind it (RFC 5321 §4.5.3.1)."""
TAG: Final = "+"
"""What begins a tag at most providers; RFC 5233 leaves it to each."""
_MEMBERS: Final = frozenset({"domains", "same", "ignores", "tags", "subdomains", "public"})


@dataclass(frozen=True, slots=True)
class Provider:
    """How one provider reads addresses; the members are explained in `providers.toml`."""

    domains: tuple[str, ...]
    same: bool = False
    ignores: str = ""
    tags: str = ""
    subdomains: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address made one.

    Attributes:
        exact: the mailbox; empty where the address says nothing of a person.
        alike: the same without its tag, where it is not known that both are one.
    """

    exact: str
    alike: str = ""


class Providers:
    """Every provider that is known, by domain."""

    def __init__(self, known: Mapping[str, Provider]) -> None:
        """Take providers by name; a later one wins a domain."""
        self._by_domain = {
            one: (domain, provider)
            for provider in known.values()
            for one in provider.domains
            for domain in (provider.domains[0] if provider.same else one,)
        }

    @classmethod
    def read(cls, own: Path | None = None) -> Providers:
        """Read the shipped rules, and an operator's after them.

        Raises:
            BadSettings: a file cannot be read, or says what is no rule.
        """
        known: dict[str, Provider] = {}
        for path in (SHIPPED, own):
            if path is not None:
                known |= {
                    f"{path}:{name}": _provider(path, name, said)
                    for name, said in _toml(path).items()
                }
        return cls(known)

    def mailbox(self, text: str) -> Mailbox | None:
        """The mailbox of an address; None where it is none.

        >>> p = Providers.read()
        >>> p.mailbox("Some.Body+shop@GoogleMail.com")
        Mailbox(exact='somebody@gmail.com', alike='')
        >>> p.mailbox("x@bücher.example")
        Mailbox(exact='x@xn--bcher-kva.example', alike='x@xn--bcher-kva.example')
        """
        local, domain = _parts(text, self._by_domain)
        if not local or not domain:
            return None
        found = self._by_domain.get(domain)
        if found is None:
            local, domain, found = self._below(local, domain)
        if found is None:
            bare = local.partition(TAG)[0]
            return Mailbox(f"{local}@{domain}", f"{bare}@{domain}" if bare else "")
        same, provider = found
        if provider.public:
            return Mailbox("")
        for tag in provider.tags:
            local = local.partition(tag)[0] or local
        local = "".join(one for one in local if one not in provider.ignores)
        return Mailbox(f"{local}@{same}") if local else None

    def _below(self, local: str, domain: str) -> tuple[str, str, tuple[str, Provider] | None]:
        """`anything@name.provider` where the provider delivers it to `name@provider`."""
        name, _, above = domain.partition(".")
        found = self._by_domain.get(above)
        if found is not None and found[1].subdomains and name not in {"www", "mail"}:
            return name, above, found
        return local, domain, None


def _parts(text: str, known: Container[str]) -> tuple[str, str]:
    """Both sides of the last @, folded; empty where it is no address.

    Known domains are spelled as `idna` would spell them, so they need not go through it.
    """
    bare = text.strip()
    if bare.endswith(">") and "<" in bare:
        bare = bare[bare.rindex("<") + 1 : -1]
    if len(bare) > LONGEST:
        return "", ""
    local, _, domain = unicodedata.normalize("NFKC", bare).rpartition("@")
    local = local.removeprefix("mailto:")
    if len(local) > 2 and local[0] == local[-1] == '"':
        local = local[1:-1]
    local = unicodedata.normalize("NFKC", local.casefold()).strip()
    if any(one.isspace() or not one.isprintable() for one in local) or "." not in domain:
        return "", ""
    host_text = domain.strip().rstrip(".")
    if host_text.isascii() and host_text.lower() in known:
        return local, host_text.lower()
    try:
        host = idna.encode(host_text, uts46=True, transitional=False)
    except (idna.IDNAError, UnicodeError):
        return "", ""
    return local, host.decode().lower()


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path.name} cannot be read: {type(error).__name__}.") from None


def _provider(path: Path, name: str, said: Any) -> Provider:
    if not isinstance(said, dict) or set(said) - _MEMBERS or not said.get("domains"):
        raise BadSettings(f"{path.name}: {name} has domains, and {', '.join(sorted(_MEMBERS))}.")
    domains = said["domains"]
    words = isinstance(domains, list) and all(isinstance(one, str) and one for one in domains)
    flags = all(isinstance(said.get(n, False), bool) for n in ("same", "subdomains", "public"))
    marks = all(isinstance(said.get(n, ""), str) for n in ("ignores", "tags"))
    if not (words and flags and marks):
        raise BadSettings(f"{path.name}: {name} says something that is no rule.")
    try:
        plain = tuple(idna.encode(one, uts46=True).decode().lower() for one in domains)
    except (idna.IDNAError, UnicodeError):
        raise BadSettings(f"{path.name}: {name} names a domain that is none.") from None
    return Provider(**{**said, "domains": plain})
