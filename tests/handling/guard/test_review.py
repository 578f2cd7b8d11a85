"""A review is signed by a second handler, over exactly what was shown, and reaches the desk in the same moment."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.statement import Statement
from handling.data import scheme, subjects
from handling.guard import reviews, service, views
from handling.guard.asked import FormatError
from handling.guard.keys import NotForYouError
from handling.guard.refusal import ChangedError, NotNowError, RefusedError
from handling.guard.service import today
from handling.guard.views import review_page
from handling.rules.release import Kind
from handling.rules.risk import Axis
from handling.store.keyring import Keyring
from tests.handling.guard.world import World


async def desk_intake(world: World) -> age.Identity:
    """The desk's intake identity, which the guard never holds."""
    sealed = await world.owner.fetchval("SELECT sealed FROM desk.account WHERE name = 'amina'")
    account = parse(age.open_passphrase(sealed, world.practice.cards["desk", "amina"].passphrase))
    member = age.Identity.parse(account["identity"])
    keyring = Keyring(world.settings.inside / "desk" / "keyring")
    vault = age.Identity.parse(age.open_(keyring.get("vault", "1"), [member]).decode())
    return age.Identity.parse(age.open_(keyring.get("intake", "1"), [vault]).decode())


async def test_a_signed_review_is_at_the_desk_with_a_statement_that_verifies(world: World) -> None:
    review = await world.ask_review()

    await world.sign_review(review)

    sealed = await world.owner.fetchval("SELECT sealed FROM desk.inbox WHERE kind = 'report'")
    content = parse(age.open_(sealed, [await desk_intake(world)]))
    ben = (await world.signing_key("ben")).public
    body = Statement.from_json(content["statement"]).verify("tipline/review/v1", [ben])
    assert body["urn"] == content["report"]["urn"] == f"urn:uuid:{review}"
    assert body["author"] == "amina"
    assert await world.state("review", review) == "signed"
    assert await world.signed_by(review) == ["ben"]


async def test_what_is_shown_is_the_exact_report(world: World) -> None:
    review = await world.ask_review()

    view = await reviews.open_(world.guard, review, world.hand("ben"), today())

    assert view.asked.report.sha256 == sha256(view.asked.report.data).hex()
    assert view.agencies == (("harbour-customs", "Harbour Customs Service"),)


@pytest.mark.parametrize(("name", "why"), [("amina", "prepared"), ("clara", "duty")])
async def test_the_author_and_people_who_are_no_handlers_do_not_review(world: World, name: str, why: str) -> None:
    review = await world.ask_review()

    with pytest.raises(NotNowError, match=why):
        await world.sign_review(review, name)

    assert await world.state("review", review) == "waiting"


async def test_a_review_swapped_after_it_was_shown_is_not_signed(world: World) -> None:
    shown = await world.ask_review()
    view = await reviews.open_(world.guard, shown, world.hand("ben"), today())
    other = await world.ask_review(
        edit=lambda it: it["report"].update(title="Another", urn=view.asked.report.urn), row=uuid4()
    )
    swap = "UPDATE guard.review SET sealed = (SELECT sealed FROM guard.review WHERE id = $2) WHERE id = $1"
    await world.owner.execute(swap, shown, other)

    with pytest.raises(ChangedError):
        await reviews.sign(world.guard, shown, world.hand("ben", view.asked.seen), today())

    assert await world.owner.fetchval("SELECT count(*) FROM desk.inbox") == 0
    assert await world.owner.fetchval("SELECT count(*) FROM guard.signature") == 0


def _author(it: dict[str, Any]) -> None:
    it["author"] = "ben"


def _better_grade(it: dict[str, Any]) -> None:
    it["facts"]["grades"][0]["source"] = "1"


def _wider_list(it: dict[str, Any]) -> None:
    it["agencies"] = ["harbour-customs", "river-parks"]


def _softer_handling(it: dict[str, Any]) -> None:
    it["report"] |= {"handling": "C", "action": "A1", "sanitisation": "S1"}


