"""A package in which anything was changed: the verifier ends with status 1 and names it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from breakwater.reporting.packages import notes, verify
from tests.integration import deciding, packing
from tests.integration.packing import checked, facts_of, files_of

house, case, good, copy = packing.house, packing.case, packing.good, packing.copy
set_up_once = deciding.set_up_once


def resealed(house, folder: Path, name: str, body: bytes) -> None:
    """Change a file as somebody does who holds the organisation's key."""
    (folder / name).write_bytes(body)
    listed = json.loads((folder / "manifest.json").read_text())
    for one in listed["files"]:
        if one["path"] == name:
            one |= {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    text = json.dumps(listed).encode()
    (folder / "manifest.json").write_bytes(text)
    note = f"{verify.FORM}\n{listed['package']}\n{hashlib.sha256(text).hexdigest()}\n"
    (folder / "manifest.note").write_text(house.app.packages.maker._sign(note))


def test_a_change_of_any_file_is_named(copy, capsys):
    for name in files_of(copy):
        body = (copy / name).read_bytes()
        changed = bytearray(body or b" ")
        changed[len(changed) // 2] ^= 0x01
        (copy / name).write_bytes(bytes(changed))
        status, said = checked(copy, capsys)
        assert status == 1, name
        assert f"WRONG  {name}" in said, (name, said)
        (copy / name).write_bytes(body)
    assert checked(copy, capsys)[0] == 0


def test_a_file_too_many_or_too_few_or_a_link_is_named(copy, capsys):
    for name in files_of(copy):
        shutil.move(copy / name, copy.parent / "away")
        status, said = checked(copy, capsys)
        assert status == 1, name
        assert f"WRONG  {name}" in said, (name, said)
        shutil.move(copy.parent / "away", copy / name)
    (copy / "media/extra.jpg").write_bytes(b"")
    assert "WRONG  media/extra.jpg" in checked(copy, capsys)[1]
    (copy / "media/extra.jpg").unlink()
    first = next(name for name in files_of(copy) if name.startswith("media/"))
    shutil.move(copy / first, copy.parent / "away")
    (copy / first).symlink_to(copy.parent / "away")
    assert f"WRONG  {first}: is a link" in checked(copy, capsys)[1]


def leaves(value, path=()):
    """Every number, word and truth of a document, with the way to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, (*path, place))
    else:
        yield path, value


def changed(document, path, value):
    made = json.loads(json.dumps(document))
    where = made
    for step in path[:-1]:
        where = where[step]
    other = (
        f"{value}0"
        if isinstance(value, str)
        else (not value if isinstance(value, bool) else (value or 0) + 1)
    )
    where[path[-1]] = other
    return made


@pytest.mark.parametrize("name", ["facts.json", "manifest.json"])
def test_a_change_of_any_field_is_named(copy, capsys, name):
    document = json.loads((copy / name).read_text())
    rows = list(leaves(document))
    step = max(1, len(rows) // 8)
    for path, value in rows[::step]:
        (copy / name).write_text(json.dumps(changed(document, path, value)))
        status, said = checked(copy, capsys)
        assert status == 1, path
        assert "WRONG  manifest.note" in said or f"WRONG  {name}" in said, path


COMPUTED = {
    "items": {"size", "sha256", "md5", "sha1"},
    "comparisons": {"own", "known", "distance", "quality", "bits"},
    "audit": {"size", "root", "numbers", "origin", "key", "signed_at", "exported"},
    "recipients": {"key", "fingerprint"},
}


def test_what_can_be_computed_cannot_be_changed_even_by_who_holds_the_key(house, copy, capsys):
    document = facts_of(copy)
    tried, seen = 0, set()
    for path, value in leaves(document):
        parts = [step for step in path if isinstance(step, str)]
        computed = (
            parts[0] in {"form", "package", "case_number", "made_at"} if len(parts) == 1
            else parts[-1] in COMPUTED.get(parts[-2], ()) or parts[:2] == ["audit", "numbers"]
        )  # fmt: skip
        once = str((len(path), parts[-2:]))
        if not computed or value in {"", None} or once in seen:
            continue
        seen.add(once)
        tried += 1
        if parts[-1] in {"own", "known", "sha256", "root"}:
            value = f"{int(value[:-1], 16):0{len(value) - 1}x}"  # noqa: PLW2901 - another digit at its end
        resealed(house, copy, "facts.json", json.dumps(changed(document, path, value)).encode())
        status, said = checked(copy, capsys)
        assert status == 1, path
        assert "facts.json" in said.partition("WRONG")[2] or "audit/" in said, (path, said)
    assert tried >= 21


def test_the_extract_and_the_checkpoint_cannot_be_bent(house, copy, capsys):
    for name in ("audit/entries.jsonl", "audit/checkpoint"):
        body = (copy / name).read_text()
        lines = body.splitlines()
        for at in range(0, len(lines), 1 + len(lines) // 8):
            line = lines[at]
            bent = [
                *lines[:at],
                line.replace("1", "2", 1) if "1" in line else line + "1",
                *lines[at + 1 :],
            ]
            resealed(house, copy, name, ("\n".join(bent) + "\n").encode())
            assert checked(copy, capsys)[0] == 1, (name, at)
        resealed(house, copy, name, body.encode())
    less = (copy / "audit/entries.jsonl").read_text().splitlines()[1:]
    resealed(house, copy, "audit/entries.jsonl", ("\n".join(less) + "\n").encode())
    assert "audit.numbers" in checked(copy, capsys)[1]


def test_somebody_elses_key_is_found_by_the_key_one_was_told(copy, capsys):
    line = (copy / "audit/keys").read_text().strip()
    assert checked(copy, capsys, "--key", line)[0] == 0
    _, public = notes.new_key()
    status, said = checked(copy, capsys, "--key", notes.vkey(line.partition("+")[0], public))
    assert status == 1
    assert "the key you were told is not there" in said
    assert "WRONG  manifest.note" in said
    assert "WRONG  audit/checkpoint" in said
    assert "WRONG  --key" in checked(copy, capsys, "--key", line[:-4])[1]


def test_whoever_seals_anew_with_a_key_of_their_own_is_found_by_the_key(copy, capsys):
    told = (copy / "audit/keys").read_text().strip()
    pem, public = notes.new_key()
    secret = load_pem_private_key(pem, None)
    name = told.partition("+")[0]
    document = facts_of(copy) | {"case_why": "Something else."}
    document["audit"]["key"] = notes.vkey(name, public)
    point = (copy / "audit/checkpoint").read_text().partition("\n\n")[0] + "\n"
    made = {
        "audit/keys": notes.vkey(name, public) + "\n", "facts.json": json.dumps(document),
        "audit/checkpoint": notes.signed(point, name=name, public=public, sign=secret.sign),
    }  # fmt: skip
    listed = json.loads((copy / "manifest.json").read_text())
    for path, text in made.items():
        (copy / path).write_text(text)
        (one,) = (row for row in listed["files"] if row["path"] == path)
        one |= {"size": len(text.encode()), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    text = json.dumps(listed)
    (copy / "manifest.json").write_text(text)
    note = f"{verify.FORM}\n{listed['package']}\n{hashlib.sha256(text.encode()).hexdigest()}\n"
    note = notes.signed(note, name=name, public=public, sign=secret.sign)
    (copy / "manifest.note").write_text(note)
    status, said = checked(copy, capsys)
    assert status == 0, said
    assert "compare it by telephone" in said
    assert checked(copy, capsys, "--key", told)[0] == 1


def test_what_is_no_package_is_named_and_raises_nothing(tmp_path, capsys):
    assert checked(tmp_path, capsys)[0] == 1
    for body in (b"[]", b"{", b"\xff\xfe", b"null", b'{"files": 3}', b'{"form": {}}'):
        for name in ("manifest.json", "facts.json", "audit/keys", "audit/checkpoint"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(body)
        assert checked(tmp_path, capsys)[0] == 1


def test_a_list_that_leads_out_of_the_package_opens_nothing(house, copy, capsys):
    listed = json.loads((copy / "manifest.json").read_text())
    listed["files"].append({"path": "../../etc/passwd", "size": 1, "sha256": "00"})
    (copy / "manifest.json").write_text(json.dumps(listed))
    assert "../../etc/passwd: leads out" in checked(copy, capsys)[1]
