import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age
from crypto.age import format as age_format
from crypto.age import hybrid
from crypto.age.format import Stanza
from crypto.age.scrypt import Passphrase
from crypto.errors import (
    AgeError,
    AuthenticationError,
    HeaderError,
    KeyFormatError,
    NoMatchError,
    PassphraseError,
    PayloadError,
    WorkFactorError,
)
from crypto.secret import Secret
from tests.crypto.support import FEW, push

ME, OTHER, STRANGER = (age.Identity.from_seed(Secret(bytes([n]) * 32)) for n in range(3))
SMALL = age.seal(b"a small file", [ME.recipient])
HEADER = age_format.end_of_header(SMALL) or 0
WORDS = Secret(b"seven words")


def with_stanzas(*stanzas: Stanza) -> bytes:
    return age_format.write(stanzas, Secret(b"f" * 16)) + b"n" * 16 + b"c" * 20


def test_each_recipient_opens_and_nobody_else() -> None:
    sealed = age.seal(b"for two", [ME.recipient, OTHER.recipient])

    assert age.open_(sealed, [ME]) == age.open_(sealed, [STRANGER, OTHER]) == b"for two"
    for identities in ([STRANGER], []):
        with pytest.raises(NoMatchError):
            age.open_(sealed, identities)


@FEW
@given(st.integers(0, 200_000), st.integers(), st.integers())
def test_a_file_in_pieces_of_any_size_comes_back(size: int, one: int, other: int) -> None:
    plain = Secret.random(size).expose() if size else b""

    sealed = push(age.Sealer([ME.recipient, OTHER.recipient]), plain, one)

    assert push(age.Opener([OTHER]), sealed, other) == plain
    assert age.open_(sealed, [ME]) == plain


def test_the_first_piece_starts_with_the_header() -> None:
    assert age.Sealer([ME.recipient]).update(b"").startswith(b"age-encryption.org/v1\n-> mlkem768x25519 ")


def test_a_file_read_byte_by_byte_comes_back() -> None:
    opener = age.Opener([ME])

    plain = b"".join(opener.update(SMALL[at : at + 1]) for at in range(len(SMALL)))

    assert plain + opener.finish() == b"a small file"


def test_two_files_of_one_text_are_different_and_equally_long() -> None:
    again = age.seal(b"a small file", [OTHER.recipient])

    assert again != SMALL
    assert len(again) == len(SMALL)


def test_a_file_is_never_sealed_to_nobody() -> None:
    with pytest.raises(ValueError):
        age.seal(b"for nobody", [])


def test_a_file_cut_at_any_byte_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises((HeaderError, PayloadError)) as caught:
            age.open_(SMALL[:length], [ME])
        assert (caught.type is HeaderError) == (length < HEADER + 16)


def test_a_flipped_bit_at_any_byte_is_refused() -> None:
    for at in range(len(SMALL)):
        changed = bytearray(SMALL)
        changed[at] ^= 1 << at % 8
        with pytest.raises(AgeError):
            age.open_(bytes(changed), [ME])


def test_a_header_changed_by_somebody_who_kept_our_stanza_is_altered() -> None:
    grease = b"-> grease\n\n"

    with pytest.raises(AuthenticationError):
        age.open_(SMALL.replace(b"\n---", b"\n" + grease + b"---"), [ME])


def test_a_refused_file_stays_refused() -> None:
    opener = age.Opener([STRANGER])
    with pytest.raises(NoMatchError):
        opener.update(SMALL)

    with pytest.raises(RuntimeError):
        opener.update(age.seal(b"another", [STRANGER.recipient]))
    with pytest.raises(HeaderError):
        opener.finish()


def test_what_is_no_age_file_is_refused_at_its_first_byte() -> None:
    with pytest.raises(HeaderError):
        age.Opener([ME]).update(b"P")


@pytest.mark.parametrize(
    "field", ["extra argument", "no argument", "short share", "long body", "spelling", "low order"]
)
def test_a_malformed_stanza_is_refused_before_a_key_is_used(field: str) -> None:
    good = ME.recipient.wrap(Secret(b"f" * 16))
    share = age_format.b64decode(good.args[0])
    bad = {
        "extra argument": Stanza(good.type, (*good.args, "x"), good.body),
        "no argument": Stanza(good.type, (), good.body),
        "short share": Stanza(good.type, (age_format.b64encode(share[:-1]),), good.body),
        "long body": Stanza(good.type, good.args, good.body + b"\0"),
        "spelling": Stanza(good.type, (good.args[0] + "=",), good.body),
        "low order": Stanza(good.type, (age_format.b64encode(share[:-32] + bytes(32)),), good.body),
    }[field]

    for identity in (ME, STRANGER):
        with pytest.raises(HeaderError):
            age.open_(with_stanzas(good, bad), [identity])


