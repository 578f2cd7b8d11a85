import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from hypothesis import given
from hypothesis import strategies as st

from crypto import signing, sshsig
from crypto.errors import SignatureError
from crypto.secret import Secret
from crypto.signing import SigningKey
from tests.crypto.support import QUICK

KEY = SigningKey.from_seed(Secret(b"s" * 32))
NAMESPACE = "manifest@tipline"


def verify(
    folder: Path, signature: str, data: bytes, *, public: bytes = KEY.public, namespace: str = NAMESPACE
) -> bool:
    """Ask OpenSSH."""
    command = shutil.which("ssh-keygen")
    if command is None:
        pytest.skip("ssh-keygen is not installed")
    (folder / "allowed").write_text(f"unit@tipline {sshsig.public_line(public, 'a unit')}\n")
    (folder / "signature").write_text(signature)
    arguments = ["-Y", "verify", "-f", str(folder / "allowed"), "-I", "unit@tipline", "-n", namespace]
    arguments += ["-s", str(folder / "signature")]
    return subprocess.run([command, *arguments], input=data, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("data", [b"", b"a manifest\n", bytes(range(256)) * 1000])
def test_openssh_verifies_what_we_signed(tmp_path: Path, data: bytes) -> None:
    assert verify(tmp_path, sshsig.sign(KEY, data, namespace=NAMESPACE), data)


def test_openssh_refuses_other_data_another_key_and_another_namespace(tmp_path: Path) -> None:
    signature = sshsig.sign(KEY, b"a manifest", namespace=NAMESPACE)

    assert not verify(tmp_path, signature, b"a Manifest")
    assert not verify(tmp_path, signature, b"a manifest", namespace="file")
    assert not verify(tmp_path, signature, b"a manifest", public=SigningKey.generate().public)


def _read(signature: str) -> list[bytes]:
    """Return the strings of an armoured signature, after magic and version."""
    begin, *lines, end = signature.splitlines()
    assert (begin, end) == ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
    assert all(len(line) == 70 for line in lines[:-1])
    blob = base64.b64decode("".join(lines), validate=True)
    assert blob[:10] == b"SSHSIG\x00\x00\x00\x01"
    return _strings(blob[10:])


def _strings(data: bytes) -> list[bytes]:
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


@QUICK
@given(st.binary(max_size=300), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_a_signature_says_who_signed_what_for(data: bytes, namespace: str) -> None:
    public, namespace_, reserved, hash_, signature = _read(sshsig.sign(KEY, data, namespace=namespace))

    assert _strings(public) == [b"ssh-ed25519", KEY.public]
    assert (namespace_, reserved, hash_) == (namespace.encode(), b"", b"sha512")
    kind, raw = _strings(signature)
    assert kind == b"ssh-ed25519"
    assert len(raw) == 64


def test_an_ssh_signature_is_none_over_a_statement() -> None:
    *_, signature = _read(sshsig.sign(KEY, b"x", namespace=NAMESPACE))

    with pytest.raises(SignatureError):
        signing.verify(KEY.public, "tipline/manifest/v1", b"x", _strings(signature)[1])


def test_a_public_line_is_a_key_that_others_read() -> None:
    line = sshsig.public_line(KEY.public, "a unit")

    assert line.startswith("ssh-ed25519 AAAA")
    assert line.endswith(" a unit")
    assert load_ssh_public_key(line.encode()) == Ed25519PublicKey.from_public_bytes(KEY.public)
    assert sshsig.public_line(KEY.public, "") == line.removesuffix(" a unit")


def test_nothing_slips_into_another_line_or_an_empty_namespace() -> None:
    with pytest.raises(ValueError):
        sshsig.public_line(KEY.public, "one\ntwo")
    with pytest.raises(ValueError):
        sshsig.public_line(b"short", "a unit")
    with pytest.raises(ValueError):
        sshsig.sign(KEY, b"", namespace="")


@given(st.binary(max_size=200))
@QUICK
def test_we_verify_what_we_signed_and_learn_whose_key_it_was(data: bytes) -> None:
    assert sshsig.verify(sshsig.sign(KEY, data, namespace=NAMESPACE), data, namespace=NAMESPACE) == KEY.public


@pytest.mark.parametrize("hash_", ["sha512", "sha256"])
def test_we_verify_what_openssh_signed(tmp_path: Path, hash_: str) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key, file = tmp_path / "key", tmp_path / "file"
    file.write_bytes(b"an agreement")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    command = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", NAMESPACE, "-O", f"hashalg={hash_}", file]
    subprocess.run(command, check=True, capture_output=True)

    found = sshsig.verify((tmp_path / "file.sig").read_text(), b"an agreement", namespace=NAMESPACE)

    assert found == sshsig.public_key((tmp_path / "key.pub").read_text())


GOOD = sshsig.sign(KEY, b"data", namespace=NAMESPACE)
LINES = GOOD.splitlines()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "no signature",
        GOOD.replace("SSH", "PGP"),
        "\n".join([*LINES[:-2], LINES[-1]]),
        GOOD.replace(LINES[-2], LINES[-2][:-4] + "AAAA"),
        "\n".join([LINES[0], base64.b64encode(b"SSHSIG").decode(), LINES[-1]]),
        "\n".join([LINES[0], base64.b64encode(base64.b64decode("".join(LINES[1:-1])) + b"x").decode(), LINES[-1]]),
        sshsig.sign(KEY, b"other data", namespace=NAMESPACE),
        sshsig.sign(KEY, b"data", namespace="file"),
    ],
)
def test_what_is_no_signature_over_the_data_in_the_namespace_is_refused(signature: str) -> None:
    with pytest.raises(SignatureError):
        sshsig.verify(signature, b"data", namespace=NAMESPACE)


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "ssh-ed25519 !", "AAAA"])
def test_a_line_that_is_no_ed25519_key_is_refused(line: str) -> None:
    with pytest.raises(SignatureError):
        sshsig.public_key(line)


def test_a_public_line_reads_back() -> None:
    assert sshsig.public_key(sshsig.public_line(KEY.public, "a unit")) == KEY.public
