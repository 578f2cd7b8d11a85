"""Pages of the desk in a real browser, with a report in Arabic: three widths, both schemes, axe."""

import base64

from handling.rules import attachments
from handling.rules.attachments import Kind
from tests.handling.desk.conftest import DeskRoom, a_document, deconflict
from tests.handling.rules.samples import TOML
from tests.handling.rules.test_attachments import JPEG
from tests.handling.rules.test_mp4 import MP4
from tests.journeys.looking import ARABIC, Looking

COPIES = ((Kind.JPEG, JPEG), (Kind.MP4, MP4))


async def test_pages_of_the_desk_are_fit_for_every_width_and_for_a_report_that_is_written_from_the_right(
    room: DeskRoom,
) -> None:
    listed = attachments.listed(COPIES)
    document = a_document(title=ARABIC, summary=f"{ARABIC}\n{ARABIC}", attachments=[one.to_body() for one, _ in listed])
    document["items"][0]["text"] = ARABIC
    both = ("harbour-customs", "river-parks")
    content = {"report": document, "statement": room.a_review(document, agencies=both)}
    await room.put("report", content | {"attachments": {o.name: base64.b64encode(c).decode() for o, c in listed}})
    browser, report = await room.sign_in(), f"/reports/{str(document['urn']).removeprefix('urn:uuid:')}"
    looking, pages = Looking("the desk"), {}

    async def keep(name: str, path: str) -> None:
        pages[name] = (await browser.open(path)).body

    await keep("home", "/")
    await keep("deconfliction", f"{report}/share")
    pages["deconfliction, nobody named"] = (
        await browser.submit("/deconfliction", status=400, asked=" ", answer="clear")
    ).body
    await deconflict(browser, report)
    await browser.open(f"{report}/share")
    pages["share, no reason"] = (await browser.submit("/share", status=400, **{"share-river-parks": []})).body
    for name in ("share", "match?purpose=seizure", "decision?agency=river-parks&purpose=seizure", "attachments"):
        await keep(name.partition("?")[0], f"{report}/{name}")
    await browser.open(f"{report}/share")
    await browser.submit("/share", **{"share-river-parks": [], "reason-river-parks": "operation"})
    await keep("report", report)
    await keep("release", (await browser.open(report)).link("/releases/"))
    await keep("outcome", f"{report}/outcome")
    await keep("matrix", "/matrix")
    await keep("sharing", "/sharing")
    asked = "INSERT INTO exchange.list_request (id, agency, asked_on) VALUES (gen_random_uuid(), 'harbour-customs', '2026-01-02')"
    await room.db.execute(asked)
    await keep("duties", "/duties")
    await keep("agency", "/agencies/harbour-customs")
    await keep("what-if", "/what-if")
    pages["what-if, a draft"] = (
        await browser.submit("/what-if", draft=TOML.replace("version = 1", "version = 2"))
    ).body
    await browser.open("/what-if")
    pages["what-if, no agreement"] = (await browser.submit("/what-if", status=400, draft=ARABIC)).body

    await looking.at(pages)

    assert looking.wrong == {}
    assert len(looking.seen) == len(pages)
