"""What of the corridor exists for one session: everything but the records that its vault cannot open. Opens nothing.

A hidden record is left out where rows are chosen, so that lists, counts, page borders and direct addresses are those of a
corridor without it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from handling.store.keyring import MissingKeyError
from handling.store.vault import OpenVault

T = TypeVar("T")


async def hidden(vault: OpenVault) -> list[UUID]:
    """Return the records that do not exist for this session."""
    return list(await asyncio.to_thread(vault.hidden))


async def steadily(vault: OpenVault, look: Callable[[Sequence[UUID]], Awaitable[T]]) -> T:
    """Look with what is hidden now, and once more where a record was hidden while we looked."""
    try:
        return await look(await hidden(vault))
    except MissingKeyError:
        return await look(await hidden(vault))
