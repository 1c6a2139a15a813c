"""Addresses: equal ones are spelled alike, a canonical form is its own, nonsense is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadSignal
from breakwater.model.web_address import (
    canonical_domain,
    canonical_url,
    domains_of,
    hashed,
)

SAME = [
    ("http://example.org", "example.org/"),
    ("https://example.org:443/", "example.org/"),
    ("http://example.org:80", "example.org/"),
    ("http://example.org:443/", "example.org/"),
    ("example.org:8080/a", "example.org:8080/a"),
    ("HTTP://EXAMPLE.ORG/Path", "example.org/Path"),
    ("http://user:secret@example.org/", "example.org/"),
    (" http://exam\nple.org/a b ", "example.org/a%20b"),
    ("http:\\\\example.org\\a", None),
    ("http://example.org\\a\\b", "example.org/a/b"),
    ("http://example.org/a/./b/../c", "example.org/a/c"),
    ("http://example.org/../../a/..", "example.org/"),
    ("http://example.org/a/%2e%2E/b", "example.org/b"),
    ("http://example.org/%7e%41%2f%zz", "example.org/~A%2F%25zz"),
    ("http://example.org/ä?ö=ü#teil", "example.org/%C3%A4?%C3%B6=%C3%BC"),
    ("http://example.org/?", "example.org/"),
    ("http://example.org?x=1", "example.org/?x=1"),
    ("http://example.org/#a#b", "example.org/"),
    ("http://example.org./", "example.org/"),
    ("http://bücher.example/", "xn--bcher-kva.example/"),
    ("http://XN--BCHER-KVA.example/", "xn--bcher-kva.example/"),
    ("http://example。org/", "example.org/"),
    ("http://a_b.example.org/", "a_b.example.org/"),
    ("http://0x7f.1/", "127.0.0.1/"),
    ("http://2130706433/", "127.0.0.1/"),
    ("http://[2001:DB8:0::1]:80/", "[2001:db8::1]/"),
    ("//example.org/a", None),
    ("http://example.org/a//b", "example.org/a//b"),
]


@pytest.mark.parametrize(("written", "form"), [one for one in SAME if one[1]])
def test_one_spelling(written, form) -> None:
    assert canonical_url(written) == form


@pytest.mark.parametrize(
    "text",
    ["", "  ", "javascript:alert(1)", "data:text/plain,x", "ftp://example.org/", "http://", "http:///",
     "http://exa mple.org/", "http://example.org:65536/", "http://example.org:8x/", "http://[::1/",
     "http://[zz]/", "http://256.256.256.256/", "http://\ud800/", "http://a%00b.org/", "x" * 9000],
)  # fmt: skip
def test_what_is_no_address_is_refused(text) -> None:
    with pytest.raises(BadSignal):
        canonical_url(text)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.0.0.1", "[::1]", "a b.org", "http://a.org/", "a.org/x"]
)
def test_what_is_no_domain_is_refused(text) -> None:
    with pytest.raises(BadSignal):
        canonical_domain(text)


def test_the_domains_above_a_host() -> None:
    assert domains_of(canonical_url("https://a.B.example.org:8443/x?y")) == [
        "a.b.example.org", "b.example.org", "example.org",
    ]  # fmt: skip
    assert domains_of(canonical_url("http://127.0.0.1/x")) == []
    assert domains_of(canonical_url("http://[::1]:8080/x")) == []


hosts = st.sampled_from(
    ["example.org", "EXAMPLE.org.", "bücher.example", "0x7f.1", "[::1]", "a_b.c"]
)
parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(hosts, st.sampled_from(["", ":80", ":443", ":0080", ":8080"]), parts, parts, parts)
def test_a_canonical_form_is_its_own_and_is_ascii(host, port, path, query, fragment) -> None:
    made = canonical_url(f"https://{host}{port}/{path}?{query}#{fragment}")
    assert canonical_url(made) == made
    assert canonical_url(f"http://{made}") == made
    assert len(hashed(made)) == 32


@given(st.text(max_size=60))
def test_anything_is_an_address_or_refused(text) -> None:
    for form in (canonical_url, canonical_domain):
        try:
            made = form(text)
        except BadSignal:
            continue
        assert made.isascii()
        assert form(made) == made
