"""Age files, their keys and their armour, as strangers send them."""

from crypto import age
from crypto.age import armor, bech32, keyfile, x25519
from crypto.age import format as age_format
from crypto.age.hybrid import Identity, Recipient
from crypto.errors import AgeError, ArmorError, HeaderError, KeyFileError, KeyFormatError
from crypto.secret import Secret
from tests.fuzz.target import Target, both, these, vectors

MINE = Identity.from_seed(Secret(bytes(range(32))))
RECIPIENT = str(MINE.recipient).encode()
CLASSICAL = str(x25519.Identity(Secret(bytes(range(32)))).recipient).encode()
FILES = vectors("age-file", field="sealed", binary=True)


def header(data: bytes) -> None:
    end = age_format.end_of_header(data)
    parsed = age_format.parse(data if end is None else data[:end])
    assert all(stanza.type for stanza in parsed.stanzas)


def file(data: bytes) -> None:
    whole = age.open_(data, [MINE])
    opener = age.Opener([MINE])
    pieces = [opener.update(data[at : at + 7]) for at in range(0, len(data), 7)]
    assert b"".join([*pieces, opener.finish()]) == whole


def armour(data: bytes) -> None:
    reader = armor.Dearmorer()
    plain = reader.update(data) + reader.finish()
    writer = armor.Armorer()
    again = writer.update(plain) + writer.finish()
    assert again == data.strip(b" \t\r\n").replace(b"\r\n", b"\n") + b"\n"


def key(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    prefix, raw = bech32.decode(text)
    assert bech32.encode(prefix, raw) == text.lower()
    if prefix == "age1pq":
        assert str(Recipient.parse(text)) == text


def keys(data: bytes) -> None:
    keyfile.parse_recipients(data)


def identities(data: bytes) -> None:
    keyfile.parse_identities(Secret(data))


TARGETS = {
    "age-header": Target(header, (HeaderError,), FILES),
    "age-file": Target(file, (AgeError,), FILES, most=8192),
    "age-armour": Target(
        armour,
        (ArmorError,),
        these(
            b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24=\n-----END AGE ENCRYPTED FILE-----\n",
            b" \r\n-----BEGIN AGE ENCRYPTED FILE-----\r\n" + b"QUFB" * 16 + b"\r\n-----END AGE ENCRYPTED FILE-----\r\n",
        ),
    ),
    "bech32": Target(
        key, (KeyFormatError,), both(vectors("age-key", field="recipient"), these(RECIPIENT, b"a12uel5l"))
    ),
    "recipients": Target(keys, (KeyFileError,), these(b"# comment\n" + RECIPIENT + b"\r\n", RECIPIENT, CLASSICAL)),
    "identities": Target(
        identities,
        (KeyFileError,),
        these(
            MINE.encode().expose() + b"\n",
            b"AGE-SECRET-KEY-1QYPQXPQ9QCRSSZG2PVXQ6RS0ZQG3YYC5Z5TPWXQERGD3C8G7RUSQ6QRF9T\n",
        ),
    ),
}
