"""All open connections of a server: none keeps it waiting past its term, and there are never too many."""

from __future__ import annotations

import asyncio
import heapq
import math
import resource
from collections import Counter
from typing import Final, Protocol

MAX_CONNECTIONS: Final = 10_000
SPARE_FILES: Final = 256
"""Open files that are left for everything else."""
LOOK_SECONDS: Final = 1.0
"""How often it is looked for connections whose term is over; so much longer may a term last."""
CROWD_SHARE: Final = 50
"""Where there are too many, one in so many is ended, so that it is not looked for them at every new one."""


class Connection(Protocol):
    """What is asked of one."""

    waits_since: float
    """Since when it waits for its client, by the loop's clock; inf: it does not, the client waits for us."""
    patience: float
    """For how many seconds it may."""

    def end(self, *, overdue: bool) -> None: ...


class Connections:
    """The connections of one server, and how many were ended for which reason.

    Where there are too many, those that have waited longest for their client are ended: so whoever opens many
    and sends nothing loses his own, and those who have something to say get in. This asks for no address,
    because behind a proxy all have the same. When none waits for its client, the new one is refused.
    """

    def __init__(self, most: int | None = None) -> None:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        fits = MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, soft - SPARE_FILES)
        self.most = min(MAX_CONNECTIONS, fits) if most is None else most
        self.ended: Counter[str] = Counter(overdue=0, crowded=0)
        self._open: set[Connection] = set()
        self._is_looking = False

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """There is a new one; it is ended at once when there is no room for it."""
        if len(self._open) >= self.most and not self._make_room():
            self._end(connection, overdue=False)
            return
        self._open.add(connection)
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def closed(self, connection: Connection) -> None:
        """It is no more."""
        self._open.discard(connection)

    def _make_room(self) -> bool:
        waiting = [each for each in self._open if each.waits_since < math.inf]
        count = max(1, self.most // CROWD_SHARE)
        for connection in heapq.nsmallest(count, waiting, key=lambda each: each.waits_since):
            self._open.discard(connection)
            self._end(connection, overdue=False)
        return bool(waiting)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in [each for each in self._open if now - each.waits_since > each.patience]:
            self._end(connection, overdue=True)
        self._is_looking = bool(self._open)
        if self._is_looking:
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _end(self, connection: Connection, *, overdue: bool) -> None:
        self.ended["overdue" if overdue else "crowded"] += 1
        connection.end(overdue=overdue)
