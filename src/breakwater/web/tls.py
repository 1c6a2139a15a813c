"""Certificates of our own, for installations inside a network: a small built-in authority.

`breakwater serve` with `BREAKWATER_TLS_BUILTIN_CA=true` makes an authority once and a server
certificate for the address it listens on; operators install the authority's certificate in
their browsers. P-256, name constraints are not set because clients ignore them in roots;
server certificates live 90 days and are made anew at start when under 30 days are left.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE: Final = timedelta(days=3650)
SERVER_LIFE: Final = timedelta(days=90)
RENEW: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key, as files."""

    certificate: Path
    key: Path
    authority: Path | None = None


def builtin(directory: Path, names: list[str], *, now: datetime) -> Pair:
    """A server certificate of our own authority, made when missing or nearly over.

    Args:
        directory: where the files live; keys are 0600.
        names: host names and addresses that people will use.
        now: the present moment.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    root, root_key = _authority(directory, now)
    chain, key = directory / "server.pem", directory / "server.key"
    if not _good(chain, key, names, now):
        _server(directory, root, root_key, names, now)
    return Pair(chain, key, directory / "authority.pem")


def _authority(
    directory: Path, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, key_file = directory / "authority.pem", directory / "authority.key"
    if certificate.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return x509.load_pem_x509_certificate(certificate.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "breakwater authority")])
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return root, key


def _server(
    directory: Path,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    names: list[str],
    now: datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "breakwater")]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    _write_key(directory / "server.key", key)
    pem = serialization.Encoding.PEM
    (directory / "server.pem").write_bytes(certificate.public_bytes(pem) + root.public_bytes(pem))


def _good(chain: Path, key: Path, names: list[str], now: datetime) -> bool:
    if not chain.exists() or not key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    wanted = {_alternative(name) for name in names}
    return wanted <= set(found) and certificate.not_valid_after_utc - now > RENEW


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
