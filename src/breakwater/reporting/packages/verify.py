"""Checks an evidence package again, offline: `python3 -I -S verify.py`, in its folder.

Comes in: an unpacked package; this file lies in it and is also in the program's source. Goes
out: what was checked, and status 1 when anything differs. Nothing but Python's own library (3.10
or later) is used, and nothing is sent or written. Computed anew: the SHA-256 and size of every
file (FIPS 180-4) against manifest.json, the Ed25519 signatures (RFC 8032) of manifest and
checkpoint, each audit entry's place in the tree (RFC 6962), MD5 and SHA-1 of media, the PDQ of
each compared frame from its 64 x 64 luma (facebook/ThreatExchange, pdq), and every distance.
With --with-pdqhash pictures are decoded again by Pillow and hashed by pdqhash as well.
Tests: `tests/unit/test_package_verify.py`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import math
import os
import sys
from array import array
from collections.abc import Callable
from functools import partial
from operator import add
from pathlib import Path
from typing import Any

FORM = "breakwater package 1"
EXACT = ("sha256", "sha1", "md5")
BY_NOTE = ("manifest.json", "manifest.note")
BLOCK = 1 << 20
ODD = (ValueError, LookupError, TypeError, AttributeError, OSError, RecursionError, ImportError)
Found = dict[str, Any]


class Outcome:
    """What was checked, and what is wrong."""

    def __init__(self) -> None:
        self.checked: dict[str, int] = {}
        self.wrong: list[str] = []

    def want(self, good: bool, what: str, where: str, words: str) -> bool:
        """Count one check; one that fails is named."""
        self.checked[what] = self.checked.get(what, 0) + 1
        if not good:
            self.wrong.append(f"{where}: {words}")
        return good

    def guarded(self, where: str, check: Callable[[], None]) -> None:
        """Run a check; what cannot be read is wrong too."""
        try:
            check()
        except ODD as error:
            self.want(False, "readable", where, f"cannot be read ({type(error).__name__}: {error})")


# Ed25519, RFC 8032 section 5.1: verification only, so time need not be constant.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def _point(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def _plus(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def _times(n: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        n >>= 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _x_of(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is the key's over the message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, first = _point(key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or first is None or scalar >= Q:
        return False
    hashed = hashlib.sha512(signature[:32] + key + message).digest()
    left, right = (
        _times(scalar, BASE),
        _plus(first, _times(int.from_bytes(hashed, "little") % Q, public)),
    )
    return not (
        (left[0] * right[2] - right[0] * left[2]) % P
        or (left[1] * right[2] - right[1] * left[2]) % P
    )


def key_of(line: str) -> tuple[str, bytes, bytes]:
    """A public key `name+hash+base64` as (name, hash, 32 bytes); https://c2sp.org/signed-note."""
    name, digest, encoded = line.strip().split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    expected = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if blob[:1] != b"\x01" or len(blob) != 33 or expected.hex() != digest:
        raise ValueError("this is no Ed25519 key of a signed note")
    return name, expected, blob[1:]


def note_of(text: str, keys: list[tuple[str, bytes, bytes]]) -> list[str]:
    """The lines of a signed note whose signature is that of one of the keys."""
    body, blank, rest = text.partition("\n\n")
    if not blank:
        raise ValueError("it is no signed note")
    for line in rest.splitlines():
        dash, name, encoded = line.split(" ", 2)
        blob = base64.b64decode(encoded, validate=True)
        for known, digest, key in keys:
            mine = dash == "\u2014" and name == known and blob[:4] == digest
            if mine and signed_by(key, (body + "\n").encode(), blob[4:]):
                return body.split("\n")
    raise ValueError("no signature of a key in audit/keys is right")


# PDQ from a 64 x 64 luma: the reference's float32 steps in their order.
def _floats(values: Any) -> array[float]:
    return array("f", values)


SCALE = _floats([math.sqrt(2.0 / 64.0)])[0]
DCT = [
    _floats(SCALE * math.cos((math.pi / 2.0 / 64.0) * (i + 1) * (2 * j + 1)) for j in range(64))
    for i in range(16)
]
VIEWS = ("original", "rotate90", "rotate180", "rotate270",
         "flipx", "flipy", "flipplus1", "flipminus1")  # fmt: skip


