"""The key for the drop onion: two halves in two steps, each for one host, and nothing is overwritten."""

import base64
import subprocess
from pathlib import Path

import pytest

from tests.deploy.filled import DEPLOY

_ONION = "a" * 56 + ".onion"
_PKCS8 = bytes.fromhex("302e020100300506032b656e04220420")  # RFC 8410: what stands before the 32 bytes of the key


def client_key(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(DEPLOY / "tor/client-key.sh"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def unpadded(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def test_the_two_halves_belong_together_and_nobody_else_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    assert client_key(folder).returncode == 0
    assert client_key(folder, _ONION).returncode == 0

    kind, method, public = (folder / "drop.auth").read_text().strip().split(":")
    name, *more, secret = (folder / "drop.auth_private").read_text().strip().split(":")
    assert (kind, method) == ("descriptor", "x25519")
    assert (name, more) == ("a" * 56, ["descriptor", "x25519"])
    made = ["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"]
    theirs = subprocess.run(made, input=_PKCS8 + unpadded(secret), capture_output=True, check=True).stdout[-32:]
    assert theirs == unpadded(public)
    assert sorted(path.name for path in folder.iterdir()) == ["drop.auth", "drop.auth_private"]
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}


def test_a_key_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    assert client_key(tmp_path).returncode == 0
    before = (tmp_path / "drop.key").read_bytes()

    again = client_key(tmp_path)

    assert again.returncode == 1
    assert "holds a key already" in again.stderr
    assert (tmp_path / "drop.key").read_bytes() == before


@pytest.mark.parametrize("wrong", ["short.onion", "A" * 56 + ".onion", "a" * 56 + ".onion.example", "1" * 56])
def test_what_is_no_onion_address_is_refused_and_the_key_stays(tmp_path: Path, wrong: str) -> None:
    client_key(tmp_path)

    done = client_key(tmp_path, wrong)

    assert done.returncode == 1
    assert "is not an onion address" in done.stderr
    assert (tmp_path / "drop.key").exists()
