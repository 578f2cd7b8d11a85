"""The exact commands with which an agency verifies and opens a package. Stock tools only, and nothing of ours. Pure."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from crypto import sshsig
from crypto.digest import sha256
from handling import material
from handling.exchange.package import SEALED_NAME, SIGNATURE_NAME
from handling.notices import NAMESPACE as NOTICE
from handling.rules.agreements import Channel
from handling.rules.member_words import groups

PRINCIPAL = "tipline"
NAMESPACE = "tipline-package"  # the guard signs in this SSHSIG namespace; a signature made for anything else fails
SIGNERS_NAME = "allowed_signers"
PGP_KEY_NAME = "unit-key.asc"
UNIT_KEYS_NAME = "unit-keys.json"
RECIPIENT_NAME = "desk-recipient.txt"  # what material is sealed to, as `age -R` reads it
ZIP_NAME = "package.zip"


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered instruction: why, the commands as typed, and what the tool must say."""

    title: str
    commands: tuple[str, ...]
    expect: str


@dataclass(frozen=True, slots=True)
class UnitKey:
    """The public key that verifies a package: the file to download and the fingerprint to compare by telephone."""

    file_name: str
    fingerprint: str


def steps(channel: Channel, sealed: str, signature: str, *, namespace: str, opened: str) -> tuple[Step, ...]:
    """How to check a sealed file called *sealed* by its *signature*, and how to open it as *opened*."""
    if channel is Channel.AGE:
        return (
            Step(
                "Check who signed it",
                (f"ssh-keygen -Y verify -f {SIGNERS_NAME} -I {PRINCIPAL} -n {namespace} -s {signature} < {sealed}",),
                "The answer must begin with the word Good and end with the fingerprint that you compared. "
                "If it does not, stop, open nothing and telephone the unit.",
            ),
            Step(
                "Open it with your agency's key",
                (f"age -d -i key.txt -o {opened} {sealed}",),
                "Here key.txt is the file with your agency's secret key. This needs age 1.3 or newer, "
                "the first version with post-quantum recipients. No message means that it worked.",
            ),
        )
    return (
        Step(
            "Check who signed it",
            (f"gpg --import {PGP_KEY_NAME}", f"gpg --verify {signature} {sealed}"),
            "The answer must say Good signature and show, under Primary key fingerprint, the fingerprint that you "
            "compared. A warning that the key is not certified is usual: your comparison takes the place of that. "
            "If the fingerprint differs, stop, open nothing and telephone the unit.",
        ),
        Step(
            "Open it with your agency's key",
            (f"gpg -o {opened} -d {sealed}",),
            "GnuPG asks for the passphrase of your agency's key.",
        ),
    )


STEPS: Mapping[Channel, tuple[Step, ...]] = {
    channel: steps(channel, SEALED_NAME[channel], SIGNATURE_NAME[channel], namespace=NAMESPACE, opened=ZIP_NAME)
    for channel in Channel
}

_SIGN: Mapping[Channel, str] = {
    Channel.AGE: f"ssh-keygen -Y sign -f key -n {material.NAMESPACE} material.json",
    Channel.OPENPGP: "gpg --armor --detach-sign --output material.json.sig material.json",
}


def sending(channel: Channel) -> tuple[Step, ...]:
    """The commands with which an agency makes material without open.html."""
    joined = "cat material.json material.json.sig > material.signed"
    return (
        Step(
            "Write material.json and sign it",
            (_SIGN[channel],),
            "The agency's key, the one that the unit has enrolled, signs the file as it lies there. "
            + ("Here key is its file. " if channel is Channel.AGE else "")
            + "Do not change the file afterwards.",
        ),
        Step(
            "Put both into one file",
            (joined,),
            "On Windows: copy /b material.json + material.json.sig material.signed",
        ),
        Step(
            "Seal it to the unit",
            (f"age -a -R {RECIPIENT_NAME} -o material.age material.signed",),
            "This needs age 1.3 or newer. Nobody but the unit's analysts can open it, not this site and not you.",
        ),
    )


def example(unit: str, fingerprint: str) -> str:
    """What material.json looks like, with the two values that only this agency and this unit have."""
    body = {
        "format": material.Material.FORMAT,
        "id": "a new random UUID for each file, as uuidgen prints it in small letters",
        "unit": unit,
        "sender": fingerprint,
        "reference": "your own reference",
        "text": "what you want to tell, in lines",
        "grade": ["3x5x2", "2", "D"],
        "pass_on": "ask",
        "agencies": [],
        "classes": [],
        "purposes": None,
        "delete_by": None,
        "marking": "AMBER",
        "handling": "C A2 S2",
        "conditions": [],
        "answers": None,
        "on": "2026-11-26",
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


HASH_COMMANDS: tuple[tuple[str, str], ...] = (
    ("Linux", f"sha256sum {ZIP_NAME}"),
    ("Windows", f"certutil -hashfile {ZIP_NAME} SHA256"),
    ("macOS", f"shasum -a 256 {ZIP_NAME}"),
)


def allowed_signers(signer: bytes) -> bytes:
    """The one line of an allowed-signers file that trusts *signer* (Ed25519, 32 bytes) for packages and notices alone."""
    kind, blob = _public(signer)
    return f'{PRINCIPAL} namespaces="{NAMESPACE},{NOTICE}" {kind} {blob}\n'.encode()


def ssh_key(signer: bytes) -> UnitKey:
    """Describe *signer* with the fingerprint that `ssh-keygen` prints when it verifies."""
    _, blob = _public(signer)
    digest = base64.b64encode(sha256(base64.b64decode(blob))).decode().rstrip("=")
    return UnitKey(SIGNERS_NAME, f"SHA256:{digest}")


def pgp_key(fingerprint: str) -> UnitKey:
    """Describe the OpenPGP key, its 40 hex digits in fours as `gpg` prints them, so that they can be read out."""
    return UnitKey(PGP_KEY_NAME, groups("".join(fingerprint.split()).upper()))


def _public(signer: bytes) -> tuple[str, str]:
    """The key's type and its base64 as SSH writes them (RFC 8709)."""
    kind, blob, *_ = sshsig.public_line(signer, PRINCIPAL).split()
    return kind, blob
