"""The ways in which sealing, opening and verifying fail: few, named, with fixed text that never holds data."""

from enum import Enum


class CryptoError(Exception):
    """Root of everything that this package raises about data it was given."""

    text = "cryptographic operation failed"

    def __init__(self) -> None:
        super().__init__(self.text)


class CanonicalError(CryptoError):
    """A value has no canonical JSON form, or bytes are not the canonical form of what they say."""

    text = "value is not canonical JSON"


class OpenError(CryptoError):
    """A sealed value is damaged, is for another context, or needs another key.

    The three are one error on purpose: telling them apart helps an attacker.
    """

    text = "sealed value could not be opened"


class KeyFormatError(CryptoError):
    """A recipient, an identity or another encoded key is not well formed."""

    text = "key is not well formed"


class AuthenticatorError(CryptoError):
    """An authenticator is of a kind that is not taken, or an answer is not its own, with user verification, to this challenge."""

    text = "this is not the authenticator's answer"


class SyncedError(AuthenticatorError):
    """The key of a new authenticator may be copied to other devices."""

    text = "the key of this authenticator may be copied to other devices"


class AgeError(CryptoError):
    """Root of the ways in which an age file is refused."""

    text = "age file could not be opened"


class ArmorError(AgeError):
    """The ASCII armour around the file is not exactly as an encoder writes it, or is cut."""

    text = "age file has damaged armour"


class HeaderError(AgeError):
    """The header is malformed: refused before any key is used."""

    text = "age file has a malformed header"


class WorkFactorError(HeaderError):
    """The header is well formed; deriving the key from the passphrase would take more memory than a file may ask for here."""

    text = "age file asks for too much memory"


class NoMatchError(AgeError):
    """The header is well formed and none of its stanzas is for the given keys."""

    text = "age file is not sealed to this key"


class AuthenticationError(AgeError):
    """The header's MAC does not verify under the file key: somebody changed the header."""

    text = "age file has an altered header"


class PayloadError(AgeError):
    """The body is truncated, altered, reordered or carries data past its last chunk."""

    text = "age file has a damaged body"


class KeyFileError(KeyFormatError):
    """A file of recipients or identities is not well formed.

    Attributes:
        line: the line that is no key, from 1; 0 when the file as a whole is empty, too large or not text.
    """

    text = "file of keys is not well formed"

    def __init__(self, *, line: int = 0) -> None:
        super().__init__()
        self.line = line


class SignatureError(CryptoError):
    """A signature, a statement or a MAC does not verify against what is trusted."""

    text = "signature could not be verified"


class PassphraseError(CryptoError):
    """A passphrase is empty."""

    text = "passphrase is empty"


class PgpError(CryptoError):
    """GnuPG refused, failed, or answered something other than success."""

    text = "OpenPGP operation failed"


class SandboxError(CryptoError):
    """The sandbox is not there or did not start; nothing was run outside it."""

    text = "the sandbox is missing or does not start"


class PgpMessageError(PgpError):
    """Root of the ways in which an OpenPGP message is refused."""

    text = "OpenPGP message was refused"


class PgpShapeError(PgpMessageError):
    """It is not one whole encrypted message: cut, changed, more than one, or followed by something else."""

    text = "this is not one whole OpenPGP message"


class PgpUnprotectedError(PgpMessageError):
    """It has no integrity protection, so anybody on the way could have changed what it says."""

    text = "OpenPGP message has no integrity protection"


class PgpNewerError(PgpMessageError):
    """It is of a form that the installed GnuPG does not read."""

    text = "OpenPGP message is of a form that GnuPG here does not read"


class PgpPasswordError(PgpMessageError):
    """It is sealed with a passphrase alone, and to no key."""

    text = "OpenPGP message is sealed with a passphrase and to no key"


class PgpRecipientError(PgpMessageError):
    """None of the keys at hand opens it."""

    text = "OpenPGP message is not sealed to a key at hand"


class PgpTooLargeError(PgpMessageError):
    """It is larger than the limit, sealed or opened, or takes too long."""

    text = "OpenPGP message is too large"


class CodenameError(CryptoError):
    """What was typed is not a codename.

    Attributes:
        unknown: the typed words that are in no list, in order; empty when each word is known, and then
            their number or one of the words is wrong.
        count: how many words were typed, or how many digits.
        digits: only digits were typed; their number or one of them is wrong.
        ambiguous: the words are a codename in two lists, and it cannot be told which one is meant.
    """

    text = "not a codename"

    def __init__(self, unknown: tuple[str, ...], *, count: int, digits: bool = False, ambiguous: bool = False) -> None:
        super().__init__()
        self.unknown = unknown
        self.count = count
        self.digits = digits
        self.ambiguous = ambiguous


class ShareFault(Enum):
    """What is wrong with shares that do not join."""

    UNREADABLE = "unreadable"  # a word is not in the list, the number of words is wrong, or the checksum is
    MIXED = "mixed"  # not all of one splitting
    TWICE = "twice"  # one share was given more than once
    TOO_FEW = "too-few"
    FORGED = "forged"  # each reads well by itself, and together they open nothing or not the same


class ShareError(CryptoError):
    """Shares do not join.

    Attributes:
        fault: what is wrong.
        shares: numbers of the shares at fault, as printed on them; empty when that cannot be known.
        places: where they stand among those given, from 1; empty when it is all of them.
        words: in an unreadable share, the places of words that are not in the list, from 1.
        count: in an unreadable share, how many words were given.
        needed: how many shares open the secret; 0 when none was given.
    """

    text = "shares do not join"

    def __init__(
        self,
        fault: ShareFault,
        *,
        shares: tuple[int, ...] = (),
        places: tuple[int, ...] = (),
        words: tuple[int, ...] = (),
        count: int = 0,
        needed: int = 0,
    ) -> None:
        super().__init__()
        self.fault = fault
        self.shares = shares
        self.places = places
        self.words = words
        self.count = count
        self.needed = needed
