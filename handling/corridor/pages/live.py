"""What could lead back to a source, told beside the fields while a report is typed: the script of that page, and its answers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from handling.corridor.workbench import Noted
from tipline.base import built
from tipline.base.staff import signed_in

SCRIPT: Final = "/residue.js"
_NAME: Final = "residue"
_MOST: Final = 20  # findings told beside one field; saving shows all


def integrity() -> str | None:
    """Return what the page names its script by, None where it was not built: the page then works as without. Blocking."""
    return built.integrity(_NAME)


@signed_in
async def script(request: web.Request) -> web.Response:  # noqa: ARG001 - every handler's signature
    """Give out the script."""
    return await built.response(_NAME)


def told(noted: Sequence[Noted]) -> dict[str, list[dict[str, str]]]:
    """Return, field by field, what nobody has decided about yet: its class, words, reason and proposal."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one in noted:
        if one.kept is None and len(found[one.field]) < _MOST:
            finding = one.finding
            found[one.field].append(
                {
                    "class": finding.residue.value,
                    "text": finding.text,
                    "reason": finding.reason,
                    "proposal": finding.proposal,
                }
            )
    return {field: lines for field, lines in found.items() if lines}
