"""A source reports: what arrives is sealed, whole or not at all, and once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import unquote  # aiohttp quotes a file's name as no browser does
from uuid import UUID

import aiohttp
import pytest

from tests.adversarial import canary
from tests.journeys import browser as journeys
from tests.journeys.browser import Browser, Page, Upload, send_files
from tests.tipline.source.running import TODAY, a_zone, collect, joined, messages, publish, running
from tests.tipline.source.sending import TEXT
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.bundles import SEALED_BUNDLE_BYTES
from tipline.envelope import File, Tip
from tipline.source.channel import KEYS_SECONDS
from tipline.source.ways import ARRIVAL


async def report(browser: Browser, files: Sequence[Upload] = (), status: int = 200, **typed: str) -> Page:
    """Fill the form anew and send it, then one file after the other."""
    return await journeys.report(browser, files, status=status, **{"involved": "no", "message": TEXT} | typed)


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_a_report_with_three_files_arrives_as_messages_sidecars_and_parts(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    files = [
        Upload("files", "photo.jpg", b"j" * 1000, "image/jpeg"),
        Upload("files", "../../etc/passwd", b"p" * 70_000),
        Upload("files", "large.bin", bytes(range(256)) * 70_000),
        Upload("files", "empty.txt", b""),
    ]

    with running(zone):
        async with Browser(zone.url) as browser:
            page = await report(browser, files, urgent="yes", how_known="I was there")

    assert len(page.ids["codename"].split()) == 12
    taken = await collect(zone, public_db, zone.unit)
    first, *sidecars = messages(taken)
    assert first.body == Tip(text=TEXT, how_known="I was there", must_not_learn="", urgent=True)
    bodies = [message.body for message in sidecars if isinstance(message.body, File)]
    assert [joined(body, taken) for body in bodies] == [file.data for file in files]
    assert [unquote(body.name) for body in bodies] == [file.name for file in files]
    assert [body.type for body in bodies] == [file.media_type for file in files]
    assert sorted(one.wrapper.kind for one in taken.values()) == ["message"] * 5 + ["part"] * 4
    assert all(one.wrapper.urgent for one in taken.values())
    assert zone.blobs.names() == {UUID(name) for name in taken}
    mailbox = await public_db.fetchrow("SELECT * FROM zone.mailbox")
    assert (mailbox["unit"], len(mailbox["bundle"])) == ("unit", SEALED_BUNDLE_BYTES)


async def test_files_of_one_class_give_envelopes_of_one_length(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            for size in (1, 65_536, 65_537, 262_144):
                await report(browser, [Upload("files", "f", b"x" * size)])

    rows = await public_db.fetch("SELECT size FROM zone.envelope WHERE kind = 'part' ORDER BY size")
    sizes = [row["size"] for row in rows]
    assert (sizes[0], sizes[2]) == (sizes[1], sizes[3])
    assert sizes[1] < sizes[2]
    assert await public_db.fetchval("SELECT count(DISTINCT size) FROM zone.envelope WHERE kind = 'message'") == 1


async def test_a_form_sent_again_is_one_report_and_a_changed_one_a_further_message(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    file = [Upload("files", "a.txt", b"one")]

    with running(zone):
        async with Browser(zone.url) as browser:
            form = await browser.open("/")
            first = await browser.submit("/", involved="no", message=TEXT)
            await send_files(browser, file)
            browser.page = form
            again = await browser.submit("/", involved="no", message=TEXT)
            await send_files(browser, file)
            browser.page = form
            edited = await browser.submit("/", involved="no", message=TEXT + " And more.", must_not_learn="him")

    assert first.ids["codename"] == again.ids["codename"] == edited.ids["codename"]
    assert first.body == again.body
    assert all(words in first.text for words in (ARRIVAL.label, ARRIVAL.protects, ARRIVAL.not_against, ARRIVAL.same))
    taken = await collect(zone, public_db, zone.unit)
    bodies = [message.body for message in messages(taken)]
    assert [type(body) for body in bodies] == [Tip, File, Tip]
    assert bodies[2] == Tip(TEXT + " And more.", "", must_not_learn="him", urgent=False)  # an answer would ask nothing
    assert zone.blobs.names() == {UUID(name) for name in taken}


async def test_forms_sent_at_the_same_moment_are_stored_once_each_in_one_chain(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser, aiohttp.ClientSession() as http:
            fields = dict((await browser.open("/")).form("/").fields)
            hidden = {name: fields[name] for name in ("token", "ticket")}

            async def send(text: str) -> int:
                with aiohttp.MultipartWriter("form-data") as body:
                    for name, value in {**hidden, "involved": "no", "message": text}.items():
                        body.append(value).set_content_disposition("form-data", name=name)
                async with http.post(zone.url, data=body) as answer:
                    return answer.status

            statuses = await asyncio.gather(*(send(f"{TEXT} {n % 4}") for n in range(12)))

    assert statuses == [200] * 12
    taken = await collect(zone, public_db, zone.unit)
    texts = [message.body.text for message in messages(taken) if not isinstance(message.body, File)]
    assert sorted(texts) == [f"{TEXT} {n}" for n in range(4)]
    assert zone.blobs.names() == {UUID(name) for name in taken}


async def test_a_report_about_the_unit_itself_goes_to_oversight_alone(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            form = await browser.open("/")
            page = await browser.submit("/", involved="yes", message=TEXT)
            await send_files(browser, [Upload("files", "a", b"x")])
            browser.page = form
            changed = await browser.submit("/", involved="no", message=TEXT, status=400)
            resent = await browser.submit("/")

    assert zone.oversight.name in page.text
    assert "codename of its own" in changed.text
    assert TEXT in dict(changed.form("/").fields)["message"]
    assert resent.ids["codename"] != page.ids["codename"]
    assert [m.body.KIND for m in messages(await collect(zone, public_db, zone.oversight))] == ["tip", "file"]
    assert [m.body.KIND for m in messages(await collect(zone, public_db, zone.unit))] == ["tip"]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"involved": ""}, "Choose one of the two"),
        ({"involved": "perhaps"}, "Choose one of the two"),
        ({"message": "  \n "}, "Write what happened first"),
        ({"message": "kept " * 60_000}, "too long"),
        ({"how_known": "kept " * 20_000}, "too long"),
    ],
)
async def test_what_is_missing_is_said_at_the_field_and_every_answer_is_kept(
    settings: Settings, public_db: Db, typed: dict[str, str], problem: str
) -> None:
    zone = await a_zone(settings, public_db)
    answers = {"involved": "no", "urgent": "yes", "message": TEXT, "how_known": "seen", "must_not_learn": "him"} | typed

    with running(zone):
        async with Browser(zone.url) as browser:
            fields = dict((await browser.open("/")).form("/").fields)
            hidden = {name: fields[name] for name in ("token", "ticket")}
            page = await browser.submit("/", status=400, **answers)

    assert problem in page.text
    assert page.body.count(b" autofocus") == 1
    kept = dict(page.form("/").fields)
    assert {"involved": "", **kept} == {**answers, **hidden, "involved": kept.get("involved", "")}
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0
    assert zone.blobs.names() == set()


@pytest.mark.parametrize("wrong", ["none", "expired", "not yet", "forged", "another unit's"])
async def test_without_a_valid_intake_key_nothing_is_taken(settings: Settings, public_db: Db, wrong: str) -> None:
    zone = await a_zone(settings, public_db)
    key = zone.unit.statement(serial=2)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/")
            await public_db.execute("DELETE FROM zone.intake_key WHERE unit = 'unit'")
            if wrong == "expired":
                await publish(public_db, zone.unit, zone.unit.statement(start=-8))
                await public_db.execute("UPDATE zone.intake_key SET not_after = $1", TODAY + timedelta(days=1))
            elif wrong == "not yet":
                await publish(public_db, zone.unit, zone.unit.statement(start=1))
                await public_db.execute("UPDATE zone.intake_key SET not_before = $1", TODAY)
            elif wrong == "forged":
                await publish(public_db, zone.unit, key, signer=zone.oversight.signer)
            elif wrong == "another unit's":
                await public_db.execute(
                    "INSERT INTO zone.intake_key SELECT 'unit', serial, statement, not_before, not_after"
                    " FROM zone.intake_key WHERE unit = 'oversight'"
                )
            await asyncio.sleep(KEYS_SECONDS)
            page = await browser.submit("/", status=503, involved="no", message=TEXT)
            form = await browser.open("/", status=503)

    assert "Nothing you typed was stored" in page.text
    assert dict(page.form("/").fields)["message"] == TEXT
    assert "cannot take reports" in form.text
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0
    assert zone.blobs.names() == set()


async def test_of_several_valid_intake_keys_the_newest_is_used(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    await publish(public_db, zone.unit, zone.unit.statement(serial=7))
    await publish(public_db, zone.unit, zone.unit.statement(serial=9, start=3))

    with running(zone):
        async with Browser(zone.url) as browser:
            await report(browser)

    assert {one.wrapper.serial for one in (await collect(zone, public_db, zone.unit)).values()} == {7}


async def test_nothing_that_was_typed_or_attached_stands_on_disk_in_clear(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    canaries = ["kestrel-canary-71", "osprey-canary-72", "merlin-canary-73"]
    file = Upload("files", "merlin-canary-73.txt", b"osprey-canary-72 " * 20_000)

    with running(zone):
        async with Browser(zone.url) as browser:
            page = await report(browser, [file])
            await browser.open("/return")
            await browser.submit("/return", codename=page.ids["codename"])
            hits = list(canary.in_files(settings.data, [*canaries, page.ids["codename"]]))
    hits += await canary.in_database(str(settings.public_dsn), [*canaries, page.ids["codename"]])

    assert hits == []
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 1


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("token", "x"), ("involved", "no"), ("message", "m")],
        [("involved", "no"), ("message", "m")],
        [("message", "m"), ("message", "n")],
        [("else", "m")],
        [("files", "f"), ("message", "m")],
        [("token", "A" * 43), ("involved", "no"), ("message", "m"), ("files", "f")],
    ],
)
async def test_a_form_that_is_not_ours_is_refused(
    settings: Settings, public_db: Db, fields: list[tuple[str, str]]
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with aiohttp.ClientSession() as http:
            with aiohttp.MultipartWriter("form-data") as body:
                for name, value in fields:
                    body.append(value).set_content_disposition("form-data", name=name)
            statuses = []
            for data in (body, dict(fields) or None):
                async with http.post(zone.url, data=data) as answer:
                    statuses.append(answer.status)
            headers = {"Sec-Fetch-Site": "cross-site"}
            async with http.post(zone.url + "/return", data={"codename": "a"}, headers=headers) as answer:
                statuses.append(answer.status)

    assert statuses == [400, 400, 403]
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0


async def test_a_body_that_breaks_off_stores_nothing(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            token = dict((await browser.open("/")).form("/").fields)["token"]
        fields = {"token": token, "involved": "no", "message": TEXT}
        head = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
        body = head.removesuffix("\r\n")
        async with aiohttp.ClientSession() as http:
            kind = {"Content-Type": "multipart/form-data; boundary=b"}
            async with http.post(zone.url, data=body.encode(), headers=kind) as answer:
                status = answer.status

    assert status == 400
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0
    assert list((settings.public / "blobs").iterdir()) == []
