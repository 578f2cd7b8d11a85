"""The unit's OpenPGP key and messages to it, made by GnuPG itself: good ones open, every kind of wrong one is refused by name."""

import os
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crypto import openpgp, pgp, pgpintake, sandbox
from crypto.errors import (
    PgpError,
    PgpMessageError,
    PgpPasswordError,
    PgpRecipientError,
    PgpShapeError,
    PgpTooLargeError,
    PgpUnprotectedError,
)
from crypto.pgpintake import NewSubkey
from crypto.secret import Secret
from tests.crypto.sealing import Sender, sender

TODAY = date(2026, 11, 23)
TEXT = "Boxes with tusks. Čtyři bedny.\n".encode()


@pytest.fixture(scope="module")
def primary() -> Secret:
    return pgpintake.make_primary("River Unit (practice): tips", today=TODAY)


@pytest.fixture(scope="module")
def subkey(primary: Secret) -> NewSubkey:
    return pgpintake.make_subkey(primary, today=TODAY, not_after=date(2037, 3, 22))


@pytest.fixture(scope="module")
def source(subkey: NewSubkey) -> Iterator[Sender]:
    with sender() as one:
        one.takes(subkey.public)
        yield one


@pytest.fixture(scope="module")
def to_unit(subkey: NewSubkey) -> tuple[str, str]:
    return "--recipient", subkey.fingerprint


def opened(data: bytes, *secrets: Secret) -> pgpintake.Opened:
    return pgpintake.open_(openpgp.in_file(data), secrets)


def test_the_key_certifies_alone_and_its_subkey_seals_alone_and_ends(source: Sender, subkey: NewSubkey) -> None:
    listed = source.gpg("--with-colons", "--list-keys", subkey.fingerprint).decode().splitlines()
    (primary,) = [line.split(":") for line in listed if line.startswith("pub:")]
    (sub,) = [line.split(":") for line in listed if line.startswith("sub:")]

    assert primary[11] in {"cEC", "cE"}  # lower case is what it can do itself
    assert primary[6] == ""
    assert sub[11] == "e"
    assert datetime.fromtimestamp(int(sub[6]), UTC) == datetime(2037, 3, 23, tzinfo=UTC)
    assert primary[5] == sub[5]
    assert int(sub[5]) % 86400 == 0  # no hour of ours stands in it
    assert pgp.fingerprint(subkey.public) == subkey.fingerprint


def test_a_key_that_is_made_slowly_takes_a_subkey_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """GnuPG's clock starts before it reads from a descriptor, so that a slow one makes it a slow machine."""
    slow = 'gpg() { sleep 1.1 | command gpg --passphrase-fd 0 "$@"; }; '
    run = sandbox.run
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "run", lambda script, **more: run(lambda *pipes: slow + script(*pipes), **more))
        primary = pgpintake.make_primary("River Unit (practice): tips", today=TODAY)

    assert pgpintake.make_subkey(primary, today=TODAY, not_after=TODAY).fingerprint


def test_what_is_sealed_to_it_opens_with_the_subkey_alone(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]
) -> None:
    plain = source.gpg(*to_unit, "--encrypt", data=TEXT)
    armoured = source.gpg(*to_unit, "--armor", "--comment", "a note", "--encrypt", data=TEXT)

    for message in (plain, armoured):
        assert opened(message, subkey.secret).data == TEXT
        assert not opened(message, subkey.secret).signed
    assert openpgp.in_file(plain).key_ids == (subkey.subkey[-16:],)
    listed = subprocess.run(["gpg", "--list-packets"], input=subkey.secret.expose(), capture_output=True, check=False)
    assert b"gnu-dummy" in listed.stdout  # the primary key is a stub there


def test_the_name_of_a_sealed_file_comes_with_it(source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]) -> None:
    message = source.gpg(*to_unit, "--set-filename", "lo % č.txt", "--encrypt", data=TEXT)

    assert opened(message, subkey.secret).name == "lo % č.txt"


def test_a_signature_is_named_and_neither_checked_nor_a_reason_to_refuse(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]
) -> None:
    found = opened(source.gpg(*to_unit, "--sign", "--encrypt", data=TEXT), subkey.secret)

    assert (found.data, found.signed) == (TEXT, True)


def test_among_several_recipients_and_hidden_ones_ours_is_found(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]
) -> None:
    several = source.gpg("--recipient", "Somebody", *to_unit, "--encrypt", data=TEXT)
    hidden = source.gpg("--hidden-recipient", subkey.fingerprint, "--encrypt", data=TEXT)
    either = source.gpg(
        *to_unit, "--passphrase", "x", "--pinentry-mode", "loopback", "--symmetric", "--encrypt", data=TEXT
    )

    for message in (several, hidden, either):
        assert opened(message, subkey.secret).data == TEXT
    assert openpgp.in_file(hidden).key_ids == (openpgp.HIDDEN,)


