"""Sign-in cards: what each person needs to sign in, shown once and stored nowhere."""

import json
from collections.abc import Sequence

from crypto import totp
from handling.people import Card
from tipline.base.settings import Settings

_PAGES = {"exchange": "agency portal"}


def as_text(cards: Sequence[Card], settings: Settings) -> str:
    """Return the cards as they are printed for people, with the address of each page."""
    lines = [
        "",
        "Sign-in details, shown this once. Each person takes their own; nobody can look them up again.",
        "One-time code: put the second-factor key into an authenticator app, or run: tipline totp KEY",
        "The fingerprint covers a person's duties and keys: they read it aloud to those who sign for them.",
        "",
    ]
    for card in cards:
        page = _PAGES.get(card.process, card.process)
        lines += [
            f"  {card.display} · {page} · http://{settings.host}:{settings.ports[card.process]}",
            f"      name               {card.name}",
            f"      passphrase         {card.passphrase.expose().decode()}",
            f"      second-factor key  {totp.base32(card.totp)}",
            *([f"      fingerprint        {card.fingerprint}"] if card.process == "guard" else []),
            "",
        ]
    return "\n".join(lines)


def as_json(cards: Sequence[Card]) -> str:
    """Return the same for a program: a list of objects on one line."""
    return json.dumps(
        [
            {
                "name": card.name,
                "display": card.display,
                "process": card.process,
                "passphrase": card.passphrase.expose().decode(),
                "totp": totp.base32(card.totp),
            }
            for card in cards
        ]
    )
