"""A client written from docs/format.md alone: the standard library, PyNaCl, the BIP39 list, and npm age-encryption.

It imports nothing of this project. Each function names the section that it was written from.
"""

import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mnemonic import Mnemonic
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.signing import SigningKey, VerifyKey

Seal = Callable[[bytes, str], bytes]
Open = Callable[[bytes, str], bytes]

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def hkdf(key: bytes, salt: str, info: str, n: int) -> bytes:
    """Conventions: RFC 5869 with SHA-256."""
    pseudo, out, block, count = hmac.digest(salt.encode(), key, "sha256"), b"", b"", 0
    while len(out) < n:
        count += 1
        block = hmac.digest(pseudo, block + info.encode() + bytes([count]), "sha256")
        out += block
    return out[:n]


def canonical(value: Any) -> bytes:
    """Conventions: RFC 8785; ASCII keys and integers are all that these formats have."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def blake(data: bytes, key: bytes, person: str) -> bytes:
    """Conventions: BLAKE2b with a key and a person, 32 bytes."""
    return hashlib.blake2b(data, digest_size=32, key=key, person=person.encode()).digest()


def padded(message: bytes) -> bytes:
    """Padding."""
    size = 4096
    while size < len(message):
        size *= 4
    return message.ljust(size)


def identity_text(seed: bytes) -> str:
    """Sealed files: Bech32 over a seed, upper case."""
    return bech32("age-secret-key-pq-", seed).upper()


def bech32(prefix: str, data: bytes) -> str:
    """Bech32 over 32 bytes, lower case."""
    bits = int.from_bytes(data, "big") << 4  # 256 bits and 4 of filling
    values = [bits >> 5 * place & 31 for place in reversed(range(52))]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod([*expanded, *values, *[0] * 6]) ^ 1
    values += [check >> 5 * place & 31 for place in reversed(range(6))]
    return prefix + "1" + "".join(_LETTERS[value] for value in values)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


@dataclass
class Source:
    """Codename: 128 bits and everything that follows from them."""

    entropy: bytes
    counter: int = 0
    previous: str = "0" * 64
    heard: int = 0
    heard_hash: str = "0" * 64
    recipient: str = field(default="")
    unit: str = ""

    @classmethod
    def from_token(cls, token: bytes) -> "Source":
        return cls(hkdf(token, "tipline/token/v1", "codename", 16))

    @classmethod
    def from_words(cls, words: str) -> "Source":
        return cls(bytes(Mnemonic("english").to_entropy(words)))

    def words(self) -> str:
        return Mnemonic("english").to_mnemonic(self.entropy)

    def key(self, info: str) -> bytes:
        return hkdf(self.entropy, "tipline/codename/v1", info, 32)

    @property
    def mailbox(self) -> str:
        return hashlib.sha256(self.key("lookup")).hexdigest()

    @property
    def identity(self) -> str:
        return identity_text(self.key("identity"))

    def message(self, kind: str, body: Mapping[str, Any], at: str) -> bytes:
        """Messages: the next one of the thread, with its MAC."""
        self.counter += 1
        value = {
            "format": "tipline/message/v1",
            "kind": kind,
            "way": "kit",
            "lookup": self.key("lookup").hex(),
            "recipient": self.recipient,
            "thread": {"to_source": self.key("thread/to-source").hex(), "to_unit": self.key("thread/to-unit").hex()},
            "counter": self.counter,
            "previous": self.previous,
            "heard": self.heard,
            "at": at,
            "body": body,
        }
        value["mac"] = blake(canonical(value), self.key("thread/to-unit"), "to unit").hex()
        self.previous = hashlib.sha256(canonical(value)).hexdigest()
        return canonical(value)

    def wrapper(self, kind: str, *, unit: str, serial: int, day: str, urgent: bool) -> bytes:
        """Envelopes: the clear words in front."""
        value = {
            "day": day,
            "format": "tipline/envelope/v1",
            "kind": kind,
            "mailbox": self.mailbox,
            "serial": serial,
            "unit": unit,
            "urgent": urgent,
        }
        return canonical(value).ljust(255) + b"\n"

    def replies(self, bundle: bytes, open_: Open) -> list[dict[str, Any]]:
        """Bundles and replies: each checked under its MAC, and the chain."""
        assert len(bundle) == 67_195
        archive = open_(bundle, self.identity)
        assert len(archive) == 65_536
        found, previous = [], "0" * 64
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for number, member in enumerate(tar.getmembers(), 1):
                assert member.name == f"{number:03}.age"
                file = tar.extractfile(member)
                assert file is not None
                text = open_(file.read(), self.identity).rstrip(b" ")
                value = json.loads(text)
                mac = value.pop("mac")
                assert blake(canonical(value), self.key("thread/to-source"), "to source").hex() == mac
                assert (value["mailbox"], value["counter"], value["previous"]) == (self.mailbox, number, previous)
                previous = hashlib.sha256(text).hexdigest()
                found.append(value | {"hash": previous})
        return found

    def place(self, sealed: bytes) -> dict[str, Any]:
        """Place in the thread, a sealed column."""
        subkey = blake(b"", self.key("state"), "tipline/columns")
        place = b"\x01" + canonical(["zone.mailbox", "thread_state", self.mailbox])
        assert sealed[:1] == b"\x01"
        value: dict[str, Any] = json.loads(
            crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[25:], place, sealed[1:25], subkey)
        )
        return value

    def sealed_place(self, nonce: bytes) -> bytes:
        """Place in the thread: after what was sent to its unit, sealed under a nonce of 24 bytes."""
        value = {
            "heard": {"counter": self.heard, "previous": self.heard_hash},
            "sent": {"counter": self.counter, "previous": self.previous},
            "unit": self.unit,
        }
        subkey = blake(b"", self.key("state"), "tipline/columns")
        place = b"\x01" + canonical(["zone.mailbox", "thread_state", self.mailbox])
        text = canonical(value).ljust(320)
        return b"\x01" + nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(text, place, nonce, subkey)

    def hand_in(
        self, key: "Key", *, urgent: bool, was: bytes | None, now: bytes, envelopes: list["Envelope"]
    ) -> list[bytes]:
        """Hand-ins: the slip and the envelopes behind it, as the bytes of each file; messages come first in the list."""
        slip: dict[str, Any] = {
            "format": "tipline/hand-in/v1",
            "unit": key.unit,
            "serial": key.serial,
            "mailbox": self.mailbox,
            "day": key.first,
            "urgent": urgent,
            "recipient": self.recipient if was is None else None,
            "was": None if was is None else hashlib.sha256(was).hexdigest(),
            "now": now.hex(),
            "envelopes": [
                {"id": one.id, "kind": one.kind, "sha256": hashlib.sha256(one.data).hexdigest(), "size": len(one.data)}
                for one in envelopes
            ],
        }
        slip["sum"] = hashlib.sha256(canonical(slip)).hexdigest()
        line = canonical(slip)
        front = line.ljust(len(padded(line + b"\n")) - 1) + b"\n"
        if 256 * 1024 + sum(len(one.data) for one in envelopes) <= 17 * 1024 * 1024:
            return [front + b"".join(one.data for one in envelopes)]
        messages = b"".join(one.data for one in envelopes if one.kind == "message")
        return [front + messages, *(one.data for one in envelopes if one.kind == "part")]

    def pickup_code(self) -> str:
        """Picking up: Bech32 over the lookup, `pickup1` and groups of five letters."""
        code = bech32("pickup", self.key("lookup"))
        return " ".join((code[:7], *(code[at : at + 5] for at in range(7, len(code), 5))))

    def picked_up(self, data: bytes, open_: Open) -> tuple[bytes, list[dict[str, Any]]]:
        """Picking up: the sealed place that the next hand-in follows, and the replies."""
        assert len(data) == 70_144
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            assert tar.getnames() == ["place", "replies.age"]
            place, bundle = (tar.extractfile(name) for name in tar.getnames())
            assert place is not None
            assert bundle is not None
            sealed, found = place.read(), self.replies(bundle.read(), open_)
        place_ = self.place(sealed)
        self.unit, sent = place_["unit"], place_["sent"]
        self.counter, self.previous = sent["counter"], sent["previous"]
        if found:
            self.heard, self.heard_hash = found[-1]["counter"], found[-1]["hash"]
        return sealed, found


@dataclass
class Envelope:
    """Envelopes: one of a hand-in."""

    id: str
    kind: str
    data: bytes


def part_id(part: bytes) -> str:
    """Hand-ins: the id of a part."""
    digits = hashlib.sha256(part).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


@dataclass
class Key:
    """Keys for sealing elsewhere: what to seal to today."""

    unit: str
    serial: int
    recipient: str
    first: str


def key_for(keys: bytes, root: bytes, today: str, *, role: str = "", unit: str = "") -> Key:
    """Keys for sealing elsewhere: pins under the trusted root, then the highest serial of that unit.

    A first message goes to a role; an answer to the unit that the place in the thread names.
    """
    value = json.loads(keys)
    assert canonical(value) == keys
    assert (value["format"], value["root"]) == ("tipline/keys/v1", root.hex())
    pins = signed(value["pins"], "tipline/pins/v1", root)
    assert pins["valid_from"] <= today <= pins["valid_until"]
    (pinned,) = [one for one in pins["units"] if role in ("", one["role"]) and unit in ("", one["unit"])]
    found = []
    for statement in value["intake"]:
        try:
            body = signed(statement, "tipline/intake-key/v1", bytes.fromhex(pinned["intake_signer"]))
        except ValueError:
            continue
        if body["unit"] == pinned["unit"] and body["not_before"] <= today <= body["not_after"]:
            found.append(Key(body["unit"], body["serial"], body["recipient"], body["not_before"]))
    return max(found, key=lambda one: one.serial)


def signed(statement: Any, type_: str, signer: bytes) -> Any:
    """Statements: the body, when *signer* has signed it; ValueError otherwise."""
    by = [one for one in statement["signatures"] if one["key"] == signer.hex()]
    if statement["type"] != type_ or not by:
        raise ValueError("another's")
    VerifyKey(signer).verify(type_.encode() + b"\n" + canonical(statement["body"]), bytes.fromhex(by[0]["signature"]))
    return statement["body"]


def intake_key(statement: bytes, signer: bytes, today: str) -> tuple[str, int, str]:
    """Statements and intake keys: unit, serial and recipient of a key that is good today."""
    value = json.loads(statement)
    assert canonical(value) == statement
    assert value.keys() == {"body", "signatures", "type"}
    assert value["type"] == "tipline/intake-key/v1"
    (signature,) = [one for one in value["signatures"] if one["key"] == signer.hex()]
    signed = b"tipline/intake-key/v1\n" + canonical(value["body"])
    VerifyKey(signer).verify(signed, bytes.fromhex(signature["signature"]))
    body = value["body"]
    assert body["purpose"] == "intake"
    assert body["not_before"] <= today <= body["not_after"]
    return body["unit"], body["serial"], body["recipient"]


def drop_request(seed: bytes, method: str, path: str, body: bytes, *, unit: str, time: int) -> dict[str, str]:
    """Signatures: the headers of a collector's request."""
    payload = {
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "method": method,
        "path": path,
        "time": time,
        "unit": unit,
    }
    signature = SigningKey(seed).sign(b"tipline/drop-request/v1\n" + canonical(payload)).signature
    return {"Tipline-Unit": unit, "Tipline-Time": str(time), "Tipline-Signature": signature.hex()}


def submission_mac(token: bytes, fields: Mapping[str, bytes], files: Mapping[str, bytes]) -> bytes:
    """Codename, submission MAC: fields, then files."""

    def framed(value: bytes) -> bytes:
        return len(value).to_bytes(8, "big") + value

    items = b"".join(b"\x01" + framed(name.encode()) + framed(value) for name, value in fields.items())
    for name, content in files.items():
        digest = hashlib.sha256(content).digest()
        items += b"\x02" + framed(name.encode()) + len(content).to_bytes(8, "big") + digest
    return blake(items, hkdf(token, "tipline/token/v1", "submission", 32), "tipline/submit")
