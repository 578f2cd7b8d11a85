"""A few questions that help, after a report: one small page at a time, and the answers sealed as a further message.

Nothing is kept between two pages but what the browser sends along. No database, nothing clear on disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final

from aiohttp import web

from crypto import canonical
from crypto.codename import submission_mac
from crypto.errors import OpenError
from tipline.base.addresses import language_of
from tipline.base.database import StoreError
from tipline.base.web import read_form_lists, render, see_other
from tipline.envelope import Filled, IntakeKeyError
from tipline.questionnaire import wording
from tipline.questionnaire.answers import Fields, Read, names, read
from tipline.questionnaire.model import ENGLISH, Question, Questionnaire, Section, say
from tipline.source import form, steps, visit
from tipline.source.context import ABOUT, QUESTIONNAIRE, new_form_token
from tipline.source.pages import About, AgainPage, ReturnPage
from tipline.source.submit import FullError, GoneError, OtherUnitError
from tipline.source.visit import Visit

_FORM: Final = 1 << 19  # bytes: all answers that can be sealed, each written as three, and room for too much


@dataclass(frozen=True, slots=True)
class QuestionsPage:
    """One step.

    Attributes:
        section: its key; *number* of *parts*, as far as the answers tell how many there will be.
        hidden: what was typed on other steps.
        reported: the visit began with a report, so that its codename can be shown again.
        problem: why nothing was sent: "old-page", "no-key", "full", "lost" or "other-unit".
    """

    template: ClassVar[str] = "source/questions.html"
    about: About
    token: str
    section: str
    title: str
    number: int
    parts: int
    asked: tuple[steps.Asked, ...]
    hidden: tuple[tuple[str, str], ...]
    reported: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Filling:
    """A form on its way: what was typed until now, and what of it can stand."""

    questionnaire: Questionnaire
    fields: Fields
    read: Read
    token: str
    language: str

    @classmethod
    def of(cls, questionnaire: Questionnaire, fields: Fields, token: str, language: str) -> "_Filling":
        return cls(questionnaire, fields, read(questionnaire, fields), token, language)

    @property
    def sections(self) -> tuple[Section, ...]:
        return steps.sections(self.questionnaire, self.read.values)

    def wrong_in(self, section: Section) -> bool:
        return any(question.key in self.read.problems for question in section.questions)

    def typed(self, question: Question) -> str:
        """Return what stands in a question's fields, checked or not, with the names of codes."""
        shown = {choice.code: choice.shown(self.language) for choice in question.choices}
        texts = (text for name in names(question) for text in self.fields.get(name, ()))
        return "; ".join(shown.get(text, text) for text in texts if text)

    def filled(self) -> Filled:
        return Filled(self.questionnaire.sha256, self.language, self.read.values)


async def show(request: web.Request) -> web.Response:
    """The first step, empty."""
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    filling = _filling(request, {})
    return _step(request, opened, filling, filling.sections[0], told=False)


async def step(request: web.Request) -> web.Response:
    """Take one step: on, back, or sealed and sent; give it back, to be sent again, when the store does not answer."""
    lists = await read_form_lists(request, limit=_FORM)
    filling = _filling(request, lists)
    try:
        return await _take(request, lists, filling)
    except StoreError:
        fields = tuple((name, text) for name, texts in lists.items() for text in texts)
        page = AgainPage("questions", fields, _in_words(filling))
        return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)


async def _take(request: web.Request, lists: Mapping[str, Sequence[str]], filling: _Filling) -> web.Response:
    opened = await visit.of(request)
    if opened is None:
        return _given_back(request, filling)
    here = next((one for one in filling.sections if [one.key] == lists.get("step")), filling.sections[0])
    if not opened.wrote(_only(lists, "csrf")):
        return _step(request, opened, filling, here, problem="old-page")
    go = _only(lists, "go")
    if go == "back":
        return _step(request, opened, filling, _beside(filling, here, -1), told=False)
    asked = steps.asked_in(here, filling.read.values)
    fields, offer = steps.matched(asked, filling.fields)
    filling = _filling(request, fields, filling.token)
    if filling.wrong_in(here) or (offer and go != "send"):
        return _step(request, opened, filling, here, offer=offer)
    if go != "send" and here is not filling.sections[-1]:
        return _step(request, opened, filling, _beside(filling, here, +1), told=False)
    wrong = next((one for one in filling.sections if filling.wrong_in(one)), None)
    return await _finish(request, opened, filling, here) if wrong is None else _step(request, opened, filling, wrong)


