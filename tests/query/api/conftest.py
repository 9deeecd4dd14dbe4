"""The shop, its API and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import backsight as bs
from query.api.asking import client
from shop_site import secret_key, served, write_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with two named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    """Where the shop's API is served."""
    with served(data) as address:
        yield address


@pytest.fixture(scope="module")
def api(data: Path, url: str) -> Iterator[httpx.Client]:
    """A client whose key may define."""
    with client(url, secret_key(data, "define")) as opened:
        yield opened
