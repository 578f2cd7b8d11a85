"""An authenticator in software, which does as it is told: also what no honest one would."""

import json
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from crypto import webauthn
from crypto.webauthn import Assertion, Authenticator, Registration

FLAG = AuthenticatorData.FLAG
ORIGIN = "http://localhost:8085"


def client_data(kind: str, challenge: bytes, origin: str, **more: object) -> bytes:
    """What a browser writes down about who asked."""
    said = {"type": f"webauthn.{kind}", "challenge": websafe_encode(challenge), "origin": origin, "crossOrigin": False}
    return json.dumps({**said, **more}).encode()


@dataclass(slots=True)
class SoftAuthenticator:
    """One credential, which counts when *counter* is more than 0."""

    origin: str = ORIGIN
    counter: int = 1
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def registration(
        self, challenge: bytes, *, flags: FLAG = FLAG.UP | FLAG.UV, origin: str = "", rp: str = "localhost"
    ) -> Registration:
        """What comes back when it makes its credential."""
        public = ES256.from_cryptography_key(self.key.public_key())
        made = AttestedCredentialData.create(Aaguid.NONE, self.credential, public)
        data = AuthenticatorData.create(sha256(rp.encode()), flags | FLAG.AT, self.counter, made)
        said = client_data("create", challenge, origin or self.origin)
        return Registration(bytes(AttestationObject.create("none", data, {})), said)

    def registered(self) -> Authenticator:
        """What is kept of it."""
        return webauthn.register(self.registration(bytes(32)), self.origin, bytes(32))

    def answer(
        self,
        challenge: bytes,
        *,
        flags: FLAG = FLAG.UP | FLAG.UV,
        origin: str = "",
        rp: str = "localhost",
        kind: str = "get",
        **more: object,
    ) -> Assertion:
        """Answer, and count where it counts."""
        self.counter += self.counter > 0
        data = AuthenticatorData.create(sha256(rp.encode()), flags, self.counter)
        said = client_data(kind, challenge, origin or self.origin, **more)
        signature = self.key.sign(data + sha256(said), ec.ECDSA(SHA256()))
        return Assertion(self.credential, bytes(data), said, signature)
