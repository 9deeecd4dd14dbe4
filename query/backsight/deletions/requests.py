"""What may be asked about deletions, through whichever door: the API and the library take it alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backsight.deletions.asked import preview, read_persons
from backsight.deletions.deletion import Json
from backsight.deletions.deletions import Deletions
from backsight.errors import InvalidRequest
from backsight.scan.context import Context
from backsight.store import Store


@dataclass(frozen=True)
class DeletionRequests:
    """What somebody may ask about deletions of a site's persons. Its methods answer as the API does.

    All but `preview` raise InvalidRequest where the lake is not on this machine.
    """

    lake: Path | None
    """Its folder; None where it is far away."""
    store: Store
    site: str
    actor: str
    context: Callable[[], Context]
    """The site as it stands now."""

    def request(self, body: Json) -> dict[str, Any]:
        """Asks for a deletion of `{"persons": […]}`, and gives it as it then stands."""
        from backsight.cli.deletion import request_deletion

        data, watermark = self._folder.parent, self.context().snapshot.watermark
        made = request_deletion(data, self.store, self.site, body, self.actor, self.preview, watermark)
        return self.read(made)

    def delete(self, body: Json) -> dict[str, Any]:
        """Asks for one, and does it where no committer runs that would."""
        from backsight.cli.revocation import fold_if_idle

        asked = self.request(body)
        fold_if_idle(self._folder.parent)
        return self.read(asked["deletion"])

    def preview(self, body: Json) -> dict[str, Any]:
        """What a deletion of `{"persons": […]}` would take away."""
        return preview(read_persons(body), self.context())

    def list(self) -> dict[str, Any]:
        """All of them, the newest first: `{"deletions": […]}`."""
        return {"deletions": [each.to_json() for each in self._deletions.list()]}

    def read(self, deletion: str) -> dict[str, Any]:
        """The one of that id. Raises NotFound."""
        return self._deletions.get(deletion).to_json()

    @property
    def _deletions(self) -> Deletions:
        return Deletions(self._folder, self.store, self.site)

    @property
    def _folder(self) -> Path:
        if self.lake is None:
            raise InvalidRequest(
                "this lake is not on this machine.", field="path", valid="the machine on which it is written"
            )
        return self.lake
