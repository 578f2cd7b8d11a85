"""Signatures that anybody with OpenSSH can check: `ssh-keygen -Y verify` (PROTOCOL.sshsig, Ed25519, SHA-512).

The signed bytes start with SSHSIG, so none is ever a signature over one of our statements, which start with a type.
"""

import base64
import hashlib

from nacl.signing import SigningKey as Ed25519Key

from crypto.signing import PUBLIC_BYTES, SigningKey

_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4, "big")
_HASH = b"sha512"
_ALGORITHM = b"ssh-ed25519"
_COLUMNS = 70
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


def sign(key: SigningKey, data: bytes, *, namespace: str) -> str:
    """Return an armoured signature over *data*; *namespace* says what for and must be given to verify."""
    if not namespace:
        raise ValueError("a namespace is not empty")
    context = _string(namespace.encode()) + _string(b"") + _string(_HASH)
    signed = _MAGIC + context + _string(hashlib.sha512(data).digest())
    signature = bytes(Ed25519Key(key.seed.expose()).sign(signed).signature)
    blob = _MAGIC + _VERSION + _string(_public_blob(key.public)) + context
    blob += _string(_string(_ALGORITHM) + _string(signature))
    text = base64.b64encode(blob).decode("ascii")
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def public_line(public: bytes, comment: str) -> str:
    """Return `ssh-ed25519 AAAA… comment`, as `authorized_keys` and `allowed_signers` have it."""
    if not comment.isprintable():
        raise ValueError("a comment is one printable line")
    text = base64.b64encode(_public_blob(public)).decode("ascii")
    return f"{_ALGORITHM.decode('ascii')} {text} {comment}".rstrip()


def _public_blob(public: bytes) -> bytes:
    if len(public) != PUBLIC_BYTES:
        raise ValueError("an Ed25519 public key is 32 bytes")
    return _string(_ALGORITHM) + _string(public)


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
