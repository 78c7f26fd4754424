"""
A shop floor with its customers' pages open, in a browser that keeps nothing.
"""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from orderpipe import broker
from orderpipe.assembly import Assembly
from orderpipe.settings import Settings
from orderpipe.site import create_site
from tests.floor import Floor


@pytest.fixture
def site(floor: Floor) -> FastAPI:
    """The web side, on the floor's clock and database."""
    return create_site(Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task))


@pytest.fixture
def browser(site: FastAPI) -> Iterator[TestClient]:
    """Opens the customers' pages."""
    with TestClient(site) as client:
        yield client
