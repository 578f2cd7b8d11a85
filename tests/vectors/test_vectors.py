"""Every vector in this folder, one behaviour each: `name: value` lines, binary in hexadecimal, `expect` in each file.

The folder a vector stands in says what is done with it. They are the examples of docs/format.md.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from crypto import age, columns, macs, records, shares, signing, sshsig, totp
from crypto.blobs import BlobOpener
from crypto.canonical import canonical, parse
from crypto.codename import Codename, keys, parse_pickup_code, pickup_code, submission_mac
from crypto.digest import acknowledgement_check, sha256
from crypto.errors import CryptoError
from crypto.padding import message_size, part_size
from crypto.passphrase import normalise
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import data, material
from handling.agencyfiles import Acknowledged, AgencyFileError, AgencyKey, SealedAnswer, UnitKeys, typed_statement
from handling.material import Material, MaterialError
from handling.rules.agreements import Channel
from handling.rules.member_list import MembershipError, check
from handling.rules.package import PackageError, unpack
from handling.store.agencies import Agency
from handling.store.chain import ChainError
from handling.store.chain import verify as verify_chain
from tipline.bundles import Pickup, open_bundle
from tipline.drop.signed import Gate, RequestRefusedError
from tipline.envelope import Filled, IntakeKey, Message, Place, Reply, Thread, Wrapper
from tipline.handin import Slip
from tipline.pgpkey import PgpKey
from tipline.pins import Keys
from tipline.questionnaire.answers import read as read_answers
from tipline.questionnaire.model import Questionnaire
from tipline.strict import EnvelopeError
from tipline.units import Unit, Units

FOLDER = Path(__file__).parent
VECTORS = sorted(FOLDER.glob("*/*.txt"))

THREAD = Thread(  # of codename/from-token
    Secret(bytes.fromhex("2673ac10a6af44f4d03ec2fc80f481fae7bc26c0a7e977554ac2e3b695966206")),
    Secret(bytes.fromhex("9030aa308071b39c7e7825e043790bc907b7c0511a4e1ae90618dcd52cbf473c")),
)

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


def codename_written(fields: Fields) -> Fields:
    name = Codename.parse(fields["typed"])
    return {"written": " ".join(name.words(fields["way"])), "entropy": name.entropy.expose().hex()}


def submission(fields: Fields) -> Fields:
    mac = submission_mac(bytes.fromhex(fields["token"]))
    mac.field("message", fields["message"].encode())
    content = fields["file"].encode()
    mac.file(fields["file_name"], len(content), sha256(content))
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


def age_classical(fields: Fields) -> Fields:
    mine = age.ClassicalIdentity.parse(fields["identity"])
    return {"recipient": str(mine.recipient), "plain": age.open_(bytes.fromhex(fields["sealed"]), [mine]).hex()}


def age_armour(fields: Fields) -> Fields:
    armour = age.Dearmorer()
    return {"binary": (armour.update(bytes.fromhex(fields["armoured"])) + armour.finish()).hex()}


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
    return {
        "unit": wrapper.unit,
        "serial": str(wrapper.serial),
        "mailbox": message.mailbox.hex(),
        "message": message.encode().decode(),
    }


def message(fields: Fields) -> Fields:
    read_ = Message.parse(fields["padded"].encode(), known=THREAD)
    assert read_.encode().decode() == fields["padded"]
    return {
        "mailbox": read_.mailbox.hex(),
        "digest": sha256(read_.encode()).hex(),
        "kind": read_.body.KIND,
        "counter": str(read_.counter),
    }


def reply(fields: Fields) -> Fields:
    key = secret(fields["to_source"])
    read_ = Reply.parse(fields["padded"].encode(), key)
    assert read_.encode(key).decode() == fields["padded"]
    return {
        "counter": str(read_.counter),
        "heard": str(read_.heard),
        "kind": read_.kind,
        "text": read_.text,
        "digest": sha256(read_.encode(key)).hex(),
    }


def place(fields: Fields) -> Fields:
    opened = Place.open(
        bytes.fromhex(fields["sealed"]), secret(fields["state"]), mailbox=bytes.fromhex(fields["mailbox"])
    )
    return {
        "unit": opened.unit,
        "sent": str(opened.sent.counter),
        "sent_previous": opened.sent.previous.hex(),
        "heard": str(opened.heard.counter),
        "heard_previous": opened.heard.previous.hex(),
    }


def padding(fields: Fields) -> Fields:
    size = {"message": message_size, "part": part_size}[fields["kind"]]
    return {"padded": str(size(int(fields["size"])))}


def canonical_json(fields: Fields) -> Fields:
    return {"value": canonical(parse(fields["value"].encode())).decode()}


def drop_request(fields: Fields) -> Fields:
    key = bytes.fromhex(fields["collector"])
    units = Units((Unit(fields["unit"], "unit", "", key, key),))
    headers = {
        "Tipline-Unit": fields["unit"],
        "Tipline-Time": fields["time"],
        "Tipline-Signature": fields["signature"],
    }
    Gate(units, lambda: float(fields["now"])).admit(fields["method"], fields["path"], headers, fields["body"].encode())
    return {}


def package(fields: Fields) -> Fields:
    data = bytes.fromhex(fields["zip"])
    members = unpack(data)
    return {
        "read_first": members["1-read-first.html"].decode(),
        "report_html": members["report.html"].decode(),
        "report_json": members["report.json"].decode(),
        "manifest": members["manifest.json"].decode(),
        "sha256": sha256(data).hex(),
        "check": acknowledgement_check(sha256(data)).hex(),
    }


def one_time_code(fields: Fields) -> Fields:
    held, at = secret(fields["secret"]), int(fields["at"])
    return {"code": totp.code(held, at), "step": str(totp.accept(held, fields["code"], at, 0))}


def members(fields: Fields) -> Fields:
    data = fields["statement"].encode()
    body = check(Statement.parse(data).verify("tipline/member-list/v1", [bytes.fromhex(fields["root"])]))
    names = " ".join(entry["name"] for entry in body["members"])
    return {"version": str(body["version"]), "members": names, "sha256": sha256(data).hex()}


def chain(fields: Fields) -> Fields:
    statements = [fields[f"statement-{number}"].encode() for number in range(1, 4) if f"statement-{number}" in fields]
    answers = [fields[name].encode() if (name := f"assertions-{number}") in fields else None for number in range(1, 4)]
    numbers = [Statement.parse(data).body["version"] for data in statements]
    versions = zip(numbers, statements, answers[: len(statements)], strict=True)
    newest = verify_chain(bytes.fromhex(fields["root"]), versions)[-1]
    names = [entry["name"] for entry in newest.body["members"]]
    since = " ".join(str(newest.since[name]) for name in names)
    return {"members": " ".join(names), "since": since, "sha256": newest.sha256.hex()}


def share(fields: Fields) -> Fields:
    return {"seed": shares.join(fields["shares"].split(" / ")).expose().hex()}


def passphrase(fields: Fields) -> Fields:
    return {"folded": normalise(fields["typed"]).expose().decode()}


def bundle(fields: Fields) -> Fields:
    mine = identity(fields)
    inner = [age.open_(file, [mine]) for file in open_bundle(bytes.fromhex(fields["bundle"]), mine)]
    replies = [Reply.parse(padded, secret(fields["to_source"])) for padded in inner]
    return {"replies": str(len(replies)), "text": replies[-1].text}


def intake_key(fields: Fields) -> Fields:
    key = IntakeKey.read(fields["statement"].encode(), bytes.fromhex(fields["signer"]))
    return {"unit": key.unit, "serial": str(key.serial), "fingerprint": key.recipient.fingerprint()}


def pgp_key(fields: Fields) -> Fields:
    key = PgpKey.read(fields["statement"].encode(), bytes.fromhex(fields["signer"]))
    return {"unit": key.unit, "serial": str(key.serial), "fingerprint": key.fingerprint, "key_id": key.key_id}


def questionnaire(fields: Fields) -> Fields:
    asked = Questionnaire.parse(fields["questionnaire"].encode())
    found = read_answers(asked, json.loads(fields.get("fields", "{}")))
    filled = Filled(asked.sha256, "en", found.values)
    return {
        "schema": asked.sha256.hex(),
        "answers": canonical(filled.body()["answers"]).decode(),
        "problems": canonical({key: wrong.value for key, wrong in found.problems.items()}).decode(),
    }


def slip(fields: Fields) -> Fields:
    read = Slip.parse(bytes.fromhex(fields["slip"]))
    assert read.encode().hex() == fields["slip"]
    return {
        "unit": read.unit,
        "serial": str(read.serial),
        "mailbox": read.mailbox.hex(),
        "envelopes": str(len(read.envelopes)),
        "files": str(len(read.pieces)),
        "first": "true" if read.was is None else "false",
        "sum": read.sum.hex(),
    }


def pickup_of(fields: Fields) -> Fields:
    lookup = parse_pickup_code(fields["typed"])
    return {"lookup": lookup.expose().hex(), "code": pickup_code(lookup).expose().decode()}


def pickup(fields: Fields) -> Fields:
    read = Pickup.parse(bytes.fromhex(fields["pickup"]))
    place_ = Place.open(read.place, secret(fields["state"]), mailbox=bytes.fromhex(fields["mailbox"]))
    replies = len(open_bundle(read.bundle, identity(fields)))
    return {"replies": str(replies), "sent": str(place_.sent.counter), "unit": place_.unit}


def pins(fields: Fields) -> Fields:
    read = Keys.parse(fields["keys"].encode())
    assert read.encode().decode() == fields["keys"]
    root, today = bytes.fromhex(fields["root"]), date.fromisoformat(fields["today"])
    key = read.choose_for(root, fields["unit"], today) if "unit" in fields else read.choose(root, fields["role"], today)
    return {"serial": str(key.serial), "fingerprint": key.recipient.fingerprint()}


def agency_key(fields: Fields) -> Fields:
    read_ = AgencyKey.read(fields["file"].encode())
    return {
        "name": read_.name,
        "recipient_fingerprint": read_.recipient.fingerprint(),
        "acknowledge": read_.acknowledge.hex(),
        "made_on": read_.made_on.isoformat(),
        "fingerprint": read_.fingerprint(),
    }


def acknowledgement(fields: Fields) -> Fields:
    said = Acknowledged.read(typed_statement(fields["statement"]), bytes.fromhex(fields["key"]))
    assert said.sign(SigningKey.from_seed(secret(fields["seed"]))).decode() == fields["statement"]
    return {"release": str(said.release), "zip_sha256": said.zip_sha256.hex(), "on": said.on.isoformat()}


def feedback(fields: Fields) -> Fields:
    answer = SealedAnswer.read(typed_statement(fields["statement"]), bytes.fromhex(fields["key"]))
    said = answer.open(age.Identity.from_seed(secret(fields["desk"])))
    return {
        "release": str(answer.release),
        "on": answer.on.isoformat(),
        "said": canonical(said.to_body()).decode(),
    }


def material_of(fields: Fields) -> Fields:
    signed = material.open_(base64.b64decode(fields["sealed"]), age.Identity.from_seed(secret(fields["desk"])))
    said = Material.read(signed.document, data.schemes())
    key = bytes.fromhex(fields["key"])
    agency = Agency("coast", "Coast Guard", Channel.AGE, "", said.sender, said.on, acknowledge=key)
    return {
        "holds": "yes" if signed.holds(agency) else "no",
        "sha256": signed.sha256,
        "said": said.encode().decode(),
    }


def unit_keys(fields: Fields) -> Fields:
    read_ = UnitKeys.parse(fields["file"].encode())
    assert read_.encode().decode() == fields["file"]
    return {
        "unit": read_.unit,
        "name": read_.name,
        "package_signer": read_.package_signer.hex(),
        "desk_fingerprint": read_.desk_intake.fingerprint(),
        "fingerprint": read_.fingerprint(),
    }


KINDS: Mapping[str, Callable[[Fields], Fields]] = {
    "acknowledgement": acknowledgement,
    "agency-key": agency_key,
    "age-armour": age_armour,
    "age-classical": age_classical,
    "age-file": age_file,
    "age-key": age_key,
    "blob": blob,
    "bundle": bundle,
    "canonical": canonical_json,
    "codename": codename,
    "codename-written": codename_written,
    "column": column,
    "drop-request": drop_request,
    "envelope": envelope,
    "feedback": feedback,
    "intake-key": intake_key,
    "mac": mac,
    "material": material_of,
    "member-chain": chain,
    "member-list": members,
    "message": message,
    "one-time-code": one_time_code,
    "package": package,
    "padding": padding,
    "passphrase": passphrase,
    "pgp-intake": pgp_key,
    "pickup": pickup,
    "pickup-code": pickup_of,
    "pins": pins,
    "place": place,
    "record": record,
    "reply": reply,
    "share": share,
    "signature": signature,
    "questionnaire": questionnaire,
    "slip": slip,
    "ssh-signature": ssh_signature,
    "statement": statement,
    "submission": submission,
    "unit-keys": unit_keys,
}

REFUSALS = (
    *(AgencyFileError, ChainError, CryptoError, EnvelopeError, MaterialError),
    *(MembershipError, PackageError, RequestRefusedError),
)


def read(path: Path) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in path.read_text().splitlines())


def test_every_folder_has_a_meaning_and_every_meaning_a_vector() -> None:
    assert {path.parent.name for path in VECTORS} == KINDS.keys()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_vector_comes_out_as_it_says(path: Path) -> None:
    fields = read(path)
    run = KINDS[path.parent.name]

    if fields["expect"] == "refused":
        with pytest.raises(REFUSALS) as caught:
            run(fields)
        assert type(caught.value).__name__ == fields["error"]
        if isinstance(caught.value, AgencyFileError):
            assert caught.value.fault.value == fields["fault"]
    else:
        assert fields["expect"] == "success"
        for name, value in run(fields).items():
            assert fields[name] == value, name
