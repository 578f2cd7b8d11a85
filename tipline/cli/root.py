"""`tipline root`: what only the root key signs: member list, pins, agreements. The key is joined for one command and never written."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import data, pinning, undersigned
from handling.enrol import LIST_VALID_DAYS
from handling.rules import member_words, membership
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import Agreement, Side
from handling.rules.membership import Change, MembershipError, Renew
from handling.store import agencies, agreements, members, proposals
from handling.store.agreements import DamagedAgreementError
from handling.store.members import MemberList, MemberListError, OvertakenError, Trust
from handling.store.proposals import Proposal
from handling.undersigned import Ours, newest_signed
from tipline.base.database import Db
from tipline.base.settings import Settings, SettingsError
from tipline.cli import inside, joining
from tipline.pins import Pins
from tipline.units import Units, UnitsError

_ID_SHOWN = 8  # characters of a proposal's id, enough to tell those that wait apart


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("root", help="sign a change of the member list with the root key")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    sign = acts.add_parser("sign", help="sign a proposed change that waits")
    sign.add_argument("proposal", nargs="?", default="", help="the beginning of its id, when several wait")
    renew = acts.add_parser("renew", help="let the member list stay valid for longer")
    renew.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="last day (default: a year from today)")
    pins = acts.add_parser("pins", help="sign whose intake keys a kit and the page with script may seal to")
    pins.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="last day (default: a year from today)")
    agreement = acts.add_parser("agreement", help="sign a stored agreement for the unit")
    agreement.add_argument(
        "file", type=Path, metavar="FILE", help="its exact bytes, as `tipline agreement add` took them"
    )
    for act in (sign, renew, pins, agreement):
        joining.add_arguments(act, "root")
        act.add_argument("--yes", action="store_true", help="sign without asking; the words are printed all the same")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show in words what is to be signed, join the key, sign."""
    try:
        return asyncio.run(_ACTS.get(args.act, _run)(args, settings))
    except DamagedAgreementError:
        raise SettingsError("this version is not stored: run `tipline agreement add` first") from None
    except (MemberListError, OvertakenError, MembershipError, UnitsError) as error:
        raise SettingsError(str(error)) from None


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    today = datetime.now(UTC).date()
    async with inside.owner(settings) as db:
        trust = members.trust(settings.inside, "admin")
        listed = await members.latest(db, trust)
        if args.act == "renew":
            change: Change = Renew(args.until or today + timedelta(days=LIST_VALID_DAYS))
        else:
            change = _chosen(await proposals.newest(db), args.proposal, listed)
        following = membership.apply(listed.body(), change, previous_sha256=listed.sha256)
        print(words(change, listed, following))
        if not _agreed(args):
            return 1
        key = await asyncio.to_thread(joining.root_key, args, members.root_public(settings.inside))
        appended = await sign(db, trust, key, following, today)
    print(f"Signed: the member list is now version {appended.version}, valid until {appended.valid_until}.")
    return 0


async def _agreement(args: argparse.Namespace, settings: Settings) -> int:
    """Sign the bytes of an agreement that is stored, and leave the signature beside the file for the agency."""
    try:
        toml = args.file.read_bytes()
        agreement = parse(toml, data.codes())
    except (OSError, AgreementError):
        raise SettingsError(f"{args.file} is no agreement: see `tipline agreement check`") from None
    today = datetime.now(UTC).date()
    async with inside.owner(settings) as db:
        stored, _ = await agreements.signed(db, agreement)
        if stored != toml:
            raise SettingsError("this version is stored with other bytes. Sign what `tipline agreement add` took")
        before = await _signed_before(db, settings, agreement)
        print(agreement_in_words(agreement, before))
        if not _agreed(args):
            return 1
        key = await asyncio.to_thread(joining.root_key, args, members.root_public(settings.inside))
        signature = undersigned.sign(key, toml)
        await agreements.sign(db, agreement, Side.UNIT, signature, today=today)
    beside = args.file.with_name(f"{args.file.name}.unit.sig")
    beside.write_bytes(signature)
    print(f"Signed. Send the agency {args.file.name} and {beside.name}; it checks with `ssh-keygen -Y verify`.")
    return 0


def agreement_in_words(agreement: Agreement, before: Agreement | None) -> str:
    """Return what the root signs, all of it; then what that changes against *before*, the newest that both sides signed."""
    lines = [
        f"Sign {agreement.id}, version {agreement.version}, with {agreement.agency.name}.",
        f"SHA-256 {agreement.sha256}",
    ]
    terms = undersigned.terms(agreement, before)
    lines += [f"  {label}: {value}" for label, value in terms.lines]
    if before is None:
        return "\n".join([*lines, "", "No version that both sides have signed is stored: read all of it."])
    if before.sha256 == agreement.sha256:
        return "\n".join(lines)
    against = f"Against version {before.version}, the newest that both sides have signed:"
    return "\n".join([*lines, "", against, *(f"  {one}" for one in terms.changes)])


