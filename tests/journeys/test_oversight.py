"""A report about the unit goes to another unit, with its own people and keys; in the first one there is nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from crypto.codename import Codename, keys
from tests.adversarial.everything import search_everything, until_idle
from tests.journeys.browser import Browser
from tests.journeys.installation import Installation, another_unit, installed

ABOUT_US = "The sergeant takes money at the gate, canary heronsbill"
REPLY = "We read it, and nobody there does. canary moorhen"


@pytest.fixture
def units(tmp_path: Path) -> Iterator[tuple[Installation, Installation]]:
    """The practice unit, and a unit of its own that its public zone serves as oversight."""
    first_folder, second_folder = tmp_path / "a", tmp_path / "b"
    first_folder.mkdir()
    second_folder.mkdir()
    with installed(first_folder) as first:
        people = ("olga:Olga Weber:handler,analyst", "pavel:Pavel Novak:handler", "quinn:Quinn Ade:officer")
        with another_unit(second_folder, first.url("drop"), "watch", *people) as second:
            pin = tmp_path / "watch.json"
            pin.write_text(second.tipline("unit", "show"))
            assert "is pinned as oversight" in first.tipline("unit", "pin", str(pin), "--role", "oversight")
            first.stop()
            first.start()
            second.tipline("collect")  # publishes its intake keys at the drop
            yield first, second


async def test_a_report_about_the_unit_is_answered_by_oversight_and_the_unit_has_nothing_of_it(
    units: tuple[Installation, Installation],
) -> None:
    first, second = units
    before = await _rows(first)
    async with Browser(first.url("source")) as source:
        await source.open("/")
        sent = await source.submit("/", involved="yes", message=ABOUT_US)
        codename = sent.ids["codename"]

        first.tipline("collect", "--mailboxes")
        second.tipline("collect")
        async with await second.sign_in("corridor", "olga") as olga:
            home = await olga.open("/")
            tip = await olga.open(home.link("/tips/"))
            assert ABOUT_US in tip.text
            await olga.submit("/reply", text=REPLY)
        second.tipline("mailboxes")
        await source.open("/return")
        thread = await source.submit("/return", codename=codename)
        assert REPLY in thread.text

    async with await first.sign_in("corridor", "amina") as amina:
        home = await amina.open("/")
        assert "No tips here" in home.text
        assert "not in any thread" not in home.text
    assert await _rows(first) == before
    source_keys = keys(made := Codename.parse(codename))
    secrets = (made.entropy, source_keys.lookup, source_keys.to_unit, source_keys.to_source, source_keys.state)
    canaries = ["heronsbill", "moorhen", codename, *(secret.expose() for secret in secrets)]
    await until_idle(first)
    assert await search_everything(first, canaries) == []
    assert await search_everything(second, canaries, signed_in=True) == []


async def _rows(unit: Installation) -> dict[str, int]:
    """How many rows each table of the inside has, accounts and what a session leaves included."""
    db = await asyncpg.connect(unit.owner_dsn("inside"))
    try:
        tables = await db.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'migration')"
        )
        return {row["name"]: await db.fetchval(f"SELECT count(*) FROM {row['name']}") for row in tables}
    finally:
        await db.close()