def test_a_recipient_and_an_identity_read_back_as_they_were_written() -> None:
    assert age.Recipient.parse(str(ME.recipient)) == ME.recipient
    assert str(ME.recipient).startswith("age1pq1")
    assert age.Identity.parse(ME.encode()).recipient == ME.recipient
    assert age.Identity.parse(ME.encode().expose().decode()).recipient == ME.recipient
    assert ME.encode().expose().startswith(b"AGE-SECRET-KEY-PQ-1")
    assert len(ME.recipient.fingerprint()) == 64
    assert ME.recipient.fingerprint() != OTHER.recipient.fingerprint()
    assert age.Identity.generate().recipient != age.Identity.generate().recipient


def test_only_one_spelling_of_a_key_is_read() -> None:
    recipient, identity = str(ME.recipient), ME.encode().expose().decode()

    for text in (recipient.upper(), recipient[:-1], recipient + " ", identity, identity.lower(), "", "age1pq1"):
        with pytest.raises(KeyFormatError):
            age.Recipient.parse(text)
    for text in (identity.lower(), identity[:-1], recipient, recipient.upper(), "é"):
        with pytest.raises(KeyFormatError):
            age.Identity.parse(text)
    with pytest.raises(KeyFormatError):
        age.Identity.parse(Secret(b"\xff"))
    with pytest.raises(KeyFormatError):
        age.Identity.from_seed(Secret(b"short"))


@pytest.mark.parametrize(
    "raw", [b"", ME.recipient.raw[:-1], b"\xff" * 1184 + b"x" * 32, ME.recipient.raw[:-32] + bytes(32)]
)
def test_a_key_that_could_not_seal_is_refused_when_it_is_read(raw: bytes) -> None:
    with pytest.raises(KeyFormatError):
        hybrid.Recipient(raw)


def test_a_passphrase_opens_what_it_sealed_and_another_does_not() -> None:
    sealed = age.seal_passphrase(b"by words", WORDS, log_n=4)

    assert age.open_passphrase(sealed, WORDS) == b"by words"
    with pytest.raises(NoMatchError):
        age.open_passphrase(sealed, Secret(b"other words"))


def test_passphrase_files_and_key_files_are_two_kinds() -> None:
    with pytest.raises(NoMatchError):
        age.open_passphrase(SMALL, WORDS)
    with pytest.raises(NoMatchError):
        age.open_(age.seal_passphrase(b"by words", WORDS, log_n=4), [ME])


def test_a_passphrase_never_shares_a_file_with_anything() -> None:
    key = Secret(b"f" * 16)
    words, mine = Passphrase(WORDS, log_n=4).wrap(key), ME.recipient.wrap(key)

    for stanzas in ((words, mine), (mine, words), (words, words), (words, Stanza("grease", (), b""))):
        with pytest.raises(HeaderError):
            age.open_passphrase(with_stanzas(*stanzas), WORDS)
        with pytest.raises(HeaderError):
            age.open_(with_stanzas(*stanzas), [ME])


def test_a_file_cannot_ask_for_more_work_than_we_give() -> None:
    stanza = Passphrase(WORDS, log_n=4).wrap(Secret(b"f" * 16))

    def asking(work: str) -> bytes:
        return with_stanzas(stanza).replace(b" 4\n", b" " + work.encode() + b"\n")

    for work in ("21", "22", "23", "99"):
        with pytest.raises(WorkFactorError):
            age.open_passphrase(asking(work), WORDS)
    for work in ("04", "+4", "0", "4 ", "", "٤", "999999999999"):
        with pytest.raises(HeaderError) as caught:
            age.open_passphrase(asking(work), WORDS)
        assert caught.type is HeaderError
    for log_n in (0, 21):
        with pytest.raises(ValueError):
            age.seal_passphrase(b"", WORDS, log_n=log_n)


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(PassphraseError):
        age.seal_passphrase(b"", Secret(b""), log_n=4)
