"""A member's own authenticators as a page, and the script by which pages ask them. Parses, calls one thing, renders."""

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web

from handling.guard import equipping, models, words
from handling.guard.common import GUARD, Respond, hand_of, shown, who_asks
from handling.guard.counts import Question
from handling.guard.refusal import RefusedError
from handling.guard.service import today
from handling.rules import member_words
from handling.rules.member_words import groups
from handling.store.proposals import Proposal
from tipline.base import built
from tipline.base.staff import signed_in
from tipline.base.web import CSRF, SCRIPTED, Handler, read_form, render, see_other

_ALL: Final = "/authenticators"
_SCRIPT: Final = "authenticator"


def routes() -> list[web.RouteDef]:
    """The page, its two acts, and the script."""
    return [
        web.get(_ALL, _shown(look)),
        web.post(_ALL, _shown(register)),
        web.post(_ALL + "/give-up", _shown(give_up)),
        web.get(f"/{_SCRIPT}.js", script),
    ]


def _shown(handler: Respond) -> Handler:
    return shown(handler, _again)


async def ask(request: web.Request, question: Question | None) -> models.Ask | None:
    """Let the page of this answer run the script that asks the signer's authenticators, and say what it asks."""
    if question is None:
        return None
    known = " ".join(f"{credential}@{origin}" for credential, origin in question.authenticators)
    return models.Ask(question.challenge, known, await _integrity(request))


async def look(request: web.Request) -> web.Response:
    """Show somebody their authenticators."""
    return await _again(request)


async def register(request: web.Request) -> web.Response:
    """Propose a new one."""
    form, hand = await read_form(request), await hand_of(request)
    label, made = form.get("label", "").strip(), form.get("registration", "")
    guard, session = request.app[GUARD], request[CSRF]
    fingerprint = await equipping.register(guard, hand, label=label, made=made, session=session, today=today())
    return await _again(request, fingerprint=groups(fingerprint))


async def give_up(request: web.Request) -> web.Response:
    """Propose that one is taken away."""
    credential, hand = (await read_form(request)).get("credential", ""), await hand_of(request)
    await equipping.give_up(request.app[GUARD], hand, credential=credential, today=today())
    return see_other(_ALL)


@signed_in
async def script(request: web.Request) -> web.Response:  # noqa: ARG001 - every handler's signature
    """Give out the script."""
    return await built.response(_SCRIPT)


async def _integrity(request: web.Request) -> str:
    """Return what the page names its script by, and allow it; empty where it was not built. The page then says so."""
    named = await asyncio.to_thread(built.integrity, _SCRIPT)
    request[SCRIPTED] = named is not None
    return named or ""


async def _again(
    request: web.Request,
    error: Exception | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    fingerprint: str = "",
) -> web.Response:
    who = who_asks(request)
    own = await equipping.own(request.app[GUARD], who, today())
    label = "" if error is None else (await read_form(request)).get("label", "")
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    page = models.AuthenticatorsPage(
        own=tuple(
            models.ShownAuthenticator(one.label, one.credential, one.origin, groups(member_words.authenticator(one)))
            for one in own.entry.authenticators
        ),
        fingerprint=fingerprint,
        waiting=tuple(_waiting(own, one) for one in own.waiting),
        origin=own.origin or "",
        challenge=equipping.challenge(own.listed, who, request[CSRF]).hex(),
        user=who,
        display=own.entry.display,
        known=" ".join(one.credential for one in own.entry.authenticators),
        label=label,
        integrity=await _integrity(request) if own.origin else "",
        trouble=models.Trouble(words.stopped(error), reasons),
    )
    return render(request, page, status)


def _waiting(own: equipping.Own, one: Proposal) -> tuple[str, str]:
    """One proposal: its path, and what it is."""
    title = member_words.brief(one.change) + "." if one.change else ""
    late = "" if one.version == own.listed.version + 1 else " Another version was accepted first: propose it afresh."
    return f"/members/{one.id}", title + late
