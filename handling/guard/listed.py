"""What left to an agency, by hashes that the guard kept when it let it out. Pure: no database, no keys."""

from crypto.canonical import canonical
from crypto.digest import sha256
from handling.rules.dissemination import Said
from handling.rules.manifest import Manifest, ManifestError


def line_sha256(manifest: Manifest, zip_sha256: str) -> bytes:
    """Return the hash of one release as it left: the same bytes stand sealed in the desk's ledger."""
    return sha256(canonical({"manifest": manifest.to_body(), "zip_sha256": zip_sha256}))


def said(released: object) -> dict[bytes, Said]:
    """Read what the desk says has left, by its hash; none of it is believed yet.

    Raises:
        ManifestError: it is of another form.
    """
    if not isinstance(released, list):
        raise ManifestError
    found = {}
    for one in released:
        if (
            not isinstance(one, dict)
            or one.keys() != {"manifest", "zip_sha256"}
            or not isinstance(one["zip_sha256"], str)
        ):
            raise ManifestError
        manifest = Manifest.from_body(one["manifest"])
        found[line_sha256(manifest, one["zip_sha256"])] = Said(manifest, one["zip_sha256"])
    return found
