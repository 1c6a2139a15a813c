"""What is preserved comes back whole or not at all, and never after it was shredded."""

from __future__ import annotations

import errno
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from breakwater.errors import BadSettings, DiskFull, MissingKey, NotFound, Tampered, Unavailable
from breakwater.model.ids import new_id
from breakwater.model.upload import Surface
from breakwater.records import sealedfile
from breakwater.records.tables import core, nouns
from breakwater.records.vault import Vault, naming_columns

MIB = 1 << 20
SIZES = [0, 1, 100, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5]


def put(vault, content: bytes = b"evidence", purpose: str = "evidence"):
    return vault.put(io.BytesIO(content), purpose=purpose)


def read(vault, blob) -> bytes:
    with vault.open(blob) as file:
        return file.read()


@pytest.mark.parametrize("size", SIZES)
def test_bytes_come_back_as_they_went_in(vault, size):
    content = os.urandom(size)
    blob = put(vault, content)
    assert read(vault, blob) == content
    assert vault.size(blob) == size
    assert vault.path(blob).stat().st_size == sealedfile.stored_size(size)


def test_any_part_is_read_from_its_place(vault):
    content = os.urandom(2 * MIB + 17)
    with vault.open(put(vault, content)) as file:
        for start, count in ((MIB - 3, 6), (0, 4), (2 * MIB, 100), (5, MIB), (2 * MIB + 17, 1)):
            file.seek(start)
            assert file.read(count) == content[start : start + count]
        assert file.seek(-4, io.SEEK_END) == len(content) - 4
        assert file.read() == content[-4:]


def test_a_source_that_gives_little_at_a_time_is_read_to_its_end(vault):
    class Trickle(io.RawIOBase):
        left = 2 * MIB + 3

        def read(self, size: int = -1) -> bytes:
            part = min(size, 70_001, self.left)
            self.left -= part
            return b"x" * part

    blob = vault.put(Trickle(), purpose="evidence")
    assert read(vault, blob) == b"x" * (2 * MIB + 3)


def test_nothing_lies_on_the_disk_in_clear(vault):
    blob = put(vault, b"plain words " * 1000)
    assert b"plain" not in vault.path(blob).read_bytes()
    assert vault.path(blob).stat().st_mode & 0o777 == 0o600


def test_every_flipped_byte_is_found(vault):
    blob = put(vault, os.urandom(40))
    path = vault.path(blob)
    whole = path.read_bytes()
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1
        path.write_bytes(broken)
        with pytest.raises(Tampered):
            read(vault, blob)


def test_a_cut_grown_swapped_or_lost_file_is_found(vault):
    content = os.urandom(3 * MIB)
    blob, other = put(vault, content), put(vault, content)
    path = vault.path(blob)
    whole = path.read_bytes()
    step = MIB + sealedfile.TAG
    head = whole[: sealedfile.HEAD]
    chunks = [whole[sealedfile.HEAD + n * step :][:step] for n in range(3)]
    for broken in (
        b"",
        whole[:-1],
        head + chunks[0] + chunks[1],
        whole + b"x",
        head + chunks[1] + chunks[0] + chunks[2],
        head + chunks[0] + chunks[0] + chunks[2],
        vault.path(other).read_bytes(),
    ):
        path.write_bytes(broken)
        with pytest.raises(Tampered):
            read(vault, blob)
    path.unlink()
    with pytest.raises(Tampered):
        vault.open(blob)


def files_of(database, request) -> list[Path]:
    """Every file of the database but PostgreSQL's own log, which holds wrapped keys only."""
    if database.dialect == "sqlite":
        return list(database.path.parent.glob(database.path.name + "*"))
    server = request.getfixturevalue("postgres_server")
    server.sql("CHECKPOINT")
    files = [path for path in (server.directory / "data" / "base").rglob("*") if path.is_file()]
    assert files
    return files


