"""Runs one public process over a test's data folder, in an interpreter of its own: `launch.py source|drop SETTINGS`."""

import asyncio
import json
import sys
from datetime import time
from pathlib import Path

from tipline.base import log
from tipline.base.settings import Settings


def settings_from(text: str) -> Settings:
    """Read what `settings_text` wrote."""
    value = json.loads(text)
    times = tuple(time.fromisoformat(one) for one in value.pop("bundle_times"))
    reads = tuple(value.pop("reads"))
    return Settings(data=Path(value.pop("data")), bundle_times=times, reads=reads, zones=("public",), **value)


def settings_text(settings: Settings) -> str:
    """Write settings for the command line of a child process."""
    names = ("practice", "unit", "name", "host", "public_dsn", "inside_dsn", "emergency", "reading_hours")
    names += ("file_megabytes",)
    names += ("form_seconds", "waiting_gigabytes", "waiting_envelopes", "mailboxes_a_day", "free_gigabytes")
    value = {name: getattr(settings, name) for name in names}
    value |= {"data": str(settings.data), "ports": dict(settings.ports), "reads": list(settings.reads)}
    value["bundle_times"] = [one.isoformat() for one in settings.bundle_times]
    return json.dumps(value)


if __name__ == "__main__":
    log.setup(sys.argv[1])
    if sys.argv[1] == "source":
        from tipline.source import main as source

        source.main(settings_from(sys.argv[2]))
    else:
        from tipline.drop import main as drop

        asyncio.run(drop.main(settings_from(sys.argv[2])))
