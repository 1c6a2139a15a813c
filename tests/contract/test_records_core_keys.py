"""Keys open what they sealed, only that, and nothing after they were shredded."""

from __future__ import annotations

import os
import shutil
import subprocess

import pyrage
import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from breakwater.errors import BadInput, Conflict, MissingKey, Tampered, Unfit
from breakwater.records import audit
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core

WORDS = "a long passphrase"


def test_a_sealed_value_comes_back_in_its_own_row_only(keyring):
    sealed = keyring.seal("identifiers", b"203.0.113.7", b"upload-1")
    assert b"203" not in sealed
    assert keyring.unseal("identifiers", sealed, b"upload-1") == b"203.0.113.7"
    with pytest.raises(Tampered):
        keyring.unseal("identifiers", sealed, b"upload-2")
    with pytest.raises(Tampered):
        keyring.unseal("accounts", sealed, b"upload-1")


def test_every_changed_byte_of_a_sealed_value_is_found(keyring):
    sealed = keyring.seal("identifiers", b"x", b"")
    for at in range(len(sealed)):
        broken = bytearray(sealed)
        broken[at] ^= 1
        with pytest.raises((Tampered, MissingKey)):
            keyring.unseal("identifiers", bytes(broken))
    for cut in (b"", sealed[:5], sealed[:-1]):
        with pytest.raises(Tampered):
            keyring.unseal("identifiers", cut)


def test_the_same_value_is_never_sealed_alike(keyring):
    assert keyring.seal("identifiers", b"x") != keyring.seal("identifiers", b"x")


def test_a_pseudonym_is_stable_and_tells_nothing_across_purposes(keyring):
    first = keyring.mac("identifiers", b"account")
    keyring.rotate("identifiers")
    assert keyring.mac("identifiers", b"account") == first
    assert keyring.mac("accounts", b"account") != first


def test_a_rotated_key_still_opens_what_it_sealed(keyring):
    old = keyring.seal("identifiers", b"x")
    assert keyring.rotate("identifiers") == 2
    new = keyring.seal("identifiers", b"x")
    assert keyring.unseal("identifiers", old) == keyring.unseal("identifiers", new) == b"x"
    keyring.shred("identifiers", 1)
    with pytest.raises(MissingKey):
        keyring.unseal("identifiers", old)
    assert keyring.unseal("identifiers", new) == b"x"


def test_keys_survive_the_process(database, keyring, root_key):
    sealed = keyring.seal("identifiers", b"x")
    again = Keyring.open(database, root_key)
    assert again.unseal("identifiers", sealed) == b"x"
    assert again.public_key == keyring.public_key


def test_another_ring_learns_of_a_rotation_when_it_meets_it(database, keyring, root_key):
    other = Keyring.open(database, root_key)
    other.rotate("identifiers")
    sealed = other.seal("identifiers", b"x")
    assert keyring.unseal("identifiers", sealed) == b"x"


def test_a_wrong_root_key_opens_nothing(database, keyring, tmp_path):
    with pytest.raises(MissingKey):
        Keyring.open(database, RootKey.create(tmp_path / "other.key"))


def test_a_new_root_key_takes_over_and_the_old_one_opens_nothing(
    database, keyring, root_key, tmp_path
):
    sealed = keyring.seal("identifiers", b"x")
    fresh = RootKey.create(tmp_path / "fresh.key")
    keyring.rewrap(fresh)
    assert Keyring.open(database, fresh).unseal("identifiers", sealed) == b"x"
    with pytest.raises(MissingKey):
        Keyring.open(database, root_key)


def test_a_purpose_without_a_key_says_so(keyring):
    with pytest.raises(MissingKey):
        keyring.seal("unheard of", b"x")
    keyring.ensure("unheard of")
    keyring.seal("unheard of", b"x")


def test_a_signature_verifies_with_the_public_key(keyring):
    key = Ed25519PublicKey.from_public_bytes(keyring.public_key)
    key.verify(keyring.sign(b"x"), b"x")
    with pytest.raises(InvalidSignature):
        key.verify(keyring.sign(b"x"), b"y")


