"""From one vault epoch to the next: what is made, moved and wrapped afresh, and in which order. Seals no content.

Each step leaves a keyring that opens for every member of the signed list, whenever the machine stops:

1. the next identity waits, sealed to the members and recovery, until the signed list names it;
2. the first session under that list puts it in force, and the identity before it under it;
3. record keys, intake seeds and signers are wrapped to it, each file whole or not at all;
4. the old vault file goes, and with it the last file that a leaver's key opens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crypto import age
from crypto.errors import CryptoError
from crypto.secret import Secret
from handling.store import epochs
from handling.store.keyring import Keyring, Kind, MissingKeyError

_BATCH = 64  # key files between two fsyncs of their folder, and the time another session waits for the lock
_UNDER_VAULT: tuple[Kind, ...] = ("vault-history", "intake", "pgp-intake", "signer", "record")


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one run did, in counts.

    Attributes:
        moved: keys wrapped to the current epoch.
        unreadable: files that no epoch opens; they are left as they are.
        retired: older epochs that nothing is wrapped to any more.
    """

    moved: int
    unreadable: int
    retired: int


def candidates(keyring: Keyring, epoch: int) -> Iterator[bytes]:
    """Give the files that may hold the identity of *epoch*: the one in force, then those that wait."""
    places: list[tuple[Kind, str]] = [("vault", str(epoch))]
    places += [("pending-vault", name) for name in sorted(keyring.names("pending-vault")) if _pending(name)[0] == epoch]
    for kind, name in places:
        try:
            yield keyring.get(kind, name)
        except MissingKeyError:
            continue


def epochs_of(keyring: Keyring, kind: Kind) -> list[int]:
    """Numbers of the epochs that have a file of *kind*, newest first."""
    return sorted((int(name) for name in keyring.names(kind) if name.isdigit()), reverse=True)


def older(keyring: Keyring, epoch: int, current: age.Identity, member: age.Identity) -> list[age.Identity]:
    """Open every epoch before *epoch*, newest first: kept under a later one, or not moved yet and still *member*'s."""
    found = [current]
    numbers = {*epochs_of(keyring, "vault"), *epochs_of(keyring, "vault-history")}
    for number in sorted((one for one in numbers if one < epoch), reverse=True):
        identity = _open_epoch(keyring, "vault-history", number, found) or _open_epoch(
            keyring, "vault", number, [member]
        )
        if identity is not None:
            found.append(identity)
    return found[1:]


def begin(
    keyring: Keyring, *, epoch: int, current: age.Identity, readers: Sequence[age.Recipient], version: int
) -> age.Recipient:
    """Make the identity of *epoch* and let it wait in the keyring; return its recipient for the members to sign."""
    identity = age.Identity.generate()
    name = f"{epoch}-{version}-{identity.recipient.fingerprint()[:16]}"
    keyring.put("pending-vault", name, epochs.seal(identity, readers, version=version, before=current))
    return identity.recipient


def pending(
    keyring: Keyring, *, epoch: int, current: age.Identity, member: age.Identity, version: int
) -> tuple[age.Recipient, ...]:
    """Return what waits for *epoch*, was made under the list of *version*, and by somebody who could open *current*."""
    found = []
    for name in sorted(keyring.names("pending-vault")):
        if _pending(name) != (epoch, version):
            continue
        try:
            file = epochs.open_(keyring.get("pending-vault", name), member)
        except (CryptoError, MissingKeyError):
            continue
        if epochs.is_attested(file, current):
            found.append(file.identity.recipient)
    return tuple(found)


def refresh_vault(
    keyring: Keyring,
    *,
    epoch: int,
    current: age.Identity,
    readers: Sequence[age.Recipient],
    member: age.Identity,
    version: int,
) -> int:
    """Seal the vault file of *epoch* to *readers* unless it is, or a newer list has spoken; then forget what waited for it."""
    with keyring.locked():
        if max(epochs_of(keyring, "vault"), default=0) > epoch:
            return 0  # a newer epoch is in force: writing this one again would open it to whoever left since
        try:
            file = epochs.open_(keyring.get("vault", str(epoch)), member)
            stale = file.version <= version and file.readers != epochs.fingerprints(readers)
        except (CryptoError, MissingKeyError):
            stale = True
        if stale:
            keyring.put("vault", str(epoch), epochs.seal(current, readers, version=version))
        for name in keyring.names("pending-vault"):
            if _pending(name)[0] <= epoch:  # in force by now, or overtaken by the one that is
                keyring.delete("pending-vault", name)
    return int(stale)