async def _finish(request: web.Request, opened: Visit, filling: _Filling, here: Section) -> web.Response:
    """Seal and send what was answered; give everything back where that cannot be."""
    if not filling.read.values:
        return see_other("thread")
    filled = filling.filled()
    mac = submission_mac(form.parse_token(filling.token))
    mac.field("questionnaire", canonical.canonical(filled.body()))
    try:
        await visit.send(request, opened, mac, filled)
    except OpenError:  # exchanged: no answer could follow
        return _step(request, opened, filling, here, problem="lost")
    except OtherUnitError:
        return _step(request, opened, filling, here, problem="other-unit")
    except (IntakeKeyError, FullError) as error:
        why = "full" if isinstance(error, FullError) else "no-key"
        response = _step(request, opened, filling, here, problem=why)
        response.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        return response
    except GoneError:
        return _given_back(request, filling)
    return see_other("thread?sent")


def _filling(request: web.Request, lists: Mapping[str, Sequence[str]], token: str = "") -> _Filling:
    questionnaire = request.app[QUESTIONNAIRE]
    token = token or _only(lists, "token") or new_form_token()
    spoken = language_of(request).code
    language = spoken if spoken in questionnaire.languages else ENGLISH
    return _Filling.of(questionnaire, steps.typed(questionnaire, lists), token, language)


def _only(lists: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the value of a field that has one."""
    values = lists.get(name, ())
    return values[0] if len(values) == 1 else ""


def _beside(filling: _Filling, here: Section, by: int) -> Section:
    sections = filling.sections
    return sections[min(max(sections.index(here) + by, 0), len(sections) - 1)]


def _step(
    request: web.Request,
    opened: Visit,
    filling: _Filling,
    section: Section,
    *,
    offer: frozenset[str] = frozenset(),
    problem: str = "",
    told: bool = True,
) -> web.Response:
    """Show a step; its problems are *told* only where it was just sent."""
    wrong = filling.read.problems if told else {}
    page = QuestionsPage(
        about=request.app[ABOUT],
        token=filling.token,
        section=section.key,
        title=say(section.title, filling.language),
        number=filling.sections.index(section) + 1,
        parts=len(filling.sections),
        asked=tuple(
            steps.view(one, filling.fields, filling.language, wrong=wrong.get(one.key), offer=one.key in offer)
            for one in steps.asked_in(section, filling.read.values)
        ),
        hidden=steps.hidden(section, filling.fields),
        reported=opened.session.reported,
        problem=problem,
    )
    bad = problem or any(one.wrong is not None for one in page.asked)
    return render(request, page, HTTPStatus.BAD_REQUEST if bad else HTTPStatus.OK)


def _given_back(request: web.Request, filling: _Filling) -> web.Response:
    """Say that nobody is signed in, and give the answers back in words."""
    page = ReturnPage(request.app[ABOUT], ended=True, kept=_in_words(filling))
    return render(request, page, HTTPStatus.FORBIDDEN)


def _in_words(filling: _Filling) -> str:
    """Return the questions and answers in words; an answer that could not stand, as it was typed."""
    good = {line.key: line.text for line in wording.lines(filling.filled(), filling.questionnaire, filling.language)}
    said = [(one, good.get(one.key) or filling.typed(one)) for one in filling.questionnaire.questions]
    return "\n\n".join(f"{say(one.ask, filling.language)}\n{text}" for one, text in said if text)


ROUTES: Final = (web.get("/questions", show), web.post("/questions", step))
