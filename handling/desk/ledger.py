"""The ledger's lines: what was asked to leave, under which authority, with which bytes. Sealed under the report's record key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto import age, columns
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from handling.desk.store import ReleaseRow
from handling.rules.manifest import Manifest
from handling.store.vault import OpenVault

_TABLE, _COLUMN = "desk.release", "sealed"

STATES: Mapping[str, str] = {
    "waiting": "Waiting for two signatures",
    "signed-once": "Signed once, waiting for the releasing officer",
    "released": "Released",
    "refused": "Refused",
    "void": "Void: it changed after it was asked for",
}


@dataclass(frozen=True, slots=True)
class Release:
    """One line of the ledger with the state that the guard keeps of it."""

    id: UUID
    report: UUID
    agency: str
    agency_name: str
    acknowledge: bytes | None  # the agency's key for acknowledgements, where it enrolled one
    requested_by: str
    requested_on: date
    state: str
    reason: str  # of a refusal, or of what made a signature void; else empty
    zip_sha256: bytes
    manifest: Manifest

    @property
    def state_words(self) -> str:
        """The state as a person reads it."""
        return STATES[self.state]


def seal(vault: OpenVault, *, report: UUID, manifest: Manifest, zip_sha256: bytes) -> bytes:
    """Seal one line of the ledger."""
    content = {"manifest": manifest.to_body(), "zip_sha256": zip_sha256.hex()}
    return columns.seal(
        vault.record(report), canonical(content), table=_TABLE, column=_COLUMN, row=str(manifest.release)
    )


def open_(vault: OpenVault, intake: age.Identity, row: ReleaseRow) -> Release:
    """Open one line of the ledger, and the reason where the guard ended it."""
    content = parse(columns.open_(vault.record(row.report), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id)))
    return Release(
        id=row.id,
        report=row.report,
        agency=row.agency,
        agency_name=row.agency_name,
        acknowledge=row.acknowledge,
        requested_by=row.requested_by,
        requested_on=row.requested_on,
        state=row.state,
        reason="" if row.reason is None else reason(intake, row.reason),
        zip_sha256=bytes.fromhex(content["zip_sha256"]),
        manifest=Manifest.from_body(content["manifest"]),
    )


def reason(intake: age.Identity, sealed: bytes) -> str:
    """Open why the guard refused something, or say that it does not open."""
    try:
        return age.open_(sealed, [intake]).decode()
    except (CryptoError, UnicodeDecodeError):
        return "The reason does not open with this desk's intake key."