def test_rotation_and_shredding_leave_an_audit_entry(database, keyring):
    keyring.rotate("identifiers")
    keyring.shred("identifiers", 1)
    with database.read() as tx:
        assert [e.action for e in audit.page(tx)] == ["key.shredded", "key.rotated"]


def test_no_key_stands_in_the_database_in_clear(database, keyring, root_key):
    plain = [key for versions in keyring._keys.values() for key in versions.values()]
    with database.read() as tx:
        rows = tx.execute(sa.select(core.key_wraps.c.wrapped)).scalars().all()
    for wrapped in rows:
        assert not any(key in wrapped for key in [*plain, root_key._key])


def test_the_root_key_is_for_its_owner_only(tmp_path):
    path = tmp_path / "root.key"
    RootKey.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    RootKey.from_file(path)
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(Unfit):
            RootKey.from_file(path)


def test_a_root_key_file_is_never_overwritten(tmp_path):
    RootKey.create(tmp_path / "root.key")
    with pytest.raises(Conflict):
        RootKey.create(tmp_path / "root.key")


@pytest.mark.parametrize("content", [b"", b"x", b"breakwater-root-key-1 AAAA\n", bytes(200)])
def test_what_is_no_root_key_is_refused(tmp_path, content):
    path = tmp_path / "root.key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(MissingKey):
        RootKey.from_file(path)


def test_a_missing_or_linked_root_key_is_refused(tmp_path):
    with pytest.raises(MissingKey):
        RootKey.from_file(tmp_path / "root.key")
    RootKey.create(tmp_path / "real.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")
    with pytest.raises(MissingKey):
        RootKey.from_file(tmp_path / "link.key")


def test_the_root_key_may_come_from_a_command(tmp_path):
    root = RootKey.create(tmp_path / "root.key")
    same = RootKey.from_command(["cat", str(tmp_path / "root.key")])
    assert same.fingerprint == root.fingerprint
    for bad in (["false"], ["echo", "x"], ["/no/such/command"]):
        with pytest.raises(MissingKey):
            RootKey.from_command(bad)


def test_a_lost_root_key_is_restored_from_its_recovery_copy(tmp_path):
    root = RootKey.create(tmp_path / "root.key")
    root.write_recovery(tmp_path / "copy.age", passphrase=WORDS)
    RootKey.restore_recovery(tmp_path / "copy.age", tmp_path / "new.key", passphrase=WORDS)
    assert RootKey.from_file(tmp_path / "new.key").fingerprint == root.fingerprint
    with pytest.raises(Conflict):
        RootKey.restore_recovery(tmp_path / "copy.age", tmp_path / "new.key", passphrase=WORDS)


def test_a_recovery_copy_may_be_for_an_age_recipient(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    root = RootKey.create(tmp_path / "root.key")
    root.write_recovery(tmp_path / "copy.age", recipient=str(identity.to_public()))
    back = RootKey.read_recovery(tmp_path / "copy.age", identity=str(identity))
    assert back.fingerprint == root.fingerprint
    with pytest.raises(MissingKey):
        RootKey.read_recovery(
            tmp_path / "copy.age", identity=str(pyrage.x25519.Identity.generate())
        )


def test_a_weak_recovery_copy_is_refused(tmp_path):
    root = RootKey.create(tmp_path / "root.key")
    for bad in ({"passphrase": "short"}, {}, {"recipient": "age1nonsense"}):
        with pytest.raises(BadInput):
            root.write_recovery(tmp_path / "copy.age", **bad)
    assert not (tmp_path / "copy.age").exists()


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed here")
def test_the_age_tool_itself_opens_a_recovery_copy(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "id").write_text(str(identity) + "\n")
    root = RootKey.create(tmp_path / "root.key")
    root.write_recovery(tmp_path / "copy.age", recipient=str(identity.to_public()))
    done = subprocess.run(
        ["age", "-d", "-i", str(tmp_path / "id"), str(tmp_path / "copy.age")],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == (tmp_path / "root.key").read_bytes()


def test_a_root_key_prints_no_secret(tmp_path):
    root = RootKey.create(tmp_path / "root.key")
    secret = (tmp_path / "root.key").read_text().split()[1]
    assert secret not in repr(root)
    assert os.fspath(tmp_path) not in repr(root)