def coefficients(luma: array[float]) -> list[array[float]]:
    """The 16 x 16 lowest frequencies, each product and each sum rounded to float32."""
    lines = [luma[at : at + 64] for at in range(0, 4096, 64)]
    half = []
    for row in DCT:
        total = _floats([0.0] * 64)
        for factor, line in zip(row, lines, strict=True):
            total = _floats(map(add, total, _floats([factor * one for one in line])))
        half.append(total)
    columns = [[row[k] for row in DCT] for k in range(64)]
    whole = []
    for row in half:
        total = _floats([0.0] * 16)
        for factor, column in zip(row, columns, strict=True):
            total = _floats(map(add, total, _floats([factor * one for one in column])))
        whole.append(total)
    return whole


def pdq_of(found: list[array[float]], view: str) -> str:
    """The hash of one of the eight orientations, as hexadecimal digits."""
    number = VIEWS.index(view)
    rows = number in {2, 3, 4, 7}
    columns = number in {1, 2, 5, 7}
    turned = [
        [
            value * ((1 if i & 1 else -1) if rows else 1) * ((1 if j & 1 else -1) if columns else 1)
            for j, value in enumerate(line)
        ]
        for i, line in enumerate(found)
    ]
    if number in {1, 3, 6, 7}:
        turned = [list(line) for line in zip(*turned, strict=True)]
    flat = [value for line in turned for value in line]
    median = sorted(flat)[127]
    bits = sum(1 << at for at, value in enumerate(flat) if value > median)
    return f"{bits:064x}"


