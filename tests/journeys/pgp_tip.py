"""The demo's tip by PGP: sealed by the source's own GnuPG with the key from the page, opened in the corridor on a button."""

import subprocess
import tempfile
from pathlib import Path

from tests.journeys.acts import Story, need

CANARY = "canary sealed with pgp, willowherb"


async def pgp(story: Story) -> tuple[str, str]:
    """The source seals on their own device; the handler opens it in the sandbox."""
    story.on.tipline("collect")  # publishes the key
    async with story.visitor("source") as source:
        key = await source.open("/pgp/key.asc")
        sealed = _seal(key.body, f"{CANARY}: the drums came back.")
        await source.open("/")
        page = await source.submit("/", involved="no", message=sealed)
        need(len(page.ids.get("codename", "").split()) == 12, "no codename for a tip sealed with PGP")
    story.on.tipline("collect")
    amina = await story.signed_in("corridor", "amina")
    await amina.open("/")
    waiting = await amina.open("/first-reading")
    tip = await amina.open(waiting.link("/tips/").removesuffix("/readers"))
    need(CANARY not in tip.text, "a tip sealed with PGP was opened by itself")
    opened = await amina.submit("/pgp")
    need(CANARY in opened.text, f"the handler does not read what was sealed with PGP: {opened.text[:1000]}")
    return (
        "a text sealed by GnuPG with the key of the page, handed in by the form, opened in a sandbox on a button",
        "the corridor's keyring and a handler's passphrase are needed to open it; our public server never had the text",
    )


def _seal(key: bytes, text: str) -> str:
    with tempfile.TemporaryDirectory(prefix="pgp-", dir="/tmp") as folder:
        path = Path(folder) / "key.asc"
        path.write_bytes(key)
        command = ["gpg", "--homedir", folder, "--batch", "--quiet", "--no-autostart", "--trust-model", "always"]
        command += ["--armor", "--recipient-file", str(path), "--encrypt"]
        return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout.decode()
