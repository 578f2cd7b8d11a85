"""A practice unit inside a test: every key made, both databases filled, cheap passphrases."""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto import totp
from handling.people import Card
from tipline.base.settings import Settings
from tipline.cli.practice import enrol_if_new

LOG_N = 4  # scrypt work for tests only: the passphrases guard nothing


@dataclass(frozen=True, slots=True)
class Practice:
    """The cards of everybody, by process and name."""

    cards: Mapping[tuple[str, str], Card]

    def passphrase(self, process: str, name: str) -> str:
        """The passphrase as the person types it."""
        return self.cards[process, name].passphrase.expose().decode()

    def code(self, process: str, name: str, at: int) -> str:
        """The one-time code at *at*, Unix seconds."""
        return totp.code(self.cards[process, name].totp, at)


async def practice(settings: Settings) -> Practice:
    """Enrol the practice unit (amina, ben, clara; dario and elena of the agencies) into the settings' databases."""
    assert settings.public_dsn
    assert settings.inside_dsn
    cards = await enrol_if_new(settings, settings.public_dsn, settings.inside_dsn, log_n=LOG_N)
    assert cards is not None
    return Practice({(card.process, card.name): card for card in cards})
