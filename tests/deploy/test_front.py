"""Each circuit of Tor has its budget at HAProxy; nobody waits behind another's flood or file; nothing of it is kept."""

import asyncio
from pathlib import Path

import pytest

from tests.deploy.front import Answer, a_front, read
from tipline.base.languages import LANGUAGES

_FILE = bytes(100_000)


async def statuses(*asked: "asyncio.Future[Answer] | asyncio.Task[Answer]") -> list[int]:
    return sorted(answer.status for answer in await asyncio.gather(*asked))


async def test_a_circuit_that_asks_too_often_is_told_to_wait_and_another_is_not(tmp_path: Path) -> None:
    async with a_front(tmp_path, requests=5) as front:
        flood = [await front.ask(circuit=7) for _ in range(8)]
        other = await front.ask(circuit=8)

    assert [answer.status for answer in flood] == [200] * 5 + [429] * 3
    assert flood[-1].headers["retry-after"] == "60"
    assert "Too much came over your connection in a short time. This was not kept." in flood[-1].body
    assert other.status == 200
    assert len(front.source.arrived) == 6


async def test_who_was_told_to_wait_and_waits_is_let_in_again(tmp_path: Path) -> None:
    """The 20 seconds over which requests are counted are one here."""
    async with a_front(tmp_path, counted="1s", requests=2) as front:
        asked = [(await front.ask(circuit=7)).status for _ in range(3)]
        await asyncio.sleep(3)

        assert asked == [200, 200, 429]
        assert (await front.ask(circuit=7)).status == 200


async def test_a_circuit_sends_so_many_reports_and_may_still_answer_and_read(tmp_path: Path) -> None:
    async with a_front(tmp_path, reports=3) as front:
        reports = [(await front.ask(circuit=7, method="POST", body=b"junk")).status for _ in range(5)]
        answer = await front.ask("/answer", circuit=7, method="POST", body=b"words")
        read = await front.ask("/", circuit=7)
        another = await front.ask(circuit=8, method="POST", body=b"a report")

    assert reports == [200] * 3 + [429] * 2
    assert (answer.status, read.status, another.status) == (200, 200, 200)


async def test_reports_in_every_language_count_together(tmp_path: Path) -> None:
    roots = [language.root for language in LANGUAGES.values()]
    async with a_front(tmp_path, reports=len(roots) - 1) as front:
        told = [(await front.ask(root, circuit=7, method="POST", body=b"junk")).status for root in roots]

    assert told == [200] * (len(roots) - 1) + [429]


@pytest.mark.parametrize("path", ["/%66r/", "/f%72/", "/#x", "/?x", "http://a.onion", "http://a.onion/"])
async def test_no_other_spelling_of_a_report_page_passes_the_budget_of_reports(tmp_path: Path, path: str) -> None:
    async with a_front(tmp_path, reports=1) as front:
        told = [(await front.ask(path, circuit=7, method="POST", body=b"junk")).status for _ in range(3)]

    assert told in ([400] * 3, [200, 429, 429])
    assert len(front.source.arrived) == told.count(200)


async def test_a_path_with_other_letters_than_pages_have_is_told_in_words(tmp_path: Path) -> None:
    async with a_front(tmp_path) as front:
        answer = await front.ask("/%66r/", circuit=7)

    assert answer.status == 400
    assert answer.body.endswith("</html>\n")
    assert front.source.arrived == []


async def test_a_circuit_has_so_many_connections_at_once(tmp_path: Path) -> None:
    async with a_front(tmp_path, connections=3) as front:
        waiting = [asyncio.create_task(front.ask("/?hold", circuit=7)) for _ in range(3)]
        await front.source.holds(3)
        refused = await front.ask(circuit=7)
        other = await front.ask(circuit=8)
        front.source.go_on.set()

        assert (refused.status, other.status) == (429, 200)
        assert await statuses(*waiting) == [200, 200, 200]


async def test_after_so_many_bytes_no_further_file_is_taken_and_the_one_under_way_is(tmp_path: Path) -> None:
    async with a_front(tmp_path, megabytes=2) as front:
        first = await front.ask("/answer", circuit=7, method="POST", body=bytes(3_000_000))
        second = await front.ask("/answer", circuit=7, method="POST", body=_FILE)
        page = await front.ask("/thread", circuit=7)
        other = await front.ask("/answer", circuit=8, method="POST", body=_FILE)

    assert (first.status, second.status, page.status, other.status) == (200, 429, 200, 200)
    assert front.source.bodies == [3_000_000, 0, len(_FILE)]


