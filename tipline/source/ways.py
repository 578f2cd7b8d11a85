"""pure: the ways of sealing in words for a source: what each protects, what it does not, and what the unit can tell by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tipline.text import Text


@dataclass(frozen=True, slots=True)
class Words:
    """What a source reads about one way of sealing."""

    label: Text
    protects: Text
    not_against: Text
    same: Text


_CODENAME: Final = Text(
    "By your codename the unit knows that your messages come from the same codename. It shows nobody who you are."
)

WAYS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "arrival": Words(
            label=Text("Sealed on arrival"),
            protects=Text(
                "What you send is sealed in this server's memory the moment it arrives, before anything is written to "
                "a disk. Who takes the disks cannot read it."
            ),
            not_against=Text(
                "This server sees your text for that moment. Whoever secretly controls it just then can read along."
            ),
            same=_CODENAME,
        ),
        "kit": Words(
            label=Text("Sealed before it reached us"),
            protects=Text("You seal on your own device, with a file that you keep. This server never sees your text."),
            not_against=Text(
                "Whoever controls your device can read along. Take the kit only from a place you trust, and type "
                "your codename into the kit alone, never on a page."
            ),
            same=Text(
                "The unit knows that your messages come from the same person's device. It shows nobody who you are."
            ),
        ),
        "pgp": Words(
            label=Text("PGP"),
            protects=Text("You seal on your own device to the unit's OpenPGP key."),
            not_against=Text(
                "Who keeps a copy may be able to read it one day, with a machine that does not exist yet. From "
                "outside everybody sees its length and whose key it is for. Only the form gives you a codename."
            ),
            same=Text("The unit cannot tell whether two messages come from the same person."),
        ),
        "browser": Words(
            label=Text("Sealed in your browser"),
            protects=Text("A script seals in your browser. This server never sees your text, if the script is honest."),
            not_against=Text(
                "The script comes from this server. Whoever secretly controls it can send you another one, and a "
                "browser that runs scripts is easier to attack. Tor Browser's level “Safest” runs none."
            ),
            same=_CODENAME,
        ),
    }
)
ARRIVAL: Final = WAYS["arrival"]
KIT: Final = WAYS["kit"]
PGP: Final = WAYS["pgp"]
BROWSER: Final = WAYS["browser"]
TYPED: Final = Text(
    "If you made this codename with the kit or the command, it has now been on this server too. Who secretly controls the "
    "server just now can keep it: they could read your replies and write in your name. If that is a danger to you, begin "
    "anew with the kit, and fetch replies with the pickup code."
)
"""For whoever has typed a codename on a page, which cannot know where that codename was made."""
