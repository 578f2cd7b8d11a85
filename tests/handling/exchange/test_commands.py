"""The commands on the package page, taken from the page and typed into a shell, with the tools that an agency has."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crypto import sshsig
from crypto.digest import sha256
from handling.exchange.forms import parse_sha256
from tests.handling.exchange.conftest import Exchange, Released
from tests.journeys.browser import Browser, JourneyError

_NODE_TOOLS = Path("tests/node").absolute()
_COMMAND = re.compile(r'<pre class="command"><code>(.*?)</code></pre>')
_STOCK_AGE = f"""#!{sys.executable}
# `age -d -i KEY -o OUTPUT INPUT`, done by age in JavaScript: a packaged age may be older than 1.3.
import base64, json, pathlib, subprocess, sys
d, i, key, o, output, sealed = sys.argv[1:]
assert (d, i, o) == ("-d", "-i", "-o")
job = {{"do": "decrypt", "identity": pathlib.Path(key).read_text().strip()}}
job["data"] = base64.b64encode(pathlib.Path(sealed).read_bytes()).decode()
done = subprocess.run(["node", "{_NODE_TOOLS}/age.mjs"], input=json.dumps([job]).encode(), capture_output=True, check=True)
pathlib.Path(output).write_bytes(base64.b64decode(json.loads(done.stdout)[0]["data"]))
"""


async def test_the_age_commands_on_the_page_verify_and_open_with_stock_tools(
    exchange: Exchange, tmp_path: Path
) -> None:
    if not (_NODE_TOOLS / "node_modules" / "age-encryption").is_dir():
        pytest.skip("npm age-encryption is not installed in tests/node")
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    verify, decrypt, *hashes = await _commands(dario, released)
    folder = _save(await _downloads(dario), tmp_path / "package")
    (folder / "key.txt").write_bytes(exchange.unit.customs.encode().expose() + b"\n")
    (tmp_path / "age").write_text(_STOCK_AGE)
    (tmp_path / "age").chmod(0o700)

    verified = _shell(verify, folder)
    _shell(decrypt, folder, first=tmp_path)

    assert verified.startswith('Good "tipline-package" signature for tipline with ED25519 key')
    assert verified.strip().endswith(dario.page.ids["fingerprint"])  # type: ignore[union-attr]  # a page is open
    assert (folder / "package.zip").read_bytes() == released.archive
    for command in (hashes[0], hashes[2]):
        assert parse_sha256(_shell(command, folder))[1] == sha256(released.archive)


async def test_the_openpgp_commands_on_the_page_verify_and_open_with_gnupg(exchange: Exchange, tmp_path: Path) -> None:
    released = await exchange.release("parks")
    elena = await exchange.sign_in("elena")
    learn, verify, decrypt, *hashes = await _commands(elena, released)
    folder = _save(await _downloads(elena), tmp_path / "package")
    home = exchange.unit.parks

    _shell(learn, folder, gnupg=home)
    verified = _shell(verify, folder, gnupg=home)
    (tmp_path / "passphrase").write_bytes(exchange.unit.parks_passphrase.expose())
    typed = f"--batch --pinentry-mode loopback --passphrase-file {tmp_path}/passphrase"
    _shell(decrypt.replace("gpg ", f"gpg {typed} ", 1), folder, gnupg=home)

    assert "Good signature" in verified
    shown = elena.page.ids["fingerprint"]  # type: ignore[union-attr]  # a page is open
    assert f"Primary key fingerprint: {shown}" in re.sub(r" +", " ", verified)
    assert (folder / "package.zip").read_bytes() == released.archive
    assert parse_sha256(_shell(hashes[0], folder))[1] == sha256(released.archive)


async def test_the_age_command_is_one_that_age_itself_understands(exchange: Exchange, tmp_path: Path) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    _, decrypt, *_ = await _commands(dario, released)
    recipient = re.search(r"age1\w+", _shell("age-keygen -o key.txt", tmp_path))
    assert recipient
    (tmp_path / "plain").write_text("content")

    _shell(f"age -r {recipient[0]} -o package.age plain", tmp_path)
    _shell(decrypt, tmp_path)

    assert (tmp_path / "package.zip").read_text() == "content"


@pytest.mark.parametrize("agency", ["customs", "parks"])
async def test_the_signature_on_the_page_fails_for_a_changed_package(
    exchange: Exchange, tmp_path: Path, agency: str
) -> None:
    released = await exchange.release(agency)
    officer = await exchange.sign_in({"customs": "dario", "parks": "elena"}[agency])
    commands = await _commands(officer, released)
    folder = _save(await _downloads(officer), tmp_path / "package")
    sealed = folder / {"customs": "package.age", "parks": "package.zip.gpg"}[agency]
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    *learn, verify = [command for command in commands if "verify" in command or "import" in command]

    for command in learn:
        _shell(command, folder, gnupg=exchange.unit.parks)

    with pytest.raises(subprocess.CalledProcessError):
        _shell(verify, folder, gnupg=exchange.unit.parks)


async def test_a_signature_of_the_unit_made_for_something_else_does_not_verify_a_package(
    exchange: Exchange, tmp_path: Path
) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    verify = (await _commands(dario, released))[0]
    folder = _save(await _downloads(dario), tmp_path / "package")
    other = sshsig.sign(exchange.unit.signer, released.sealed, namespace="something-else")
    (folder / "package.age.sig").write_text(other)

    for command in (verify, verify.replace("tipline-package", "something-else")):
        with pytest.raises(subprocess.CalledProcessError):
            _shell(command, folder)


async def test_the_openpgp_key_is_withheld_when_it_is_not_the_one_on_the_signed_list(exchange: Exchange) -> None:
    await exchange.release("parks")
    elena = await exchange.sign_in("elena")
    file = exchange.settings.inside / "guard" / "package.asc"

    for content in (exchange.unit.parks_key, "no key", None):
        file.unlink()
        if content is not None:
            file.write_text(content)
        page = await elena.open("/keys/unit-key.asc", status=503)
        assert "not handed out" in page.text
        file.touch()


async def _commands(officer: Browser, released: Released) -> list[str]:
    page = await officer.open(released.path)
    return [html.unescape(command) for command in _COMMAND.findall(page.body.decode())]


async def _downloads(officer: Browser) -> dict[str, bytes]:
    """Fetch the files that step 1 of the open page lists, by the names that the portal gives them."""
    shown = officer.page
    if shown is None:
        raise JourneyError("no page is open")
    files = {}
    for href, _ in shown.links:
        if href.startswith(f"{shown.url}/package.") or "/keys/" in href:
            answer = await officer.open(href)
            files[answer.headers["Content-Disposition"].partition('filename="')[2].strip('"')] = answer.body
    assert len(files) == 3
    return files


def _save(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def _shell(command: str, folder: Path, *, gnupg: Path | None = None, first: Path | None = None) -> str:
    """Type *command* into a shell in *folder*; both outputs as text, an error when it fails."""
    environment = {
        "PATH": f"{first or folder}:/usr/bin:/bin",
        "LC_ALL": "C",
        **({"GNUPGHOME": str(gnupg)} if gnupg else {}),
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout + done.stderr
