"""A worker takes every connection that reaches it."""

import asyncio
import socket
import time

from tipline.source.worker import _TICK_SECONDS, Life, next_connection


async def test_a_connection_that_comes_as_the_wait_ends_is_not_thrown_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        taking = asyncio.create_task(next_connection(listening, Life()))
        await asyncio.sleep(0)
        with socket.create_connection(listening.getsockname()) as source:
            time.sleep(_TICK_SECONDS + 0.1)  # noqa: ASYNC251 - the loop is held up until both have happened

            connection = await taking or await next_connection(listening, Life())

            assert connection is not None
            with connection:
                source.sendall(b"tip")
                assert await asyncio.get_running_loop().sock_recv(connection, 3) == b"tip"


async def test_without_a_connection_the_wait_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)

        assert await next_connection(listening, Life()) is None


async def test_a_worker_that_is_told_to_stop_looks_up_at_once_and_takes_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        life = Life()
        with socket.create_connection(listening.getsockname()):
            life.stop()

            assert await next_connection(listening, life) is None
            listening.accept()[0].close()  # it still waits, for another worker
