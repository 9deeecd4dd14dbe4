"""How the values of settings are read, from the environment's texts or the file's TOML.

Each reader gives the value as the setting takes it; ValueError where it can't be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from backsight.contract import ORIGIN, SNIPPET_PARTS

MAX_SCRIPT_PATH: Final = 200

Network = IPv4Network | IPv6Network
Parse = Callable[[object], Any]
"""Reads a value of the environment (text) or the file (TOML); ValueError where it can't be used."""


def whole(low: int, high: int) -> Parse:
    """A whole number of a range, both ends in it."""

    def parse(value: object) -> int:
        read = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value) else value
        if not isinstance(read, int) or isinstance(read, bool) or not low <= read <= high:
            raise ValueError
        return read

    return parse


def number(low: float, high: float) -> Parse:
    """A number of a range, both ends in it."""

    def parse(value: object) -> float:
        read = float(value) if isinstance(value, str) else value
        if not isinstance(read, int | float) or isinstance(read, bool) or not low <= read <= high:
            raise ValueError
        return float(read)

    return parse


def matching(pattern: str | re.Pattern[str]) -> Parse:
    """A text that the pattern matches from end to end."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return parse


def path(value: object) -> Path:
    """A local path; `~` is the home folder."""
    if not isinstance(value, str) or not value or "\0" in value or "://" in value:
        raise ValueError
    return Path(value).expanduser()


def url(value: object) -> str:
    """A server's address, without a slash at the end."""
    if (
        not isinstance(value, str)
        or urlsplit(value).scheme not in {"http", "https"}
        or not urlsplit(value).netloc
    ):
        raise ValueError
    return value.rstrip("/")


def origins(value: object) -> frozenset[str]:
    """Origins in a list, or in a text with spaces or commas between."""
    listed = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(map(_is_origin, listed)):
        raise ValueError
    return frozenset(listed)


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and bool(ORIGIN.fullmatch(value))


def networks(value: object) -> tuple[Network, ...]:
    """Addresses and networks, as `origins` are written."""
    listed = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ValueError
    return tuple(ip_network(each) for each in listed)


def database(value: object) -> str:
    """A database's URL."""
    if not isinstance(value, str) or not re.fullmatch(r"sqlite:///[^?#\0]+", value):
        raise ValueError
    return value


def script_path(value: object) -> str:
    """A path at which no part of the snippet stands."""
    asked = matching(r"(/(?!\.)[A-Za-z0-9._~-]+)+\.js")(value)
    if len(asked) > MAX_SCRIPT_PATH or asked.rpartition("/")[2] in SNIPPET_PARTS:
        raise ValueError
    return str(asked)
