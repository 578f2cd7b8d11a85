"""A draft agreement held against a year of reports, on the page and on the command line: what would change, and nothing stored."""

import asyncio
import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.handling.desk.conftest import TODAY, DeskRoom, a_document
from tipline.base import settings as settings_


async def _draft(room: DeskRoom, **replaced: str) -> str:
    stored = await room.db.fetchval("SELECT toml FROM unit.agreement WHERE agency = 'harbour-customs'")
    text: str = stored.decode().replace("version = 1", "version = 2")
    for old, new in replaced.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{old} = ")]
        text = text.replace(line, f"{old} = {new}")
    return text


async def test_the_page_tells_what_would_change_with_the_rules_and_stores_nothing(room: DeskRoom) -> None:
    ivory = await room.reviewed(a_document(title="Ivory in a box", subject=["goods.ivory"]))
    scales = await room.reviewed(a_document(title="Scales in a drum", subject=["goods.pangolin"]))
    await room.reviewed(a_document(title="Not for them"), agencies=["river-parks"])
    browser = await room.sign_in()
    await browser.open("/")
    await browser.open("/what-if")

    page = await browser.submit("/what-if", draft=await _draft(room, subjects='["goods.pangolin"]'))

    assert "about 2 reports since" in page.text
    assert "Would no longer go 1" in page.text
    assert ivory["title"] in page.text
    assert (
        "Newly in the way: The report is about something outside the agreement's scope. (subject/outside)" in page.text
    )
    assert scales["title"] not in page.text
    assert "Not for them" not in page.text
    same = await browser.submit("/what-if", draft=await _draft(room))
    assert "The draft would have changed nothing." in same.text
    other = await browser.submit("/what-if", draft=await _draft(room, retention_days="10"))
    assert "delete by: " in other.text
    assert await room.db.fetchval("SELECT count(*) FROM unit.agreement WHERE version = 2") == 0


async def test_a_text_that_is_no_agreement_comes_back_with_its_problems(room: DeskRoom) -> None:
    browser = await room.sign_in()
    await browser.open("/what-if")

    page = await browser.submit("/what-if", status=400, draft=await _draft(room, version="0"))

    assert "version (line 3): must be a whole number" in page.text
    assert "harbour-customs" in dict(page.form("/what-if").fields)["draft"]


@pytest.fixture
def typed(room: DeskRoom, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installation as a command line finds it."""
    assert room.settings.public_dsn
    assert room.settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", room.settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", room.settings.inside_dsn)
    settings = room.settings.data / settings_.FILE
    settings.write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    return room.settings.data


def _files(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


async def test_the_command_opens_reports_with_the_analysts_account_alone_and_leaves_nothing(
    room: DeskRoom, typed: Path, tmp_path: Path
) -> None:
    document = await room.reviewed()
    await (await room.sign_in()).open("/")
    await room.db.execute("UPDATE desk.account SET last_step = 0")  # the code of the sign-in just now serves again
    draft = tmp_path / "draft.toml"
    draft.write_text(await _draft(room, suspended=f"true\nsuspended_since = {TODAY - timedelta(days=1)}"))
    before = _files(typed, tmp_path)
    command = [sys.executable, "-m", "tipline.cli.main", "--data", str(typed), "agreement", "what-if", str(draft)]

    async def said(passphrase: str, *more: str) -> "subprocess.CompletedProcess[str]":
        words = f"{passphrase}\n{room.unit.code('desk', 'amina', int(time.time()))}\n"
        run = [*command, "--name", "amina", *more]
        return await asyncio.to_thread(
            subprocess.run, run, input=words, capture_output=True, text=True, check=False, timeout=60
        )

    refused = await said("wrong")
    found = await said(room.unit.passphrase("desk", "amina"), "--json")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "This did not open." in refused.stderr
    assert found.returncode == 0, found.stderr
    body = json.loads(found.stdout)
    assert body["counts"]["no-longer-goes"] == body["looked_at"] == 1
    assert {change["report"] for change in body["changes"]} == {document["urn"]}
    assert {rule["rule"] for change in body["changes"] for rule in change["raised"]} == {"suspension/suspended"}
    assert document["title"] not in found.stdout
    assert _files(typed, tmp_path) == before