def test_a_shredded_object_is_gone_key_and_file(database, vault, request):
    blob, neighbour = put(vault), put(vault, b"neighbour")
    kept = vault.path(blob).read_bytes()
    with database.read() as tx:
        query = sa.select(core.blob_keys.c.wrapped).where(core.blob_keys.c.blob == blob)
        wrapped = bytes(tx.execute(query).scalar_one())
    assert any(wrapped in path.read_bytes() for path in files_of(database, request))
    vault.shred(blob)
    vault.shred(blob)
    with pytest.raises(NotFound):
        vault.open(blob)
    assert not vault.path(blob).exists()
    assert read(vault, neighbour) == b"neighbour"
    vault.path(blob).write_bytes(kept)  # a copy from a backup is noise
    with pytest.raises(NotFound):
        vault.open(blob)
    for path in files_of(database, request):
        assert wrapped not in path.read_bytes(), f"the wrapped key is still in {path.name}"


def test_what_nobody_named_within_the_hour_is_swept(database, vault, clock):
    orphan = put(vault)
    assert vault.sweep() == 0
    clock.advance(3601)
    young = put(vault)
    assert vault.sweep() == 1
    with pytest.raises(NotFound):
        vault.open(orphan)
    assert not vault.path(orphan).exists()
    assert read(vault, young) == b"evidence"


def test_what_an_upload_names_is_never_swept(database, vault, clock):
    blob = put(vault)
    table = nouns.nouns_intake.uploads
    assert table.c.blob_id in naming_columns()
    row = {
        "id": new_id(), "service": "s", "surface": Surface.PUBLIC.value, "state": "done",
        "received_at": clock.now(), "size": 1, "declared_type": "", "type": "", "reference": "",
        "revision": 1, "blob_id": blob, "change": 1,
    }  # fmt: skip
    with database.transaction() as tx:
        tx.execute(sa.insert(table), row)
    clock.advance(1_000_000)
    assert vault.sweep() == 0
    assert read(vault, blob) == b"evidence"


def test_files_without_a_row_are_swept(vault, clock):
    """A process that died between the file and its row leaves such a file."""
    blob = put(vault)
    stray = vault.path(blob).with_name(str(new_id())[:-2] + blob[-2:] + ".bwv")
    part = stray.with_suffix(".part")
    young = vault.path(blob).with_name(str(new_id()) + ".bwv")
    hours_ago = (clock.now() - timedelta(hours=2)).timestamp()
    for path in (stray, part, young):
        path.write_bytes(b"x")
    for path in (stray, part, vault.path(blob)):
        os.utime(path, (hours_ago, hours_ago))
    os.utime(young, (clock.now().timestamp(),) * 2)
    assert vault.sweep() == 2
    assert not stray.exists()
    assert not part.exists()
    assert young.exists()
    assert read(vault, blob) == b"evidence"


def test_a_full_disk_is_said_and_leaves_nothing(vault, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        put(vault)
    assert [p for p in vault.directory.rglob("*") if p.is_file()] == []


def test_a_folder_that_another_has_just_made_is_synced_too(vault, monkeypatch):
    """Its maker may not have come to that yet, or was killed before."""
    for number in range(256):
        (vault.directory / f"{number:02x}").mkdir()
    synced = []
    monkeypatch.setattr("breakwater.records.vault._sync_directory", synced.append)
    blob = put(vault)
    assert synced == [vault.directory, vault.path(blob).parent]


def test_a_source_that_fails_leaves_nothing(vault):
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise ValueError("the sender hung up")

    with pytest.raises(ValueError, match="hung up"):
        vault.put(Broken(), purpose="evidence")
    assert [p for p in vault.directory.rglob("*") if p.is_file()] == []


def test_a_vault_that_cannot_be_written_says_so(vault):
    vault.directory.rename(vault.directory.with_name("elsewhere"))
    with pytest.raises(Unavailable):
        put(vault)


def test_a_purpose_without_a_key_or_a_missing_directory_is_refused(vault, database, tmp_path):
    with pytest.raises(MissingKey):
        put(vault, purpose="unheard of")
    with pytest.raises(BadSettings):
        Vault(tmp_path / "nowhere", database, database.keys)


def test_objects_of_a_rotated_class_key_still_open(vault, keyring):
    blob = put(vault)
    keyring.rotate("evidence")
    assert read(vault, blob) == b"evidence"
    keyring.shred("evidence", 1)
    with pytest.raises(MissingKey):
        vault.open(blob)
