"""The journey of a source in a real browser: Firefox with the preferences of Tor Browser at Safest, through Tor, no script."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys import files
from tests.journeys.firefox import SAFEST, Firefox
from tests.tor.place import Place


@dataclass(frozen=True, slots=True)
class TorPort:
    """Tor's SOCKS port, which resolves names as well, as in Tor Browser."""

    port: int

    def preferences(self) -> dict[str, Any]:
        return {
            "network.proxy.type": 1,
            "network.proxy.socks": "127.0.0.1",
            "network.proxy.socks_port": self.port,
            "network.proxy.socks_version": 5,
            "network.proxy.socks_remote_dns": True,
            "network.dns.blockDotOnion": False,
        }


def test_at_safest_a_source_reports_with_a_photo_and_comes_back(place: Place, tmp_path: Path) -> None:
    photo = tmp_path / "yard.jpg"
    photo.write_bytes(files.photograph("yard"))

    with Firefox(SAFEST, proxy=TorPort(place.visitor_port)) as firefox:
        firefox.open(f"http://{place.source}/")
        firefox.click("input[name=involved][value=no]")
        firefox.type("#message", "Crates with breathing holes, behind the saw mill.")
        firefox.click("main form button[type=submit]")
        firefox.wait_for("#codename")
        codename = firefox.text("#codename").split()
        assert len(codename) == 12
        firefox.click("a[href=files]")
        firefox.wait_for("#files")
        firefox.upload("#files", photo)
        firefox.click("form[action=files] button[type=submit]")
        firefox.wait_for("[role=status]")
        assert "1 file is sealed" in firefox.text("[role=status]")

        firefox.open(f"http://{place.source}/return")
        firefox.type("#codename", " ".join(codename))
        firefox.click("form[action=return] button[type=submit]")
        firefox.wait_for("form[action=answer]")
