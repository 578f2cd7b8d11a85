"""Subkeys of the unit's OpenPGP intake key: made in the sandbox, put under the vault, their statements beside them. Opens no tip.

The primary key opens nothing and stays; each subkey lies in a file of its own, without the primary key, so that destroying
the file destroys the subkey. Blocking.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from crypto import age, pgpintake
from crypto.errors import PgpError, SandboxError
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.rules import keylife
from handling.store.keyring import Keyring, MissingKeyError
from tipline.pgpkey import PgpKey, PgpKeyError

PRIMARY = "primary"


def known(keyring: Keyring, signer: bytes) -> tuple[PgpKey, ...]:
    """Every subkey that the unit's signer signed and that is here; a file that is none counts as no key."""
    found = []
    for name in keyring.names("pgp-intake-statement") & keyring.names("pgp-intake"):
        try:
            found.append(PgpKey.read(keyring.get("pgp-intake-statement", name), signer))
        except (PgpKeyError, MissingKeyError):
            continue
    return tuple(sorted(found, key=lambda key: key.serial))


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes keys of one unit, and puts their secrets under *vault*; *name* is what stands in the key."""

    keyring: Keyring
    vault: age.Recipient
    unit: str
    name: str

    def first(self, signer: SigningKey, today: date) -> None:
        """Make the key of a new unit; without a sandbox here the corridor makes it when somebody signs in there."""
        with suppress(SandboxError):
            self._add(signer, self._make_primary(today), serial=1, today=today)

    def extend(
        self, signer: Callable[[], SigningKey], unseal: Callable[[bytes], bytes], *, above: int, today: date
    ) -> PgpKey:
        """Make the next subkey, and the primary key where there is none.

        Args:
            signer: gives the intake signer.
            unseal: opens what lies under the vault.
            above: the highest serial ever used, so that none is signed twice, whatever was restored.
            today: first day of the subkey.

        Raises:
            SandboxError: there is no sandbox to make it in.
            PgpError: the primary key is damaged.
        """
        signing = signer()
        try:
            primary = Secret(unseal(self.keyring.get("pgp-intake", PRIMARY)))
        except MissingKeyError:
            primary = self._make_primary(today)
        used = [int(one) for one in self.keyring.names("pgp-intake-statement") if one.isdigit()]
        return self._add(signing, primary, serial=max([above, *used]) + 1, today=today)

    def _make_primary(self, today: date) -> Secret:
        try:
            primary = pgpintake.make_primary(f"{self.name}: tips", today=today)
        except PgpError:  # a name that OpenPGP does not take
            primary = pgpintake.make_primary("Tips", today=today)
        self.keyring.put("pgp-intake", PRIMARY, age.seal(primary.expose(), [self.vault]))
        return primary

    def _add(self, signer: SigningKey, primary: Secret, *, serial: int, today: date) -> PgpKey:
        """Make one subkey; published is only what can be opened, so the secret is on the disk first."""
        until = today + timedelta(days=keylife.PGP_DAYS - 1)
        made = pgpintake.make_subkey(primary, today=today, not_after=until)
        key = PgpKey(self.unit, serial, made.fingerprint, made.subkey, made.public, today, until)
        statement = key.sign(signer)
        self.keyring.put("pgp-intake", str(serial), age.seal(made.secret.expose(), [self.vault]))
        self.keyring.put("pgp-intake-statement", str(serial), statement)
        return key


def destroy(keyring: Keyring, serial: int) -> None:
    """Remove a subkey and its statement."""
    keyring.delete("pgp-intake", str(serial))
    keyring.delete("pgp-intake-statement", str(serial))
