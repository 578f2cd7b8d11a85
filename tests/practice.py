"""A practice unit inside a test: every key made, both databases filled, cheap passphrases."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crypto import totp
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import undersigned
from handling.people import Card
from handling.rules.agreements import Agreement, Side
from handling.store import agreements
from tipline.base.database import Db
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


async def agree(db: Db, settings: Settings, toml: bytes, *, today: date) -> Agreement:
    """Store a version of the agreement with the Harbour Customs Service, signed by both sides."""
    agreement = await agreements.add(db, toml, today=today)
    for side, file in ((Side.UNIT, "root.key"), (Side.AGENCY, "harbour-customs/signing.key")):
        seed = bytes.fromhex((settings.data / "practice" / file).read_text())
        signature = undersigned.sign(SigningKey.from_seed(Secret(seed)), toml)
        await agreements.sign(db, agreement, side, signature, today=today)
    return agreement
