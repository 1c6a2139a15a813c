"""Writes a package as a tar stream: what it holds, its list of files, and the signature over it.

In: facts, items with their bytes' places, audit extract, papers. Out: one folder in a tar stream
that is never held whole: media go through in blocks and are hashed once more on the way, so that
the list says what was written. Used by `making`; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib import resources
from typing import Any, BinaryIO, Final, cast

from breakwater.errors import Tampered
from breakwater.model.clock import iso
from breakwater.model.package import FORM, PackageFacts
from breakwater.model.ports import Blob
from breakwater.records.audit_extract import Proven
from breakwater.reporting.packages.gather import Paper
from breakwater.reporting.packages.reading import BLOCK, Shelved

README: Final = """\
Evidence package {number} of case {case}

cover.pdf in papers/ says what this is, who made it and when. To check it, offline, with any
Python 3.10 or later and nothing else:

    python3 -I -S verify.py

It computes every SHA-256, the position of each audit entry in the signed log, the signatures,
the PDQ of each compared frame from its luma and every distance anew, says what it checked, and
ends with status 1 if anything differs. Read it first: it is one file. With Pillow and pdqhash
installed, `python3 verify.py --with-pdqhash` decodes the pictures again as well.

    facts.json           everything the papers say, for programs
    media/               files as they were received; facts.json says which are transcoded
    luma/                64 x 64 luma of each compared frame, 4096 float32, little-endian
    context/             what was said, told and seen, as it was kept
    reports/             what was sent to authorities, and what they answered
    audit/               entries of the audit log about this case, each with its proof
    *.vics.json          the case for investigators' programs (VICS 2.0), with categories of US and UK
    papers/              cover, drafts of certificates, schedule of comparisons
    manifest.json        every other file with its size and SHA-256
    manifest.note        the organisation's signature over manifest.json

Numbers in file names are those that the records gave: where one is missing, it is another
paper's of the same report, such as a call that sent no paper.
"""
MAYBE: Final = ("media", "luma", "context", "reports")
"""Folders that a package has where there is something for them."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What the organisation's key says of the audit log.

    Attributes:
        keys: public keys, a line each.
        checkpoint: the signed note.
        entries: of the extract.
    """

    keys: str
    checkpoint: str
    entries: Sequence[Proven]


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that is written."""

    facts: PackageFacts
    number: int
    items: Sequence[Shelved]
    reports: Sequence[Paper]
    signed: Signed
    papers: Mapping[str, bytes]


class Contents:
    """Writes one package."""

    def __init__(self, vault: Blob, sign: Callable[[str], str]) -> None:
        """Take where media are, and what signs a note."""
        self._vault = vault
        self._sign = sign
        self.root = ""
        self._listed: list[dict[str, Any]] = []

    def write(self, whole: Whole, sink: BinaryIO, beat: Callable[[float], None]) -> None:
        """Write it; `root` is the SHA-256 of its list of files then.

        Raises:
            Tampered: media are not what they were when they were hashed.
        """
        facts = whole.facts
        total = sum(one.item.size for one in whole.items) or 1
        folder = f"case-{facts.case_number}-package-{whole.number}"
        with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            shelf = _Shelf(tar, folder, facts.made_at, self._listed)
            for path, body in _texts(whole):
                shelf.put(path, body)
            done = 0
            for one in whole.items:
                for path, luma in one.lumas:
                    shelf.put(path, luma)
                if one.body is not None:
                    shelf.put(one.item.path, one.body)
                elif one.blob is not None:
                    with self._vault.open(one.blob) as file:
                        shelf.copy(one, file, partial(_share, beat, done, total))
                    done += one.item.size
            listed = _json({
                "form": FORM, "package": facts.package, "case_number": facts.case_number,
                "made_at": iso(facts.made_at), "files": self._listed,
            })  # fmt: skip
            self.root = hashlib.sha256(listed).hexdigest()
            shelf.put("manifest.json", listed)
            note = self._sign(f"{FORM}\n{facts.package}\n{self.root}\n")
            shelf.put("manifest.note", note.encode())


