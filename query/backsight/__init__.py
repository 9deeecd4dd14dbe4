"""Backsight: autocapture product analytics that binds late.

    import backsight as bs
    site = bs.open("./backsight-data")
    site.define("Signed up", css="form#signup", on="submit")
    site.funnel(["Viewed pricing", "Signed up"], window="7d", since="30d")

Importing this loads nothing heavy: DuckDB, Arrow and their like come with the first `open` or `connect`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from backsight.errors import (
    BacksightError,
    Cancelled,
    ConfigurationError,
    Conflict,
    Exceeded,
    Gone,
    InvalidRequest,
    MissingExtra,
    NotFound,
    Refused,
    Unavailable,
    UnsupportedSelector,
)

if TYPE_CHECKING:
    from backsight import ready
    from backsight.remote import RemoteSite
    from backsight.site import Site

__all__ = [
    "BacksightError",
    "Cancelled",
    "ConfigurationError",
    "Conflict",
    "Exceeded",
    "Gone",
    "InvalidRequest",
    "MissingExtra",
    "NotFound",
    "Refused",
    "Unavailable",
    "UnsupportedSelector",
    "connect",
    "open",
    "ready",
]


def __getattr__(name: str) -> ModuleType:
    """`backsight.ready`, once it is asked for: what rules are made of is not light."""
    if name == "ready":
        return import_module("backsight.ready")
    raise AttributeError(f"module 'backsight' has no attribute {name!r}")


def load_ipython_extension(shell: object) -> None:
    """`%load_ext backsight`: names of events, properties and cohorts are offered as a question is typed."""
    from backsight.completion import register

    register(shell)


def unload_ipython_extension(shell: object) -> None:
    """`%unload_ext backsight`."""
    from backsight.completion import unregister

    unregister(shell)


def open(  # noqa: A001  # bs.open
    path: str | Path = "./backsight-data",
    site: str | None = None,
    *,
    threads: int | None = None,
    memory: str | None = None,
) -> Site:
    """The site in a data directory, read in place; no server is needed.

    `site` may be left out where the directory holds one site only. `threads` and `memory` (such as `"4GB"`,
    half of what there is unless told) bound what reports take; rows that they work on take up to half of
    `memory` more. Raises NotFound where there is no such directory or site, InvalidRequest, listing them,
    where there are several sites and none was named, and ConfigurationError for other bounds.
    """
    from backsight.data_directory import open_site

    return open_site(path, site, threads, memory)


def connect(url: str, key: str) -> RemoteSite:
    """The site that a secret key (`sk_…`) belongs to, over the HTTP API at `url`: the same methods as `open`.

    Raises Refused for a key that is not known, Unavailable where no API answers.
    """
    from backsight.remote import RemoteSite

    return RemoteSite(url, key)
