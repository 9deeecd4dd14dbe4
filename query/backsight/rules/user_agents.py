"""Browsers, operating systems and kinds of device, read from raw user agents when asked.

What a user agent means is looked up again at every question, so that a newer list of browsers corrects all of
history. `register` gives a DuckDB connection the functions `backsight_browser`, `backsight_browser_version`,
`backsight_os` and `backsight_device_type`, from text to text; each is NULL where nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

_DESKTOP_SYSTEMS: Final = (
    "Windows",
    "Mac OS X",
    "Linux",
    "Chrome OS",
    "Ubuntu",
    "Fedora",
    "Debian",
    "FreeBSD",
)
_LONGEST: Final = 1_024
"""Characters of a user agent that are read; no browser's is longer, and a hostile one costs no more."""


@dataclass(frozen=True, slots=True)
class UserAgent:
    """What one user agent says; None where it says nothing."""

    browser: str | None = None
    browser_version: str | None = None
    """The major version: browsers have frozen the rest, https://www.chromium.org/updates/ua-reduction/"""
    os: str | None = None
    device_type: str | None = None


@lru_cache(maxsize=65_536)
def read_user_agent(raw: str) -> UserAgent:
    """What a raw user agent says."""
    from ua_parser import parse  # takes 0.15 s to load its list

    known = parse(raw[:_LONGEST])
    browser, system, device = known.user_agent, known.os, known.device
    return UserAgent(
        browser=browser.family if browser else None,
        browser_version=browser.major if browser else None,
        os=system.family if system else None,
        device_type=_device_type(raw, system.family if system else "", device.family if device else ""),
    )


def _device_type(raw: str, system: str, device: str) -> str | None:
    if device == "Spider":
        return "bot"
    if "TV" in raw or system == "tvOS":
        return "tv"
    if device.startswith("iPad") or "Tablet" in raw or (system == "Android" and "Mobile" not in raw):
        return "tablet"
    if system in ("iOS", "Android", "Windows Phone", "KaiOS") or "Mobile" in raw:
        return "mobile"
    return "desktop" if system.startswith(_DESKTOP_SYSTEMS) else None


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the functions, for all its cursors; registering again changes nothing."""
    present = {
        name for (name,) in connection.execute("select function_name from duckdb_functions()").fetchall()
    }
    for name in ("browser", "browser_version", "os", "device_type"):
        if f"backsight_{name}" not in present:
            connection.create_function(
                f"backsight_{name}",
                _column(name),
                ["VARCHAR"],
                "VARCHAR",
                type="arrow",
                null_handling="special",
            )  # type: ignore[call-overload]


def _column(name: str) -> Callable[[pa.ChunkedArray], pa.Array]:
    """The function over a column: each distinct user agent of a chunk is looked up once."""

    def column(raw: pa.ChunkedArray) -> pa.Array:
        encoded = raw.combine_chunks().dictionary_encode()
        distinct = [getattr(read_user_agent(each), name) for each in encoded.dictionary.to_pylist()]
        return pa.array(distinct, pa.string()).take(encoded.indices)

    return column
