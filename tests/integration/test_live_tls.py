"""RTMPS: a real nginx behind a real TLS endpoint; the watcher verifies, the jailed child plays."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from breakwater.live.recipes.nginx_rtmp import MODULE
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.held import Target
from breakwater.live.watching.link import Link
from breakwater.model.ids import new_id
from tests.integration.live_site import until
from tests.integration.rtmp import PICTURE, need_programs
from tests.ports import free_port

HERE = "127.0.0.1"
NAME = "media.example"


def certificate(place: Path, name: str) -> Path:
    """A certificate of its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    made = (
        x509.CertificateBuilder().subject_name(whose).issuer_name(whose)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = place / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


class Front:
    """Speaks TLS on a loopback port, and hands what is in it to a plain port."""

    def __init__(self, file: Path, behind: int) -> None:
        self.asked = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)
        self._behind = behind
        self._listener = socket.create_server((HERE, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(
                    target=self._one, args=(self._listener.accept()[0],), daemon=True
                ).start()

    def _one(self, peer: socket.socket) -> None:
        with suppress(OSError), ExitStack() as held:
            held.enter_context(peer)
            secure = held.enter_context(self._context.wrap_socket(peer, server_side=True))
            plain = held.enter_context(socket.create_connection((HERE, self._behind)))
            self.asked += 1
            threading.Thread(target=carry, args=(plain, secure), daemon=True).start()
            carry(secure, plain)


def carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while body := source.recv(65536):
            sink.sendall(body)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def rtmp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A plain nginx that asks nobody, with a broadcast."""
    need_programs()
    place, port = tmp_path_factory.mktemp("nginx"), free_port()
    conf = place / "nginx.conf"
    conf.write_text(
        f"load_module {MODULE};\ndaemon off; pid {place}/pid; error_log {place}/log;\n"
        f"events {{}}\nrtmp {{ server {{ listen {HERE}:{port};\n"
        "application live { live on; wait_key on; idle_streams off; } } }\n"
    )
    url = f"rtmp://{HERE}:{port}/live/x"
    push = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-re", "-f", "lavfi", "-i", PICTURE,
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
            "-pix_fmt", "yuv420p", "-f", "flv", url]  # fmt: skip
    with subprocess.Popen(["nginx", "-e", "stderr", "-c", str(conf)]) as server:
        until(lambda: _listens(port))
        with subprocess.Popen(push) as publisher:
            yield port
            publisher.terminate()
        server.terminate()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HERE, port), timeout=1):
        return True
    return False


class Watch:
    """One watcher, and what it says of one broadcast."""

    def __init__(self, port: int, name: str) -> None:
        self.said: list[Message] = []
        self.link = Link(0, None, hear=self._hear, gone=lambda _link: None)
        self.link.wait_ready()
        told = {"rtmp_tcurl": f"rtmps://{name}:{port}/live"}
        where = Target(HERE, port, "rtmps", f"rtmp://{HERE}:{port}/live/x", told, name=name)
        self.link.watch(new_id(), 1, where)

    def _hear(self, _link: Link, message: Message) -> None:
        if message.kind in {"frame", "end"}:
            self.said.append(message)


@pytest.mark.parametrize(
    ("name", "trusted", "fault"),
    [
        (NAME, True, ""),
        (NAME, False, "self-signed certificate"),
        ("other.example", True, "Hostname mismatch"),
    ],
    ids=["verified", "unknown authority", "another's name"],
)
def test_a_broadcast_over_tls_is_seen_only_behind_its_own_certificate(
    rtmp: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, fault: str
) -> None:
    file = certificate(tmp_path, NAME)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    front = Front(file, rtmp)
    watch = Watch(front.port, name)
    try:
        until(lambda: len(watch.said) >= (1 if fault else 3))
    finally:
        watch.link.close()
        front.close()
    if not fault:
        assert [one.kind for one in watch.said[:3]] == ["frame"] * 3
        return
    end = watch.said[0]
    assert (end.kind, end.fields["why"]) == ("end", "refused")
    assert fault in end.fields["detail"]
    assert front.asked == 0
