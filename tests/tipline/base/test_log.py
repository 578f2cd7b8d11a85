"""The log says where and what kind; never the text of an exception."""

import subprocess
import sys

_PROGRAM = """
import asyncio, logging, sys, threading, warnings
from tipline.base import log
logger = log.setup("desk")
logger.info("started")
try:
    raise ValueError("canary in text")
except ValueError:
    logger.exception("a fixed text")
logging.getLogger("aiohttp.server").error("canary from %s", "1.2.3.4")
logging.getLogger("asyncpg").error("canary")
warnings.warn("canary in a warning")
class Left:
    def __del__(self): raise ValueError("canary in a finaliser")
Left()
from aiohttp.multipart import parse_content_disposition
parse_content_disposition('form-data; name="files"; filename="canary.jpg"; filename="canary.jpg"')
thread = threading.Thread(target=lambda: int("canary in thread"))
thread.start(); thread.join()
async def main():
    log.quiet_loop(asyncio.get_running_loop())
    async def fails(): raise KeyError("canary in task")
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
asyncio.run(main())
raise RuntimeError("canary at the end")
"""


def test_no_text_of_an_exception_and_no_address_is_logged() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "canary" not in done.stderr
    assert "1.2.3.4" not in done.stderr
    for line in (
        "desk: INFO started",
        "desk: ERROR a fixed text",
        "ValueError at <string>:7",
        "ValueError was not handled",
        "UserWarning at <string>:12",
        "BadContentDispositionHeader at",
        "ValueError was not handled, at <string>:14",
        "KeyError was not handled",
        "RuntimeError was not handled",
    ):
        assert line in done.stderr


def test_a_child_without_its_parent_ends() -> None:
    program = (
        "import signal; from tipline.base.process import die_with_parent; die_with_parent(signal.SIGTERM, 1 << 22)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 1


def test_a_hardened_process_can_be_neither_dumped_nor_read() -> None:
    program = (
        "import ctypes, resource; from tipline.base.process import harden; harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "(0, 0) 0\n"
