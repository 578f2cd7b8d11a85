"""Opens an onion's published descriptor as a client does (rend-spec-v3, appendix of encryption), for an onion without client keys."""

import base64
import re
from hashlib import sha3_256, shake_256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_SALT, _MAC = 16, 32
_BLINDED_KEY = 4  # the extension of a certificate that names its signer: here the blinded key


def opened(descriptor: str, onion: str) -> str:
    """Return the innermost layer of *descriptor*, which says how the onion may be reached."""
    public = base64.b32decode(onion.removesuffix(".onion").upper())[:32]
    blinded = _signer(_block(descriptor, "descriptor-signing-key-cert"))
    revision = re.search(r"^revision-counter (\d+)$", descriptor, re.MULTILINE)
    assert revision
    credential = sha3_256(b"credential" + public).digest()
    subcredential = sha3_256(b"subcredential" + credential + blinded).digest()
    secret = blinded + subcredential + int(revision[1]).to_bytes(8, "big")
    middle = _decrypt(_block(descriptor, "superencrypted"), secret, b"hsdir-superencrypted-data")
    return _decrypt(_block(middle, "encrypted"), secret, b"hsdir-encrypted-data")


def _block(text: str, name: str) -> bytes:
    """Return the bytes of the object behind the line *name*."""
    found = re.search(rf"^{name}\n-----BEGIN [A-Z0-9 ]+-----\n(.*?)-----END", text, re.MULTILINE | re.DOTALL)
    assert found, name
    return base64.b64decode(found[1])


def _signer(certificate: bytes) -> bytes:
    at = 40
    for _ in range(certificate[39]):
        length, kind = int.from_bytes(certificate[at : at + 2], "big"), certificate[at + 2]
        if kind == _BLINDED_KEY:
            return certificate[at + 4 : at + 4 + length]
        at += 4 + length
    raise AssertionError("the certificate names no signer")


def _decrypt(sealed: bytes, secret: bytes, layer: bytes) -> str:
    salt, body = sealed[:_SALT], sealed[_SALT:-_MAC]
    keys = shake_256(secret + salt + layer).digest(32 + 16 + 32)
    cipher = Cipher(algorithms.AES256(keys[:32]), modes.CTR(keys[32:48])).decryptor()
    return cipher.update(body).rstrip(b"\0").decode()