def overtaken(keyring: Keyring, *, epoch: int, member: age.Identity, version: int) -> bool:
    """Say whether a list newer than *version* has named the readers already; the caller holds the lock."""
    if max(epochs_of(keyring, "vault"), default=0) > epoch:
        return True
    try:
        return epochs.open_(keyring.get("vault", str(epoch)), member).version > version
    except MissingKeyError:
        return False
    except CryptoError:
        return True  # sealed without this member: by a list that this session does not know


def rewrap(keyring: Keyring, epoch: int, identities: Sequence[age.Identity], member: age.Identity) -> Rewrapped:
    """Wrap to the first of *identities*, that of *epoch*, what lies under an older one; retire epochs with nothing left."""
    numbers = epochs_of(keyring, "vault")
    waiting = [number for number in numbers if number < epoch]
    moved = unreadable = retired = 0
    if (
        not waiting or epoch not in numbers
    ):  # without its own vault file another session could still wrap to the old one
        return Rewrapped(moved, unreadable, retired)
    for number in waiting:
        _keep_history(keyring, number, identities, member)
    for kind in _UNDER_VAULT:
        names = sorted(keyring.names(kind))
        for start in range(0, len(names), _BATCH):
            done, left = _batch(keyring, kind, names[start : start + _BATCH], identities)
            moved, unreadable = moved + done, unreadable + left
    for number in waiting:
        if _open_epoch(keyring, "vault-history", number, identities[:1]) is not None:
            keyring.delete("vault", str(number))
            retired += 1
    return Rewrapped(moved, unreadable, retired)


def _keep_history(keyring: Keyring, number: int, identities: Sequence[age.Identity], member: age.Identity) -> None:
    """Put an older epoch's identity under the current one first, so that who joined since can open what is not moved yet."""
    with keyring.locked():
        if _open_epoch(keyring, "vault-history", number, identities[:1]) is not None:
            return
        identity = _open_epoch(keyring, "vault", number, [member])
        if identity is not None:
            keyring.put("vault-history", str(number), age.seal(identity.encode().expose(), [identities[0].recipient]))


def _batch(keyring: Keyring, kind: Kind, names: Sequence[str], identities: Sequence[age.Identity]) -> tuple[int, int]:
    """Move these keys; returns how many were moved and how many no epoch opens."""
    current, before = identities[0], identities[1:]
    afresh: dict[str, bytes] = {}
    unreadable = 0
    with keyring.locked():
        restricted = keyring.names("restricted") if kind == "record" else frozenset()
        for name in names:
            if name in restricted:  # a crash left both: the restricted file counts, and a leaver may open this one
                keyring.delete(kind, name)
                continue
            try:
                sealed = keyring.get(kind, name)
            except MissingKeyError:
                continue  # destroyed or restricted since the names were read
            plain = _opened(sealed, before)
            if plain is not None:
                afresh[name] = age.seal(plain.expose(), [current.recipient])
            elif _opened(sealed, [current]) is None:
                unreadable += 1
        keyring.put_all(kind, afresh)
    return len(afresh), unreadable


def _opened(sealed: bytes, identities: Sequence[age.Identity]) -> Secret | None:
    try:
        return Secret(age.open_(sealed, identities))
    except CryptoError:
        return None


def _open_epoch(keyring: Keyring, kind: Kind, number: int, keys: Sequence[age.Identity]) -> age.Identity | None:
    for key in keys:
        try:
            return epochs.open_(keyring.get(kind, str(number)), key).identity
        except (CryptoError, MissingKeyError):
            continue
    return None


def _pending(name: str) -> tuple[int, int]:
    """Read epoch and list version from a file's name; a name that is none belongs to no epoch."""
    parts = name.split("-")
    if len(parts) != 3 or not parts[0].isdigit() or not parts[1].isdigit():  # noqa: PLR2004 - epoch, version, fingerprint
        return 0, 0
    return int(parts[0]), int(parts[1])
