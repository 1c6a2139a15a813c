"""Protects an installation from listening to the network in the clear."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from breakwater.errors import BadSettings
from breakwater.settings import Settings, load
from breakwater.web import tls
from breakwater.web.server import is_secure, listening, site_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def settings(tmp_path: Path, **more: Any) -> Settings:
    return load(data_dir=tmp_path / "data", root_key_file=tmp_path / "keys" / "root.key", **more)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_tls(tmp_path: Path, host: str) -> None:
    assert listening(settings(tmp_path, host=host), now=NOW).certificate is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "safety.example", ""])
def test_another_address_without_tls_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadSettings, match="BREAKWATER_TLS"):
        listening(settings(tmp_path, host=host), now=NOW)


def test_a_trusted_proxy_may_end_tls(tmp_path: Path) -> None:
    chosen = settings(tmp_path, host="0.0.0.0", trusted_proxies="10.0.0.1/32")
    assert listening(chosen, now=NOW).certificate is None
    assert is_secure(chosen)


def test_a_certificate_needs_its_key_and_both_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "c.pem").touch()
    with pytest.raises(BadSettings, match="TLS_KEY"):
        listening(settings(tmp_path, tls_certificate=tmp_path / "c.pem"), now=NOW)
    both = {"tls_certificate": tmp_path / "c.pem", "tls_key": tmp_path / "none.pem"}
    with pytest.raises(BadSettings, match="no file"):
        listening(settings(tmp_path, **both), now=NOW)


def test_the_builtin_authority_signs_for_the_names_people_use(tmp_path: Path) -> None:
    chosen = settings(tmp_path, host="192.168.1.4", tls_builtin_ca=True,
                      public_url="https://safety.example:8600")  # fmt: skip
    how = listening(chosen, now=NOW)
    assert how.certificate
    assert how.key
    assert how.authority
    leaf = x509.load_pem_x509_certificate(how.certificate.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "safety.example" in names.get_values_for_type(x509.DNSName)
    assert "192.168.1.4" in {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}
    for key in (how.key, how.key.with_name("authority.key")):
        assert key.stat().st_mode & 0o077 == 0
    context = ssl.create_default_context(cafile=how.authority)
    assert context.cert_store_stats()["x509_ca"] == 1


def test_a_certificate_is_kept_until_it_is_nearly_over(tmp_path: Path) -> None:
    first = tls.builtin(tmp_path, ["localhost"], now=NOW).certificate.read_bytes()
    authority = (tmp_path / "authority.pem").read_bytes()
    assert tls.builtin(tmp_path, ["localhost"], now=NOW).certificate.read_bytes() == first
    later = NOW + tls.SERVER_LIFE - tls.RENEW + timedelta(days=1)
    assert tls.builtin(tmp_path, ["localhost"], now=later).certificate.read_bytes() != first
    assert (tmp_path / "authority.pem").read_bytes() == authority
    other = tls.builtin(tmp_path, ["localhost", "other.example"], now=later).certificate
    assert b"BEGIN" in other.read_bytes()


@pytest.mark.parametrize(
    ("facts", "url", "host", "origin"),
    [
        ({}, "", "localhost", "http://localhost:8600"),
        ({"port": 0}, "http://127.0.0.1:4711", "localhost", "http://localhost:4711"),
        ({"public_url": "https://safety.example"}, "", "safety.example", "https://safety.example"),
        ({"public_url": "https://safety.example:8600/"}, "", "safety.example",
         "https://safety.example:8600"),
    ],
)  # fmt: skip
def test_passkeys_are_bound_to_where_people_sign_in(
    tmp_path: Path, facts: dict[str, Any], url: str, host: str, origin: str
) -> None:
    site = site_of(settings(tmp_path, **facts), url)
    assert (site.host, site.origin) == (host, origin)
