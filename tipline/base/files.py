"""Small files that must survive a power cut and be read by nobody else."""

import os
import secrets
from pathlib import Path


def write_private(file: Path, content: bytes) -> None:
    """Write *content* to *file* with mode 0600: whole and on disk, or not at all. Makes the folder (0700)."""
    replace_private(file, content)
    sync_folder(file.parent)


def replace_private(file: Path, content: bytes) -> None:
    """Do as `write_private`, except that a power cut may bring the file's earlier content back until `sync_folder`."""
    private_folder(file.parent)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def private_folder(folder: Path) -> None:
    """Make *folder* with mode 0700 unless it is there, and bring its name and its parents' to disk."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    if missing:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in missing:
            sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