def quality_of(luma: array[float]) -> int:
    """PDQ's measure of how much there is to see, 0 to 100."""
    down = [a - b for a, b in zip(luma, luma[64:], strict=False)]
    right = [luma[at] - luma[at + 1] for at in range(4096) if at % 64 != 63]
    total = 0
    for steps in (down, right):
        hundred = _floats(one * 100.0 for one in _floats(steps))
        total += sum(abs(int(one)) for one in _floats(one / 255.0 for one in hundred))
    return min(total // 90, 100)


def apart(a: str, b: str) -> int:
    """Bits that differ between two values of the same length in hexadecimal digits."""
    if len(a) != len(b):
        raise ValueError("values of different lengths")
    return (int(a, 16) ^ int(b, 16)).bit_count()


class Package:
    """One unpacked package."""

    def __init__(self, folder: Path, outcome: Outcome) -> None:
        self.folder, self.outcome = folder, outcome
        self.keys: list[tuple[str, bytes, bytes]] = []
        self.manifest: Found = {}
        self.facts: Found = {}
        self.lumas: dict[str, tuple[list[array[float]], int]] = {}
        self.gaps: list[str] = []
        self.trusted = self.decoded = self.undecoded = 0

    def text(self, name: str) -> str:
        """A small file as text."""
        return (self.folder / name).read_text(encoding="utf-8")

    def check(self) -> None:
        """Everything, in the order in which one rests on the other."""
        guarded = self.outcome.guarded
        guarded("audit/keys", self._read_keys)
        guarded("manifest.json", self._read_manifest)
        guarded("manifest.note", self.check_manifest_note)
        guarded("manifest.json", self._check_files)
        guarded("facts.json", self._read_facts)
        guarded("audit/checkpoint", self.check_checkpoint)
        guarded("audit/entries.jsonl", self._check_entries)
        guarded("facts.json", self._check_items)
        guarded("facts.json, recipients", self._check_recipients)

    def only(self, told: str) -> None:
        """Check the signatures by the one key that somebody told, and by no other."""
        key = key_of(told)
        self.outcome.want(
            key in self.keys, "keys", "audit/keys", "the key you were told is not there"
        )
        self.keys = [key]
        self.outcome.guarded("manifest.note", self.check_manifest_note)
        self.outcome.guarded("audit/checkpoint", self.check_checkpoint)

    def _read_keys(self) -> None:
        self.keys = [key_of(line) for line in self.text("audit/keys").splitlines() if line.strip()]
        self.outcome.want(bool(self.keys), "keys", "audit/keys", "holds no key")

    def _read_manifest(self) -> None:
        self.manifest = object_of(self.text("manifest.json"))
        good = self.manifest["form"] == FORM
        self.outcome.want(good, "form", "manifest.json", "is of another form")

    def check_manifest_note(self) -> None:
        """Whether the list of files is what was signed."""
        lines = note_of(self.text("manifest.note"), self.keys)
        self.outcome.want(True, "signatures (Ed25519)", "manifest.note", "")
        digest = hashlib.sha256((self.folder / "manifest.json").read_bytes()).hexdigest()
        want, where = self.outcome.want, "manifest.note"
        want(lines[0] == FORM, "form", where, "is of another form")
        want(lines[1] == self.manifest.get("package"), "ids", where, "is another package's")
        want(lines[2] == digest, "files (SHA-256)", "manifest.json", "is not what was signed")

    def _check_files(self) -> None:
        listed = {one["path"]: one for one in self.manifest["files"]}
        want = self.outcome.want
        want(len(listed) == len(self.manifest["files"]), "names", "manifest.json", "lists twice")
        for path, one in listed.items():
            self.outcome.guarded(path, partial(self._check_file, path, one))
        for base, folders, names in os.walk(self.folder):
            for name in [*names, *(one for one in folders if (Path(base) / one).is_symlink())]:
                path = (Path(base) / name).relative_to(self.folder).as_posix()
                known = path in listed or path in BY_NOTE
                want(known, "names", path, "is in no list of this package")

    def _check_file(self, path: str, one: Found) -> None:
        parts = path.split("/")
        if path.startswith("/") or not set(parts).isdisjoint({"", ".", ".."}):
            self.outcome.want(False, "names", path, "leads out of the package")
            return
        links = any(
            (self.folder / "/".join(parts[:n])).is_symlink() for n in range(1, len(parts) + 1)
        )
        if not self.outcome.want(not links, "names", path, "is a link to something else"):
            return
        size, digests = digests_of(self.folder / path, ("sha256",))
        want = self.outcome.want
        want(size == one["size"], "sizes", path, f"has {size} bytes, not {one['size']}")
        digest = digests["sha256"]
        want(digest == one["sha256"], "files (SHA-256)", path, f"SHA-256 is {digest}")

    def _read_facts(self) -> None:
        self.facts = object_of(self.text("facts.json"))
        want = self.outcome.want
        for name in ("form", "package", "case_number", "made_at"):
            same = self.facts[name] == self.manifest.get(name)
            want(same, "ids", f"facts.json, {name}", "is not what manifest.json says")

    def check_checkpoint(self) -> None:
        """Whether the tree is what was signed."""
        lines = note_of(self.text("audit/checkpoint"), self.keys)
        self.outcome.want(True, "signatures (Ed25519)", "audit/checkpoint", "")
        said, want = self.facts["audit"], self.outcome.want
        root = base64.b64decode(lines[2], validate=True).hex()
        signed = next((one[5:] for one in lines[3:] if one.startswith("time ")), "")
        here = {"origin": lines[0], "size": int(lines[1]), "root": root, "signed_at": signed}
        for name, value in here.items():
            where = f"facts.json, audit.{name}"
            want(said[name] == value, "checkpoint", where, f"the signed checkpoint says {value}")
        known = key_of(said["key"]) in self.keys
        want(known, "checkpoint", "facts.json, audit.key", "is not in audit/keys")

    def _check_entries(self) -> None:
        said, want, numbers = self.facts["audit"], self.outcome.want, []
        for line in self.text("audit/entries.jsonl").splitlines():
            row = json.loads(line)
            entry = json.loads(row["leaf"])
            where = f"audit/entries.jsonl, entry {row['number']}"
            numbers.append(row["number"])
            want(entry["number"] == row["number"], "entries", where, "its leaf has another number")
            root = root_of(row["leaf"].encode(), row["number"], said["size"], row["proof"])
            want(root == said["root"], "entries in the signed tree", where, "leads to another root")
            if row["number"] == said["exported"]:
                made = (entry["action"], entry["subject"]) == (
                    "package.make",
                    self.facts["package"],
                )
                want(made, "entries", where, "does not say that this package is made")
        where = "facts.json, audit.numbers"
        want(numbers == said["numbers"], "entries", where, "are not those of audit/entries.jsonl")
        want(numbers == sorted(set(numbers)), "entries", where, "are not in their order")
        where = "facts.json, audit.exported"
        want(said["exported"] in numbers, "entries", where, "is not in audit/entries.jsonl")

    def _check_items(self) -> None:
        for place, item in enumerate(self.facts["items"], 1):
            where = f"facts.json, item {place}"
            self.outcome.guarded(where, partial(self._check_item, item))
            if item["gap"]:
                self.gaps.append(f"item {item['number']}: {item['gap']}")
        self.gaps += self.facts["gaps"]

    def _check_item(self, item: Found) -> None:
        want, where = self.outcome.want, f"facts.json, item {item['number']}"
        if not item["path"]:
            want(bool(item["gap"]), "gaps", where, "has no file and no reason")
            return
        size, digests = digests_of(self.folder / item["path"], ("sha256", "md5", "sha1"))
        want(size == item["size"], "sizes", f"{where}, size", f"the file has {size} bytes")
        for kind, digest in digests.items():
            good = item[kind] in {digest, ""} and bool(item["sha256"])
            want(good, "media (MD5, SHA-1, SHA-256)", f"{where}, {kind}", f"the file's is {digest}")
        for place, one in enumerate(item["comparisons"], 1):
            here = f"{where}, comparison {place}"
            self.outcome.guarded(here, partial(self._compare, item, one, here))

    def _compare(self, item: Found, one: Found, where: str) -> None:
        want, own = self.outcome.want, one["own"]
        if not own:
            want(bool(item["gap"]), "gaps", f"{where}, own", "has no value and no reason")
            return
        if one["luma"]:
            found, quality = self._luma(one["luma"])
            made = pdq_of(found, one["view"])
            want(made == own, "PDQ from luma", f"{where}, own", f"its luma gives {made}")
            good = quality == one["quality"]
            want(good, "PDQ from luma", f"{where}, quality", f"its luma gives {quality}")
        elif one["kind"] in EXACT:
            same = item[one["kind"]] == own
            want(same, "exact values", f"{where}, own", "is not that of the file")
        if not one["luma"] and one["kind"] not in EXACT:
            self.trusted += 1
        if one["kind"] == "pdq" or one["kind"] in EXACT:
            bits = apart(own, one["known"])
            exact = one["kind"] != "pdq"
            distance = min(bits, 1) if exact else bits
            good = distance == one["distance"]
            want(good, "distances", f"{where}, distance", f"{bits} bits of own and known differ")
            want(len(own) * 4 == one["bits"], "distances", f"{where}, bits", "is not own's length")
        counted = one["rejected"] == ""
        # house: small - one file by its nature: whoever receives a package runs it alone
        near = one["distance"] <= one["limit"]
        want(near or not counted, "distances", f"{where}, limit", "a match beyond the limit counts")

    def _luma(self, path: str) -> tuple[list[array[float]], int]:
        if path not in self.lumas:
            luma = array("f", (self.folder / path).read_bytes())
            if sys.byteorder == "big":
                luma.byteswap()
            if len(luma) != 4096 or not all(math.isfinite(one) for one in luma):
                raise ValueError(f"{path} is no 64 x 64 luma")
            self.lumas[path] = coefficients(luma), quality_of(luma)
        return self.lumas[path]

    def _check_recipients(self) -> None:
        for one in self.facts["recipients"]:
            made = hashlib.sha256(one["key"].strip().encode()).hexdigest()
            where = f"facts.json, recipient {one['name']}"
            self.outcome.want(
                one["fingerprint"] == made, "recipients", where, f"its key has {made}"
            )

    def decode_again(self) -> None:
        """Decode pictures by Pillow and hash them by pdqhash: another library, the same values."""
        import numpy as np  # noqa: PLC0415 - only who asks for it needs it
        import pdqhash  # noqa: PLC0415 - as above
        from PIL import Image, ImageOps  # noqa: PLC0415 - as above

        for item in self.facts["items"]:
            wanted = [one for one in item["comparisons"] if one["luma"] and not one["compatible"]]
            if not item["path"] or not item["type"].startswith("image/"):
                self.undecoded += bool(item["path"])
                continue
            for one in wanted:
                with Image.open(self.folder / item["path"]) as file:
                    file.seek(one["frame"] or 0)
                    shown = ImageOps.exif_transpose(file)
                    if shown.mode in {"LA", "RGBA", "PA"} or "transparency" in shown.info:
                        over = shown.convert("RGBA")
                        under = Image.new("RGBA", over.size, "white")
                        shown = Image.alpha_composite(under, over)
                    pixels = np.asarray(shown.convert("RGB"))
                values, _ = pdqhash.compute_dihedral(pixels)
                bits = "".join("1" if bit else "0" for bit in values[VIEWS.index(one["view"])])
                made = f"{int(bits, 2):064x}"
                self.decoded += 1
                where = f"{item['path']}, {one['view']}"
                good = made == one["own"]
                words = f"decoded here it has {made}, {apart(made, one['own'])} bits apart"
                self.outcome.want(good, "pictures decoded again", where, words)


def object_of(text: str) -> Found:
    """A JSON object, and nothing else."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError("it is no JSON object")
    return found


def digests_of(path: Path, kinds: tuple[str, ...]) -> tuple[int, dict[str, str]]:
    """Size and digests of a file, read once in pieces."""
    makers = {kind: hashlib.new(kind) for kind in kinds}
    size = 0
    with path.open("rb") as file:
        while piece := file.read(BLOCK):
            size += len(piece)
            for maker in makers.values():
                maker.update(piece)
    return size, {kind: maker.hexdigest() for kind, maker in makers.items()}


def root_of(leaf: bytes, number: int, size: int, proof: list[str]) -> str:
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2)."""
    if not 0 <= number < size:
        raise ValueError("it is not in a tree of this size")
    at, last = number, size - 1
    node = hashlib.sha256(b"\x00" + leaf).digest()
    for sibling in map(bytes.fromhex, proof):
        if last == 0:
            raise ValueError("the proof is too long")
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return node.hex()


def say(words: str) -> None:
    """One line, whatever the terminal can spell."""
    sys.stdout.write(words.encode("ascii", "backslashreplace").decode() + "\n")


def main(arguments: list[str]) -> int:
    """Check a package; answers the exit status."""
    parser = argparse.ArgumentParser(description="Checks an evidence package, offline.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", default="", help="The organisation's key as they told you it.")
    parser.add_argument("--with-pdqhash", action="store_true", help="Decode pictures again.")
    told = parser.parse_args(arguments)
    outcome = Outcome()
    package = Package(told.folder, outcome)
    package.check()
    if told.key:
        outcome.guarded("--key", partial(package.only, told.key))
    if told.with_pdqhash:
        outcome.guarded("--with-pdqhash", package.decode_again)
    say(f"Package {package.facts.get('package')}, case {package.facts.get('case_number')}")
    for what, count in sorted(outcome.checked.items()):
        say(f"  checked {count:6}  {what}")
    for name, digest, key in package.keys:
        blob = base64.b64encode(b"\x01" + key).decode()
        say(f"  signed by {name}+{digest.hex()}+{blob}")
    if not told.key:
        say("  Whose key that is no computation can say: compare it by telephone, or give --key.")
    for gap in package.gaps:
        say(f"  said to be missing: {gap}")
    if package.trusted:
        say(f"  values as they were written down, without their frame: {package.trusted}")
    if told.with_pdqhash:
        say(
            f"  comparisons decoded again: {package.decoded}; files that are no pictures: {package.undecoded}"
        )
    for one in outcome.wrong:
        say(f"WRONG  {one}")
    say(f"{len(outcome.wrong)} wrong." if outcome.wrong else "All of it is as it was sealed.")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
