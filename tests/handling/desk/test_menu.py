"""One menu leads from every page of the desk to the others."""

import re

from tests.handling.desk.conftest import DeskRoom

_PLACES = ["/", "/material", "/matrix", "/duties", "/sharing", "/what-if"]
_MENU = re.compile(r'<nav aria-label="Desk">(.*?)</nav>', re.DOTALL)
_HERE = re.compile(r'href="([^"]+)" aria-current="page"')


async def test_each_page_of_the_menu_has_it_and_stands_out_in_it(room: DeskRoom) -> None:
    browser = await room.sign_in()

    for place in _PLACES:
        [menu] = _MENU.findall((await browser.open(place)).body.decode())
        assert re.findall(r'href="([^"]+)"', menu) == _PLACES
        assert _HERE.findall(menu) == [place]


async def test_a_report_stands_under_reports(room: DeskRoom) -> None:
    await room.reviewed()
    browser = await room.sign_in()

    report = await browser.open((await browser.open("/")).link("/reports/"))
    share = await browser.open(report.link("/share"))

    assert share.link(report.path)
    for page in (report, share):
        assert _HERE.findall(page.body.decode()) == ["/"]