async def _signed_before(db: Db, settings: Settings, agreement: Agreement) -> Agreement | None:
    """The version to read this one against. Anybody who writes the database can store one that nobody has signed."""
    agency = await agencies.get(db, agreement.agency.id)
    try:
        ours = Ours.of(
            members.root_public(settings.inside), await members.latest(db, members.trust(settings.inside, "admin"))
        )
    except MemberListError:
        ours = Ours(members.root_public(settings.inside), frozenset())  # the root's own signatures stand by themselves
    return None if agency is None else await newest_signed(db, agency, ours)


async def _pins(args: argparse.Namespace, settings: Settings) -> int:
    """Sign the pinned units afresh. `units.json` lies in the public zone, so the root believes of it what is shown, no more."""
    if "public" not in settings.zones:
        raise SettingsError("zones must contain “public” for this: another machine's public zone serves this unit")
    today = datetime.now(UTC).date()
    units = Units.load(settings.public)
    async with inside.owner(settings) as db:
        listed = await members.latest(db, members.trust(settings.inside, "admin"))
    if (units.unit.id, units.unit.intake_signer) != (listed.unit, listed.intake_signer):
        raise SettingsError(
            "public/units.json names another unit or intake signer than the signed member list. Sign nothing: find out "
            "who changed it, and put it back"
        )
    pins = pinning.unsigned(units, today=today, until=args.until)
    if not pins.good_on(today):
        raise SettingsError("the last day must not lie in the past")
    print(pins_in_words(units, pins))
    if not _agreed(args):
        return 1
    key = await asyncio.to_thread(joining.root_key, args, members.root_public(settings.inside))
    pinning.sign(settings, pins, key)
    print(f"Signed, until {pins.valid_until}. Now make the kit anew: `tipline kit`.")
    return 0


def pins_in_words(units: Units, pins: Pins) -> str:
    """Return what the root signs as whoever joins its key reads it."""
    lines = ["Sign whose intake keys a kit and the page with script may seal to:"]
    lines.append(f"  {units.unit.name} ({units.unit.id}), for tips. Its intake signer is the one of the member list.")
    if units.oversight is None:
        lines.append("  Nobody for tips about the unit itself: no oversight body is pinned.")
    else:
        lines.append(f"  {units.oversight.name} ({units.oversight.id}), for tips about the unit itself.")
        lines.append("  Call that body, and sign only if it reads you the same:")
        lines.append(f"  {units.oversight.fingerprint()}")
    lines.append(f"  From {pins.valid_from} until {pins.valid_until}.")
    return "\n".join(lines)


async def sign(db: Db, trust: Trust, key: SigningKey, body: Mapping[str, Any], today: date) -> MemberList:
    """Sign the next list with the root key alone and append it; the chain is verified before it is written."""
    return await members.append(db, trust, Statement.make(members.TYPE, body, key), today)


def words(change: Change, listed: MemberList, following: Mapping[str, Any]) -> str:
    """Return the change as whoever joins the root key reads it, with every value that becomes another."""
    said = member_words.describe(change, listed.body())
    lines = [said.title, *(f"  {line}" for line in said.lines)]
    if said.fingerprint:
        lines += [f"  {said.compare}", f"  {said.fingerprint}"]
    lines += ["", "Every difference:"]
    for one in member_words.differences(listed.body(), following):
        lines.append(f"  {one.what}: {one.before} → {one.after}")
    return "\n".join(lines)


def _chosen(found: tuple[Proposal, ...], beginning: str, listed: MemberList) -> Change:
    waiting = [one for one in found if one.open and one.version == listed.version + 1 and one.change is not None]
    chosen = [one for one in waiting if str(one.id).startswith(beginning)]
    if not waiting:
        raise SettingsError("no proposed change of the member list waits for a signature")
    if len(chosen) != 1 or chosen[0].change is None:
        ids = ", ".join(str(one.id)[:_ID_SHOWN] for one in waiting)
        raise SettingsError(f"say which one, by the beginning of its id: {ids}")
    return chosen[0].change


def _agreed(args: argparse.Namespace) -> bool:
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise SettingsError("there is no terminal to ask at; say --yes when the words above are what you want")
    agreed = input('Type "sign" to sign exactly this: ').strip() == "sign"
    if not agreed:
        print("Nothing was signed.")
    return agreed


_ACTS: Mapping[str, Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]] = {
    "pins": _pins,
    "agreement": _agreement,
}
