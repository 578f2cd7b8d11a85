"""The two onions as deploy/ publishes them."""

import pytest
from aiohttp_socks import ProxyError

from tests.tor.descriptor import opened
from tests.tor.place import Place

_NO_CLIENT_KEY = "F4"  # Tor's extended error of SOCKS: "onion service missing client authorization"


async def test_without_the_key_of_the_inside_host_the_drop_is_not_reached(place: Place) -> None:
    async with place.visitors("somebody who knows the address") as http:
        with pytest.raises(ProxyError, match=f"0X{_NO_CLIENT_KEY}$"):
            await http.get(f"http://{place.drop}/v1/envelopes")


async def test_with_the_key_it_is_and_answers_its_collector_alone(place: Place) -> None:
    async with place.collectors() as http, http.get(f"http://{place.drop}/v1/envelopes") as answer:
        assert answer.status == 401


async def test_the_inside_hosts_tor_reaches_nothing_but_onions(place: Place) -> None:
    async with place.collectors() as http:
        with pytest.raises(ProxyError):
            await http.get(f"http://127.0.0.1:{place.unit.ports['source']}/")


def test_the_published_descriptor_asks_for_proof_of_work(place: Place) -> None:
    with place.network.hosts["visitor"].control() as control:
        published = control.get(f"hs/client/desc/id/{place.source.removesuffix('.onion')}")

    assert "\npow-params v1 " in opened(published, place.source)


def test_no_descriptor_says_that_the_host_is_one_hop_away(place: Place) -> None:
    with place.network.hosts["visitor"].control() as control:
        published = control.get(f"hs/client/desc/id/{place.source.removesuffix('.onion')}")

    assert "single-onion-service" not in opened(published, place.source)
