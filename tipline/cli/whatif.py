"""`tipline agreement what-if`: a year of reports held against a draft. An analyst signs in for it: reports open with no other key."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from handling.desk import whatif
from handling.desk.session import Desk, NoDeskError, open_desk
from handling.desk.whatif import Replay, in_words
from handling.desk.whatif_page import summary
from handling.rules.agreements import Agreement
from handling.rules.whatif import EFFECT_LABELS, Effect
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.members import MemberListError
from tipline.base import accounts
from tipline.base.accounts import BusyError, SignInError
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli import inside
from tipline.cli.account import ask

REFUSED = 1


def run(args: argparse.Namespace, settings: Settings, draft: Agreement) -> int:
    """Print what the draft would have changed; 0 whatever it is, 1 when the desk does not open."""
    try:
        found = asyncio.run(_replay(args.name, settings, draft))
    except (SignInError, BusyError, NoDeskError, MemberListError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return REFUSED
    if args.json:
        print(json.dumps(whatif.to_body(found), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))
    return 0


async def _replay(name: str, settings: Settings, draft: Agreement) -> Replay:
    now = datetime.now(UTC)
    async with inside.owner(settings) as db:
        desk = await _enter(db, name, settings, now)
        return await whatif.replay(db, desk, draft, now.date())


async def _enter(db: Db, name: str, settings: Settings, now: datetime) -> Desk:
    """Open the desk as its sign-in page does: passphrase and code, under today's verified member list."""
    typed = [await asyncio.to_thread(ask, prompt) for prompt in ("Passphrase: ", "One-time code: ")]
    opened = await accounts.sign_in(db, "desk", name, *typed, now=now)
    known = await members.load(db, members.trust(settings.inside, "desk"), now.date())
    keyring = Keyring(settings.inside / "desk" / "keyring")
    return await asyncio.to_thread(open_desk, opened.name, opened.content, known, keyring)


def _lines(found: Replay) -> Iterator[str]:
    yield from summary(found)
    for effect in Effect:
        yield f"{EFFECT_LABELS[effect]}: {found.count(effect):,}"
    for report, changes in found.changed:
        yield f"\n{report.urn}"
        for change in changes:
            before, after = change.before.outcome.code, change.after.outcome.code
            yield f"  {change.purpose.value}: {EFFECT_LABELS[change.effect]} ({before} → {after})"
            yield from (f"    - {one.rule}  {one.text}" for one in change.lifted)
            yield from (f"    + {one.rule}  {one.text}" for one in change.raised)
            yield from (f"    {in_words(duty)}" for duty in change.duties)
