"""Tips sealed with PGP: opened in the sandbox when a handler asks, heard for names first, and refused in words when they cannot be."""

import asyncio
import os
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import pytest
from aiohttp.test_utils import TestServer

from crypto import pgp, sandbox
from handling.corridor import opening, pgpkeys, reading
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.main import open_keyring
from handling.corridor.opening import Opener
from handling.corridor.session import Handler
from handling.corridor.store import keys
from handling.corridor.tips import OpenTip
from handling.corridor.upkeep import UPKEEP
from handling.rules import keylife
from handling.rules.exclusions import Decision
from handling.store.pgpkeys import known
from tests.adversarial import canary
from tests.crypto.sealing import sender
from tests.handling.corridor.conftest import World, corridor_of, sign_in
from tests.handling.corridor.drop import collector, running_drop
from tests.handling.corridor.sources import Source
from tests.journeys.browser import Browser
from tipline.pgpkey import PgpKey

TODAY = datetime.now(UTC).date()
TEXT = "The ivory goes out through gate nine."
EVERYBODY = Decision(None, (), {}, "")


def published(world: World, handler: Handler) -> PgpKey:
    """The newest key."""
    return known(open_keyring(world.settings), handler.members.intake_signer)[-1]


def seal(key: PgpKey, data: bytes, *more: str) -> bytes:
    """Seal as a source does who has nothing but the key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.asc"
        path.write_text(key.key)
        words = ["gpg", "--homedir", folder, "--batch", "--quiet", "--no-autostart", "--trust-model", "always"]
        command = [*words, "--recipient-file", str(path), *more, "--encrypt"]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def armoured(key: PgpKey, text: str) -> str:
    return seal(key, text.encode(), "--armor").decode()


async def the_tip(world: World, handler: Handler) -> OpenTip:
    await world.resealer.run(handler)
    (tip,) = await world.tips(handler)
    return tip


async def message_of(world: World, handler: Handler, tip: OpenTip, kind: str = "tip") -> UUID:
    return [one.row.id for one in await world.dialogue(handler, tip) if one.content["kind"] == kind][-1]


async def open_(world: World, handler: Handler, tip: OpenTip, kind: str = "tip") -> bool:
    opener = Opener(world.pool, world.blobs, open_keyring(world.settings), handler)
    return await opener.open(tip.row.id, await message_of(world, handler, tip, kind), TODAY)


async def inside(world: World, handler: Handler, tip: OpenTip) -> list[opening.Inside]:
    async with world.pool.acquire() as db:
        return list((await opening.inside(db, handler, tip.row.thread)).values())


async def test_a_sealed_text_is_opened_by_a_button_framed_labelled_and_cut_into_items(
    world: World, amina: Handler, browser: Browser
) -> None:
    text = f"Here it is:\n{armoured(published(world, amina), TEXT + ' <b>bold</b>')}"
    await world.collected(Source().tip(world.intake, text, asked=""))

    tip = await browser.open((await browser.open("/")).link("/tips/"))
    assert TEXT not in tip.text
    assert "nobody has opened it yet" in tip.text
    assert tip.text.index("nobody has opened it yet") < tip.text.index("Here it is:") < tip.text.index("BEGIN PGP")
    assert b"<summary>The message as it came, sealed</summary>" in tip.body
    opened = await browser.submit("/pgp")
    items = await browser.open(opened.link("/items"))

    assert f"{TEXT} <b>bold</b>" in opened.text
    assert opened.text.index(TEXT) < opened.text.index("It is not post-quantum") < opened.text.index("BEGIN PGP")
    assert opened.text.count("BEGIN PGP") == 1
    assert "From the source" in opened.text
    assert "Opened by Amina" in opened.text
    assert "It is not post-quantum" in opened.text
    assert TEXT in items.text
    assert not any(form.action.endswith("/pgp") for form in opened.forms)


async def test_an_attached_file_is_opened_into_a_text_or_a_file_to_save(
    world: World, amina: Handler, browser: Browser
) -> None:
    key, source, photo = published(world, amina), Source(), os.urandom(3_000_000)
    await world.collected(
        source.tip(world.intake, "see the file", asked=""),
        *source.file(world.intake, seal(key, photo, "--set-filename", "a photo.jpg"), name="x.gpg"),
    )
    tip = await the_tip(world, amina)

    assert await open_(world, amina, tip, "file")
    page = await browser.open(f"/tips/{tip.row.id}")

    (one,) = await inside(world, amina, tip)
    assert (one.text, one.name, one.size) == (None, "a photo.jpg", len(photo))
    assert "a photo.jpg" in page.text
    async with browser._session.get(urljoin(browser.site, f"/files/{one.file}")) as answer:
        assert await answer.read() == photo
    await world.resealer.sweep()
    async with browser._session.get(urljoin(browser.site, f"/files/{one.file}")) as answer:
        assert await answer.read() == photo


async def test_a_file_is_known_by_its_bytes_and_not_by_its_name(world: World, amina: Handler) -> None:
    key, source = published(world, amina), Source()
    await world.collected(
        source.tip(world.intake, "two files", asked=""),
        *source.file(world.intake, b"no message", name="fake.gpg"),
        *source.file(world.intake, seal(key, TEXT.encode()), name="holiday.jpg"),
    )
    tip = await the_tip(world, amina)
    messages = await world.dialogue(amina, tip)

    async with world.pool.acquire() as db:
        closed = opening.closed(messages, await opening.heads(db, world.blobs, amina, messages))
    opener = Opener(world.pool, world.blobs, open_keyring(world.settings), amina)

    fake, real = (one.row.id for one in messages if one.content["kind"] == "file")
    assert closed == {real}
    with pytest.raises(NotThereError):
        await opener.open(tip.row.id, fake, TODAY)
    assert await opener.open(tip.row.id, real, TODAY)
    assert [one.text for one in await inside(world, amina, tip)] == [TEXT]


async def test_until_it_is_open_a_sealed_tip_is_for_first_readers_and_whoever_it_names_then_loses_it(
    world: World, amina: Handler, ben: Handler
) -> None:
    await world.collected(Source().tip(world.intake, armoured(published(world, amina), "Ben takes a share"), asked=""))
    tip = await the_tip(world, amina)
    assert amina.vault.readers_kind(tip.row.thread) == "restricted"
    assert len(await world.tips(ben)) == 1  # he is a first reader, and nobody can know yet

    assert await open_(world, amina, tip)

    assert await world.tips(ben) == ()
    (left,) = await world.tips(amina)
    assert left.content.named == ("ben",)
    assert left.content.waiting
    assert [one.text for one in await inside(world, amina, left)] == ["Ben takes a share"]


async def test_whoever_opens_it_and_is_named_sees_nothing_of_it(
    world: World, amina: Handler, ben: Handler, site: TestServer
) -> None:
    await world.collected(Source().tip(world.intake, armoured(published(world, amina), "Ben takes a share"), asked=""))
    tip = await the_tip(world, ben)

    async with Browser(str(site.make_url("/"))) as his:
        await sign_in(world, his, "ben")
        await his.open(f"/tips/{tip.row.id}")
        after = await his.submit("/pgp")
        await his.open(f"/tips/{tip.row.id}", status=404)

    assert "takes a share" not in after.text
    assert "No tips here" in after.text
    assert [one.text for one in await inside(world, amina, tip)] == ["Ben takes a share"]


async def test_a_sealed_answer_in_a_tip_that_is_for_everybody_waits_for_first_readers_again(
    world: World, amina: Handler
) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, "a tip", asked=""))
    tip = await the_tip(world, amina)
    assert amina.vault.readers_kind(tip.row.thread) == "vault"

    await world.collected(source.answer(world.intake, armoured(published(world, amina), TEXT)))
    await world.resealer.run(amina)

    assert amina.vault.readers_kind(tip.row.thread) == "restricted"
    assert await open_(world, amina, tip, "answer")
    assert await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)
    assert amina.vault.readers_kind(tip.row.thread) == "vault"


async def test_a_second_opening_at_the_same_moment_keeps_one(world: World, amina: Handler, ben: Handler) -> None:
    await world.collected(Source().tip(world.intake, armoured(published(world, amina), TEXT), asked=""))
    tip = await the_tip(world, amina)

    assert await asyncio.gather(open_(world, amina, tip), open_(world, ben, tip)) == [True, True]

    assert [one.text for one in await inside(world, amina, tip)] == [TEXT]


async def test_what_cannot_be_opened_is_refused_in_words_and_nothing_is_kept(world: World, amina: Handler) -> None:
    key = published(world, amina)
    with sender() as somebody:
        other = somebody.gpg("--recipient", "Somebody", "--encrypt", data=b"x")
        password = somebody.gpg("--passphrase", "x", "--pinentry-mode", "loopback", "--symmetric", data=b"x")
    whole = seal(key, TEXT.encode())
    wrong = [
        (other, "not sealed to our key"),
        (password, "with a passphrase and not to our key"),
        (whole[:-1], "damaged"),
        (whole + b"x", "holds something else"),
        (seal(key, b"x", "--rfc2440", "--disable-mdc", "--cipher-algo", "AES256"), "no protection against changes"),
        (seal(key, bytes(70_000_000)), "unfolds into more than it may"),
    ]
    for data, words in wrong:
        source = Source()
        await world.collected(source.tip(world.intake, words, asked=""), *source.file(world.intake, data))
        await world.resealer.run(amina)
        (tip,) = [one for one in await world.tips(amina) if one.content.text == words]
        with pytest.raises(RefusedError, match=words):
            await open_(world, amina, tip, "file")
        assert await inside(world, amina, tip) == []


async def test_without_a_sandbox_nothing_is_opened(
    world: World, amina: Handler, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.collected(Source().tip(world.intake, armoured(published(world, amina), TEXT), asked=""))
    await browser.open((await browser.open("/")).link("/tips/"))
    monkeypatch.setattr(sandbox, "_WHERE", "/nonexistent")

    refused = await browser.submit("/pgp", status=400)

    assert "install bubblewrap" in refused.text
    assert TEXT not in refused.text


async def test_a_signature_is_told_as_a_hint_and_no_key_is_named(
    world: World, amina: Handler, browser: Browser
) -> None:
    key = published(world, amina)
    with sender() as somebody:
        somebody.takes(key.key)
        text = somebody.gpg(
            "--recipient", key.fingerprint, "--armor", "--sign", "--encrypt", data=TEXT.encode()
        ).decode()
        mine = somebody.gpg("--with-colons", "--list-keys", "Somebody").decode().split("fpr:::::::::")[1][:40]
    await world.collected(Source().tip(world.intake, text, asked=""))

    await browser.open((await browser.open("/")).link("/tips/"))
    opened = await browser.submit("/pgp")

    assert "signed by a key that we do not know" in opened.text
    assert mine[-16:] not in opened.text


async def test_a_subkey_is_replaced_in_time_and_opens_until_it_is_destroyed(world: World, amina: Handler) -> None:
    keyring, first = open_keyring(world.settings), published(world, amina)
    for text in ("in time", "too late"):
        await world.collected(Source().tip(world.intake, armoured(first, text), asked=text))
    await world.resealer.run(amina)
    in_time, late = sorted(await world.tips(amina), key=lambda tip: tip.content.must_not_learn)

    early = TODAY + timedelta(days=keylife.PGP_REPLACED_DAYS - 1)
    assert await pgpkeys.keep_current(world.pool, keyring, amina, "Unit", early) is None
    second = await pgpkeys.keep_current(world.pool, keyring, amina, "Unit", early + timedelta(days=1))
    assert second
    assert (second.serial, second.fingerprint) == (2, first.fingerprint)
    assert second.subkey != first.subkey
    assert await open_(world, amina, in_time)

    day = first.not_after + timedelta(days=keylife.DEADLINE_DAYS)
    async with world.pool.acquire() as db:
        for before in range(4):
            await keys.ran(db, day - timedelta(days=before))
    warned = await pgpkeys.retire(world.pool, keyring, day - timedelta(days=1))
    assert [one.serial for one in warned] == [1]
    await pgpkeys.retire(world.pool, keyring, day)

    assert keyring.names("pgp-intake") == {"primary", "2"}
    with pytest.raises(RefusedError, match=f"was destroyed on {day.isoformat()}"):
        await open_(world, amina, late)
    assert [one.text for one in await inside(world, amina, in_time)] == ["in time"]
    await world.inside.execute("DELETE FROM corridor.pgp_key")  # an older backup of the database is put back
    with pytest.raises(RefusedError, match="not sealed to our key"):
        await open_(world, amina, late)
    later = day + timedelta(days=200)
    third = await pgpkeys.keep_current(world.pool, keyring, amina, "Unit", later)
    assert third
    assert third.serial == 3  # whatever was restored, none is signed twice


async def test_people_are_warned_before_a_subkey_goes(world: World, amina: Handler) -> None:
    day = published(world, amina).not_after + timedelta(days=keylife.WARNING_DAYS)
    app = corridor_of(world)

    await app[UPKEEP].daily(day)

    assert any("PGP subkey 1 ended" in notice for notice in app[UPKEEP].notices())


async def test_a_unit_without_a_key_gets_one_when_somebody_signs_in(
    world: World, amina: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = open_keyring(world.settings)
    for kind, names in (("pgp-intake", ("primary", "1")), ("pgp-intake-statement", ("1",))):
        for name in names:
            keyring.delete(kind, name)  # type: ignore[arg-type]  # both are kinds

    with monkeypatch.context() as without:
        without.setattr(sandbox, "_WHERE", "/nonexistent")
        assert await pgpkeys.keep_current(world.pool, keyring, amina, "Unit", TODAY) is None
    made = await pgpkeys.keep_current(world.pool, keyring, amina, "<Unit>\n", TODAY)

    assert made
    assert made.serial == 1
    assert pgp.fingerprint(made.key) == made.fingerprint


async def test_the_collector_publishes_it_signed(world: World, amina: Handler) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        assert await collecting.publish_pgp_keys() == 1

    statement = await world.public.fetchval("SELECT statement FROM zone.pgp_key")
    assert PgpKey.read(bytes(statement), amina.members.intake_signer) == published(world, amina)


async def test_nothing_of_it_stands_in_clear_in_files_or_rows(world: World, amina: Handler) -> None:
    secret = amina.vault.unseal(open_keyring(world.settings).get("pgp-intake", "1"))
    source = Source()
    hidden = "under the blue tarpaulin in shed seven"
    await world.collected(
        source.tip(world.intake, armoured(published(world, amina), hidden), asked=""),
        *source.file(world.intake, seal(published(world, amina), b"\0\0" + hidden.encode()), name="x.pgp"),
    )
    tip = await the_tip(world, amina)
    assert await open_(world, amina, tip)
    assert await open_(world, amina, tip, "file")

    wanted = [hidden, secret[200:260]]
    assert world.settings.inside_dsn
    assert list(canary.in_files(world.settings.data, wanted)) == []
    assert await canary.in_database(world.settings.inside_dsn, wanted) == []
