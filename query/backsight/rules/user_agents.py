"""Browsers, operating systems, kinds of device and bots, read from raw user agents when asked.

What a user agent means is looked up again at every question, so that a newer list of browsers corrects all of
history. `register` gives a DuckDB connection the functions `backsight_browser`, `backsight_browser_version`,
`backsight_os`, `backsight_device_type`, `backsight_bot_kind`, from text to text, each NULL where nothing is
known, and `backsight_bot`, which says `true` or `false`.

A bot says that it is one: a crawler, a monitor, a browser under a program's control. Libraries that send HTTP
are none: they don't look at pages, and it is the site's own servers that send events by them.
"""

from __future__ import annotations

import re
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
_SENDS_EVENTS: Final = "http-library"
"""The tag, in the list of crawlers, of what a site's own servers use."""
_AT_ONCE: Final = 25
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
    bot_kind: str | None = None
    """Such as `search-engine`, `ai-crawler` or `browser-automation`; `other` where it is not listed."""

    @property
    def bot(self) -> str:
        """`true` or `false`, as in JSON."""
        return "false" if self.bot_kind is None else "true"


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
        bot_kind=_bot_kind(raw[:_LONGEST], device.family if device else ""),
    )


def _bot_kind(raw: str, device: str) -> str | None:
    for is_one, entries in _bots():
        if is_one.search(raw):
            return next(kind for pattern, kind in entries if re.search(pattern, raw))
    return "other" if device == "Spider" else None


@lru_cache(maxsize=1)
def _bots() -> list[tuple[re.Pattern[str], list[tuple[str, str]]]]:
    """The list of bots, some at a time: what matches any of them; the pattern and the kind of each.

    The library's own `matching_crawlers` takes 85 ms for a bot: it compiles 1,500 patterns every time.
    """
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    listed = [(entry["pattern"], entry["tags"][0]) for entry in CRAWLER_USER_AGENTS_DATA]
    bots = [each for each in listed if each[1] != _SENDS_EVENTS]
    parts = [bots[first : first + _AT_ONCE] for first in range(0, len(bots), _AT_ONCE)]
    return [(re.compile("|".join(pattern for pattern, _ in part)), part) for part in parts]


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
    for name in ("browser", "browser_version", "os", "device_type", "bot", "bot_kind"):
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
