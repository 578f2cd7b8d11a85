"""Attachments pass the guard when they are exactly what was reviewed and hold nothing but what is seen and heard."""

import base64
from typing import Any

import pytest

from crypto import age
from crypto.canonical import parse
from crypto.passphrase import normalise
from handling.data import scheme, subjects
from handling.desk import intake
from handling.guard import elsewhere, releases, reviews
from handling.guard.refusal import RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.guard.views import release_page, review_page
from handling.rules import attachments, docx
from handling.rules.attachments import Kind
from handling.rules.package import unpack
from handling.rules.release import Kind as Act
from handling.signing import SigningKeys, SigningRequest
from tests.handling.guard.test_review import desk_intake
from tests.handling.guard.world import Edit, Forgery, World, attach, unchanged
from tests.handling.rules.test_attachments import JFIF, JPEG, segment
from tipline.cli import signwords

LETTER = docx.write(docx.Document((docx.Paragraph((docx.Run("Tusks lie in the cold room."),)),)))
COPIES = ((Kind.JPEG, JPEG), (Kind.DOCX, LETTER))
DIRTY = JPEG.replace(JFIF, JFIF + segment(0xE1, b"Exif\0\0where it was"))


def reviewed(copies: tuple[tuple[Kind, bytes], ...] = COPIES, edit: Edit = unchanged) -> Edit:
    """A request for review with these copies, every one of them decided about."""

    def change(it: dict[str, Any]) -> None:
        listed = attachments.listed(copies)
        attach(it["report"], copies)
        it["attachments"] = {one.name: base64.b64encode(copy).decode() for one, copy in listed}
        it["kept"] = [{"class": "attachment", "text": one.to_decide, "reason": "Looked at."} for one, _ in listed]
        edit(it)

    return change


async def test_who_signs_a_review_on_their_own_machine_gets_every_copy_too(world: World) -> None:
    review = await world.ask_review(edit=reviewed())
    file = await elsewhere.key_file(world.guard, world.hand("ben"), today())
    keys = SigningKeys.open(file, normalise(world.passphrase("ben")))

    sealed = await elsewhere.take(world.guard, Act.REVIEW, review, world.hand("ben"), today())

    shown = signwords.shown(SigningRequest.open(sealed, keys))
    assert [shown.files[name] for name in shown.attached] == [JPEG, LETTER]
    assert "Tusks lie in the cold room." in signwords.as_text(shown)


async def test_a_reviewer_sees_every_copy_and_the_desk_gets_the_same_bytes(world: World) -> None:
    review = await world.ask_review(edit=reviewed())

    view = await reviews.open_(world.guard, review, world.hand("ben"), today())
    page = review_page(view, scheme(), subjects(), None)
    await world.sign_review(review)

    picture, letter = page.attachments
    assert base64.b64decode(picture.pictures[0].partition(",")[2]) == JPEG
    assert letter.text == "Tusks lie in the cold room."
    content = parse(
        age.open_(
            await world.owner.fetchval("SELECT sealed FROM desk.inbox WHERE kind = 'report'"),
            [await desk_intake(world)],
        )
    )
    copies = {name: base64.b64decode(copy) for name, copy in content.pop("attachments").items()}
    report, _ = intake.verify_report(content, world.listed)
    assert attachments.match(report.attachments, copies)


def _swapped(it: dict[str, Any]) -> None:
    it["attachments"]["attachment-1.jpg"] = base64.b64encode(JPEG.replace(b"pixels", b"others")).decode()


def _one_more(it: dict[str, Any]) -> None:
    it["attachments"]["attachment-3.jpg"] = base64.b64encode(JPEG).decode()


def _one_less(it: dict[str, Any]) -> None:
    del it["attachments"]["attachment-2.docx"]


def _unlisted(it: dict[str, Any]) -> None:
    del it["report"]["attachments"]


@pytest.mark.parametrize("edit", [_swapped, _one_more, _one_less, _unlisted])
async def test_copies_that_are_not_those_listed_stop_the_review(world: World, edit: Edit) -> None:
    review = await world.ask_review(edit=reviewed(edit=edit))

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(review)

    assert raised.value.refused.reasons == ("The attachments are not those that the report lists.",)