def test_a_replaced_subkey_opens_what_was_sealed_to_it_and_nothing_else(
    primary: Secret, subkey: NewSubkey, source: Sender, to_unit: tuple[str, str]
) -> None:
    later = pgpintake.make_subkey(primary, today=date(2027, 2, 21), not_after=date(2027, 6, 20))
    message = source.gpg(*to_unit, "--encrypt", data=TEXT)

    assert later.fingerprint == subkey.fingerprint
    assert later.subkey != subkey.subkey
    assert opened(message, later.secret, subkey.secret).data == TEXT
    for none in ((), (later.secret,)):
        with pytest.raises(PgpRecipientError):
            opened(message, *none)


def test_a_large_file_comes_back_whole(source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]) -> None:
    data = os.urandom(20 * 1024 * 1024)

    assert opened(source.gpg(*to_unit, "--armor", "--encrypt", data=data), subkey.secret).data == data


@pytest.mark.parametrize("how", ["zip", "zlib", "bzip2"])
def test_a_message_that_unfolds_without_end_is_stopped(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str], how: str
) -> None:
    message = source.gpg(*to_unit, "--compress-algo", how, "--encrypt", data=bytes(pgpintake.OPENED_MAX + 1))

    assert len(message) < 200_000
    with pytest.raises(PgpTooLargeError):
        opened(message, subkey.secret)


def test_a_bomb_in_a_bomb_is_stopped_too(source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]) -> None:
    compress = zlib.compressobj(9, zlib.DEFLATED, -15)
    literal = b"\xcb\xff" + (300_000_000).to_bytes(4, "big") + b"b\0\0\0\0\0"
    inner = b"".join(
        [
            b"\xa3\x01",
            compress.compress(literal),
            *(compress.compress(bytes(1_000_000)) for _ in range(300)),
            compress.flush(),
        ]
    )
    message = source.gpg(*to_unit, "--no-literal", "--encrypt", data=inner)

    with pytest.raises((PgpTooLargeError, PgpShapeError)):
        opened(message, subkey.secret)


def test_what_is_nobodys_or_somebody_elses_is_refused(source: Sender, subkey: NewSubkey) -> None:
    with pytest.raises(PgpRecipientError):
        opened(source.gpg("--recipient", "Somebody", "--encrypt", data=TEXT), subkey.secret)
    with pytest.raises(PgpPasswordError):
        opened(source.gpg("--passphrase", "x", "--pinentry-mode", "loopback", "--symmetric", data=TEXT), subkey.secret)
    for no_message in (source.gpg("--sign", data=TEXT), source.gpg("--clearsign", data=TEXT), subkey.public.encode()):
        with pytest.raises(PgpShapeError):
            opened(no_message, subkey.secret)


def test_a_message_without_protection_is_refused(source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]) -> None:
    message = source.gpg(*to_unit, "--rfc2440", "--disable-mdc", "--cipher-algo", "AES256", "--encrypt", data=TEXT)

    with pytest.raises(PgpUnprotectedError):
        opened(message, subkey.secret)


def test_a_changed_cut_or_extended_message_is_refused_wherever_it_is(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]
) -> None:
    message = source.gpg(*to_unit, "--encrypt", data=TEXT)

    for at in range(0, len(message), 17):
        changed = bytearray(message)
        changed[at] ^= 1
        with pytest.raises(PgpMessageError):
            opened(bytes(changed), subkey.secret)
    for wrong in (message[:-1], message[: len(message) // 2], message + b"more", message + message):
        with pytest.raises(PgpMessageError):
            opened(wrong, subkey.secret)


def test_a_message_in_a_message_is_refused_and_one_in_a_file_is_a_file(
    source: Sender, subkey: NewSubkey, to_unit: tuple[str, str]
) -> None:
    inner = source.gpg(*to_unit, "--encrypt", data=TEXT)

    with pytest.raises(PgpShapeError):
        opened(source.gpg(*to_unit, "--no-literal", "--compress-algo", "none", "--encrypt", data=inner), subkey.secret)
    assert opened(source.gpg(*to_unit, "--encrypt", data=inner), subkey.secret).data == inner


def test_a_name_that_openpgp_does_not_take_is_refused() -> None:
    for name in ("", "a\nb", "a <b>", "x" * 201):
        with pytest.raises(PgpError):
            pgpintake.make_primary(name, today=TODAY)


def test_neither_a_secret_nor_a_home_is_left_on_the_disk(
    subkey: NewSubkey, source: Sender, to_unit: tuple[str, str]
) -> None:
    message = source.gpg(*to_unit, "--encrypt", data=TEXT)

    def left() -> set[Path]:
        before = set(Path(tempfile.gettempdir()).iterdir())
        opened(message, subkey.secret)
        return set(Path(tempfile.gettempdir()).iterdir()) - before

    assert any(not left() for _ in range(20))  # other tests put something there now and then; it would each time
    assert not list(Path("/home").glob("*gnupg*"))
    assert not list(Path("/home").glob("private-keys-v1.d"))
