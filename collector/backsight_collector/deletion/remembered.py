"""What was deleted, so that what arrives late does not bring it back.

A browser that was without a network sends what it kept however late, and a batch whose answer got lost comes
twice. Of the devices and users of a deleted person, events that happened up to the deletion are dropped,
whenever they arrive; what is newer is stored: who comes back is a new person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from backsight_collector.deletion.document import Document
from backsight_collector.deletion.extent import Extent

NEVER: Final = -1

Int32s = npt.NDArray[np.int32]
Columns = tuple[npt.NDArray[np.int64], Int32s, Int32s]


class Deleted:
    """The persons that were deleted, of all sites."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._devices: dict[str, dict[int, list[Extent]]] = {}
        self._users: dict[str, dict[int, int]] = {}
        for document in sorted(documents, key=lambda each: each.extent.until):
            self.add(document.extent)

    def add(self, extent: Extent) -> None:
        """Takes note of one more."""
        devices = self._devices.setdefault(extent.site, {})
        for device in extent.devices:
            devices.setdefault(device, []).append(extent)
        users = self._users.setdefault(extent.site, {})
        for user in extent.users:
            users[user] = max(extent.until, users.get(user, NEVER))

    def concerns(self, site: str) -> bool:
        """Whether anybody of a site was deleted: nearly always nobody."""
        return site in self._devices

    def until(self, site: str, device: int, user: int | None) -> int:
        """Up to when (µs since 1970) what this device and user did is deleted; NEVER: nothing is."""
        extents = self._devices[site].get(device, ())
        covering = [extent.until for extent in extents if extent.covers(device, user)]
        return max([self._users[site].get(user, NEVER) if user is not None else NEVER, *covering])


def recent_ranges(documents: Iterable[Document], table: str, since: int) -> Columns:
    """What was deleted of a table and may still come again, as Seen has it: keys, firsts and lasts."""
    found = [each for document in documents if document.extent.until >= since
             for each in document.recent.get(table, [])]  # fmt: skip
    columns = np.array(found, np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1].astype(np.int32), columns[:, 2].astype(np.int32)