def _other_subjects(it: dict[str, Any]) -> None:
    it["facts"]["subjects"] = ["goods.timber"]


def _residue(it: dict[str, Any]) -> None:
    it["report"]["summary"] += " Call +254 722 123456."


async def test_residue_that_the_corridor_asked_nobody_about_stops_the_review(world: World) -> None:
    review = await world.ask_review(edit=_residue)

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(review)

    assert "nobody decided about: phone" in raised.value.refused.reasons[0]


ASSESSED = {axis.value: {"level": "low", "words": f"Little on {axis.value}."} for axis in Axis}


async def test_a_risk_that_the_facts_ask_for_and_nobody_assessed_stops_the_review(world: World) -> None:
    def doubtful(it: dict[str, Any]) -> None:
        it["facts"]["suspected_false"] = True

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(await world.ask_review(edit=doubtful))

    assert "risk of sharing was not assessed" in raised.value.refused.reasons[0]


@pytest.mark.parametrize(("fact", "risk"), [("assessed", None), ("not-needed", ASSESSED)])
async def test_facts_that_speak_of_another_assessment_than_is_there_stop_the_review(
    world: World, fact: str, risk: Any
) -> None:
    def other(it: dict[str, Any]) -> None:
        it["facts"]["risk"], it["risk"] = fact, risk

    with pytest.raises(RefusedError):
        await world.sign_review(await world.ask_review(edit=other))


async def test_an_assessment_is_read_and_signed_by_its_hash_and_its_words_go_no_further(world: World) -> None:
    def assessed(it: dict[str, Any]) -> None:
        it["facts"]["risk"], it["risk"] = "assessed", ASSESSED

    review = await world.ask_review(edit=assessed)
    shown = await reviews.open_(world.guard, review, world.hand("ben"), today())
    await world.sign_review(review)
    handed = await world.owner.fetchval("SELECT sealed FROM desk.inbox WHERE kind = 'report'")
    opened = age.open_(handed, [await desk_intake(world)]).decode()

    page = views.review_page(shown, scheme(), subjects(), None)
    assert [why for _, _, why in page.risk] == [f"Little on {axis.value}." for axis in Axis]
    assert sha256(canonical(ASSESSED)).hex() in opened
    assert "Little on" not in opened


async def test_residue_that_stays_with_a_reason_is_counted_in_what_is_signed(world: World) -> None:
    def kept(it: dict[str, Any]) -> None:
        _residue(it)
        it["kept"] = [{"class": "phone", "text": "+254 722 123456", "reason": "A public line."}]

    review = await world.ask_review(edit=kept)
    await world.sign_review(review)

    assert await world.state("review", review) == "signed"
    sealed = await world.owner.fetchval("SELECT count(*) FROM guard.signature WHERE subject = $1", review)
    assert sealed == 1


async def test_the_reviewer_reads_why_a_report_from_one_tip_may_leave(world: World) -> None:
    def used(it: dict[str, Any]) -> None:
        it["sum_of_knowledge"]["earlier"] = {"harbour-customs": 2}

    review = await world.ask_review(edit=used)

    view = await reviews.open_(world.guard, review, world.hand("ben"), today())
    page = review_page(view, scheme(), subjects(), None)

    assert page.earlier == (("Harbour Customs Service", 2),)
    assert page.why_together == "Several people know each part of it."


def _claimed(it: dict[str, Any], number: int = 1) -> None:
    it["claims"] = [{"item": number, "reason": "A court could be asked."}]


async def test_the_reviewer_reads_for_which_item_immunity_is_claimed_and_a_report_that_does_not_carry_it_stops(
    world: World,
) -> None:
    def carried(it: dict[str, Any]) -> None:
        _claimed(it)
        it["facts"]["immunity"] = True

    def elsewhere(it: dict[str, Any]) -> None:
        carried(it)
        _claimed(it, 3)

    page = review_page(
        await reviews.open_(world.guard, await world.ask_review(edit=carried), world.hand("ben"), today()),
        scheme(),
        subjects(),
        None,
    )
    assert page.claims == ((1, "A court could be asked."),)
    for edit in (_claimed, elsewhere):
        with pytest.raises(RefusedError):
            await world.sign_review(await world.ask_review(edit=edit))


