"""Signatures over an agreement count only by the right key, over exactly its bytes, and each for its own side."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from crypto import age, passphrase, pgp, sshsig
from crypto.signing import SigningKey
from handling.rules.agreements import Channel, Side
from handling.store.agencies import Agency
from handling.undersigned import NAMESPACE, Ours, Signature, by_agency, by_unit, sides, sign
from tests.handling.rules.samples import TOML

BYTES = TOML.encode()
ROOT, THEIRS, OTHER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
AGENCY = Agency(
    "harbour-customs",
    "Harbour Customs Service",
    Channel.AGE,
    str(age.Identity.generate().recipient),
    "",
    date(2026, 11, 23),
    signing=THEIRS.public,
)
BEN, CLARA = SigningKey.generate(), SigningKey.generate()
UNIT = Ours(ROOT.public, frozenset({BEN.public, CLARA.public}))
OURS, COUNTERSIGNED = sign(ROOT, BYTES), sign(THEIRS, BYTES)


def of(*signatures: tuple[Side, bytes]) -> frozenset[Side]:
    return sides(BYTES, [Signature(side, data) for side, data in signatures], ours=UNIT, agency=AGENCY)


def test_both_sides_have_signed_when_each_key_signed_these_bytes() -> None:
    assert of((Side.UNIT, OURS), (Side.AGENCY, COUNTERSIGNED)) == set(Side)


@pytest.mark.parametrize(
    ("side", "data"),
    [
        (Side.UNIT, COUNTERSIGNED),  # their key does not sign for us
        (Side.AGENCY, OURS),
        (Side.UNIT, sign(OTHER, BYTES)),
        (Side.AGENCY, sign(OTHER, BYTES)),
        (Side.UNIT, sign(ROOT, BYTES + b"\n")),
        (Side.AGENCY, sign(THEIRS, BYTES.replace(b"minors = false", b"minors = true"))),
        (Side.UNIT, sshsig.sign(ROOT, BYTES, namespace="tipline-package").encode()),
        (Side.AGENCY, b""),
        (Side.AGENCY, b"\xff"),
        (Side.AGENCY, COUNTERSIGNED[:-40]),
    ],
)
def test_anything_else_counts_for_nobody(side: Side, data: bytes) -> None:
    assert of((side, data)) == frozenset()


def test_two_members_sign_for_the_unit_together_and_neither_alone() -> None:
    ben, clara = sign(BEN, BYTES), sign(CLARA, BYTES)

    assert of((Side.UNIT, ben + clara)) == {Side.UNIT}
    for alone in (
        ben,
        clara,
        ben + ben,
        ben + sign(OTHER, BYTES),
        ben + sign(CLARA, BYTES + b"x"),
        ben + COUNTERSIGNED,
    ):
        assert of((Side.UNIT, alone)) == frozenset()
    assert of((Side.UNIT, ben), (Side.UNIT, clara)) == frozenset()  # one row is one act of both
    assert of((Side.AGENCY, ben + clara)) == frozenset()


def test_a_bad_signature_beside_a_good_one_takes_nothing_away() -> None:
    assert of((Side.UNIT, b"x"), (Side.UNIT, OURS)) == {Side.UNIT}


def test_the_key_of_open_html_signs_before_one_that_was_enrolled_beside_it() -> None:
    both = replace(AGENCY, acknowledge=OTHER.public)

    assert by_agency(BYTES, sign(OTHER, BYTES), both)
    assert not by_agency(BYTES, COUNTERSIGNED, both)


def test_an_agency_without_any_key_for_it_has_signed_nothing() -> None:
    assert not by_agency(BYTES, COUNTERSIGNED, replace(AGENCY, signing=None))


def test_what_openssh_signs_counts(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key, file = tmp_path / "key", tmp_path / "agreement.toml"
    file.write_bytes(BYTES)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, file], check=True, capture_output=True
    )
    enrolled = replace(AGENCY, signing=sshsig.public_key((tmp_path / "key.pub").read_text()))

    signature = (tmp_path / "agreement.toml.sig").read_bytes()

    assert by_agency(BYTES, signature, enrolled)
    assert not by_unit(BYTES, signature, UNIT)


def test_what_gnupg_signs_counts_for_an_agency_with_an_openpgp_key(tmp_path: Path) -> None:
    phrase = passphrase.generate()
    with pgp.Gpg(tmp_path / "gnupg") as gpg:
        fingerprint = gpg.generate("River Parks", phrase)
        parks = replace(AGENCY, channel=Channel.OPENPGP, key=gpg.public_key(fingerprint), signing=None)
        signature = gpg.sign_detached(BYTES, fingerprint, phrase)

    assert by_agency(BYTES, signature, parks)
    assert not by_agency(BYTES + b"\n", signature, parks)