async def test_a_copy_with_metadata_stops_the_review(world: World) -> None:
    review = await world.ask_review(edit=reviewed(((Kind.JPEG, DIRTY),)))

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(review)

    assert raised.value.refused.reasons == ("attachment-1.jpg holds more than what is seen and heard.",)


@pytest.mark.parametrize(
    ("copies", "residue"),
    [
        (COPIES, "attachment"),
        (((Kind.DOCX, docx.write(docx.Document((docx.Paragraph((docx.Run("Call +254 722 123456"),)),)))),), "phone"),
    ],
)
async def test_an_attachment_that_nobody_decided_about_stops_the_review(
    world: World, copies: tuple[tuple[Kind, bytes], ...], residue: str
) -> None:
    def undecided(it: dict[str, Any]) -> None:
        it["kept"] = [one for one in it["kept"] if residue != "attachment"]

    review = await world.ask_review(edit=reviewed(copies, undecided))

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(review)

    assert residue in raised.value.refused.reasons[0]


async def test_a_release_leaves_with_its_attachments_which_the_signers_saw(world: World) -> None:
    release = await world.ask_release(Forgery(attached=COPIES))

    view = await releases.open_(world.guard, release, world.hand("ben"), today())
    shown = {one.name: one for one in release_page(view, scheme(), subjects(), None).members}
    await world.sign_release(release, "ben")
    assert await world.sign_release(release, "clara") is State.RELEASED

    assert shown["attachments/attachment-1.jpg"].pictures
    assert shown["attachments/attachment-2.docx"].text == "Tusks lie in the cold room."
    key = (world.settings.data / "practice" / "harbour-customs" / "key.txt").read_text().strip()
    sealed = await world.owner.fetchval("SELECT sealed FROM exchange.package WHERE id = $1", release)
    members = unpack(age.open_(sealed, [age.Identity.parse(key)]))
    assert members["attachments/attachment-1.jpg"] == JPEG
    assert members["attachments/attachment-2.docx"] == LETTER
    assert b"attachments/attachment-1.jpg" in members["report.html"]
    assert b"attachments, 2 in all" in members["1-read-first.html"]


def _drop(files: dict[str, Any]) -> None:
    del files["attachments/attachment-1.jpg"]


def _add(files: dict[str, Any]) -> None:
    files["attachments/attachment-3.jpg"] = JPEG


def _dirty(files: dict[str, Any]) -> None:
    files["attachments/attachment-1.jpg"] = DIRTY


def _not_reviewed(document: dict[str, Any]) -> None:
    document["attachments"] = document["attachments"][:1]


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (
            Forgery(attached=COPIES, members=_drop),
            "The attachments in the package are not those that the report lists.",
        ),
        (Forgery(attached=COPIES, members=_add), "The attachments in the package are not those that the report lists."),
        (Forgery(attached=COPIES, members=_dirty), "attachment-1.jpg must not leave: it holds more than what is seen"),
        (Forgery(attached=COPIES, report=_not_reviewed), "The review is of another report"),
        (Forgery(attached=((Kind.JPEG, DIRTY),)), "attachment-1.jpg must not leave: it holds more than what is seen"),
    ],
)
async def test_a_release_with_other_attachments_than_those_reviewed_does_not_leave(
    world: World, forged: Forgery, reason: str
) -> None:
    release = await world.ask_release(forged)

    with pytest.raises(RefusedError) as raised:
        await world.sign_release(release, "ben")

    assert any(reason in one for one in raised.value.refused.reasons)
    assert await world.packages() == 0


async def test_a_name_of_the_inside_in_a_letter_is_found(world: World) -> None:
    named = docx.write(docx.Document((docx.Paragraph((docx.Run("Ask Amina about it."),)),)))
    release = await world.ask_release(Forgery(attached=((Kind.DOCX, named),)))

    with pytest.raises(RefusedError) as raised:
        await world.sign_release(release, "ben")

    assert any("names the inside" in one for one in raised.value.refused.reasons)
