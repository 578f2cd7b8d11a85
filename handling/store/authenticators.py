"""A person's authenticators out of their entry on the member list, as keys that verify answers. Reads and trusts nothing itself."""

from collections.abc import Mapping
from typing import Any

from crypto.webauthn import Authenticator
from handling.rules.member_list import Entry


def of(entry: Mapping[str, Any]) -> tuple[Authenticator, ...]:
    """Return those of one entry; raises `MembershipError`, or `AuthenticatorError` for a key of no kind that is taken."""
    return tuple(
        Authenticator(bytes.fromhex(one.credential), bytes.fromhex(one.public_key), one.origin, one.counter)
        for one in Entry.read(entry).authenticators
    )
