"""Signatures that OpenSSH makes and checks: `ssh-keygen -Y sign` and `-Y verify` (PROTOCOL.sshsig, Ed25519).

The signed bytes start with SSHSIG, so none is ever a signature over one of our statements, which start with a type.
"""

import base64
import hashlib

from nacl.exceptions import CryptoError as NaclError
from nacl.signing import SigningKey as Ed25519Key
from nacl.signing import VerifyKey

from crypto.errors import SignatureError
from crypto.signing import PUBLIC_BYTES, SIGNATURE_BYTES, SigningKey

_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4, "big")
_HASH = b"sha512"
_ALGORITHM = b"ssh-ed25519"
_COLUMNS = 70
_KEY_AT = len(_MAGIC + _VERSION) + 4 + 4 + len(_ALGORITHM) + 4  # where the 32 bytes of the key begin
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


def sign(key: SigningKey, data: bytes, *, namespace: str) -> str:
    """Return an armoured signature over *data*; *namespace* says what for and must be given to verify."""
    if not namespace:
        raise ValueError("a namespace is not empty")
    signature = bytes(Ed25519Key(key.seed.expose()).sign(_signed(data, namespace, _HASH)).signature)
    blob = _head(key.public, namespace, _HASH) + _string(_string(_ALGORITHM) + _string(signature))
    text = base64.b64encode(blob).decode("ascii")
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def verify(armoured: str, data: bytes, *, namespace: str) -> bytes:
    """Return the public key, 32 bytes, whose good signature over *data* this is; whether it is trusted, the caller says.

    `ssh-keygen -Y sign` may hash with SHA-256 too, and may break lines elsewhere.

    Raises:
        SignatureError: it is no SSH signature by one Ed25519 key over exactly this, or is for another namespace.
    """
    blob = _unarmoured(armoured)
    for name in (_HASH, b"sha256"):
        key = blob[_KEY_AT : _KEY_AT + PUBLIC_BYTES]
        if len(key) == PUBLIC_BYTES and blob.startswith(head := _head(key, namespace, name)):
            tail = _string(_string(_ALGORITHM) + _string(blob[-SIGNATURE_BYTES:]))
            if blob != head + tail:
                raise SignatureError
            try:
                VerifyKey(key).verify(_signed(data, namespace, name), blob[-SIGNATURE_BYTES:])
            except NaclError:
                raise SignatureError from None
            return key
    raise SignatureError


def public_key(line: str) -> bytes:
    """Return the 32 bytes of a line `ssh-ed25519 AAAA… comment`; anything else is a `SignatureError`."""
    kind, _, rest = line.strip().partition(" ")
    blob = _decoded(rest.partition(" ")[0])
    if kind.encode() != _ALGORITHM or len(blob) < PUBLIC_BYTES or blob != _public_blob(blob[-PUBLIC_BYTES:]):
        raise SignatureError
    return blob[-PUBLIC_BYTES:]


def public_line(public: bytes, comment: str) -> str:
    """Return `ssh-ed25519 AAAA… comment`, as `authorized_keys` and `allowed_signers` have it."""
    if not comment.isprintable():
        raise ValueError("a comment is one printable line")
    text = base64.b64encode(_public_blob(public)).decode("ascii")
    return f"{_ALGORITHM.decode('ascii')} {text} {comment}".rstrip()


def _unarmoured(armoured: str) -> bytes:
    lines = armoured.strip().splitlines()
    if len(lines) < 3 or (lines[0], lines[-1]) != (_BEGIN, _END):  # noqa: PLR2004 - both ends and something between
        raise SignatureError
    return _decoded("".join(lines[1:-1]))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise SignatureError from None


def _head(public: bytes, namespace: str, hash_: bytes) -> bytes:
    return _MAGIC + _VERSION + _string(_public_blob(public)) + _context(namespace, hash_)


def _signed(data: bytes, namespace: str, hash_: bytes) -> bytes:
    digest = hashlib.new(hash_.decode("ascii"), data).digest()
    return _MAGIC + _context(namespace, hash_) + _string(digest)


def _context(namespace: str, hash_: bytes) -> bytes:
    return _string(namespace.encode()) + _string(b"") + _string(hash_)


def _public_blob(public: bytes) -> bytes:
    if len(public) != PUBLIC_BYTES:
        raise ValueError("an Ed25519 public key is 32 bytes")
    return _string(_ALGORITHM) + _string(public)


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
