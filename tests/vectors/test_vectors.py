"""Every vector in this folder, one behaviour each: `name: value` lines, binary in hexadecimal, `expect` in each file.

The folder a vector stands in says what is done with it. They are the examples of docs/format.md.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from crypto import age, columns, macs, records, signing, sshsig
from crypto.blobs import BlobOpener
from crypto.canonical import canonical
from crypto.codename import Codename, keys, submission_mac
from crypto.errors import CryptoError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline.envelope import EnvelopeError, IntakeKey, Message, Reply, Wrapper, open_bundle

FOLDER = Path(__file__).parent
VECTORS = sorted(FOLDER.glob("*/*.txt"))

Fields = Mapping[str, str]


def secret(text: str) -> Secret:
    return Secret(bytes.fromhex(text))


def identity(fields: Fields) -> age.Identity:
    return age.Identity.from_seed(secret(fields["seed"]))


def codename(fields: Fields) -> Fields:
    name = Codename.from_token(bytes.fromhex(fields["token"])) if "token" in fields else Codename.parse(fields["typed"])
    source = keys(name)
    return {
        "words": " ".join(name.words()),
        "entropy": name.entropy.expose().hex(),
        "lookup": source.lookup.expose().hex(),
        "mailbox": source.mailbox.hex(),
        "fingerprint": source.identity.recipient.fingerprint(),
        "to_unit": source.to_unit.expose().hex(),
        "to_source": source.to_source.expose().hex(),
        "state": source.state.expose().hex(),
    }


def submission(fields: Fields) -> Fields:
    mac = submission_mac(bytes.fromhex(fields["token"]))
    mac.field("message", fields["message"].encode())
    mac.file_start(fields["file_name"])
    mac.update(fields["file"].encode())
    return {"mac": mac.digest().hex()}


def age_key(fields: Fields) -> Fields:
    mine = identity(fields)
    return {
        "identity": mine.encode().expose().decode(),
        "recipient": str(mine.recipient),
        "fingerprint": mine.recipient.fingerprint(),
    }


def age_file(fields: Fields) -> Fields:
    return {"plain": age.open_(bytes.fromhex(fields["sealed"]), [identity(fields)]).hex()}


def record(fields: Fields) -> Fields:
    return {"key": records.unwrap(bytes.fromhex(fields["wrapped"]), identity(fields)).expose().hex()}


def column(fields: Fields) -> Fields:
    place = {name: fields[name] for name in ("table", "column", "row")}
    return {"plain": columns.open_(secret(fields["key"]), bytes.fromhex(fields["sealed"]), **place).hex()}


def blob(fields: Fields) -> Fields:
    opener = BlobOpener(secret(fields["key"]), fields["blob"])
    return {"plain": (opener.update(bytes.fromhex(fields["sealed"])) + opener.finish()).hex()}


def mac(fields: Fields) -> Fields:
    payload, purpose = fields["payload"].encode(), fields["purpose"]
    macs.check(secret(fields["key"]), payload, bytes.fromhex(fields["mac"]), purpose=purpose)
    return {}


def signature(fields: Fields) -> Fields:
    payload, signed = fields["payload"].encode(), bytes.fromhex(fields["signature"])
    signing.verify(bytes.fromhex(fields["public"]), fields["type"], payload, signed)
    return {}


def statement(fields: Fields) -> Fields:
    trusted = [bytes.fromhex(key) for key in fields["trusted"].split()]
    body = Statement.parse(fields["statement"].encode()).verify(fields["type"], trusted, needed=int(fields["needed"]))
    return {"body": canonical(body).decode()}


def ssh_signature(fields: Fields) -> Fields:
    key = SigningKey.from_seed(secret(fields["seed"]))
    armoured = sshsig.sign(key, fields["data"].encode(), namespace=fields["namespace"])
    return {"public": sshsig.public_line(key.public, ""), "armoured": armoured.replace("\n", " ").strip()}


def envelope(fields: Fields) -> Fields:
    whole = bytes.fromhex(fields["envelope"])
    wrapper = Wrapper.parse(whole[:256])
    message = Message.parse(age.open_(whole[256:], [identity(fields)]), known=None)
    return {"unit": wrapper.unit, "serial": str(wrapper.serial), "message": message.encode().decode()}


def bundle(fields: Fields) -> Fields:
    mine = identity(fields)
    inner = [age.open_(file, [mine]) for file in open_bundle(bytes.fromhex(fields["bundle"]), mine)]
    replies = [Reply.parse(padded, secret(fields["to_source"])) for padded in inner]
    return {"replies": str(len(replies)), "text": replies[-1].text}


def intake_key(fields: Fields) -> Fields:
    key = IntakeKey.read(fields["statement"].encode(), bytes.fromhex(fields["signer"]))
    return {"unit": key.unit, "serial": str(key.serial), "fingerprint": key.recipient.fingerprint()}


KINDS: Mapping[str, Callable[[Fields], Fields]] = {
    "age-file": age_file,
    "age-key": age_key,
    "blob": blob,
    "bundle": bundle,
    "codename": codename,
    "column": column,
    "envelope": envelope,
    "intake-key": intake_key,
    "mac": mac,
    "record": record,
    "signature": signature,
    "ssh-signature": ssh_signature,
    "statement": statement,
    "submission": submission,
}


def read(path: Path) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in path.read_text().splitlines())


def test_every_folder_has_a_meaning_and_every_meaning_a_vector() -> None:
    assert {path.parent.name for path in VECTORS} == KINDS.keys()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_vector_comes_out_as_it_says(path: Path) -> None:
    fields = read(path)
    run = KINDS[path.parent.name]

    if fields["expect"] == "refused":
        with pytest.raises((CryptoError, EnvelopeError)) as caught:
            run(fields)
        assert type(caught.value).__name__ == fields["error"]
    else:
        assert fields["expect"] == "success"
        for name, value in run(fields).items():
            assert fields[name] == value, name
