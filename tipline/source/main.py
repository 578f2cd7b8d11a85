"""Starts the source: `keep` first, then the fork server over one listening socket. Blocking; it has no event loop."""

import gc
import logging
import socket
from datetime import UTC, datetime
from functools import partial

from crypto.codename import Codename, keys, new_token
from tipline.base import languages, templates
from tipline.base.process import harden
from tipline.base.settings import Settings
from tipline.base.web import Site, render_text
from tipline.questionnaire import current
from tipline.source import arrive, forkserver, keep, ticket, worker
from tipline.source.forkserver import ForkServer, KeepEndedError
from tipline.source.pages import About, ReportPage
from tipline.units import Units, UnitsError

_LOG = logging.getLogger("source")


def main(settings: Settings) -> None:
    """Serve sources until SIGTERM or SIGINT; ends with 1 when `keep` ends or the units are not pinned."""
    harden()
    try:
        units = Units.load(settings.public)
    except UnitsError as error:
        _LOG.error("%s", error)
        raise SystemExit(1) from None
    child = _prepare(settings, units)
    control, keeps_end = socket.socketpair()
    gc.collect()
    gc.freeze()  # what is loaded now stays shared: no collection of `keep` or a worker writes to it
    keep_pid = forkserver.fork_child(lambda: _keep(settings, control, keeps_end))
    keeps_end.close()
    if control.recv(1) != keep.READY:
        _LOG.error("keep does not start: is the database there?")
        raise SystemExit(1)
    address = (settings.host, settings.ports["source"])
    try:
        ForkServer(address, control, keep_pid, child).serve()
    except KeepEndedError as error:
        _LOG.error("%s", error)
        raise SystemExit(1) from None


def _keep(settings: Settings, control: socket.socket, keeps_end: socket.socket) -> None:
    control.close()
    keep.run(settings, keeps_end)


def _prepare(settings: Settings, units: Units) -> forkserver.Child:
    """Load all that a worker needs, so that forking one costs next to nothing, and return what a worker does.

    This comes before `keep` is forked: what this process writes to its memory later is no longer shared.
    """
    site = Site(name="source", title=settings.name, practice=settings.practice, style="source", translated=True)
    oversight = units.oversight
    about = About(
        unit=units.unit.name,
        oversight=None if oversight is None else oversight.name,
        emergency=settings.emergency,
        reading_hours=settings.reading_hours,
        reads=", ".join(settings.reads),
        file_max=settings.file_megabytes * 1_000_000,
        form_seconds=settings.form_seconds,
    )
    languages.load()
    templates.load("source")
    render_text(site, ReportPage(about, "", ""))
    keys(Codename.parse(" ".join(Codename.from_token(new_token()).words())))

    ticket.turn_keys(settings.public, datetime.now(UTC).date())
    questionnaire = current.load(settings.data)
    return partial(worker.run, arrive.make(site, about, units, settings.public, questionnaire=questionnaire))
