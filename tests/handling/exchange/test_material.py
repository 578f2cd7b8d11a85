"""Material at the portal: a sealed file goes on to the desk, unread; its agency sees that it came and was opened, nothing else."""

import base64
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from crypto import age
from crypto.digest import sha256
from handling import data, material
from handling.exchange.handed import Refusal
from handling.exchange.portal import _UNOPENED_MAX
from handling.material import Material
from handling.rules.member_words import groups
from tests.handling.exchange.conftest import TODAY, Exchange
from tests.handling.materials import MATERIAL, signed
from tests.journeys.browser import Browser, Page, Upload


def written(exchange: Exchange, **changes: object) -> str:
    said = replace(MATERIAL, id=uuid4(), **changes)
    return material.seal(signed(said, exchange.unit.coast_signer), exchange.unit.desk_intake.recipient)


async def handed(browser: Browser, text: str, *, status: int = 200) -> Page:
    await browser.open("/material")
    return await browser.submit("/material", text=text, status=status)


@pytest.mark.parametrize("how", ["text", "file"])
async def test_a_sealed_file_goes_to_the_desk_as_it_is_and_shows_when_it_came(exchange: Exchange, how: str) -> None:
    text = written(exchange)
    farid = await exchange.sign_in("farid")
    await farid.open("/material")

    files = [Upload("file", "material.age", text.encode())] if how == "file" else []
    page = await farid.submit("/material", files=files, **({} if files else {"text": text}))

    ((kind, said),) = await exchange.inbox()
    assert (kind, said["agency"], said["day"]) == ("material", "coast", TODAY.isoformat())
    opened = material.open_(base64.b64decode(str(said["file"])), exchange.unit.desk_intake)
    assert Material.read(opened.document, data.schemes()).text == MATERIAL.text
    assert "not opened yet" in page.text
    assert page.text.count("received on") == 1


async def test_neither_row_nor_inbox_tells_how_long_it_is_or_what_it_says(exchange: Exchange) -> None:
    farid = await exchange.sign_in("farid")
    for text in ("x", "x" * 2_000):
        await handed(farid, written(exchange, text=text))

    rows = await exchange.db.fetch("SELECT octet_length(sealed) AS size FROM desk.inbox")

    assert {row["size"] for row in rows} == {age.sealed_size(16_384)}
    columns = await exchange.db.fetchrow("SELECT * FROM exchange.material LIMIT 1")
    assert set(columns.keys()) == {"id", "agency", "mark", "received_on", "opened_on"}  # type: ignore[union-attr]  # it is there


async def test_the_same_file_counts_once_and_another_agency_sees_nothing_of_it(exchange: Exchange) -> None:
    farid, dario = await exchange.sign_in("farid"), await exchange.sign_in("dario")
    text = written(exchange)
    await handed(farid, text)

    again = await handed(farid, text, status=422)
    theirs = await handed(dario, text)

    assert Refusal.SENT.value in again.text
    assert theirs.text.count("received on") == 1  # that they hold a file of others is for the desk to find
    assert "received on" not in (await (await exchange.sign_in("elena")).open("/material")).text


async def test_what_was_opened_says_on_which_day_and_nothing_of_its_use(exchange: Exchange) -> None:
    farid = await exchange.sign_in("farid")
    await handed(farid, written(exchange))
    await exchange.db.execute("UPDATE exchange.material SET opened_on = $1", date(2026, 11, 27))

    page = await farid.open("/material")

    assert "opened by the unit on 27 November 2026" in page.text


@pytest.mark.parametrize(
    "text", ["", "words", "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n"]
)
async def test_what_is_no_sealed_file_is_not_taken_and_the_page_says_so(exchange: Exchange, text: str) -> None:
    farid = await exchange.sign_in("farid")

    page = await handed(farid, text, status=422)

    assert (Refusal.NOT_SEALED if text else Refusal.NOTHING).value in page.text
    assert await exchange.inbox() == []


async def test_an_agency_whose_files_nobody_opens_cannot_fill_the_inbox(exchange: Exchange) -> None:
    farid = await exchange.sign_in("farid")
    await exchange.db.execute(
        "INSERT INTO exchange.material SELECT gen_random_uuid(), 'coast', '00000000', $1 FROM generate_series(1, $2)",
        TODAY,
        _UNOPENED_MAX,
    )

    page = await handed(farid, written(exchange), status=422)

    assert Refusal.TOO_MANY.value in page.text
    assert await exchange.inbox() == []
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.material") == _UNOPENED_MAX


async def test_the_page_tells_each_agency_how_to_make_it_with_the_tools_that_it_has(exchange: Exchange) -> None:
    officers = {name: await exchange.sign_in(name) for name in exchange.cards}
    pages = {name: (await officer.open("/material")).text for name, officer in officers.items()}
    recipient = await officers["dario"].open("/keys/desk-recipient.txt")

    assert "ssh-keygen -Y sign" in pages["dario"]
    assert "gpg --armor --detach-sign" in pages["elena"]
    assert "Send material to the unit" in pages["farid"]
    assert recipient.body.decode() == str(exchange.unit.desk_intake.recipient)
    assert groups(sha256(recipient.body).hex()) in pages["dario"]
