"""Whoever tries keys that open nothing is told to wait, by address; memory is bounded.

A key is 160 random bits, so nobody guesses one: this tells who tries to go away, and shows it. A key that
opens something is never held up, however many others are tried from its address: an office, or everybody
behind a proxy that is not among `trusted_proxies`, would else be shut out by one of them. So every key is
looked up, which costs no more than telling it apart from good ones would.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

from backsight.api.problems import HTTPError

BURST: Final = 20
"""Failed attempts of one address at once."""
SECONDS: Final = 3.0
"""After which an address may fail once more."""
MOST_ADDRESSES: Final = 10_000


class Guesses:
    """Failed attempts at keys. Belongs to one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.refused = self.held_up = 0
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()
        """When an address will have all its attempts again; those that failed last stand last."""

    def failed(self, address: str | None) -> None:
        """A key of this address opened nothing. Raises HTTPError 429 where that was so too often."""
        network, now = _network(address), self._clock()
        free_at = max(self._free_at.get(network, now), now)
        wait = free_at - now - (BURST - 1) * SECONDS
        if wait > 0:
            self.held_up += 1
            headers = {"Retry-After": str(math.ceil(wait))}
            message = "too many keys that open nothing came from this address"
            raise HTTPError(429, "Too many attempts", message, headers=headers)
        self.refused += 1
        self._free_at[network] = free_at + SECONDS
        self._free_at.move_to_end(network)
        if len(self._free_at) > MOST_ADDRESSES:
            self._free_at.popitem(last=False)

    def metrics(self) -> str:
        """The counts, in Prometheus' text format."""
        told = (
            ("backsight_api_keys_refused_total", "Requests with a key that opens nothing.", self.refused),
            ("backsight_api_keys_held_up_total", "Requests of addresses that tried too many.", self.held_up),
        )
        return "".join(
            f"# HELP {name} {meaning}\n# TYPE {name} counter\n{name} {count}\n"
            for name, meaning, count in told
        )


def _network(address: str | None) -> str:
    """What one sender has: an address; of IPv6 the /64, which everybody has for themselves."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return address or ""
    return str(IPv6Address(int(known) >> 64 << 64)) if isinstance(known, IPv6Address) else str(known)
