"""An agency's signed answers to requests for consent: read as they are handed in, and judged under the agency's own key.

Each is canonical JSON with a detached signature over exactly its bytes, as an agreement has: an SSH signature in the namespace
`tipline-consent`, or one of OpenPGP. Layout: docs/format.md, "Consents".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from handling import undersigned
from handling.notices import CONSENT
from handling.rules.consent import Answer, ConsentError, Given, Token
from handling.rules.notices import NoticeKind
from handling.store.agencies import Agency

LIMIT: Final = 32 * 1024  # characters of an answer with its signature
_MARK: Final = "-----BEGIN "
_ENDS: Final = ("", "\n", "\r\n")  # how a file of one line may end: an editor adds what nobody sees


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An answer as it was signed, byte for byte, and the signature, armoured. It means nothing until it was judged."""

    data: bytes
    signature: bytes

    @property
    def sha256(self) -> bytes:
        """What exchange and manifest name it by, 32 bytes."""
        return sha256(self.data)

    @property
    def line(self) -> bytes:
        """What it says, without what ends the line: a signature of OpenPGP over a text holds with any end."""
        return self.data.rstrip(b"\r\n")

    @property
    def same(self) -> tuple[bytes, ...]:
        """The SHA-256 of this line with each end that it may have."""
        return tuple(sha256(self.line + end.encode()) for end in _ENDS)

    def token(self) -> Token:
        """Return what it says, or raise `ConsentError`."""
        try:
            return Token.from_body(parse(self.line))
        except CryptoError:
            raise ConsentError from None

    def to_body(self) -> dict[str, str]:
        """Return it as a JSON value, to stand inside another document."""
        return {"data": self.data.decode(), "signature": self.signature.decode()}

    @classmethod
    def from_body(cls, body: object) -> "SignedAnswer":
        """Read what `to_body` returns, or raise `ConsentError`."""
        if not isinstance(body, Mapping) or set(body) != {"data", "signature"}:
            raise ConsentError
        if not isinstance(body["data"], str) or not isinstance(body["signature"], str):
            raise ConsentError
        try:
            return cls(body["data"].encode(), body["signature"].encode())
        except UnicodeEncodeError:
            raise ConsentError from None


def read(text: str, agency: Agency) -> SignedAnswer | None:
    """Read an answer as a person pastes it, the signature below it; None where no signature of the agency's holds.

    Line breaks and blanks that came on the way mean nothing. Blocking while GnuPG verifies.

    Raises:
        ConsentError: it is no answer with a signature.
    """
    said, mark, signature = text[:LIMIT].partition(_MARK)
    line = "".join(part.strip() for part in said.split("\n"))
    armour = "\n".join(part.strip() for part in (mark + signature).strip().split("\n")) + "\n"
    if not mark or not line.isascii() or not armour.isascii():
        raise ConsentError
    found = [SignedAnswer((line + end).encode(), armour.encode()) for end in _ENDS]
    found[0].token()
    return next((one for one in found if is_signed(one, agency)), None)


def is_signed(handed: SignedAnswer, agency: Agency) -> bool:
    """Whether the key that the agency is enrolled with has signed exactly these bytes. Blocking while GnuPG verifies."""
    return undersigned.by_agency(handed.data, handed.signature, agency, namespace=CONSENT)


def judged(answers: Iterable[SignedAnswer], counts: Callable[[SignedAnswer, Token], bool]) -> tuple[Given, ...]:
    """Return the answers that count, in their order: the guard's way and the desk's.

    Args:
        answers: in the order in which they arrived.
        counts: whether one is signed as it must be and answers what was asked.

    One that does not count takes what was said before about the same recipient and purpose with it: nobody brings an old yes
    back by spoiling a no, nor by handing it in once more, for a yes counts where it came first.
    """
    found: list[Given] = []
    before: set[bytes] = set()
    for one in answers:
        try:
            token = one.token()
        except ConsentError:
            found.clear()
            continue
        if token.answer is not Answer.NO and one.line in before:
            continue
        before.add(one.line)
        if counts(one, token):
            found.append(Given(token, one.sha256.hex()))
        else:
            found = [given for given in found if given.token.asked.going != token.asked.going]
    return tuple(found)


def digest(subject: Sequence[str]) -> bytes:
    """Return the digest of what was asked: that of the notice that asked it."""
    return sha256(canonical([NoticeKind.CONSENT_REQUEST.value, *subject]))
