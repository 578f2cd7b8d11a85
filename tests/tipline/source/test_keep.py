"""What `keep` makes of a worker that does not keep to the protocol."""

from typing import Any

import pytest

from tests.conftest import RolePool
from tests.tipline.source.elsewhere import a_gate
from tipline.base.settings import Settings
from tipline.source import keep
from tipline.source.ceilings import Uploads
from tipline.source.frames import ChannelError


@pytest.mark.parametrize("frame", [{}, {"do": "drop everything"}, {"do": ["submit"]}, {"do": {}}, {"do": "seen"}])
async def test_a_frame_that_names_no_act_is_not_answered(
    frame: dict[str, Any], settings: Settings, role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_keep")

    with pytest.raises(ChannelError):
        await keep._answer(pool, Uploads(a_gate(settings), {}), frame)
