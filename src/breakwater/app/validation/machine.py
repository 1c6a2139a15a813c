"""What the answers were computed with: this program to the last byte, its libraries, the machine."""

from __future__ import annotations

import hashlib
import platform
import ssl
from importlib import metadata, resources
from pathlib import Path

import breakwater
from breakwater import kernel
from breakwater.fingerprint import audio
from breakwater.media.sandbox import JailPool

_LIBRARIES = (
    "numpy", "pillow", "simplejpeg", "pillow-heif", "av", "opencv-python-headless", "cryptography",
    "lxml", "reportlab", "sqlalchemy",
)  # fmt: skip


def made_with(pool: JailPool) -> dict[str, dict[str, str]]:
    """Programs and machine, in groups."""
    program = {
        "breakwater": breakwater.__version__,
        "SHA-256 of its files": digest_of_program(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    libraries = {name: metadata.version(name) for name in _LIBRARIES}
    libraries["OpenSSL"] = ssl.OPENSSL_VERSION
    libraries["Chromaprint"] = audio.version() or "not installed"
    libraries |= {
        f"jail: {name}": str(told)
        for name, told in sorted(pool.facts.items())
        if isinstance(told, str)
    }
    machine = {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": _processor(),
        "kernel variant": kernel.variant(),
        "kernel variants here": ", ".join(kernel.variants()),
        "outer jail": pool.outer or "none",
    }
    return {"Program": program, "Libraries": libraries, "Machine": machine}


def digest_of_program() -> str:
    """One SHA-256 over every file of the installed program, but what was compiled here.

    Each file gives a line as `sha256sum` prints it, in the order of the paths; the digest is that
    of these lines.
    """
    root = Path(str(resources.files(breakwater)))
    lines = []
    for path in sorted(root.rglob("*"), key=lambda one: one.relative_to(root).as_posix()):
        compiled = path.suffix in {".pyc", ".so", ".pyd"} or "__pycache__" in path.parts
        if path.is_file() and not compiled:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{digest}  {path.relative_to(root).as_posix()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return f"{names[0]}, {len(names)} threads" if names else platform.machine()
