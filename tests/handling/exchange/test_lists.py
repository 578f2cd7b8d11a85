"""An agency asks for the list of all that it was sent: once at a time, by a button, and only where its agreement gives one."""

from handling.rules.clocks import in_words
from tests.handling.exchange.conftest import TODAY, Exchange
from tests.handling.exchange.test_notices import notify

_AGREE = """
    INSERT INTO unit.agreement (id, version, toml, sha256, agency, added_on, dissemination_list)
    VALUES ($1, $2, '', $3, $1, $4, $5)
"""
_SIGN = """
    INSERT INTO unit.agreement_signature (id, version, side, signature, digest, added_on)
    VALUES ($1, $2, $3, $4, sha256($4), $5)
"""
_NONE = "gives no list of all that it was sent"


async def agreed(
    exchange: Exchange, *, given: bool, version: int = 1, sides: tuple[str, ...] = ("unit", "agency")
) -> None:
    """A version of the agreement with customs, and whose signatures are kept beside it."""
    await exchange.db.execute(_AGREE, "customs", version, bytes(32), TODAY, given)
    for side in sides:
        await exchange.db.execute(_SIGN, "customs", version, side, side.encode(), TODAY)


async def test_an_agency_asks_with_a_button_once_until_the_list_is_there(exchange: Exchange) -> None:
    await agreed(exchange, given=True)
    dario = await exchange.sign_in("dario")

    await dario.open("/")
    page = await dario.submit("/list")
    await dario.open("/")

    assert f"Your agency asked for it on {in_words(TODAY)}" in page.text
    assert not [form for form in page.forms if form.action.endswith("/list")]
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.list_request WHERE agency = 'customs'") == 1


async def test_pressed_twice_on_an_old_page_it_is_one_request(exchange: Exchange) -> None:
    await agreed(exchange, given=True)
    dario = await exchange.sign_in("dario")
    old = await dario.open("/")

    await dario.submit("/list")
    dario.page = old
    await dario.submit("/list")

    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.list_request") == 1


async def test_an_agency_whose_agreement_gives_none_is_told_so_and_cannot_ask(exchange: Exchange) -> None:
    await agreed(exchange, given=True)
    dario = await exchange.sign_in("dario")
    await dario.open("/")
    await agreed(exchange, given=False, version=2)

    await dario.submit("/list", status=409)
    page = await dario.open("/")

    assert _NONE in page.text
    assert not [form for form in page.forms if form.action.endswith("/list")]
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.list_request") == 0


async def test_a_draft_that_one_side_signed_neither_gives_nor_takes_the_list(exchange: Exchange) -> None:
    dario = await exchange.sign_in("dario")
    await agreed(exchange, given=True, sides=("unit",))
    assert _NONE in (await dario.open("/")).text

    await agreed(exchange, given=True, version=2)
    await agreed(exchange, given=False, version=3, sides=("agency",))
    assert _NONE not in (await dario.open("/")).text


async def test_the_list_comes_as_a_notice_that_asks_for_no_answer_and_then_a_further_one_may_be_asked_for(
    exchange: Exchange,
) -> None:
    await agreed(exchange, given=True)
    dario = await exchange.sign_in("dario")
    await dario.open("/")
    await dario.submit("/list")
    notice = await notify(exchange)
    answers = "UPDATE exchange.list_request SET notice = $1, answered_on = $2"
    await exchange.guard.execute(answers, notice, TODAY)

    home = await dario.open("/")
    page = await dario.open(f"/notices/{notice}")

    assert f"it came on {in_words(TODAY)}" in home.text
    assert "This is the list of all that was released to your agency" in page.text
    assert "where it asks for consent" not in page.text
    await dario.open("/")
    assert "That stands until the list is here" in (await dario.submit("/list")).text


async def test_an_agency_sees_nothing_of_what_another_asked_for(exchange: Exchange) -> None:
    await agreed(exchange, given=True)
    dario, farid = await exchange.sign_in("dario"), await exchange.sign_in("farid")
    await dario.open("/")
    await dario.submit("/list")

    assert in_words(TODAY) not in (await farid.open("/")).text
