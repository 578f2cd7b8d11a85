"""The corridor's application: its routes in one table, closed to everybody who has not signed in."""

import asyncio
from datetime import UTC, datetime

from aiohttp import web

from handling.corridor.pages import (
    attachments,
    grading,
    interests,
    items,
    live,
    material,
    outcomes,
    reading,
    reports,
    tips,
)
from handling.corridor.pages.common import CORRIDOR, Corridor, errors, handler, listed_today, looked, no_list
from handling.corridor.session import Handler, NoCorridorError, VaultNotYetError, open_corridor
from handling.corridor.upkeep import UPKEEP, CorridorUpkeep
from handling.leavers import leavers
from handling.store import members
from handling.store.members import MemberListError
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.staff import Opened, SignInError
from tipline.base.web import NOTICES, FormError, Site, make_app

NOT_YET = "Your keys are on the list; somebody else of the corridor has to sign in once more before yours open."

ROUTES = (
    web.get("/", tips.home),
    web.get("/tips/{id}", tips.tip),
    web.post("/tips/{id}/reply", tips.reply),
    web.post("/tips/{id}/status", tips.status),
    web.post("/tips/{id}/move", tips.move),
    web.get("/first-reading", reading.listing),
    web.get("/tips/{id}/readers", reading.show),
    web.post("/tips/{id}/readers", reading.decide),
    web.post("/tips/{id}/recuse", reading.recuse),
    web.post("/tips/{id}/pgp", tips.open_pgp),
    web.get("/files/{id}", tips.file),
    web.get("/not-opened", tips.not_opened),
    web.post("/not-opened/{id}/again", tips.try_again),
    web.get("/tips/{id}/items", items.show),
    web.post("/tips/{id}/items", items.add),
    web.post("/tips/{id}/items/from-answer", items.from_answer),
    web.post("/tips/{id}/report", items.report),
    web.post("/items/{id}/remove", items.remove),
    web.get("/items/{id}/grade", items.grade_form),
    web.post("/items/{id}/grade", items.grade),
    web.post("/items/{id}/immunity", items.claim),
    web.get("/reports", reports.listing),
    web.get("/reports/{id}", reports.show),
    web.post("/reports/{id}", reports.write),
    web.post("/reports/{id}/look", reports.look),
    web.post("/reports/{id}/again", reports.again),
    web.get("/reports/{id}/attachments/{attachment}", attachments.show),
    web.get("/reports/{id}/attachments/{attachment}/copy", attachments.save),
    web.get(live.SCRIPT, live.script),
    web.get("/grading", grading.show),
    web.get("/conflicts", interests.conflicts),
    web.post("/conflicts", interests.declare),
    web.post("/conflicts/end", interests.end_conflict),
    web.get("/agencies", interests.people),
    web.post("/agencies", interests.add),
    web.post("/agencies/end", interests.end_person),
    web.get("/material", material.listing),
    web.get("/material/{id}", material.show),
    web.get("/outcomes", outcomes.listing),
    web.get("/outcomes/{id}", outcomes.show),
    web.post("/outcomes/{id}/propose", outcomes.propose),
    web.post("/outcomes/{id}/keep", outcomes.keep),
)


def application(shared: Corridor, *, practice: bool, unit: str) -> web.Application:
    """Return the application over values that are open already."""
    app = make_app(
        Site(name="corridor", title=f"{unit}: corridor", practice=practice, style="inside"),
        ROUTES,
    )
    app[CORRIDOR] = shared
    app[UPKEEP] = CorridorUpkeep(shared.pool, shared.keyring, lambda: datetime.now(UTC).date())
    app[NOTICES] = app[UPKEEP].notices
    app.on_cleanup.append(_stop)

    async def open_session(db: Db, opened: Opened) -> Handler:
        try:
            listed = await members.load(db, shared.trust, datetime.now(UTC).date())
            person = await asyncio.to_thread(open_corridor, opened.name, opened.content, listed, shared.keyring)
        except VaultNotYetError:
            raise FormError(NOT_YET) from None
        except NoCorridorError:
            raise SignInError from None
        except MemberListError:
            raise FormError(
                "The signed member list is missing or has expired. Nobody is let in until it is renewed."
            ) from None
        app[UPKEEP].begin(person)
        return person

    staff.install(app, staff.Staff(shared.pool, "corridor", open_session))
    app.middlewares.append(errors)
    app.middlewares.append(leavers(listed_today, lambda request: handler(request).member, no_list))
    app.middlewares.append(looked)
    return app


async def _stop(app: web.Application) -> None:
    await app[UPKEEP].vault.stop()