async def test_in_a_queue_whoever_comes_back_goes_first_and_a_flood_last(tmp_path: Path) -> None:
    async with a_front(tmp_path, small_at_once=1) as front:
        for _ in range(10):
            await front.ask("/flood", circuit=7)
        for _ in range(14):
            await front.ask("/flood", circuit=9, more="Cookie: source=x\r\n")
        waiting = [asyncio.create_task(front.ask("/?hold", circuit=1))]
        await front.source.holds(1)
        front.source.arrived.clear()
        for path, circuit, cookie in (
            ("/flood", 7, ""),
            ("/says-it-comes-back", 9, "source=x"),
            ("/new", 2, ""),
            ("/open", 4, "source=a"),
            ("/sw/return", 3, ""),
        ):
            more = f"Cookie: {cookie}\r\n" if cookie else ""
            waiting.append(asyncio.create_task(front.ask(path, circuit=circuit, more=more)))
            await asyncio.sleep(0.2)
        front.source.go_on.set()

        assert await statuses(*waiting) == [200] * 6
    assert front.source.arrived == ["/open", "/sw/return", "/new", "/flood", "/says-it-comes-back"]


async def test_no_page_waits_behind_large_files(tmp_path: Path) -> None:
    async with a_front(tmp_path, large_at_once=1) as front:
        files = [
            asyncio.create_task(front.ask("/?hold", circuit=number, method="POST", body=_FILE)) for number in range(3)
        ]
        await front.source.holds(1)

        assert (await front.ask("/", circuit=9)).status == 200
        assert (await front.ask("/", circuit=9, method="POST", body=b"a short report")).status == 200
        front.source.go_on.set()
        assert await statuses(*files) == [200] * 3


async def test_the_source_process_is_told_neither_circuit_nor_address_whatever_a_visitor_says(tmp_path: Path) -> None:
    said = (
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n"
    )
    async with a_front(tmp_path) as front:
        assert (await front.ask(circuit=0xBEEF, more=said)).status == 200

    [headers] = front.source.headers
    assert set(headers) <= {"Host", "Content-Length", "Connection"}
    assert "192.0.2.1" not in str(headers)
    assert "fc00" not in str(headers)


async def test_whoever_names_no_circuit_is_not_let_in(tmp_path: Path) -> None:
    async with a_front(tmp_path) as front:
        assert (await front.ask(circuit=None)).status in {0, 400}

    assert front.source.arrived == []


async def test_nothing_of_a_visitor_is_written(tmp_path: Path) -> None:
    async with a_front(tmp_path, requests=2) as front:
        before = front.files()
        for _ in range(4):
            await front.ask("/canary-path", circuit=0xBEEF, more="Cookie: canary-cookie\r\n")
        assert front.wrote() == ""

        assert front.files() == before


async def test_two_visitors_never_share_a_connection_to_the_source_process(tmp_path: Path) -> None:
    async with a_front(tmp_path) as front:
        reader, writer = await front.connect(7)
        for _ in range(2):  # the visitor's own connection stays open
            writer.write(b"GET / HTTP/1.1\r\nHost: a.onion\r\n\r\n")
            assert await reader.readuntil(b"here")
        writer.close()

    assert [headers.get("Connection") for headers in front.source.headers] == ["close", "close"]


async def test_a_slow_line_is_not_cut_and_a_silent_one_is_told(tmp_path: Path) -> None:
    """Silences of 60 and 90 s are shortened to 3 s here; the source sends 20 kB/s, a second between its pieces."""
    async with a_front(tmp_path, seconds="3s") as front:
        reader, writer = await front.connect(7)
        writer.write(b"POST /answer HTTP/1.1\r\nHost: a.onion\r\nConnection: close\r\nContent-Length: 160000\r\n\r\n")
        for _ in range(8):
            writer.write(bytes(20_000))
            await asyncio.sleep(1)
        whole = await read(reader)
        writer.close()
        reader, writer = await front.connect(8)
        writer.write(
            b"POST /answer HTTP/1.1\r\nHost: a.onion\r\nConnection: close\r\nContent-Length: 10000\r\n\r\nbegun"
        )
        silent = await read(reader)
        writer.close()

    assert whole.status == 200
    assert silent.status == 408
    assert "What your browser sent did not arrive whole. This was not kept." in silent.body
    assert front.source.bodies == [160_000]


@pytest.mark.parametrize("size", [0, 100_000])
async def test_a_refusal_is_read_whole_by_whoever_is_still_sending(tmp_path: Path, size: int) -> None:
    async with a_front(tmp_path, requests=1) as front:
        await front.ask(circuit=7)
        refused = await front.ask("/answer", circuit=7, method="POST", body=bytes(size))

    assert refused.status == 429
    assert refused.body.endswith("</html>\n")


async def test_while_the_source_process_is_away_a_page_says_so(tmp_path: Path) -> None:
    async with a_front(tmp_path) as front:
        await front.leave()
        away = await front.ask(circuit=7)

    assert away.status == 503
    assert "Too many people are here just now, or this place is starting again." in away.body
