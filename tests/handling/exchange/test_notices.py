"""A notice waits at the portal for one agency: it sees that and by when, fetches it, and nobody else learns of it."""

from datetime import timedelta
from uuid import UUID, uuid4

from crypto import age, sshsig
from handling.notices import NAMESPACE
from handling.rules.clocks import in_words
from tests.handling.exchange.conftest import TODAY, Exchange

_INSERT = """
    INSERT INTO exchange.notice (id, agency, channel, sealed, signature, subject, sent_on, answer_by)
    VALUES ($1, $2, 'age', $3, $4, $5, $6, $7)
"""


async def notify(
    exchange: Exchange, agency: str = "customs", text: bytes = b"May we share it?", subject: bytes = b"s" * 32
) -> UUID:
    """Seal, sign and insert a notice under the guard's role."""
    notice = uuid4()
    key = exchange.unit.customs if agency == "customs" else exchange.unit.coast
    sealed = age.seal(text, [key.recipient])
    signature = sshsig.sign(exchange.unit.signer, sealed, namespace=NAMESPACE)
    by = exchange.clock.day + timedelta(days=10)
    await exchange.guard.execute(_INSERT, notice, agency, sealed, signature, subject, exchange.clock.day, by)
    return notice


async def test_a_notice_is_listed_with_its_day_and_its_files_open_and_verify(exchange: Exchange) -> None:
    notice = await notify(exchange)
    dario = await exchange.sign_in("dario")

    listed = await dario.open("/")
    page = await dario.open(f"/notices/{notice}")
    sealed = (await dario.open(f"/notices/{notice}/notice.age")).body
    signature = (await dario.open(f"/notices/{notice}/notice.age.sig")).body.decode()

    assert f"answer by {in_words(TODAY + timedelta(days=10))}" in listed.text
    assert (
        "ssh-keygen -Y verify -f allowed_signers -I tipline -n tipline-notice -s notice.age.sig < notice.age"
        in page.text
    )
    assert age.open_(sealed, [exchange.unit.customs]) == b"May we share it?"
    assert sshsig.verify(signature, sealed, namespace=NAMESPACE) == exchange.unit.signer.public
    assert f"First downloaded on {in_words(TODAY)}" in (await dario.open("/")).text


async def test_a_late_one_says_so_and_where_none_is_nothing_is_said(exchange: Exchange) -> None:
    dario = await exchange.sign_in("dario")
    assert "Notice" not in (await dario.open("/")).text

    await notify(exchange)
    exchange.clock.day = TODAY + timedelta(days=11)

    assert "An answer was wanted by" in (await dario.open("/")).text


async def test_another_agency_sees_nothing_of_it(exchange: Exchange) -> None:
    notice = await notify(exchange)
    farid = await exchange.sign_in("farid")

    assert "Notice" not in (await farid.open("/")).text
    for path in ("", "/notice.age", "/notice.age.sig"):
        await farid.open(f"/notices/{notice}{path}", status=404)
    assert await exchange.db.fetchval("SELECT downloaded_on FROM exchange.notice") is None
