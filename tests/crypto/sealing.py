"""People who seal with GnuPG as it is installed, in homes of their own, with every option that GnuPG gives them."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sender:
    """One home of GnuPG with a key of its own, and the keys that were imported."""

    home: Path

    def gpg(self, *words: str, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--trust-model", "always", *words]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    def takes(self, public: str) -> str:
        """Import a public key; return its fingerprint."""
        self.gpg("--import", data=public.encode())
        listed = self.gpg("--with-colons", "--show-keys", data=public.encode()).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))


@contextmanager
def sender() -> Iterator[Sender]:
    """Give somebody a home with a key, and end its agent afterwards."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pgp-") as folder:
        one = Sender(Path(folder))
        one.gpg("--passphrase", "", "--quick-generate-key", "Somebody", "default", "default", "never")
        try:
            yield one
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False)
