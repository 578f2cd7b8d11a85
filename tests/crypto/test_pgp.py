import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto import pgp
from crypto.errors import PgpError
from crypto.secret import Secret

PASSPHRASE = Secret(b"seven words of chance")


@dataclass(frozen=True)
class Agency:
    gpg: pgp.Gpg
    home: Path
    fingerprint: str
    public: str


@pytest.fixture(scope="module")
def agency() -> Iterator[Agency]:
    with tempfile.TemporaryDirectory() as folder, pgp.Gpg(Path(folder) / "gnupg") as gpg:
        fingerprint = gpg.generate("Wildlife Police (practice) <packages@wildlife.example>", PASSPHRASE)
        yield Agency(gpg, Path(folder) / "gnupg", fingerprint, gpg.public_key(fingerprint))


@pytest.mark.parametrize("data", [b"", b"a package", bytes(range(256)) * 4000])
def test_what_is_encrypted_to_a_public_key_opens_with_its_secret_alone(agency: Agency, data: bytes) -> None:
    sealed = pgp.encrypt_to(agency.public, data)

    assert agency.gpg.decrypt(sealed, PASSPHRASE) == data
    with pytest.raises(PgpError):
        agency.gpg.decrypt(sealed, Secret(b"other words"))
    with pytest.raises(PgpError):
        agency.gpg.decrypt(sealed[:-1], PASSPHRASE)


def test_encrypting_says_nothing_of_names_and_compresses_nothing(agency: Agency) -> None:
    one, other = (pgp.encrypt_to(agency.public, text) for text in (b"a" * 5000, b"abcde" * 1000))

    assert not one.startswith(b"-----")
    assert len(one) == len(other)
    listed = subprocess.run(
        ["gpg", "--homedir", agency.home, "--list-packets"], input=one, capture_output=True, check=False
    )
    assert b"aead" in listed.stdout or b"mdc_method" in listed.stdout


def test_what_is_no_key_is_never_encrypted_to(agency: Agency) -> None:
    for wrong in ("", "no key", agency.public[:200], agency.public * 2):
        with pytest.raises(PgpError):
            pgp.encrypt_to(wrong, b"a package")


def test_a_detached_signature_verifies_for_its_data_and_key_alone(agency: Agency) -> None:
    signature = agency.gpg.sign_detached(b"a package", agency.fingerprint, PASSPHRASE)

    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
    pgp.verify_detached(agency.public, b"a package", signature)
    other = agency.gpg.public_key(agency.gpg.generate("Another agency", PASSPHRASE))
    for public, data, wrong in (
        (agency.public, b"a Package", signature),
        (other, b"a package", signature),
        (agency.public, b"a package", b""),
        (agency.public, b"a package", signature[:60]),
    ):
        with pytest.raises(PgpError):
            pgp.verify_detached(public, data, wrong)


def test_a_signature_takes_the_right_passphrase_each_time(agency: Agency) -> None:
    agency.gpg.sign_detached(b"a package", agency.fingerprint, PASSPHRASE)

    for wrong in (Secret(b"other words"), Secret(b""), Secret(b"two\nlines"), Secret(b"\xff")):
        with pytest.raises(PgpError):
            agency.gpg.sign_detached(b"a package", agency.fingerprint, wrong)


def test_signing_at_once_works_for_everybody_and_leaves_no_agent(tmp_path: Path) -> None:
    with pgp.Gpg(tmp_path / "gnupg") as gpg:
        key = gpg.generate("Wildlife Police (practice)", PASSPHRASE)
        public = gpg.public_key(key)

    def sign(data: bytes) -> None:
        with pgp.Gpg(tmp_path / "gnupg") as gpg:
            pgp.verify_detached(public, data, gpg.sign_detached(data, key, PASSPHRASE))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sign, (bytes([n]) for n in range(12))))

    assert not (tmp_path / "gnupg" / "S.gpg-agent").exists()


def test_keys_made_at_once_are_all_there() -> None:
    with tempfile.TemporaryDirectory() as folder, pgp.Gpg(Path(folder) / "gnupg") as gpg:
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda n: gpg.generate(f"Agency {n}", PASSPHRASE), range(4)))

        assert len(set(made)) == 4
        assert [pgp.fingerprint(gpg.public_key(fingerprint)) for fingerprint in made] == made


def test_the_fingerprint_is_that_of_the_only_key(agency: Agency) -> None:
    assert pgp.fingerprint(agency.public) == agency.fingerprint
    other = agency.gpg.public_key(agency.gpg.generate("A third agency", PASSPHRASE))

    both = subprocess.run(["gpg", "--homedir", agency.home, "-a", "--export"], capture_output=True, check=True).stdout

    for wrong in (
        "",
        "no key",
        agency.public[:200],
        *(agency.public[:cut] for cut in range(100, len(agency.public) - 40, 50)),
        agency.public + other,
        both.decode(),
        other.replace("PUBLIC", "X"),
    ):
        with pytest.raises(PgpError):
            pgp.fingerprint(wrong)


@pytest.mark.parametrize("user_id", ["", "two\nlines", "Name-Real: x\n%no-protection", "a <b", "<a@b.example>"])
def test_a_user_id_is_a_name_and_perhaps_an_address(agency: Agency, user_id: str) -> None:
    with pytest.raises(PgpError):
        agency.gpg.generate(user_id, PASSPHRASE)


def test_a_key_is_never_made_without_a_passphrase(agency: Agency) -> None:
    for wrong in (Secret(b""), Secret(b"a\n%no-protection")):
        with pytest.raises(PgpError):
            agency.gpg.generate("An agency", wrong)


def test_a_fingerprint_is_forty_hexadecimal_digits(agency: Agency) -> None:
    for wrong in ("", "--export-secret-keys", agency.fingerprint[:-1], "A" * 40):
        with pytest.raises(PgpError):
            agency.gpg.public_key(wrong)


def test_a_home_with_a_long_path_works_and_leaves_no_alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with pgp.Gpg(tmp_path / ("x" * 80)) as gpg:
            fingerprint = gpg.generate("An agency", PASSPHRASE)
            signature = gpg.sign_detached(b"a package", fingerprint, PASSPHRASE)
            pgp.verify_detached(gpg.public_key(fingerprint), b"a package", signature)

        assert list(Path(folder).iterdir()) == []


@pytest.mark.parametrize(("ends", "days"), [("3d", 3), ("0", None)])
def test_the_last_day_of_a_key_is_the_last_whole_one_before_its_end(ends: str, days: int | None) -> None:
    with tempfile.TemporaryDirectory() as home:
        base = ["gpg", "--homedir", home, "--batch", "--passphrase", "", "--pinentry-mode", "loopback"]
        made = [*base, "--quick-generate-key", "Agency", "ed25519", "sign", ends]
        subprocess.run(made, check=True, capture_output=True)
        armoured = subprocess.run([*base, "--armor", "--export"], check=True, capture_output=True).stdout.decode()
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)

    last, today = pgp.read_public(armoured).expires_on, datetime.now(UTC).date()

    assert last is None if days is None else last == today + timedelta(days - 1)