@pytest.mark.parametrize("alike", [False, True])
async def test_reviewer_and_desk_hear_that_the_author_grades_both_axes_alike(world: World, *, alike: bool) -> None:
    review = await world.ask_review(edit=lambda it: it.update({"alike": True} if alike else {}))

    view = await reviews.open_(world.guard, review, world.hand("ben"), today())
    await world.sign_review(review)

    assert review_page(view, scheme(), subjects(), None).alike is alike
    assert ("alike" in view.asked.body(today())) is alike


@pytest.mark.parametrize("urns", [[], [f"urn:uuid:{UUID(int=1)}"]])
async def test_the_reviewer_is_shown_and_signs_what_it_is_a_new_version_of(world: World, urns: list[str]) -> None:
    review = await world.ask_review(edit=lambda it: it.update({"version_of": urns} if urns else {}))

    view = await reviews.open_(world.guard, review, world.hand("ben"), today())
    await world.sign_review(review)

    assert review_page(view, scheme(), subjects(), None).version_of == tuple(urns)
    assert view.asked.body(today()).get("version_of", []) == urns
    assert "version_of" not in view.asked.report.document


@pytest.mark.parametrize("urns", [[], "a", ["urn:uuid:1"], [f"urn:uuid:{UUID(int=1)}"] * 2])
async def test_a_report_that_names_what_it_is_a_version_of_in_another_way_is_not_reviewed(
    world: World, urns: object
) -> None:
    with pytest.raises(FormatError):
        await world.sign_review(await world.ask_review(edit=lambda it: it.update(version_of=urns)))


def _no_reason(it: dict[str, Any]) -> None:
    it["sum_of_knowledge"]["reason"] = ""


def _not_asked(it: dict[str, Any]) -> None:
    del it["sum_of_knowledge"]


@pytest.mark.parametrize("edit", [_no_reason, _not_asked, lambda it: it.update(alike=False)])
async def test_a_report_that_nobody_said_why_it_may_leave_is_not_reviewed(world: World, edit: Any) -> None:
    review = await world.ask_review(edit=edit)

    with pytest.raises(FormatError):
        await world.sign_review(review)

    assert await world.state("review", review) == "waiting"


@pytest.mark.parametrize("edit", [_author, _better_grade, _wider_list, _softer_handling, _other_subjects])
async def test_a_request_that_contradicts_itself_cannot_be_signed(world: World, edit: Any) -> None:
    review = await world.ask_review(edit=edit)

    with pytest.raises(RefusedError) as raised:
        await world.sign_review(review)

    assert raised.value.refused.reasons
    assert await world.state("review", review) == "waiting"


async def test_a_review_cannot_be_put_under_another_name_to_let_its_author_sign(world: World) -> None:
    """The corridor's process names clara as asking; amina, who wrote it, still cannot review it."""
    review = await world.ask_review(requested_by="clara")

    with pytest.raises((RefusedError, NotNowError)):
        await world.sign_review(review, "amina")

    assert await world.state("review", review) == "waiting"


async def test_what_is_not_sealed_to_a_signer_is_said_plainly(world: World) -> None:
    review = await world.ask_review()
    await world.owner.execute("UPDATE guard.review SET sealed = 'x' WHERE id = $1", review)

    with pytest.raises(NotForYouError):
        await world.sign_review(review)


async def test_a_refusal_says_why_to_the_corridor_alone(world: World) -> None:
    review = await world.ask_review()

    await service.refuse(world.guard, Kind.REVIEW, review, who="ben", reason="The quay gives it away.", today=today())

    row = await world.owner.fetchrow("SELECT state, reason, sealed FROM guard.review WHERE id = $1", review)
    assert (row["state"], row["sealed"]) == ("refused", b"")
    assert b"quay" not in row["reason"]
    assert await world.owner.fetchval("SELECT count(*) FROM desk.inbox") == 0
