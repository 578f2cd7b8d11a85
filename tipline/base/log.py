"""Logging to standard error: names of things and fixed texts. No address, no content, and no text of an exception."""

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any, TextIO

_SILENT = ("aiohttp", "asyncpg", "fido2", "gnupg")  # their messages carry addresses, data, ids or armoured text


class _Formatter(logging.Formatter):
    """Shows where an exception arose and its class; its text may quote what a person wrote."""

    def formatException(  # noqa: N802 - the name is the standard library's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        if ei[0] is None:
            return ""
        return f"{ei[0].__name__} at {_where(ei[2])}"


def setup(name: str) -> logging.Logger:
    """Send this process's log to standard error and return its logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(f"{name}: %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for other in _SILENT:
        silenced(other)
    logging.raiseExceptions = False
    warnings.showwarning = _warned
    sys.unraisablehook = lambda lost: _report(lost.exc_type, lost.exc_traceback)
    sys.excepthook = lambda kind, _error, trace: _report(kind, trace)
    threading.excepthook = lambda args: _report(args.exc_type, args.exc_traceback)
    return logging.getLogger(name)


def silenced(name: str) -> logging.Logger:
    """Return the named logger with everything it says thrown away."""
    logger = logging.getLogger(name)
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    logger.disabled = True
    return logger


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Let the event loop report lost exceptions by class only."""
    loop.set_exception_handler(_lost)


def _lost(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    kind = type(error).__name__ if error else "no exception"
    where = _where(error.__traceback__) if error else "the event loop"
    logging.getLogger("loop").error("%s was not handled, at %s", kind, where)


def _report(kind: type[BaseException], trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("process").critical("%s was not handled, at %s", kind.__name__, _where(trace))


def _warned(  # noqa: PLR0917 - the arguments are the standard library's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Name a warning's class and place: a library that warns of a bad header quotes it, with the file name in it."""
    del message, file, line
    logging.getLogger("process").warning("%s at %s:%s", category.__name__, filename.rpartition("/")[2], lineno)


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-4:]
    return ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames) or "an unknown place"
