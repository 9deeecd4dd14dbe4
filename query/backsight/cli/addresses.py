"""Where a server is reached from the machine that it runs on."""

from __future__ import annotations

from typing import Final

_EVERYWHERE: Final = {"0.0.0.0": "localhost", "::": "localhost"}  # noqa: S104  # shown only


def reached_at(host: str, port: int) -> str:
    """The URL of a server that listens on an address and a port."""
    name = _EVERYWHERE.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"
