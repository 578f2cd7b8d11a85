"""What an officer reads: every step explained, every control labelled, every day in words."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from handling.exchange.package import in_words
from tests.handling.exchange.conftest import TODAY, Exchange

_OFFICER = {"customs": "dario", "parks": "elena"}


@pytest.mark.parametrize(
    ("agency", "said", "unsaid"),
    [
        ("customs", ("age 1.3 or newer", "capital and small letters differ", "PowerShell"), "gpg"),
        ("parks", ("GnuPG 2.2 or newer", "Primary key fingerprint", "Gpg4win"), "ssh-keygen"),
    ],
)
async def test_the_page_explains_the_agencys_own_tools_and_no_others(
    exchange: Exchange, agency: str, said: tuple[str, ...], unsaid: str
) -> None:
    released = await exchange.release(agency)
    officer = await exchange.sign_in(_OFFICER[agency])

    page = await officer.open(released.path)

    assert all(words in page.text for words in said)
    assert unsaid not in page.text
    assert "Call the unit on a number that you already have" in page.text
    for system in ("Linux", "Windows", "macOS"):
        assert system in page.text


async def test_the_fingerprint_on_the_page_is_that_of_the_key_to_download(exchange: Exchange, tmp_path: Path) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    shown = (await dario.open(released.path)).ids["fingerprint"]
    line = (await dario.open("/keys/allowed_signers")).body.decode()

    principal, options, *key = line.split()
    public = tmp_path / "unit.pub"
    public.write_text(" ".join(key))
    listed = subprocess.run(["ssh-keygen", "-l", "-f", public], capture_output=True, text=True, check=True)  # noqa: ASYNC221 - milliseconds

    assert (principal, options) == ("tipline", 'namespaces="tipline-package,tipline-notice"')
    assert shown in listed.stdout.split()


async def test_the_list_says_what_is_next_and_by_when_and_what_is_overdue(exchange: Exchange) -> None:
    await exchange.release(acknowledge=2)
    await exchange.release(acknowledge=-3)
    dario = await exchange.sign_in("dario")

    page = await dario.open("/")

    assert f"Open and acknowledge by {in_words(TODAY + timedelta(days=2))}" in page.text
    assert f"Overdue by 3 days: open and acknowledge (was due on {in_words(TODAY - timedelta(days=3))})" in page.text
    assert f"Delete every copy by {in_words(TODAY + timedelta(days=90))}" in page.text


async def test_a_step_that_is_done_says_when_and_asks_no_more(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(f"{released.path}/package.age")
    await dario.open(released.path)

    page = await dario.submit("/acknowledge", sha256=released.sha256)

    assert f"First downloaded on {in_words(TODAY)}." in page.text
    assert f"Acknowledged on {in_words(TODAY)}." in page.text
    assert not [form for form in page.forms if "/acknowledge" in form.action]


async def test_every_control_has_a_label_and_every_description_exists(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(released.path)
    page = await dario.submit("/answer", code="", month="x", accuracy="1", text="y" * 4_001, status=422)
    html = page.body.decode()

    controls = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', html)
    labels = re.findall(r'<label for="([^"]+)"', html)
    described = {name for names in re.findall(r'aria-describedby="([^"]+)"', html) for name in names.split()}
    ids = re.findall(r' id="([^"]+)"', html)

    assert sorted(controls) == sorted(labels)
    assert described <= set(ids)
    assert len(ids) == len(set(ids))
    assert html.count(' aria-invalid="true"') == 5
    assert page.body.decode().count("<title>Not taken:") == 1
