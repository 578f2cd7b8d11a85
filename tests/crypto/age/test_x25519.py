import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age
from crypto.age import format as age_format
from crypto.age import hybrid, x25519
from crypto.age.file import _FileSealer
from crypto.age.format import Stanza
from crypto.age.scrypt import Passphrase
from crypto.errors import HeaderError, KeyFormatError, NoMatchError, PassphraseError
from crypto.secret import Secret
from tests.crypto.support import QUICK, push

ME, OTHER = age.ClassicalIdentity.generate(), age.ClassicalIdentity.generate()
QUANTUM = age.Identity.generate()
LOW_ORDER = [  # RFC 7748 twist and curve: every point that some multiple of 8 sends to zero, with unreduced spellings
    bytes(32),
    (1).to_bytes(32, "little"),
    (325606250916557431795983626356110631294008115727848805560023387167927233504).to_bytes(32, "little"),
    (39382357235489614581723060781553021112529911719440698176882885853963445705823).to_bytes(32, "little"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
    (2**255).to_bytes(32, "little"),
]
UNREDUCED = [(2**255 - 19 + 9).to_bytes(32, "little"), (2**255 + 9).to_bytes(32, "little")]


def classical(plain: bytes, *recipients: age.ClassicalRecipient) -> bytes:
    return push(age.ClassicalSealer(recipients), plain, 0)


def with_stanzas(*stanzas: Stanza) -> bytes:
    return age_format.write(stanzas, Secret(b"f" * 16)) + b"n" * 16 + b"c" * 20


def test_the_examples_of_the_specification_hold() -> None:
    identity = age.ClassicalIdentity.parse("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")

    assert str(identity.recipient) == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    assert identity.encode().expose().startswith(b"AGE-SECRET-KEY-1GFPYYSJZ")


def test_each_recipient_opens_and_nobody_else() -> None:
    sealed = classical(b"for two", ME.recipient, OTHER.recipient)

    assert sealed.count(b"\n-> X25519 ") == 2
    assert age.open_(sealed, [ME]) == age.open_(sealed, [QUANTUM, OTHER]) == b"for two"
    for identities in ([QUANTUM], [age.ClassicalIdentity.generate()], []):
        with pytest.raises(NoMatchError):
            age.open_(sealed, identities)


def test_kinds_never_share_a_file_that_is_written() -> None:
    words = Passphrase(Secret(b"words"), log_n=1)

    for mixed in ([ME.recipient, QUANTUM.recipient], [words, ME.recipient], [QUANTUM.recipient, words], [words, words]):
        with pytest.raises(ValueError, match="one kind"):
            _FileSealer(mixed)
    for nobody in (age.Sealer, age.ClassicalSealer):
        with pytest.raises(ValueError, match="at least one"):
            nobody([])


def test_a_file_with_a_classical_stanza_beside_a_hybrid_one_opens_for_both() -> None:
    key = Secret(b"f" * 16)
    header = age_format.write((QUANTUM.recipient.wrap(key), ME.recipient.wrap(key)), key)
    body = age.seal(b"", [QUANTUM.recipient])

    for identity in (ME, QUANTUM):
        opener = age.Opener([identity])
        opener.update(header + body[-32:-16])  # the right header, and a nonce; the body is of another key
        assert opener._stream is not None


def test_no_more_recipients_are_written_than_are_read() -> None:
    with pytest.raises(ValueError, match="some 650"):
        age.Sealer([QUANTUM.recipient] * 674)
    header = len(age.Sealer([QUANTUM.recipient] * 673).update(b"")) - 16

    assert header <= age_format.MAX_HEADER


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_share_of_low_order_is_refused_before_a_key_is_used(point: bytes) -> None:
    good, mine = ME.recipient.wrap(Secret(b"f" * 16)), QUANTUM.recipient.wrap(Secret(b"f" * 16))
    share = age_format.b64decode(mine.args[0])[:-32] + point

    with pytest.raises(HeaderError):
        age.open_(with_stanzas(good, Stanza(good.type, (age_format.b64encode(point),), good.body)), [ME])
    with pytest.raises(HeaderError):
        age.open_(with_stanzas(mine, Stanza(mine.type, (age_format.b64encode(share),), mine.body)), [QUANTUM])


@pytest.mark.parametrize("point", [*LOW_ORDER, *UNREDUCED, b"", b"x" * 31, b"x" * 33])
def test_a_public_key_that_no_identity_has_is_refused(point: bytes) -> None:
    with pytest.raises(KeyFormatError):
        x25519.Recipient(point)
    with pytest.raises(KeyFormatError):
        hybrid.Recipient(QUANTUM.recipient.raw[:-32] + point)


@pytest.mark.parametrize("field", ["extra argument", "no argument", "short share", "long body", "spelling"])
def test_a_malformed_stanza_is_refused(field: str) -> None:
    good = ME.recipient.wrap(Secret(b"f" * 16))
    share = age_format.b64decode(good.args[0])
    bad = {
        "extra argument": Stanza(good.type, (*good.args, "x"), good.body),
        "no argument": Stanza(good.type, (), good.body),
        "short share": Stanza(good.type, (age_format.b64encode(share[:-1]),), good.body),
        "long body": Stanza(good.type, good.args, good.body + b"\0"),
        "spelling": Stanza(good.type, (good.args[0] + "=",), good.body),
    }[field]

    for identity in (ME, OTHER):
        with pytest.raises(HeaderError):
            age.open_(with_stanzas(good, bad), [identity])


def test_only_one_spelling_of_a_key_is_read() -> None:
    recipient, identity = str(ME.recipient), ME.encode().expose().decode()

    assert age.ClassicalRecipient.parse(recipient) == ME.recipient
    assert age.ClassicalIdentity.parse(identity).recipient == ME.recipient
    assert age.ClassicalIdentity.parse(ME.encode()).recipient == ME.recipient
    for text in (recipient.upper(), recipient[:-1], recipient + " ", identity, str(QUANTUM.recipient), "", "age1"):
        with pytest.raises(KeyFormatError):
            age.ClassicalRecipient.parse(text)
    for text in (identity.lower(), identity[:-1], recipient, QUANTUM.encode(), Secret(b"\xff"), "é"):
        with pytest.raises(KeyFormatError):
            age.ClassicalIdentity.parse(text)
    with pytest.raises(KeyFormatError):
        age.ClassicalIdentity(Secret(b"short"))
    assert len(ME.recipient.fingerprint()) == 64


@QUICK
@given(st.data())
def test_a_changed_stanza_is_refused_or_not_for_this_key(draw: st.DataObject) -> None:
    key = Secret(b"f" * 16)
    good = ME.recipient.wrap(key)
    share = age_format.b64decode(good.args[0])
    at = draw.draw(st.integers(0, 63))
    changed = bytearray(share + good.body)
    changed[at] ^= 1 << draw.draw(st.integers(0, 7))
    stanza = Stanza(good.type, (age_format.b64encode(bytes(changed[:32])),), bytes(changed[32:]))

    assert ME.unwrap([stanza]) is None


def test_a_passphrase_is_asked_for_only_when_a_file_has_one() -> None:
    asked = 0

    def ask() -> Secret:
        nonlocal asked
        asked += 1
        return Secret(b"words")

    sealed = age.seal_passphrase(b"by words", Secret(b"words"), log_n=4)
    with pytest.raises(NoMatchError):
        push(age.PassphraseOpener(ask), classical(b"", ME.recipient), 0)
    with pytest.raises(HeaderError):
        push(age.PassphraseOpener(ask), sealed.replace(b" 4\n", b" 04\n"), 0)
    assert asked == 0

    assert push(age.PassphraseOpener(ask), sealed, 0) == b"by words"
    assert asked == 1
    with pytest.raises(PassphraseError):
        push(age.PassphraseOpener(lambda: Secret(b"")), sealed, 0)