def _share(beat: Callable[[float], None], done: int, total: int, size: int) -> None:
    beat((done + size) / total)


class _Shelf:
    """Puts files into the stream and lists them."""

    def __init__(
        self, tar: tarfile.TarFile, folder: str, at: datetime, listed: list[dict[str, Any]]
    ) -> None:
        self._tar, self._folder = tar, folder
        self._at = int(at.timestamp())
        self._listed = listed

    def put(self, path: str, body: bytes) -> None:
        """A small file."""
        self._add(path, len(body), io.BytesIO(body))
        self._list(path, len(body), hashlib.sha256(body).hexdigest())

    def copy(self, one: Shelved, file: BinaryIO, beat: Callable[[int], None]) -> None:
        """A file of any size, hashed on its way."""
        through = _Hashing(file, beat)
        self._add(one.item.path, one.item.size, cast("BinaryIO", through))
        digest = through.digest.hexdigest()
        if digest != one.item.sha256:
            raise Tampered("Media changed while they were packed.", item=one.item.id)
        self._list(one.item.path, one.item.size, digest)

    def _add(self, path: str, size: int, source: BinaryIO) -> None:
        info = tarfile.TarInfo(f"{self._folder}/{path}")
        info.size, info.mtime, info.mode = size, self._at, 0o600
        self._tar.addfile(info, source)

    def _list(self, path: str, size: int, digest: str) -> None:
        self._listed.append({"path": path, "size": size, "sha256": digest})


class _Hashing:
    """Reads on, hashes and counts."""

    def __init__(self, file: BinaryIO, beat: Callable[[int], None]) -> None:
        self._file, self._beat = file, beat
        self.digest = hashlib.sha256()
        self._size = 0

    def read(self, size: int = BLOCK) -> bytes:
        """The next bytes."""
        block = self._file.read(size)
        self.digest.update(block)
        self._size += len(block)
        self._beat(self._size)
        return block


def _texts(whole: Whole) -> Iterable[tuple[str, bytes]]:
    """Every file that is no medium."""
    yield "READ-ME.txt", _read_me(whole).encode()
    yield "verify.py", resources.files(__package__).joinpath("verify.py").read_bytes()
    for path, body in whole.papers.items():
        # What programs read lies beside the media whose paths it names.
        yield path if path.endswith(".vics.json") else f"papers/{path}", body
    yield "facts.json", facts_json(whole.facts)
    yield "audit/keys", whole.signed.keys.encode()
    yield "audit/checkpoint", whole.signed.checkpoint.encode()
    lines = (
        json.dumps({"number": one.number, "leaf": one.leaf, "proof": [h.hex() for h in one.proof]})
        for one in whole.signed.entries
    )
    yield "audit/entries.jsonl", "".join(f"{line}\n" for line in lines).encode()
    for paper in whole.reports:
        yield paper.path, paper.body


def _read_me(whole: Whole) -> str:
    """How to check it, with the folders that are in this package."""
    paths = [one.item.path for one in whole.items] + [paper.path for paper in whole.reports]
    paths += [path for one in whole.items for path, _ in one.lumas]
    absent = tuple(
        f"    {name}/" for name in MAYBE if not any(p.startswith(f"{name}/") for p in paths)
    )
    text = README.format(number=whole.number, case=whole.facts.case_number)
    lines = [
        line for line in text.splitlines(keepends=True) if not line.startswith(absent or ("\0",))
    ]
    return "".join(lines)


def facts_json(facts: PackageFacts) -> bytes:
    """The facts as `verify` reads them."""
    plain = {"form": FORM, **asdict(facts)}
    for row, key in zip(plain["recipients"], facts.recipients, strict=True):
        row["fingerprint"] = key.fingerprint
    return _json(plain)


def _json(value: Any) -> bytes:
    text = json.dumps(value, indent=1, ensure_ascii=True, default=_spelled)
    return f"{text}\n".encode()


def _spelled(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
