"""Secret bytes that cannot be printed, compared, hashed, copied or pickled by accident."""

import hmac
import secrets
from typing import NoReturn


class Guarded:
    """Base of everything that holds a secret: refuses each implicit way out of the object."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("compare secrets in constant time, with matches()")

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret must not become a cache key")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret must not be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret must not be pickled or copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret must not be pickled or copied")


class Secret(Guarded):
    """Bytes that leave only through `expose`, so that every use can be found by that word."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | bytearray) -> None:
        self._value = bytes(value)

    @classmethod
    def random(cls, n: int = 32) -> "Secret":
        """Return *n* bytes from the operating system's generator."""
        return cls(secrets.token_bytes(n))

    def expose(self) -> bytes:
        """Return the bytes themselves."""
        return self._value

    def matches(self, other: "Secret") -> bool:
        """Compare with another secret in time that depends only on the lengths."""
        return hmac.compare_digest(self._value, other.expose())

    def __len__(self) -> int:
        return len(self._value)
