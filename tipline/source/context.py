"""What the handlers of one worker share: the application's keys, the day's intake key, the clock. It decides nothing."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from crypto.codename import new_token
from tipline.base.blobstore import BlobStore
from tipline.base.web import ErrorPage, render
from tipline.envelope import IntakeKeyError
from tipline.parts import Address
from tipline.questionnaire.model import Questionnaire
from tipline.source.channel import Keep
from tipline.source.pages import About, ClosedPage
from tipline.source.ticket import Tickets
from tipline.text import Text
from tipline.units import Unit, Units

_TOO_LARGE: Final = Text("This is too large.")

KEEP = web.AppKey("keep", Keep)
BLOBS = web.AppKey("blobs", BlobStore)
UNITS = web.AppKey("units", Units)
ABOUT = web.AppKey("about", About)
QUESTIONNAIRE = web.AppKey("questionnaire", Questionnaire)
TICKETS = web.AppKey("tickets", Tickets)
FOLDER = web.AppKey("folder", Path)
"""The public zone's folder, where what is handed out to everybody lies."""


async def address(request: web.Request, unit: Unit | None, *, mailbox: bytes, urgent: bool, at: datetime) -> Address:
    """Choose the unit's intake key of the day; raises `IntakeKeyError` when none is valid or nobody is there."""
    if unit is None:
        raise IntakeKeyError
    statements = await request.app[KEEP].intake_statements(unit.id, at.date())
    return Address(intake=unit.intake_key(statements, at.date()), mailbox=mailbox, day=at.date(), urgent=urgent)


def closed(request: web.Request) -> web.Response:
    """Say that nothing can be taken now."""
    return render(request, ClosedPage(request.app[ABOUT]), HTTPStatus.SERVICE_UNAVAILABLE)


def too_large(request: web.Request) -> web.Response:
    """Say that what is about to be sent is too large."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return render(request, ErrorPage(_TOO_LARGE, _TOO_LARGE), status)


def new_form_token() -> str:
    """Return a token for a form's hidden field."""
    return urlsafe_b64encode(new_token()).decode().rstrip("=")


def clock() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
