"""Six-digit codes (RFC 6238, SHA-1, 30 seconds) as every authenticator app makes them; each opens one door once."""

import base64
import hmac

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from crypto.secret import Secret

SECRET_BYTES = 20
STEP = 30
DIGITS = 6

_WINDOW = (-1, 0, 1)


def new_secret() -> Secret:
    """Make the 160 bits that go into an app."""
    return Secret.random(SECRET_BYTES)


def base32(secret: Secret) -> str:
    """Return the secret as people type it into an app."""
    return base64.b32encode(secret.expose()).decode("ascii")


def uri(secret: Secret, name: str, issuer: str) -> str:
    """Return the `otpauth://` address of an account, for a QR code."""
    totp = TOTP(secret.expose(), DIGITS, SHA1(), STEP)  # noqa: S303 - RFC 6238 as apps know it; HMAC-SHA-1 stands
    return totp.get_provisioning_uri(name, issuer)


def code(secret: Secret, at: int) -> str:
    """Return the six digits at *at* (Unix seconds)."""
    return _code(secret, at // STEP)


def accept(secret: Secret, code: str, at: int, last_step: int) -> int | None:
    """Return the step that *code* belongs to, to be stored as the next *last_step*, or None.

    Args:
        secret: the account's 160 bits.
        code: as typed; spaces are skipped.
        at: Unix seconds; one step before and one after are accepted too.
        last_step: the step accepted last; it and everything before it are refused, so a seen code is worthless.
    """
    typed = "".join(code.split()).encode("utf-8", "surrogatepass")
    accepted = None
    for step in (at // STEP + shift for shift in _WINDOW):
        equal = hmac.compare_digest(_code(secret, step).encode("ascii"), typed)
        if equal and step > last_step and accepted is None:
            accepted = step
    return accepted


def _code(secret: Secret, step: int) -> str:
    hotp = HOTP(secret.expose(), DIGITS, SHA1())  # noqa: S303 - RFC 6238 as apps know it; HMAC-SHA-1 stands
    return hotp.generate(step).decode("ascii")
