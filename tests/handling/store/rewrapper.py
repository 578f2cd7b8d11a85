"""A process of its own that does a session's work after sign-in, for tests that kill it in the middle.

Reads folder, epoch, recipient, recovery, list version, members' recipients and the member's identity, a line each.
"""

import sys
from pathlib import Path

from crypto import age
from handling.store.keyring import Keyring
from handling.store.vault import OpenVault


def main() -> None:
    folder, epoch, recipient, recovery, version, members, identity = sys.stdin.read().splitlines()
    vault = OpenVault.open(
        Keyring(Path(folder)),
        epoch=int(epoch),
        recipient=age.Recipient.parse(recipient),
        recovery=age.Recipient.parse(recovery),
        member=age.Identity.parse(identity),
    )
    _say("open")
    vault.refresh([age.Recipient.parse(one) for one in members.split()], version=int(version))
    done = vault.rewrap()
    _say(f"{done.moved} {done.unreadable} {done.retired}")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
