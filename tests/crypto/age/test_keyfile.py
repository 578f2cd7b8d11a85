import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age
from crypto.age import keyfile
from crypto.errors import KeyFileError, KeyFormatError
from crypto.secret import Secret
from tests.crypto.support import FEW, QUICK, mutated

HYBRID, CLASSICAL = age.Identity.generate(), age.ClassicalIdentity.generate()
BOTH = HYBRID.encode().expose() + b"\n" + CLASSICAL.encode().expose()


def test_comments_blank_lines_and_both_line_ends_are_read() -> None:
    identities = keyfile.parse_identities(Secret(b"# created\n\n" + BOTH.replace(b"\n", b"\r\n") + b"\n#"))
    recipients = keyfile.parse_recipients(f"{HYBRID.recipient}\n# {{}} é\r\n\r\n{CLASSICAL.recipient}".encode())

    assert [identity.recipient for identity in identities] == list(recipients)
    assert recipients == (HYBRID.recipient, CLASSICAL.recipient)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 0),
        (b"# nothing\n\n", 0),
        (b"\xff", 0),
        (b"#" * (keyfile.MAX_BYTES + 1), 0),
        (b" " + BOTH, 1),
        (BOTH + b" ", 2),
        (BOTH.lower(), 1),
        (BOTH + b"\n" + str(HYBRID.recipient).encode(), 3),
        (b"\n\nssh-ed25519 AAAA", 3),
        (BOTH.replace(b"\n", b"\r"), 1),
        (b"AGE-PLUGIN-X-1", 1),
    ],
)
def test_what_is_no_identity_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(KeyFileError) as caught:
        keyfile.parse_identities(Secret(data))

    assert caught.value.line == line


def test_a_mistyped_secret_stands_in_no_error() -> None:
    typed = CLASSICAL.encode().expose()[:-1] + b"!"

    with pytest.raises(KeyFileError) as caught:
        keyfile.parse_identities(Secret(typed))

    assert typed.decode() not in "".join(traceback.format_exception(caught.value))
    assert typed.decode() not in repr(caught.value)


def test_an_identity_is_no_recipient() -> None:
    for data in (BOTH, b"ssh-rsa A", str(HYBRID.recipient).upper().encode()):
        with pytest.raises(KeyFileError):
            keyfile.parse_recipients(data)


@FEW
@given(st.binary(max_size=400))
def test_any_bytes_are_keys_or_refused(data: bytes) -> None:
    with pytest.raises(KeyFileError):
        keyfile.parse_identities(Secret(data))
    with pytest.raises(KeyFileError):
        keyfile.parse_recipients(data)


@QUICK
@given(
    st.sampled_from([str(HYBRID.recipient), str(CLASSICAL.recipient), HYBRID.encode(), CLASSICAL.encode()]), st.data()
)
def test_a_key_changed_in_any_way_is_refused(key: str | Secret, draw: st.DataObject) -> None:
    text = key.encode() if isinstance(key, str) else key.expose()
    changed = draw.draw(mutated(text))
    parse = keyfile.parse_recipient if isinstance(key, str) else keyfile.parse_identity
    if changed != text:
        with pytest.raises(KeyFormatError):
            parse(changed.decode("latin-1"))
